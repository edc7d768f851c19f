"""When to try again: a table, with the arithmetic shown."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.crm.answers import Reading, asked_wait
from leadbridge.outcome import Postponed, Retry
from leadbridge.record import decide
from leadbridge.retry import GiveUp, RetryAt, RetryPolicy
from leadbridge.store.claims import Claim, DueDelivery
from tests.support.crm import answer
from tests.support.walked import walked

POLICY = RetryPolicy(base=2.0, cap=3_600.0, give_up_after=72 * 3_600.0)
FIRST = 1_000_000
HOUR = 3_600_000  # milliseconds


class Most(Random):
    """Dice that always show the most."""

    def uniform(self, a: float, b: float) -> float:
        return b


@walked(
    ("tries", "asked", "seconds"),
    [
        (1, None, 2),  # base * 2^0
        (2, None, 4),  # base * 2^1
        (5, None, 32),  # base * 2^4
        (11, None, 2048),  # base * 2^10
        (12, None, 3600),  # 4096, capped
        (5000, None, 3600),  # no overflow
        (1, 30.0, 32),  # as asked, and up to base more, so that not all come back at once
        (9, 0.5, 2.5),
    ],
)
def test_the_wait_doubles_up_to_the_cap_or_is_what_the_crm_asked(
    tries: int, asked: float | None, seconds: float
) -> None:
    decision = POLICY.after(tries, first_try_at=FIRST, now=FIRST, asked=asked, dice=Most())
    assert decision == RetryAt(FIRST + int(seconds * 1000))


@pytest.mark.parametrize(
    ("tries", "cut_off", "seconds"),
    [
        (13, 12, 2),  # twelve kills, then the first failure of its own: base * 2^0, and not 2 * 2^12
        (14, 12, 4),  # the second one: base * 2^1
        (13, 0, 3600),  # thirteen failures: 2 * 2^12, capped
        (5, 3, 4),  # of five tries two failed: base * 2^1
    ],
)
def test_what_ended_a_try_from_outside_makes_no_wait_longer(tries: int, cut_off: int, seconds: int) -> None:
    decision = POLICY.after(tries, cut_off=cut_off, first_try_at=FIRST, now=FIRST, asked=None, dice=Most())
    assert decision == RetryAt(FIRST + seconds * 1000)
    at_last = POLICY.after(tries + 8, cut_off=cut_off, first_try_at=0, now=73 * HOUR, asked=None, dice=Most())
    assert at_last == GiveUp(f"given up after {tries + 8} tries in 73 hours"), "people are told of all tries"


@walked(
    ("tries", "cut_off", "seconds"),
    [
        (2, 0, 4),  # tried once, then off for four days, and the second one fails as well: base * 2^1
        (7, 0, 128),  # base * 2^6
        (8, 0, None),  # 2 + 4 + ... + 128: at least so many seconds after the first of them
        (9, 2, 128),  # of nine tries seven failed
        (10, 2, None),
        (41, 40, 2),  # forty kills, and the first failure
    ],
)
def test_time_in_which_nobody_tried_ends_nothing(tries: int, cut_off: int, seconds: int | None) -> None:
    late = FIRST + 96 * HOUR
    decision = POLICY.after(tries, cut_off=cut_off, first_try_at=FIRST, now=late, asked=None, dice=Most())
    wanted = GiveUp(f"given up after {tries} tries in 96 hours") if seconds is None else RetryAt(late + seconds * 1000)
    assert decision == wanted


def test_past_the_end_of_the_time_a_try_waits_as_before_it() -> None:
    late = FIRST + 96 * HOUR
    for asked, at_least, seconds in [(None, 0.0, 4), (30.0, 0.0, 32), (None, 60.0, 60)]:
        decision = POLICY.after(2, first_try_at=FIRST, now=late, asked=asked, at_least=at_least, dice=Most())
        assert decision == RetryAt(late + seconds * 1000)


def test_the_last_try_is_at_the_end_of_the_time_and_then_it_gives_up() -> None:
    end = FIRST + 72 * 3_600_000
    assert POLICY.after(90, first_try_at=FIRST, now=end - 60_000, asked=None, dice=Most()) == RetryAt(end)
    decision = POLICY.after(91, first_try_at=FIRST, now=end, asked=None, dice=Most())
    assert decision == GiveUp("given up after 91 tries in 72 hours")


def test_a_crm_that_asks_for_more_than_what_is_left_is_obeyed_once() -> None:
    end = FIRST + 72 * 3_600_000
    assert POLICY.after(9, first_try_at=FIRST, now=end - 1_000, asked=3_600.0, dice=Most()) == RetryAt(end + 3_599_000)


def test_what_may_have_been_done_is_not_looked_for_before_it_shows() -> None:
    for tries, seconds in [(1, 60), (5, 60), (9, 512)]:  # 2 and 32 are less than a minute, 2 * 2^8 is more
        decision = POLICY.after(tries, first_try_at=FIRST, now=FIRST, asked=None, at_least=60.0, dice=Most())
        assert decision == RetryAt(FIRST + seconds * 1000)


READING = Reading(title="The CRM", advice=(), wait=asked_wait)
AGAIN, GIVES_UP, ASKS_A_PERSON = "retrying", "failed", "held"


def claimed(*, first_try_at: int = FIRST, tries: int = 0) -> Claim:
    due = DueDelivery(
        delivery_id="d", submission_id="s", trace_id="t", route="r", destination="c", plan="{}", event_at=FIRST,
        tries=tries, first_try_at=first_try_at,
    )  # fmt: skip
    return Claim(delivery=due, attempt_id=1)


@walked(
    ("status", "state"),
    [
        *((status, AGAIN) for status in (408, 425, 429, 500, 501, 502, 503, 504, 520, 599)),
        *((status, GIVES_UP) for status in (400, 402, 404, 405, 409, 410, 413, 415, 422, 451)),
        *((status, ASKS_A_PERSON) for status in (401, 403)),
        *((status, AGAIN) for status in (301, 302, 307, 308)),  # the address is wrong: there is time to mend it
    ],
)
def test_what_follows_a_status(status: int, state: str) -> None:
    outcome = READING.refusal(answer(status))
    assert outcome is not None
    assert decide(outcome, claim=claimed(), policy=POLICY, now=FIRST, dice=Most()).state == state
    late = FIRST + 73 * 3_600_000
    finally_ = decide(outcome, claim=claimed(tries=7), policy=POLICY, now=late, dice=Most())
    assert finally_.state == (GIVES_UP if state == AGAIN else state)


@walked(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 32),  # as asked, and up to two seconds more
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT", "date": "Fri, 31 Dec 1999 23:59:29 GMT"}, 32),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT", "date": "Sat, 01 Jan 2000 23:59:29 GMT"}, 2),
        ({"retry-after": "soon"}, 2),
        ({}, 2),
    ],
    ids=["seconds", "a date", "a date that is over", "no time at all", "nothing"],
)
@walked("status", [429, 503])
def test_retry_after_is_obeyed_in_both_of_its_forms(status: int, headers: dict[str, str], seconds: int) -> None:
    outcome = READING.refusal(answer(status, headers=headers))
    assert outcome is not None
    update = decide(outcome, claim=claimed(), policy=POLICY, now=FIRST, dice=Most())
    assert update.next_at == FIRST + seconds * 1000


def test_an_unknown_outcome_that_was_never_cleared_up_is_a_persons_and_did_not_fail() -> None:
    doubt = Retry(detail="create may have been done", at_least=60.0)
    update = decide(doubt, claim=claimed(tries=7), policy=POLICY, now=FIRST + 73 * 3_600_000, dice=Most())
    assert (update.state, update.reason) == ("held", "unknown_outcome")


def test_what_was_put_back_waits_at_its_place_and_may_go_at_once() -> None:
    update = decide(Postponed(detail="x", alone=True), claim=claimed(), policy=POLICY, now=FIRST + 5, dice=Most())
    assert (update.state, update.next_at, update.alone) == ("pending", FIRST + 5, True)


@given(tries=st.integers(1, 10_000), seed=st.integers(), asked=st.none() | st.floats(0, 86_400))
def test_no_wait_is_shorter_than_asked_or_in_the_past(tries: int, seed: int, asked: float | None) -> None:
    decision = POLICY.after(tries, first_try_at=FIRST, now=FIRST, asked=asked, dice=Random(seed))
    assert isinstance(decision, RetryAt)
    assert decision.when >= FIRST + int((asked or 0) * 1000)
