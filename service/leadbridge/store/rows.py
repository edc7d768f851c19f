"""Stored rows as they are shown: by `list`, `show`, `trace`, and later by the API and the console."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from leadbridge.clock import Millis
from leadbridge.events import Json
from leadbridge.outcome import Candidate, WriteWarning

Urgency: TypeAlias = Literal["live", "retry", "replay"]
URGENCIES: Final[tuple[Urgency, ...]] = ("live", "retry", "replay")  # the most urgent first, as they are stored


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One request as it arrived."""

    id: str
    source: str
    received_at: Millis
    trace_id: str
    verified_by: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRow:
    """One submission and what became of it.

    `fetched` are the vendor's documents (JSON) of one that was only announced; while it waits for them `fetch_at` is
    when they are asked for next, after `fetch_tries`.
    """

    id: str
    request_id: str
    item: int
    source: str
    received_at: Millis
    trace_id: str
    state: str
    reason: str | None
    dedupe_key: str | None
    duplicate_of: str | None
    revision: int
    updated_at: Millis
    fetched: str | None = None
    fetch_tries: int = 0
    fetch_at: Millis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """One delivery with its state; `plan`, `progress` and `choice` are JSON of plan's values."""

    id: str
    submission_id: str
    trace_id: str
    route: str
    destination: str
    lane: str
    config_version: str
    plan: Json
    state: str
    blocked: bool
    urgency: Urgency
    alone: bool  # never one call with others
    reason: str | None
    detail: str | None
    tries: int
    next_at: Millis | None
    progress: Json
    choice: Json
    record_id: str | None
    created: bool | None
    warnings: tuple[WriteWarning, ...]
    candidates: tuple[Candidate, ...]
    created_at: Millis
    updated_at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One call to a CRM. Without `answered_at` it is under way; or no answer was seen, and `outcome` is set."""

    id: int
    lane: str
    purpose: str
    method: str
    path: str
    request: Json
    attempt: int  # which try of the delivery
    started_at: Millis
    answered_at: Millis | None
    status: int | None
    outcome: str | None
    crm_trace_id: str | None
    response: str | None
    error: str | None
