"""The options under a source's `fetch:`, for vendors that only announce a lead: with what its answers are fetched."""

import re
from collections.abc import Iterator
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, BeforeValidator, ConfigDict, Field

from leadbridge.clock import Millis
from leadbridge.events import Json
from leadbridge.schemes.secrets import TokenSecret
from leadbridge.settings.addresses import bare_url
from leadbridge.settings.choices import refusal, refuse_at
from leadbridge.settings.positions import Document
from leadbridge.settings.problem import Problem
from leadbridge.sources.fetching import Fetch
from leadbridge.sources.preset import Preset

NAME_PATTERN: Final = r"^[A-Za-z0-9_.]{1,100}$"
VERSION_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
WINDOW_PATTERN: Final = r"^[0-9]{1,5} ?[smh]$"
LONGEST_WINDOW: Final = 86_400_000  # milliseconds
_UNITS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000}


def _window(value: Json) -> Millis:
    found = re.fullmatch(r"([0-9]{1,5}) ?([smh])", value) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        raise refusal("must be a time", "write seconds (10s), minutes (1m) or hours (1h)")
    lasts = int(found[1]) * _UNITS[found[2]]
    if lasts > LONGEST_WINDOW:
        raise refusal("is too long", "write 24h or less")
    return lasts


Window: TypeAlias = Annotated[
    Millis,
    BeforeValidator(_window, json_schema_input_type=Annotated[str, Field(pattern=WINDOW_PATTERN)]),
]


class FetchingQuota(BaseModel):
    """How many calls a vendor allows for the answers."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    limit: int = Field(gt=0, description="Calls allowed in one window, by all processes together.")
    window: Window = Field(description="The window's length: seconds (`10s`), minutes (`1m`) or hours (`1h`).")


class Fetching(BaseModel):
    """With what the answers of a lead are fetched that its vendor only announces."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    token: TokenSecret = Field(description="The vendor's access token (or private key) that may read leads.")
    base_url: Annotated[AnyHttpUrl, AfterValidator(bare_url)] | None = Field(
        default=None, description="The API's address; the vendor's own unless given (a sandbox)."
    )
    version: Annotated[str, Field(pattern=VERSION_PATTERN)] | None = Field(
        default=None,
        description="The version of the vendor's API, as the vendor writes it; the one that the preset was made with "
        "unless given.",
    )
    quota: FetchingQuota | None = Field(
        default=None, description="How many calls there may be; what the preset knows of the vendor unless given."
    )
    also: tuple[Annotated[str, Field(pattern=NAME_PATTERN)], ...] = Field(
        default=(),
        description="Names of properties that are asked for besides those that the preset knows, where a vendor tells "
        "only what it is asked for (HubSpot).",
    )

    def address(self, known: Fetch) -> str:
        """The API's address, without a slash at its end."""
        return str(self.base_url or known.base_url).rstrip("/")

    def limit_of(self, known: Fetch) -> tuple[int, Millis]:
        """How many calls there may be in which window, in milliseconds."""
        return (self.quota.limit, self.quota.window) if self.quota else (known.limit, known.window * 1_000)


def fitting(fetching: Fetching, known: Fetch) -> Fetching:
    """The options; refused with a quota in which no lead's calls have room, and with names that nobody asks for."""
    calls, (limit, _) = len(known.steps), fetching.limit_of(known)
    if limit < calls:
        said = f"has no room for a lead: {calls} calls are made for each"
        refuse_at("quota", refusal(said, f"write `limit: {calls}`"))
    if fetching.also and not any(step.also for step in known.steps):
        refuse_at("also", refusal("this vendor tells everything already", "leave it out"))
    return fetching


def announced_alone(document: Document, name: str, preset: Preset, fetching: Fetching | None) -> Iterator[Problem]:
    """The warning of a source whose leads would have no answers."""
    if preset.fetch is not None and fetching is None:
        problem = f"a lead is what {preset.title} announces; not in it: {preset.thin}"
        hint = 'write `fetch: {token: "${NAME}"}`, and they are fetched'
        yield document.problem(("sources", name), problem, hint=hint, at="key", severity="warning")
