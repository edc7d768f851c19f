"""When calls were made: how many in a window of the quota, and whether two for one person went side by side. Pure."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from leadbridge.clock import Millis
from leadbridge.prove.evidence import Call
from leadbridge.prove.ground import Destination

CLOCK_STEP: Final = 5  # milliseconds by which the history's times may differ from when a quota was asked


def fullest_window(times: Sequence[int], *, window: float) -> int:
    """The most calls in any `window` seconds, of calls at these milliseconds; one that is `window` old has left."""
    ordered = sorted(times)
    length = int(window * 1000) - CLOCK_STEP
    return max((place + 1 - bisect_left(ordered, at - length + 1) for place, at in enumerate(ordered)), default=0)


def too_many(calls: Sequence[Call], destination: Destination) -> Iterator[str]:
    """What says that an account's quota was not kept, by all of the calls to it."""
    taken = [call.at for call in calls if call.status != 429 or call.faulted]
    refused = len(calls) - len(taken)
    if refused:
        yield f"429 that no fault asked for: {refused}"
    fullest = fullest_window(taken, window=destination.window)
    if fullest > destination.limit:
        yield f"{fullest} calls in {destination.window:g} s, of {destination.limit}"


def two_at_once(
    email: str, calls: Sequence[Call], *, cut_off_at: Sequence[Millis]
) -> Iterator[tuple[str, Sequence[int]]]:
    """The calls for a person that came while another one was under way, each with whose values the two carried.

    Not one whose only caller was killed: `cut_off_at` are those times, in their order.
    """

    def end_of(call: Call) -> Millis:
        place = bisect_left(cut_off_at, call.at)
        return min([call.ended_at, *cut_off_at[place : place + 1]])

    busy: Call | None = None
    for call in sorted(calls, key=lambda one: (one.at, one.ended_at)):
        if busy is not None and call.at < end_of(busy):
            lasted = busy.ended_at - busy.at
            what = f"{email}: {call.method} {call.path} {call.at - busy.at} ms after the begin of "
            what += f"{busy.method} {busy.path}, which took {lasted} ms"
            yield what, [one for one in (busy.serial, call.serial) if one]
        if busy is None or end_of(call) > end_of(busy):
            busy = call
