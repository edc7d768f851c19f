"""Trouble on demand: in which ways a call can go wrong, and which calls do."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from leadbridge.events import Json
from leadbridge.sandbox.addresses import email_key
from leadbridge.sandbox.emulator import CrmName, VendorName
from leadbridge.sandbox.exchange import ApiRequest

_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_FRAMING: Final = frozenset({"content-length", "transfer-encoding", "connection"})  # those of the answer itself
MOST_HUGE: Final = 1024 * 1024 * 1024  # bytes


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or name.lower() in _FRAMING:
            raise ValueError(f"no header can be called {name[:40]!r} here")
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"the value of {name} must be printable ASCII")
    return {name.lower(): value for name, value in headers.items()}


Headers = Annotated[dict[str, str], AfterValidator(_sendable)]


class Delay(_Value):
    """The answer comes later. The call goes on to the faults after this one."""

    kind: Literal["delay"] = "delay"
    seconds: float = Field(gt=0, description="How much later; the time scale does not shorten it.")
    commit: bool = Field(default=False, description="Whether the CRM does its work before the wait, or after it.")


class LoseField(_Value):
    """An attribute is not stored (a vendor leaves it out), and nobody says so. The call goes on to later faults."""

    kind: Literal["lose_field"] = "lose_field"
    field: str = Field(min_length=1, description="As the CRM names it: `title`, `custom_fields`, `phone`.")


class _Ending(_Value):
    commit: bool = Field(default=False, description="Whether the CRM does its work all the same.")


class Status(_Ending):
    """Another answer than the CRM would give."""

    kind: Literal["status"] = "status"
    status: int = Field(ge=200, le=599, description="The answer's status.")
    body: Json = Field(default=None, description="Its JSON; without one, the CRM's own error of that status.")
    headers: Headers = Field(default_factory=dict, description="More headers, such as `retry-after`.")


class Html(_Ending):
    """A page from a server in front of the CRM."""

    kind: Literal["html"] = "html"
    status: int = Field(default=502, ge=200, le=599, description="The page's status.")


class Drop(_Ending):
    """The connection is closed before an answer is complete."""

    kind: Literal["drop"] = "drop"


class Malformed(_Value):
    """The CRM does its work, and what arrives with its status is not the answer it should be."""

    kind: Literal["malformed"] = "malformed"
    shape: Literal["half", "empty", "null", "text", "not_gzip"] = Field(
        default="half",
        description="Half of the JSON as if it were all, no body, JSON's `null`, plain words, or JSON that is "
        "announced as gzip and is none.",
    )


class Drip(_Value):
    """The CRM does its work, and its answer comes in small pieces, or stops in the middle."""

    kind: Literal["drip"] = "drip"
    piece: int = Field(default=1, gt=0, description="Bytes at a time.")
    pause: float = Field(default=0.05, ge=0, description="Seconds before each piece.")
    stop_after: int | None = Field(
        default=None, ge=0, description="Bytes of the body after which no more come; all come unless given."
    )
    close: bool = Field(
        default=False, description="Whether the connection is closed there, instead of being left open in silence."
    )


class Huge(_Value):
    """The CRM does its work, and its answer begins with more white space than anyone wants; the rest is as usual."""

    kind: Literal["huge"] = "huge"
    size: int = Field(default=16 * 1024 * 1024, gt=0, le=MOST_HUGE, description="Bytes of white space.")


Ending: TypeAlias = Status | Html | Drop | Malformed | Drip | Huge
Action = Annotated[Delay | LoseField | Ending, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a call goes: to a CRM or a vendor, with an account, about people.

    `emails` are those of the people; finding them takes time, and few faults ask for them.
    """

    crm: CrmName | None
    vendor: VendorName | None
    account: str
    emails: Callable[[], frozenset[str]]


class Fault(_Value):
    """Which calls an action strikes: those that fit everything given here, until it has struck `times` times."""

    action: Action = Field(description="What happens; see the kinds.")
    crm: CrmName | None = Field(default=None, description="Only this CRM's calls.")
    vendor: VendorName | None = Field(default=None, description="Only this vendor's calls, by the name of its preset.")
    account: str | None = Field(default=None, description="Only one account's, by the name it has in the state.")
    method: Annotated[str, AfterValidator(str.upper)] | None = Field(default=None, description="Only this HTTP method.")
    path: str | None = Field(
        default=None, description="Only this path, relative to the API's base URL; `*` stands for anything."
    )
    email: Annotated[str, AfterValidator(email_key)] | None = Field(
        default=None,
        description="Only calls about this person: by the address in the call, or in the record or document it names.",
    )
    attributes: dict[str, Json] | None = Field(
        default=None, description="Only calls whose body holds these attributes with exactly these values."
    )
    after: int = Field(default=0, ge=0, description="How many of the calls that fit go well first.")
    times: int | None = Field(default=None, gt=0, description="How often it strikes; always, unless given.")
    probability: float = Field(default=1.0, gt=0, le=1, description="How likely it strikes a call that fits.")
    seed: int = Field(default=0, description="Decides which calls a probability strikes: the same for the same seed.")

    @model_validator(mode="after")
    def _is_about_one(self) -> Self:
        if self.crm is not None and self.vendor is not None:
            raise ValueError("no call goes to a CRM and to a vendor: give `crm` or `vendor`")
        return self

    def fits(self, request: ApiRequest, target: Target) -> bool:
        """Whether this call is one that the fault is about."""
        return (
            self.crm in (None, target.crm)
            and self.vendor in (None, target.vendor)
            and self.account in (None, target.account)
            and self.method in (None, request.method)
            and (self.path is None or fnmatchcase(request.path, self.path))
            and (self.attributes is None or _holds(request.payload, self.attributes))
            and (self.email is None or self.email in target.emails())
        )


def _holds(payload: Json, wanted: Mapping[str, Json]) -> bool:
    bodies = list(_attributes_in(payload))
    return all(any(name in body and body[name] == value for body in bodies) for name, value in wanted.items())


def _attributes_in(payload: Json) -> Iterator[Mapping[str, Json]]:
    """A body's attributes; those of Copper's upsert stand under `properties`."""
    if isinstance(payload, Mapping):
        yield payload
        if isinstance(payload.get("properties"), Mapping):
            yield payload["properties"]
