"""Records made beforehand: what an account holds before the first call reaches it."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from leadbridge.events import Json
from leadbridge.sandbox.copper.catalog import Choice, Company, Definition, Pipeline, Status, User
from leadbridge.sandbox.leadconnector.apps import OAuthApp, PrivateToken, ScopedToken
from leadbridge.sandbox.leadconnector.catalog import ContactField, LocationSettings, Workflow


class _Seed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str = Field(min_length=1)


class CopperSeed(_Seed):
    """Leads, people and lists of one Copper account; `account` is its access token.

    A record is written as the API takes it, and may also give `id`, `date_created` and `date_modified` (Unix seconds).
    Lists add to the account's own; an entry with a known id replaces it.
    """

    crm: Literal["copper"] = "copper"
    leads: tuple[dict[str, Json], ...] = ()
    people: tuple[dict[str, Json], ...] = ()
    custom_field_definitions: tuple[Definition, ...] = ()
    lead_statuses: tuple[Status, ...] = ()
    customer_sources: tuple[Choice, ...] = ()
    contact_types: tuple[Choice, ...] = ()
    users: tuple[User, ...] = ()
    companies: tuple[Company, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()


class LeadConnectorSeed(_Seed):
    """Contacts and settings of one LeadConnector location; `account` is its location id.

    A contact is written as `POST /contacts/` takes it, without `locationId`, and may also give `id`, `additionalEmails`
    and `additionalPhones`. Fields and workflows add to the location's own; one with a known id replaces it. `apps` may
    ask for tokens; `tokens` are Private Integration tokens (`pit-...`), with every scope or with those that are given.
    Both reach this location alone.
    """

    crm: Literal["leadconnector"] = "leadconnector"
    contacts: tuple[dict[str, Json], ...] = ()
    custom_fields: tuple[ContactField, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    apps: tuple[OAuthApp, ...] = ()
    tokens: tuple[PrivateToken | ScopedToken, ...] = ()
    settings: LocationSettings = LocationSettings()


Seed: TypeAlias = Annotated[CopperSeed | LeadConnectorSeed, Field(discriminator="crm")]
