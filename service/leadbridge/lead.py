"""The lead: our canonical person. Its keys are the same in config, `try`, API and console."""

from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from leadbridge.events import Json
from leadbridge.masking import PERSONAL

T = TypeVar("T")
Personal = Annotated[T, PERSONAL]


class _Value(BaseModel):
    """A frozen value in which an unset key ("leave it alone") differs from an explicit None ("clear it")."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Address(_Value):
    """A postal address; `country` is ISO 3166-1 alpha-2 where it could be read."""

    street: Personal[str | None] = None
    city: Personal[str | None] = None
    state: str | None = None
    postal_code: Personal[str | None] = None
    country: str | None = None


class Utm(_Value):
    """Where the person came from, as the sender's campaign tags say."""

    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    term: str | None = None
    content: str | None = None


class Lead(_Value):
    """A person as a CRM should know them.

    Only the keys in `model_fields_set` are written. E-mails are lower-cased and trimmed, phones E.164, dates ISO 8601;
    what could not be normalised is kept as it came and is named in the plan's warnings.
    """

    name: Personal[str | None] = None
    first_name: Personal[str | None] = None
    last_name: Personal[str | None] = None
    middle_name: Personal[str | None] = None
    prefix: str | None = None
    suffix: str | None = None
    email: Personal[str | None] = None
    emails: Personal[tuple[str, ...]] = ()
    phone: Personal[str | None] = None
    phones: Personal[tuple[str, ...]] = ()
    company: str | None = None
    title: str | None = None
    website: str | None = None
    websites: tuple[str, ...] = ()
    address: Address | None = None
    message: Personal[str | None] = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    owner: str | None = None
    status: str | None = None
    value: int | float | None = None
    date_of_birth: Personal[str | None] = None
    gender: Personal[str | None] = None
    timezone: str | None = None
    consent: str | bool | None = None
    dnd: bool | None = None
    utm: Utm | None = None
    other: Personal[dict[str, Json]] = Field(default_factory=dict)


LEAD_KEYS: Final = tuple(Lead.model_fields)
