"""A trouble of some leads stops none of the others: not the source again and again, and not after a start."""

from leadbridge.fetch.standing import IN_A_ROW, OFTEN, Fetched, Standing
from tests.fetch.test_fetch_standing import HOUR, MINUTE, NOW, end_of, pause_after, refused, standing, tried


def pauses(known: Standing, *, tries: int, count: int = 3 * IN_A_ROW) -> int:
    """How many of several leads in a row that may not be read pause the source."""
    found = [pause_after(tried(refused("forbidden"), name=f"a{one}", tries=tries), at=known) for one in range(count)]
    return sum(pause is not None for pause in found)


def test_a_lead_that_may_not_be_read_waits_alone_for_three_days_then_fails() -> None:
    known = standing()
    assert pause_after(tried(refused("forbidden")), at=known) is None
    end = end_of(tried(refused("forbidden"), tries=3), at=known)
    assert end.counts
    assert end.again_at is not None
    assert end.again_at > NOW
    assert end_of(tried(refused("forbidden"), tries=20, came=NOW - 72 * HOUR), at=known).again_at is None


def test_several_new_ones_in_a_row_are_the_sources_trouble_and_fail_none() -> None:
    known = standing()
    assert pauses(known, tries=0, count=IN_A_ROW - 1) == 0
    settled = known.settle([known.heard(tried(refused("forbidden"), name="last", came=NOW - 100 * HOUR))], now=NOW)
    assert settled.pause is not None
    assert (settled.pause.until, settled.pause.reason) == (NOW + MINUTE, "forbidden: the vendor said so")
    assert (settled.ends[0].again_at, settled.ends[0].counts) == (NOW, True)
    canary = tried(refused("forbidden"), name="old", tries=20, came=NOW - 100 * HOUR, pause=settled.pause)
    assert (end_of(canary, at=known).again_at, end_of(canary, at=known).counts) == (NOW, False)
    assert pause_after(canary, at=known) is not None


def test_the_same_one_is_counted_once() -> None:
    known = standing()
    assert [pause_after(tried(refused("forbidden")), at=known) for _ in range(3 * IN_A_ROW)] == [None] * 3 * IN_A_ROW


def test_one_that_can_be_read_in_between_begins_to_count_anew() -> None:
    known = standing()
    for _ in range(10):
        assert pauses(known, tries=0, count=IN_A_ROW - 1) == 0
        known.heard(tried(Fetched("{}"), name="good"))


def test_leads_that_were_refused_before_pause_nothing_after_a_start_either() -> None:
    assert pauses(standing(), tries=1) == 0
    assert pauses(standing(), tries=0) > 0, "or nothing would"


def test_a_lead_that_never_has_a_usable_answer_waits_longer_by_itself_while_others_are_fetched() -> None:
    known = standing()
    known.heard(tried(refused("down"), name="bad"))
    known.heard(tried(Fetched("{}"), name="good", at=NOW + 1))
    waits = []
    for tries in range(30, 60):
        again = tried(refused("down"), name="bad", at=NOW + 2, tries=tries)
        assert pause_after(again, at=known) is None
        again_at = end_of(again, at=known).again_at
        assert again_at is not None
        waits.append(again_at - NOW)
    assert 600_000 < max(waits) <= HOUR


def test_leads_without_a_usable_answer_for_long_pause_nothing_after_a_start_either() -> None:
    for tries, paused in ((0, True), (OFTEN - 1, True), (OFTEN, False)):
        known = standing()
        found = [
            pause_after(tried(refused("down"), name=f"a{one}", tries=tries), at=known) for one in range(2 * IN_A_ROW)
        ]
        assert any(found) is paused
