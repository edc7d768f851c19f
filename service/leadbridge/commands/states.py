"""The states of submissions and deliveries, as the ledger counts them: one list for options, help and colours."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a submission, or one of its deliveries, can stand."""

    RECEIVED = "received"
    AWAITING_FETCH = "awaiting_fetch"
    CAPTURED = "captured"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    FAILED = "failed"
    UNROUTED = "unrouted"
    MAPPED = "mapped"
    PENDING = "pending"
    SENDING = "sending"
    RETRYING = "retrying"
    HELD = "held"
    DELIVERED = "delivered"
    DELIVERED_WITH_WARNINGS = "delivered_with_warnings"
    SUPERSEDED = "superseded"
    FILTERED = "filtered"
    CANCELLED = "cancelled"


OF_SUBMISSIONS: Final = frozenset(
    {
        State.RECEIVED,
        State.AWAITING_FETCH,
        State.CAPTURED,
        State.IGNORED,
        State.DUPLICATE,
        State.FAILED,
        State.UNROUTED,
        State.MAPPED,
    }
)
OF_DELIVERIES: Final = frozenset(State) - OF_SUBMISSIONS | {State.FAILED}
STYLES: Final[Mapping[str, str]] = {
    State.DELIVERED: "green",
    State.MAPPED: "green",
    State.DELIVERED_WITH_WARNINGS: "yellow",
    State.HELD: "yellow",
    State.RETRYING: "yellow",
    State.UNROUTED: "yellow",
    State.FAILED: "red",
}
