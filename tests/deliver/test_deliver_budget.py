"""The daily budget: what counts in the CRM's day, when that ends, and what an answer says of it."""

import pytest

from leadbridge.crm.adapter import Limits
from leadbridge.deliver.budget import DAY, GRAIN, Budget

WALL = 1_700_000_000_000  # milliseconds
HOUR = 3_600.0
NOW = 50_000.0  # monotonic seconds


EARLY = 62_000  # milliseconds: a stored end may be 32 s late, and a call be counted until 30 s after its send


def budget(limit: int = 5) -> Budget:
    return Budget(limit, deadline=30.0)


def call(places: Budget, at: float, **said: float) -> None:
    """One call, answered at once."""
    places.take()
    used = places.used(at)
    places.answered(at)
    if said:
        places.told(Limits(**said), at, sent_at=at, used=used)  # type: ignore[arg-type]


def test_while_nobody_says_when_the_day_ends_a_call_counts_for_24_hours() -> None:
    places = budget(limit=2)
    call(places, NOW)
    call(places, NOW + HOUR)
    assert places.free(NOW + HOUR) == 0
    assert places.wait(NOW + HOUR) == pytest.approx(23 * HOUR, abs=GRAIN)
    assert places.free(NOW + DAY - 1) == 0
    assert places.free(NOW + DAY + GRAIN) == 1
    assert places.free(NOW + DAY + HOUR + GRAIN) == 2


def test_at_the_end_of_the_day_that_the_crm_told_all_of_it_is_there_again() -> None:
    places = budget(limit=2)
    call(places, NOW, daily_reset=600.0)
    call(places, NOW + 1, daily_reset=599.0)
    assert places.left(NOW + 2).spent_for == pytest.approx(599.0, abs=2)
    assert places.free(NOW + 599) == 0
    assert places.free(NOW + 602) == 2


def test_a_call_about_the_end_of_the_day_counts_in_both() -> None:
    """Nobody knows which of them the CRM counted it in."""
    places = budget(limit=3)
    call(places, NOW, daily_reset=600.0)
    call(places, NOW + 599.5)
    places.take()
    assert places.free(NOW + 602) == 1, "one was sent at the very end, one is still under way"


def test_a_call_without_an_answer_may_count_until_its_deadline() -> None:
    places = budget(limit=1)
    call(places, NOW, daily_reset=600.0)
    places = budget(limit=1)
    places.told(Limits(daily_reset=600.0), NOW, sent_at=NOW, used=0)
    places.take()
    places.unanswered(NOW + 591, sent_at=NOW + 590)
    assert places.free(NOW + 602) == 0, "it may reach the CRM when the new day has begun"


def test_what_others_used_of_the_day_is_left_to_them_until_its_end() -> None:
    places = budget(limit=100)
    call(places, NOW, daily_remaining=3, daily_reset=600.0)
    assert places.left(NOW) == (100, 3, 0)
    call(places, NOW + 1)
    assert places.free(NOW + 1) == 2
    assert places.free(NOW + 599) == 2
    assert places.free(NOW + 602) == 100


def test_a_day_that_always_ends_in_24_hours_is_no_day() -> None:
    """Nonsense in a header must not make our own count begin anew."""
    places = budget(limit=3)
    for number in range(3):
        call(places, NOW + number * 300, daily_reset=DAY)
    assert places.free(NOW + 900) == 0


def test_a_new_day_is_believed_before_the_old_ones_end_was_expected() -> None:
    """The end of the old one was told by a slow answer."""
    places = budget(limit=2)
    places.take()
    places.answered(NOW + 25)
    places.told(Limits(daily_reset=60.0), NOW + 25, sent_at=NOW, used=1)
    assert places.free(NOW + 70) == 1
    call(places, NOW + 70, daily_reset=DAY - 5, daily_remaining=1)
    assert places.end is not None
    assert places.end.earliest > NOW + HOUR
    assert places.free(NOW + 80) == 1, "the first call was of the old day"


def test_the_calls_of_an_earlier_process_count_as_long_as_they_would_have() -> None:
    places = budget(limit=10)
    marks = places.marks(wall=WALL, reset_at=None)
    assert (marks[0], marks[-1], len(marks)) == (WALL - 86_400_000 - EARLY, WALL - EARLY, 25)
    made = [20.5, 10.5, 10.4, 0.5]  # hours ago
    calls = {mark: sum(WALL - ago * 3_600_000 >= mark for ago in made) for mark in marks}
    places.seed(calls, wall=WALL, now=NOW, reset_at=None)
    assert places.free(NOW) == 6
    assert [places.free(NOW + ahead * HOUR + GRAIN) for ahead in (3, 4, 13, 14, 23, 24)] == [6, 7, 7, 9, 9, 10]


def test_with_the_end_of_the_day_on_disk_all_before_it_is_one_count() -> None:
    places = budget(limit=10)
    reset_at = WALL + 7_200_000
    assert places.marks(wall=WALL, reset_at=reset_at) == (reset_at - 86_400_000 - EARLY, WALL)
    places.seed({reset_at - 86_400_000 - EARLY: 10, WALL: 0}, wall=WALL, now=NOW, reset_at=reset_at)
    assert places.left(NOW) == (10, 0, 2 * HOUR)
    assert places.free(NOW + 2 * HOUR) == 10


def test_calls_before_a_day_that_has_ended_meanwhile_are_not_asked_for() -> None:
    marks = budget().marks(wall=WALL, reset_at=WALL - 5_400_000)
    assert marks == (WALL - 5_400_000 - EARLY, WALL - 1_800_000 - EARLY)


def test_a_clock_set_back_makes_the_day_no_longer_than_it_is() -> None:
    far = WALL + 40 * 86_400_000
    for made, latest in ((WALL - 1_000, NOW + DAY), (WALL + 3_600_000, None)):  # as the clock said then
        places = budget(limit=1)
        calls = {mark: int(made > mark) for mark in places.marks(wall=WALL, reset_at=far)}
        places.seed(calls, wall=WALL, now=NOW, reset_at=far)
        assert places.left(NOW).spent_for == DAY
        assert (places.end and places.end.latest) == latest, "a call of the future tells nothing of the day's end"


def test_after_a_clock_set_back_the_stored_end_of_the_day_may_have_passed_already() -> None:
    """Two calls of the new day, by a clock that was an hour ahead of this one; their answers were never seen."""
    places = budget(limit=2)
    reset_at = WALL + 3_590_000
    calls = dict.fromkeys(places.marks(wall=WALL, reset_at=reset_at), 2)
    places.seed(calls, wall=WALL, now=NOW, reset_at=reset_at)
    assert [places.free(NOW + after * HOUR) for after in (0, 1, 2)] == [0, 0, 0]
    places.told(Limits(daily_reset=2 * HOUR), NOW + 2 * HOUR, sent_at=NOW + 2 * HOUR, used=2)
    assert [places.free(NOW + after * HOUR) for after in (3, 4.1)] == [0, 2]


def test_a_call_shortly_before_the_stored_end_of_the_day_counts_in_both() -> None:
    """What is stored is when the day ends at the latest; a slow answer may have told it."""
    places = budget(limit=1)
    places.seed({WALL - 86_000_000: 0, WALL: 0}, wall=WALL, now=NOW, reset_at=WALL + 400_000)
    call(places, NOW + 375)
    assert places.free(NOW + 401) == 0


def test_a_spent_budget_whose_calls_are_all_under_way_asks_for_a_day() -> None:
    places = budget(limit=1)
    places.take()
    assert places.wait(NOW) == DAY
    places.give_back()
    assert places.wait(NOW) == 0
