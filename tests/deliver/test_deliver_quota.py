"""The quota governor never lets a rolling window be exceeded, whatever the pace of calls and answers."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.crm.adapter import Quota
from leadbridge.deliver.governor import Governor
from leadbridge.deliver.places import Places
from leadbridge.deliver.quota import ALL, MARGIN, Window
from leadbridge.store.claims import CallSpan
from tests.support.clock import ManualClock
from tests.support.patience import PATIENCE


def window(limit: int = 3, seconds: float = 10.0) -> Window:
    return Window(Quota(limit=limit, window=seconds), deadline=30.0)


def test_a_place_is_taken_until_one_window_after_the_answer() -> None:
    places = window(limit=1)
    places.take()
    assert places.free(100.0) == 0
    assert places.wait(100.0) is None, "only an answer can free it"
    places.answered(104.0)
    assert places.wait(104.0) == pytest.approx(10.0 + MARGIN)
    assert places.free(114.0) == 0
    assert places.free(114.0 + 2 * MARGIN) == 1


def test_a_call_without_an_answer_may_count_until_its_deadline() -> None:
    places = window(limit=1)
    places.take()
    places.unanswered(101.0, sent_at=100.0)
    assert places.free(130.0) == 0
    assert places.free(140.0 + 2 * MARGIN) == 1


def test_a_call_that_never_left_frees_its_place_at_once() -> None:
    places = window(limit=1)
    places.take()
    places.give_back()
    assert places.free(0.0) == 1


def test_without_a_quota_there_is_always_room() -> None:
    places = Window(None, deadline=30.0)
    for _ in range(1000):
        places.take()
        places.answered(0.0)
    assert places.free(0.0) == ALL


def test_what_others_leave_no_room_for_is_free_when_they_have_left() -> None:
    places = window(limit=2)
    places.take()
    places.answered(100.0)
    places.told(1, until=103.0)
    assert (places.free(100.0), places.wait(100.0)) == (0, 3.0)
    assert places.free(103.0) == 1


def test_when_our_own_call_leaves_before_those_of_others_its_place_is_free() -> None:
    places = window(limit=2)
    places.take()
    places.answered(100.0)
    places.told(1, until=113.0)
    assert places.wait(100.0) == pytest.approx(10.0 + MARGIN)
    assert places.free(110.0 + 2 * MARGIN) == 1


def test_calls_of_an_earlier_process_are_counted() -> None:
    places = window(limit=3)
    spans = [
        CallSpan(started_at=1_000, answered_at=1_500),  # 8.5 s ago: counts 1.5 s more
        CallSpan(started_at=2_000, answered_at=None),  # cut off: may count until its deadline and a window
        CallSpan(started_at=9_000, answered_at=99_000),  # the clock was set back: answered now
    ]
    places.seed(spans, wall=10_000, now=500.0)
    assert places.free(500.0) == 0
    assert places.free(501.5 + 2 * MARGIN) == 1
    assert places.free(510.0 + 2 * MARGIN) == 2
    assert places.free(532.0) == 2
    assert places.free(532.0 + 2 * MARGIN) == 3


async def test_a_place_that_a_begun_delivery_waits_for_is_offered_to_nobody_else() -> None:
    clock = ManualClock()
    places = Places(Governor([Quota(limit=2, window=10.0)], deadline=30.0), clock)
    places.reserve(2)
    places.answered(sent=places.sent())
    places.answered(sent=places.sent())
    waits = asyncio.create_task(places.take())
    await asyncio.sleep(0)
    assert places.for_new() < 0
    clock.advance(10.0 + 2 * MARGIN)
    assert places.for_new() == 1, "two are free, and one of them is waited for"
    assert not places.take_at_once()
    async with asyncio.timeout(PATIENCE):
        await waits
    assert places.for_new() == 1
    assert places.take_at_once()
    assert places.for_new() == 0


@dataclass
class Sent:
    at: float
    answer_after: float
    counted: float  # between 0 and 1: where between send and answer the CRM counts the call


CALLS = st.lists(
    st.builds(
        Sent, at=st.floats(0, 3), answer_after=st.floats(0, 5), counted=st.floats(0, 1)
    ),
    max_size=60,
)  # fmt: skip


@given(calls=CALLS, limit=st.integers(1, 5))
def test_no_window_of_the_crm_ever_holds_more_than_the_limit(calls: list[Sent], limit: int) -> None:
    """`at` is the time since the call before; a call that finds no room waits as long as it is told."""
    places = window(limit=limit)
    now = 0.0
    answers: list[float] = []
    counted: list[float] = []
    for call in calls:
        now += call.at
        while True:
            for answer in sorted(answer for answer in answers if answer <= now):
                places.answered(answer)
                answers.remove(answer)
            if places.free(now) > 0:
                break
            told = places.wait(now)
            moments = [answer for answer in answers if answer > now]
            if told is not None:
                moments.append(now + told)
            now = min(moments)
        places.take()
        answers.append(now + call.answer_after)
        counted.append(now + call.answer_after * call.counted)
    for start in counted:
        assert sum(start <= other < start + 10.0 for other in counted) <= limit
