"""What a waiting delivery waits for beside its own state, and what a person can do about one that rests."""

from collections.abc import Mapping
from typing import Final

from leadbridge.clock import Millis
from leadbridge.commands.output import moment
from leadbridge.commands.states import State
from leadbridge.deliver.health import FAILURES
from leadbridge.store.lanes import LaneState
from leadbridge.store.rows import DeliveryRow, SubmissionRow

WAITING: Final = frozenset({State.PENDING, State.SENDING, State.RETRYING})

_RESOLVE: Final = "leadbridge resolve {id} with --use RECORD, --create or --drop"
_OF_A_REASON: Final[Mapping[str, str]] = {
    "ambiguous_match": f"{_RESOLVE}; or merge the records in the CRM, then leadbridge release {{id}}",
    "no_match_key": _RESOLVE,
    "unknown_outcome": f"look in the CRM whether it was done, then {_RESOLVE}",
    "paused": "leadbridge release {id}",
    "repeated_failure": "mend the route, restart, then leadbridge release --reason repeated_failure --route '{route}'",
    "destination_removed": "put the destination back, and restart",
}
_BY_ITSELF: Final = "it goes by itself once that is mended; at once: leadbridge release {id}"


def account_waits(lane: LaneState, *, now: Millis) -> str | None:
    """Why nothing is sent to the account now; None when it may be."""
    if lane.held is not None:
        since = f" since {moment(lane.since)}" if lane.since else ""
        return f"its account, which is held{since}: {lane.held}: {lane.detail or 'no reason given'}"
    if lane.paused_until is None or lane.paused_until <= now:
        return None
    why = "the CRM does not answer" if lane.failures >= FAILURES else "the CRM asked for a rest"
    return f"its account: {why}; tried again at {moment(lane.paused_until)}"


def for_delivery(delivery: DeliveryRow) -> str | None:
    """What a person can do about a delivery that is held or failed; None for all others."""
    if delivery.state == State.FAILED:
        return f"when the cause is mended: leadbridge replay {delivery.id}"
    if delivery.state != State.HELD:
        return None
    advice = _OF_A_REASON.get(delivery.reason or "", _BY_ITSELF)
    return advice.format(id=delivery.id, route=delivery.route)


def for_submission(submission: SubmissionRow) -> str | None:
    """What a person can do about a submission of which nothing goes to a CRM; None for all others."""
    if submission.state not in (State.FAILED, State.UNROUTED):
        return None
    reason = submission.reason or ""
    if reason.startswith("unparseable"):
        return None
    if reason.startswith("fetch: "):
        return f"when the cause is mended: leadbridge replay {submission.id}"
    return f"mend the configuration, restart, then leadbridge replay {submission.id}"
