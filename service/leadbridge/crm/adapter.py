"""What every CRM adapter promises. An adapter does no I/O: it says the next call, the engine sends it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal, Protocol, TypeAlias

from leadbridge.events import Json
from leadbridge.outcome import Hold, Outcome, Retry
from leadbridge.plan import Plan, Progress, RecordKind

MOST_CALLS: Final = 12  # of one try, lookups that its lane shares among them; an adapter that wants more is broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP call to the CRM: one attempt row and one place in the quota.

    `purpose` is unique within a delivery and names the call in `trace` ("upsert lead", "add tags"). `path` starts with
    `/` and is appended to the adapter's `base_url`. A `shared` call asks about the account and not about the lead (its
    custom fields): its good answer is kept for the lane and given to every later delivery. What a call that is not
    `safe_to_repeat` did shows in the CRM `shows_after` seconds later: nobody looks for it before.
    """

    purpose: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    body: Json = None  # None sends no body at all
    query: Mapping[str, str] = field(default_factory=dict)
    safe_to_repeat: bool = True
    shared: bool = False
    shows_after: float = 0.0


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
# The options of a route that not every CRM has an answer to: each adapter names those that it follows.
RouteOption: TypeAlias = Literal["write", "note", "allow_duplicates", "on_many"]
Answers: TypeAlias = Mapping[str, Answer]  # by the call's purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """At most `limit` calls in any `window` seconds."""

    limit: int
    window: float  # seconds
    daily: int | None = None  # calls in 24 hours, where the CRM counts those too


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an answer says of the account's quota; None where it says nothing. Times are seconds from the answer."""

    remaining: int | None = None  # calls left in the window
    window: float | None = None
    daily_remaining: int | None = None
    daily_reset: float | None = None
    wait: float | None = None  # Retry-After, of any status


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An OAuth grant that a destination's calls are made under.

    `name` is its identity: destinations with the same one share its tokens. `seed` is the refresh token of the
    configuration, used until a newer one is stored. With `location_id` and `company_id` the grant is an agency's, and
    the access token is asked for that location.
    """

    name: str
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    user_type: Literal["Location", "Company"] = "Location"
    seed: str | None = field(default=None, repr=False)
    company_id: str | None = None
    location_id: str | None = None
    location_token_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadKey:
    """How one key of the lead reaches the CRM: the attribute that takes it, or None with the reason why none does.

    Keys with the same attribute make one value of it. `merges`: several values stand beside one another, so that an
    older submission adds to them and takes none away. `whole`: writing some parts of it clears the others. `finds`: the
    CRM itself looks for the record by it, whatever the plan's match key is.
    """

    attribute: str | None
    how: str = ""
    merges: bool = False
    whole: bool = False
    finds: bool = False


class Adapter(Protocol):
    """One destination's CRM account.

    `next` is pure: the same plan and answers give the same step, so a crash in between can be replayed. It is called
    with the answers so far (shared ones among them) until it returns `Done`. It decides every status itself, also 429
    and 5xx (`Retry`), and 401 (`Hold`). A class that inherits from this one has the usual answer to what its CRM lacks.
    """

    crm: ClassVar[str]
    records: ClassVar[tuple[RecordKind, ...]]  # what `upsert:` may say; the first is the default
    match_keys: ClassVar[tuple[str, ...]]  # what `match:` may say; "custom" stands for `custom:NAME`
    lead_keys: ClassVar[Mapping[str, LeadKey]]  # every key of the lead
    supports: ClassVar[frozenset[RouteOption]] = frozenset()
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

    @classmethod
    def lead_keys_of(cls, record: RecordKind) -> Mapping[str, LeadKey]:  # noqa: ARG003  # most have one kind of record
        """How the lead's keys reach a record of this kind: `lead_keys`, unless kinds differ."""
        return cls.lead_keys

    @classmethod
    def match_keys_of(cls, record: RecordKind) -> tuple[str, ...]:  # noqa: ARG003  # most have one kind of record
        """What `match:` may say for records of this kind: `match_keys`, unless kinds differ."""
        return cls.match_keys

    def headers(self) -> dict[str, str]:
        """Headers of every call, credentials included; never logged."""

    def next(self, plan: Plan, answers: Answers) -> Step:
        """The next call to make, or what came of it all."""

    def crm_trace_id(self, answer: Answer) -> str | None:
        """The CRM's own id for this exchange, for its support."""

    def probe(self) -> Call:
        """A call without side effects that only works while the account can be used."""

    def probed(self, answer: Answer) -> Retry | Hold | None:
        """What a probe's answer says: None when the account can be used again."""

    def progress(self, plan: Plan, answers: Answers) -> Progress:  # noqa: ARG002  # for those who learn something
        """What of the answers so far a later try must know, beyond `plan.progress`: on disk before the next call."""
        return plan.progress

    def limits(self, answer: Answer) -> Limits | None:  # noqa: ARG002  # most say nothing
        """What an answer says of the account's quota."""
        return None

    @property
    def grant(self) -> Grant | None:
        """The OAuth grant whose access token goes with every call; None when `headers` holds the credentials."""
        return None

    def token_refused(self, answer: Answer) -> bool:  # noqa: ARG002  # without a grant none is
        """Whether the CRM refuses the access token itself, so that a fresh one may help."""
        return False
