"""What came of a delivery, typed by what happens next: the value between `deliver` and `record`."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from leadbridge.events import Json
from leadbridge.lead import Personal

HoldReason: TypeAlias = Literal[
    "ambiguous_match",
    "no_match_key",
    "bad_credentials",
    "missing_scope",
    "reconnect",
    "daily_budget_spent",
    "unknown_custom_field",
    "destination_removed",
    "unknown_outcome",
    "repeated_failure",
    "paused",
]


class WriteWarning(BaseModel):
    """An attribute that the CRM did not keep as it was sent, with the known cause."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str
    sent: Personal[Json]
    got: Personal[Json]
    cause: str


class Candidate(BaseModel):
    """One of several records that match; `summary` is what a person needs to tell them apart."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    record_id: str
    summary: Personal[dict[str, Json]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The record is written. `created` is None where the CRM does not tell; with warnings, not all of it was kept."""

    record_id: str
    created: bool | None
    warnings: tuple[WriteWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The CRM could not take it now: again after `after` seconds, or by our own schedule.

    Not before `at_least` seconds either way: what a call may have done must show before anyone looks for it.
    """

    detail: str
    after: float | None = None  # seconds, as the CRM asked
    at_least: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """It waits for a person, or for the account to come back."""

    reason: HoldReason
    detail: str
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """The CRM refuses this lead for good, in its own words; replayable after a mend."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """Everything it would write was already written by a later submission of the same person."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """Nothing of its own stands in its way: it waits in its place, and this was no failed try.

    With `alone` it never goes in one call with others again.
    """

    detail: str
    alone: bool = False


Outcome: TypeAlias = Delivered | Retry | Hold | Fail | Superseded
