"""When to try again: a table, with the arithmetic shown."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.retry import GiveUp, RetryAt, RetryPolicy

POLICY = RetryPolicy(base=2.0, cap=3_600.0, give_up_after=72 * 3_600.0)
FIRST = 1_000_000


class Most(Random):
    """Dice that always show the most."""

    def uniform(self, a: float, b: float) -> float:
        return b


@pytest.mark.parametrize(
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


def test_the_last_try_is_at_the_end_of_the_time_and_then_it_gives_up() -> None:
    end = FIRST + 72 * 3_600_000
    assert POLICY.after(90, first_try_at=FIRST, now=end - 60_000, asked=None, dice=Most()) == RetryAt(end)
    decision = POLICY.after(91, first_try_at=FIRST, now=end, asked=None, dice=Most())
    assert decision == GiveUp("given up after 91 tries in 72 hours")


def test_a_crm_that_asks_for_more_than_what_is_left_is_obeyed_once() -> None:
    end = FIRST + 72 * 3_600_000
    assert POLICY.after(9, first_try_at=FIRST, now=end - 1_000, asked=3_600.0, dice=Most()) == RetryAt(end + 3_599_000)


@given(tries=st.integers(1, 10_000), seed=st.integers(), asked=st.none() | st.floats(0, 86_400))
def test_no_wait_is_shorter_than_asked_or_in_the_past(tries: int, seed: int, asked: float | None) -> None:
    decision = POLICY.after(tries, first_try_at=FIRST, now=FIRST, asked=asked, dice=Random(seed))
    assert isinstance(decision, RetryAt)
    assert decision.when >= FIRST + int((asked or 0) * 1000)
