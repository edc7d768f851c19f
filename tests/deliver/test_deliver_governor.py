"""One account's governor: several quotas at once, the CRM's own words about them, and what a restart takes up."""

import pytest

from leadbridge.crm.adapter import Limits, Quota
from leadbridge.deliver.governor import Governor, Sent
from leadbridge.deliver.places import Places
from leadbridge.deliver.quota import ALL, MARGIN
from leadbridge.store.base import Store
from leadbridge.store.lanes import LaneState
from tests.support.clock import ManualClock
from tests.support.stored import LANE

TEN = Quota(limit=10, window=10.0)


def governor(*quotas: Quota | None) -> Governor:
    return Governor(quotas or [TEN], deadline=30.0)


def send(places: Governor, now: float) -> Sent:
    places.take()
    return places.sent(now)


def test_two_destinations_on_one_account_both_have_their_quota_kept() -> None:
    places = governor(Quota(limit=2, window=1.0), None, Quota(limit=3, window=60.0))
    for _ in range(2):
        places.answered(0.0, sent=send(places, 0.0))
    assert places.wait(0.0) == pytest.approx(1.0 + MARGIN)
    assert places.free(1.1) == 1
    places.answered(1.1, sent=send(places, 1.1))
    assert places.wait(1.1) == pytest.approx(58.9 + MARGIN)
    assert places.free(60.1) == 2


def test_of_two_quotas_with_one_window_the_smaller_holds() -> None:
    assert governor(Quota(limit=5, window=1.0), Quota(limit=3, window=1.0), Quota(limit=4, window=1.0)).free(0.0) == 3


def test_without_a_quota_what_the_crm_says_is_left_counts_for_nothing() -> None:
    places = governor(None)
    places.answered(0.0, sent=send(places, 0.0), limits=Limits(remaining=0, daily_remaining=0))
    assert places.free(0.0) == ALL
    assert places.wait(0.0) == 0


def test_what_others_took_leaves_one_window_after_the_answer_that_showed_it() -> None:
    places = governor()
    places.answered(1.0, sent=send(places, 0.0), limits=Limits(remaining=2))
    assert places.free(1.0) == 2
    assert places.free(11.0) == 2
    assert places.free(11.0 + 2 * MARGIN) == 10


def test_with_nothing_left_it_says_when_there_is_something_again() -> None:
    places = governor()
    places.answered(1.0, sent=send(places, 0.0), limits=Limits(remaining=0))
    assert places.free(1.0) == 0
    assert places.wait(1.0) == pytest.approx(10.0 + MARGIN), "our own call and those of others leave together"


def test_our_own_calls_make_room_while_those_of_others_stand() -> None:
    places = governor()
    places.answered(0.5, sent=send(places, 0.0))
    places.answered(5.0, sent=send(places, 5.0), limits=Limits(remaining=0))
    assert places.wait(5.0) == pytest.approx(5.5 + MARGIN)
    assert places.free(10.5 + 2 * MARGIN) == 1


def test_an_answer_does_not_know_of_what_was_sent_after_its_call() -> None:
    places = governor()
    first = send(places, 0.0)
    send(places, 0.1)
    send(places, 0.2)
    places.answered(0.3, sent=first, limits=Limits(remaining=5))
    assert places.free(0.3) == 3


def test_a_place_that_is_only_taken_is_not_known_to_the_crm_either() -> None:
    places = governor(Quota(limit=100, window=10.0, daily=10))
    places.take(3)
    sent = send(places, 0.0)
    places.answered(0.3, sent=sent, limits=Limits(remaining=5, daily_remaining=4))
    assert places.free(0.3) == 1, "of the 4 of the day 3 are taken"


def test_our_own_count_is_never_loosened() -> None:
    places = governor()
    for _ in range(9):
        places.answered(0.0, sent=send(places, 0.0))
    places.answered(0.0, sent=send(places, 0.0), limits=Limits(remaining=90, daily_remaining=9_000))
    assert places.free(0.0) == 0


def test_an_answer_that_comes_late_says_less_than_that_of_a_newer_call() -> None:
    places = governor()
    slow, quick = send(places, 0.0), send(places, 1.0)
    places.answered(1.1, sent=quick, limits=Limits(remaining=3))
    places.answered(9.0, sent=slow, limits=Limits(remaining=9))
    assert places.free(9.0) == 3


def test_the_crms_window_may_be_longer_than_the_quota_that_was_asked_for() -> None:
    places = governor(Quota(limit=2, window=1.0))
    for second in range(3):
        places.answered(second * 2, sent=send(places, second * 2.0), limits=Limits(remaining=2 - second, window=10.0))
    assert places.free(6.0) == 0
    assert places.wait(6.0) == pytest.approx(4.0 + MARGIN), "then the first of the three has left"
    assert places.free(14.1) == 2


@pytest.mark.parametrize("window", [86_400.0, 3_601.0])
def test_a_window_that_can_only_be_a_mistake_is_not_believed(window: float) -> None:
    places = governor()
    places.answered(0.0, sent=send(places, 0.0), limits=Limits(remaining=0, window=window))
    assert places.free(0.0) == 9


def test_a_call_that_never_reached_the_crm_leaves_its_place_at_once() -> None:
    places = governor(Quota(limit=1, window=10.0, daily=1))
    send(places, 0.0)
    assert places.wait(0.0) is None, "only its answer can free it"
    places.withdrawn()
    assert places.free(0.0) == 1


def test_a_pause_holds_beside_every_quota() -> None:
    places = governor(Quota(limit=1, window=10.0))
    places.answered(0.0, sent=send(places, 0.0))
    places.pause(0.0, 20.0)
    places.pause(0.0, 5.0)
    assert (places.wait(0.0), places.quiet_for(5.0)) == (20.0, 15.0)
    assert (places.free(19.9), places.free(20.0)) == (0, 1)


async def test_a_new_process_keeps_the_rest_that_the_crm_asked_the_old_one_for(
    store: Store, clock: ManualClock
) -> None:
    places = Places(governor(), clock)
    await places.take_up(store, LANE, LaneState(paused_until=clock.now() + 5_000))
    assert (places.for_new(), places.wait(), places.paused_until) == (0, 5.0, clock.now() + 5_000)
    clock.advance(5)
    assert (places.for_new(), places.paused_until) == (10, None)


async def test_a_rest_that_a_clock_set_back_makes_endless_is_an_hour_at_most(store: Store, clock: ManualClock) -> None:
    places = Places(governor(None), clock)
    await places.take_up(store, LANE, LaneState(paused_until=clock.now() + 90 * 86_400_000))
    assert places.wait() == 3_600.0


async def test_the_end_of_the_day_is_told_once_and_not_with_every_answer(store: Store, clock: ManualClock) -> None:
    places = Places(governor(Quota(limit=10, window=1.0, daily=10)), clock)
    await places.take_up(store, LANE, LaneState())
    ends = []
    for passed, latency in ((0, 4.2), (40, 0.2), (7, 3.0), (60, 0.1), (86_400, 0.2)):
        clock.advance(passed)
        places.reserve(1)
        sent = places.sent()
        left = 5_000.0 - (clock.now() - 1_700_000_000_000) // 1_000
        clock.advance(latency)
        places.answered(Limits(daily_reset=left if left > 0 else left + 86_400), sent=sent)
        ends.append(places.daily_reset_at)
    assert len(set(ends[:-1])) == 1
    assert abs(ends[0] - 1_700_005_000_000) < 7_000  # type: ignore[operator]
    assert abs(ends[-1] - ends[0] - 86_400_000) < 7_000  # type: ignore[operator]
