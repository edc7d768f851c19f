"""May a lane send? The circuit and the hold as decisions, by the clock."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.deliver.health import (
    FAILURES,
    FIRST_PAUSE,
    FIRST_PROBE,
    JITTER,
    LONGEST_DAY,
    LONGEST_PAUSE,
    LONGEST_PROBE,
    LONGEST_QUIET,
    Closed,
    Health,
    Held,
    Instant,
    Opened,
    Quiet,
    Released,
)
from leadbridge.store.lanes import LaneState
from tests.support.walked import walked

WALL = 1_700_000_000_000


class Middle(Random):
    """Dice without jitter."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def at(seconds: float) -> Instant:
    return Instant(WALL + round(seconds * 1000), 500.0 + seconds)


def health(state: LaneState | None = None, *, start: bool = True) -> Health:
    made = Health(Middle())
    made.adopt(state or LaneState(), at(0), start=start)
    return made


def opened(tests: int = 0) -> Health:
    """A circuit that opened at 0, and whose next `tests` tests failed, each as soon as it could be made."""
    lane, now = health(), 0.0
    for number in range(FAILURES):
        lane.failed(at(0), f"d{number}", "HTTP 503")
    for number in range(tests):
        now += lane.rest(at(now)) or 0.0
        lane.test_with(f"t{number}")
        lane.failed(at(now), f"t{number}", "HTTP 503")
    return lane


def test_the_fifth_failure_in_a_row_opens_the_circuit_and_says_so_once() -> None:
    lane = health()
    said = [lane.failed(at(0), f"d{number}", "HTTP 503") for number in range(FAILURES + 3)]
    assert said == [None] * 4 + [Opened(seconds=FIRST_PAUSE, failures=FAILURES, detail="HTTP 503")] + [None] * 3
    assert lane.state.failures == FAILURES, "calls that were under way when it opened say nothing new"
    assert lane.state.paused_until == at(FIRST_PAUSE).wall


def test_an_answer_in_between_begins_the_row_anew() -> None:
    lane = health()
    for number in range(20):
        assert lane.failed(at(number), "d", "no answer") is None
        if number % 4 == 3:
            assert lane.worked() is None


def test_an_open_circuit_lets_one_delivery_at_a_time_through_when_its_pause_is_over() -> None:
    lane = opened()
    assert (lane.room(at(0)), lane.rest(at(1))) == (0, FIRST_PAUSE - 1)
    assert not lane.may_send("d9"), "what was claimed before goes back"
    assert lane.room(at(FIRST_PAUSE)) == 1
    lane.test_with("t")
    assert (lane.room(at(FIRST_PAUSE)), lane.rest(at(FIRST_PAUSE))) == (0, None)
    assert lane.may_send("t")
    assert not lane.may_send("d9")
    lane.test_over("t")
    assert lane.room(at(FIRST_PAUSE)) == 1, "a test that showed nothing is followed by another"


def test_a_test_that_is_answered_closes_it() -> None:
    lane = opened(tests=2)
    lane.test_with("t")
    assert lane.worked() == Closed()
    assert (lane.room(at(60)), lane.rest(at(60)), lane.state) == (None, None, LaneState())
    assert lane.worked() is None


@walked(("tests", "pause"), [(0, 5), (1, 10), (2, 20), (5, 160), (6, LONGEST_PAUSE), (60, LONGEST_PAUSE)])
def test_each_test_that_fails_doubles_the_pause_up_to_five_minutes(tests: int, pause: float) -> None:
    lane = opened(tests)
    moment = next(seconds for seconds in [sum(min(300.0, 5.0 * 2**n) for n in range(tests))])
    assert lane.rest(at(moment)) == pytest.approx(pause)


@given(seed=st.integers())
def test_pauses_differ_a_little_so_that_not_all_come_back_at_once(seed: int) -> None:
    lane = Health(Random(seed))
    said = [lane.failed(at(0), "d", "HTTP 503") for _ in range(FAILURES)][-1]
    assert said is not None
    assert FIRST_PAUSE * (1 - JITTER) <= said.seconds <= FIRST_PAUSE * (1 + JITTER)


def test_a_restart_finds_the_circuit_as_it_was() -> None:
    before = opened(tests=3)
    lane = health(before.state)
    assert lane.room(at(0)) == 0
    assert lane.rest(at(0)) == pytest.approx(75.0)  # 5 + 10 + 20 from the first, and the 40 of the last
    lane = health(before.state)
    assert lane.room(at(75)) == 1
    lane.test_with("t")
    lane.failed(at(75), "t", "HTTP 503")
    assert lane.rest(at(75)) == pytest.approx(80.0)


def test_a_clock_that_was_set_back_prolongs_nothing_for_long() -> None:
    year = 365 * 86_400 * 1000
    circuit = health(replace(opened().state, paused_until=WALL + year))
    assert (circuit.rest(at(0)) or 0) <= LONGEST_PAUSE * (1 + JITTER)
    held = health(LaneState(held="bad_credentials", since=WALL, probe_at=WALL + year), start=False)
    assert held.rest(at(0)) == LONGEST_PROBE
    spent = health(LaneState(held="daily_budget_spent", since=WALL, probe_at=WALL + year))
    assert spent.rest(at(0)) == LONGEST_DAY


def test_a_crm_that_asks_for_days_is_asked_again_after_an_hour() -> None:
    """60000 may be milliseconds: an account that stands still for 16 hours is worse than one call in vain."""
    lane = health()
    assert lane.asked_for_quiet(at(0), 60_000.0) == Quiet(seconds=LONGEST_QUIET)
    assert lane.state.paused_until == at(LONGEST_QUIET).wall
    assert lane.asked_for_quiet(at(LONGEST_QUIET), 60_000.0) == Quiet(seconds=LONGEST_QUIET)


def test_a_429_is_no_failure_and_is_said_once_for_all_that_were_under_way() -> None:
    lane = health()
    assert [lane.asked_for_quiet(at(0), 30.0) for _ in range(3)] == [Quiet(seconds=30.0), None, None]
    assert (lane.state.failures, lane.state.paused_until) == (0, at(30).wall)
    assert lane.asked_for_quiet(at(31), 10.0) == Quiet(seconds=10.0)


def test_a_held_lane_sends_nothing_and_is_probed_after_longer_and_longer_times() -> None:
    lane = health()
    assert lane.hold("bad_credentials", "HTTP 401", at(0)) == Held(reason="bad_credentials", detail="HTTP 401")
    assert lane.hold("bad_credentials", "HTTP 401", at(0)) is None
    assert (lane.room(at(1)), lane.may_send("d")) == (0, False)
    now, waits = 0.0, []
    for _ in range(7):
        wait = lane.rest(at(now))
        assert wait is not None
        assert not lane.probe_due(at(now + wait - 0.1))
        now += wait
        waits.append(wait)
        assert lane.probe_due(at(now))
        lane.still_refused(at(now), "bad_credentials", "HTTP 401")
    assert waits == [FIRST_PROBE, 60, 120, 240, 480, LONGEST_PROBE, LONGEST_PROBE]
    assert lane.release() == Released(reason="bad_credentials")
    assert (lane.state, lane.room(at(now)), lane.release()) == (LaneState(), None, None)


def test_the_reason_of_a_hold_is_that_of_the_last_probe() -> None:
    lane = health()
    lane.hold("bad_credentials", "HTTP 401", at(0))
    lane.still_refused(at(60), "missing_scope", "HTTP 403")
    assert (lane.held, lane.state.detail) == ("missing_scope", "HTTP 403")
    lane.still_refused(at(120), None, "no answer")
    assert (lane.held, lane.state.detail) == ("missing_scope", "no answer")


def test_a_start_probes_a_held_account_at_once() -> None:
    state = LaneState(held="missing_scope", detail="x", since=WALL, probe_at=at(900).wall)
    assert health(state).probe_due(at(0))
    assert not health(state, start=False).probe_due(at(0))


def test_a_spent_budget_ends_by_itself_and_without_a_probe() -> None:
    lane = health()
    lane.hold("daily_budget_spent", "200,000 calls", at(0), seconds=3_600.0)
    assert (lane.room(at(1)), lane.rest(at(600))) == (0, 3_000.0)
    assert (lane.probe_due(at(3_600)), lane.over_by_time(at(3_599))) == (False, None)
    assert lane.over_by_time(at(3_600)) == Released(reason="daily_budget_spent")


def test_what_a_person_paused_only_a_person_lets_go_again() -> None:
    lane = health()
    paused = LaneState(held="paused", detail="on Friday", since=WALL)
    assert lane.adopt(paused, at(0)) == Held(reason="paused", detail="on Friday")
    assert (lane.room(at(0)), lane.rest(at(0))) == (0, None)
    assert not lane.probe_due(at(10**6))
    assert lane.over_by_time(at(10**6)) is None
    lane.still_refused(at(0), "bad_credentials", "HTTP 401")
    assert lane.state == paused
    assert lane.adopt(LaneState(), at(1)) == Released(reason="paused")
    assert lane.room(at(1)) is None
