"""How the sandbox behaves, as far as that can be chosen. What the vendors leave undocumented is a named switch."""

from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from leadbridge.events import Json
from leadbridge.sandbox.leadconnector.catalog import DuplicatePriority
from leadbridge.sandbox.seeds import Seed


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"no time zone is named {name!r}") from None
    return name


TimeZoneName = Annotated[str, AfterValidator(_known_zone)]


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RateLimit(_Options):
    """At most `limit` calls in any `window` seconds."""

    limit: int = Field(gt=0)
    window: float = Field(gt=0, description="seconds")


class CopperOptions(_Options):
    """Copper's switches."""

    quota: RateLimit | None = Field(
        default=RateLimit(limit=180, window=60),
        description="Calls of one account in a rolling window; null is no limit.",
    )
    ambiguous_ids: Literal["message", "ids"] = Field(
        default="message", description="Where an upsert that matches 2 to 30 leads names them."
    )
    writes_custom_match: bool = Field(
        default=False, description="Whether an upsert that creates also stores the custom value it matched by."
    )
    date_echo: Literal["epoch", "text"] = Field(
        default="epoch", description="How a Date custom field is answered: Unix seconds, or mm/dd/yyyy."
    )
    search_lag: float = Field(
        default=10.0, ge=0, description="Seconds until /leads/search shows a write; upserts see it at once."
    )
    timezone: TimeZoneName = Field(default="America/Los_Angeles", description="Where an account's days begin.")


class LeadConnectorOptions(_Options):
    """LeadConnector's switches. A location's seed may set its own for the last five."""

    quota: RateLimit | None = Field(
        default=RateLimit(limit=100, window=10),
        description="Calls of one location in a rolling window; null is no limit.",
    )
    daily: int | None = Field(default=200_000, gt=0, description="Calls of one location in a day; null is no limit.")
    unknown_custom_field: Literal["drop", "refuse"] = Field(
        default="drop", description="What becomes of a custom field nobody knows, or of a value its field cannot hold."
    )
    bad_phone: Literal["refuse", "drop"] = Field(
        default="refuse", description="What becomes of a phone that is not E.164 once spaces and dashes are gone."
    )
    tags_status: Literal[200, 201] = Field(default=201, description="The status of a good `POST /contacts/{id}/tags`.")
    duplicate_priority: DuplicatePriority = Field(
        default="email,phone", description="Which identifier decides when e-mail and phone belong to two contacts."
    )
    allow_duplicates: bool = Field(default=False, description="Whether two contacts may share an e-mail or phone.")
    country: str = Field(default="US", description="The location's country, filled in where a new contact gives none.")
    timezone: TimeZoneName = Field(default="America/Chicago", description="The location's time zone.")
    name: str = Field(default="Sandbox location", description="The location's name.")


class SandboxOptions(_Options):
    """Everything that can be chosen about the sandbox."""

    quotas: bool = Field(default=True, description="Whether quotas are kept at all.")
    time_scale: float = Field(
        default=1.0, gt=0, description="How many times shorter quota windows, the quota's day and the search lag are."
    )
    history: int = Field(default=10_000, gt=0, description="How many calls the history remembers.")
    copper: CopperOptions = CopperOptions()
    leadconnector: LeadConnectorOptions = LeadConnectorOptions()
    seeds: tuple[Seed, ...] = Field(default=(), description="What the accounts hold at the start and after a reset.")

    def merged(self, changes: Mapping[str, Json]) -> "SandboxOptions":
        """These options with `changes` laid over them, one CRM's options key by key.

        Raises pydantic's `ValidationError` for a key or value that does not exist.
        """
        merged = self.model_dump()
        for key, value in changes.items():
            known = merged.get(key)
            merged[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, Mapping) else value
        return SandboxOptions.model_validate(merged)
