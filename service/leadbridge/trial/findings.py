"""What a trial finds, stage by stage: the values that the command shows, for people and as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from leadbridge.clock import Millis
from leadbridge.errors import SignatureReason
from leadbridge.events import Event, Json
from leadbridge.plan import MatchKey, WriteRule
from leadbridge.recognise import Finding

ProofResult: TypeAlias = Literal["verified", "not_needed", "not_verified", "refused"]


class Outcome(StrEnum):
    """What would become of a delivery: a delivery's state, or why no more than its first call is known."""

    DELIVERED = "delivered"
    DELIVERED_WITH_WARNINGS = "delivered_with_warnings"
    FILTERED = "filtered"
    HELD = "held"
    RETRYING = "retrying"
    FAILED = "failed"
    NOT_EMULATED = "not_emulated"

    @property
    def is_good(self) -> bool:
        """Whether nobody has to do anything."""
        return self not in (Outcome.HELD, Outcome.RETRYING, Outcome.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was read. `refused` is why the service would not take the request; no later stage is then reached."""

    method: str
    url: str
    content_type: str
    content_type_guessed: bool
    size: int  # bytes
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Whether the sample proves its sender.

    A sample without proof is `not_verified` and no failure: a kept sample seldom has one. The same goes for one that is
    signed well and too long ago. `reason` is the one that log and metric would have.
    """

    result: ProofResult
    scheme: str
    said: str
    reason: SignatureReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchCall:
    """One GET for what the sender left out, as it would be sent; credentials are dots.

    An answer that is good for many leads is `kept_for` so many seconds.
    """

    step: str
    url: str
    headers: Mapping[str, str]
    kept_for: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchTrial:
    """What is asked of the vendor for an announced lead.

    `answered_by` is the file with its documents; without one the way ends here. `problem` is why there are no calls, or
    what is wrong with the documents.
    """

    calls: tuple[FetchCall, ...]
    answered_by: str | None = None
    problem: str | None = None

    @property
    def is_answered(self) -> bool:
        """Whether the answers are known."""
        return self.answered_by is not None and self.problem is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """An input of a rule. `there` is False when the submission has none, `value` is None where it is computed."""

    input: str
    value: Json
    there: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One template of the route: as written in the file, at `place` (`file:line:col`), with what it read."""

    rule: Json
    place: str
    inputs: tuple[Used, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One key of the lead (or custom field, or tag list) with its value, and where that came from.

    `key` is a path: `email`, `address.city`, `custom_fields.Budget`, `tags.add`; `note` is the text of the note. The
    attribute `note` says what was done to the value on the way, or of which other key it was made; `write` is the rule
    that decides whether the value is written, None for the usual one.
    """

    key: str
    value: Json
    rules: tuple[Rule, ...]
    note: str | None = None
    write: WriteRule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unset:
    """A target whose rules gave nothing that could be written."""

    key: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialWarning:
    """What mapping could not read (`got` is what came), or what the CRM would not keep (`sent`, and what it `got`)."""

    stage: Literal["map", "deliver"]
    field: str
    problem: str
    sent: Json
    got: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCall:
    """One HTTP call, exactly as it would be sent, but for what only the account or the moment knows.

    Such an id stands as `<id of …>`; credentials are dots. A `shared` call asks about the account, once in ten minutes.
    """

    purpose: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: Json
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTrial:
    """What one route makes of the event, and what would become of its delivery.

    `reason` is the one that the delivery would be stored with, `detail` the words for it. `recognised` is what the
    form's own fields filled, `spam` why a route that looks at them takes none. `assumed` says what of the
    account cannot be known here and was taken to be so. `passes` is what `when` came to, None without one.
    """

    route: str
    destination: str
    outcome: Outcome
    reason: str | None = None
    detail: str | None = None
    when: Rule | None = None
    passes: bool | None = None
    lead: dict[str, Json] | None = None
    match: MatchKey | None = None
    match_why: str | None = None
    origins: tuple[Origin, ...] = ()
    unset: tuple[Unset, ...] = ()
    unused: tuple[str, ...] = ()
    recognised: tuple[Finding, ...] = ()
    spam: str | None = None
    warnings: tuple[TrialWarning, ...] = ()
    calls: tuple[MadeCall, ...] = ()
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The whole way of one sample. `item` of `items` (from 1) is the one that is shown; 0 when there is none.

    `fetch` is None where nothing is missing, or the source does not fetch it. `announced` is the event as it was sent,
    where its answers are known.
    """

    source: str
    receipt: Receipt
    proof: Proof | None = None
    event: Event | None = None
    announced: Event | None = None
    ignored: str | None = None
    unparseable: str | None = None
    fetch: FetchTrial | None = None
    unrouted: str | None = None
    item: int = 0
    items: int = 0
    dedupe_window: Millis = 0
    routes: tuple[RouteTrial, ...] = field(default=())

    @property
    def waits(self) -> bool:
        """Whether the way ends at answers that are not known here."""
        return self.is_good and self.fetch is not None and self.fetch.answered_by is None

    @property
    def is_good(self) -> bool:
        """Whether the service would take the sample and no delivery would fail or wait for a person."""
        refused = self.receipt.refused or self.unparseable or self.unrouted
        if self.fetch is not None and self.fetch.problem is not None:
            return False
        if refused or (self.proof is not None and self.proof.result == "refused"):
            return False
        return all(route.outcome.is_good for route in self.routes)

    @property
    def lead(self) -> dict[str, Json] | None:
        """The lead of the first route that makes one."""
        return next((route.lead for route in self.routes if route.lead is not None), None)
