"""What every CRM adapter promises. An adapter does no I/O: it says the next call, the engine sends it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal, Protocol, TypeAlias

from leadbridge.events import Json
from leadbridge.outcome import Outcome
from leadbridge.plan import Plan, RecordKind

MOST_CALLS: Final = 9  # of one try, lookups that its lane shares among them; an adapter that wants more is broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP call to the CRM: one attempt row and one place in the quota.

    `purpose` is unique within a delivery and names the call in `trace` ("upsert lead", "add tags"). `path` starts with
    `/` and is appended to the adapter's `base_url`. A `shared` call asks about the account and not about the lead (its
    custom fields): its good answer is kept for the lane and given to every later delivery.
    """

    purpose: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    body: Json = None  # None sends no body at all
    query: Mapping[str, str] = field(default_factory=dict)
    safe_to_repeat: bool = True
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the CRM answered.

    `headers` has lower-cased names; `body` is None when it was not JSON, `text` is always there.
    """

    status: int
    headers: Mapping[str, str]
    body: Json
    text: str

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """No call is left to make."""

    outcome: Outcome


Step: TypeAlias = Call | Done
Answers: TypeAlias = Mapping[str, Answer]  # by the call's purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """At most `limit` calls in any `window` seconds."""

    limit: int
    window: float  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadKey:
    """How one key of the lead reaches the CRM: the attribute that takes it, or None with the reason why none does."""

    attribute: str | None
    how: str = ""


class Adapter(Protocol):
    """One destination's CRM account.

    `next` is pure: the same plan and answers give the same step, so a crash in between can be replayed. It is called
    with the answers so far (shared ones among them) until it returns `Done`. It decides every status itself, also 429
    and 5xx (`Retry`), and 401 (`Hold`).
    """

    crm: ClassVar[str]
    records: ClassVar[tuple[RecordKind, ...]]  # what `upsert:` may say; the first is the default
    match_keys: ClassVar[tuple[str, ...]]  # what `match:` may say; "custom" stands for `custom:NAME`
    lead_keys: ClassVar[Mapping[str, LeadKey]]  # every key of the lead
    official_base_url: ClassVar[str]
    official_quota: ClassVar[Quota]

    def __init__(self, settings: Any) -> None:
        """From the CRM's own settings class."""

    @property
    def base_url(self) -> str:
        """Where calls go, without a slash at the end."""

    @property
    def account(self) -> str:
        """The account's identity within its CRM and host: a location id, a Copper user's account."""

    def headers(self) -> dict[str, str]:
        """Headers of every call, credentials included; never logged."""

    def next(self, plan: Plan, answers: Answers) -> Step:
        """The next call to make, or what came of it all."""

    def crm_trace_id(self, answer: Answer) -> str | None:
        """The CRM's own id for this exchange, for its support."""
