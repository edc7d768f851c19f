"""When all of a source waits, and until when a lead does: decided from values alone."""

from random import Random

from leadbridge.events import Received
from leadbridge.fetch.standing import IN_A_ROW, OTHERS_READ, Fetched, Impossible, Result, Standing, Stopped, Tried
from leadbridge.fetch.verdict import Refused
from leadbridge.sources.fetching import TroubleKind
from leadbridge.store.fetching import AS_IT_CAME, DueFetch, FetchEnd, FetchPause
from leadbridge.store.values import WaitingSubmission

NOW = 1_700_000_000_000
HOUR = 3_600_000
MINUTE = 60_000


def tried(
    result: Result, *, name: str = "a", at: int = NOW, tries: int = 0, pause: FetchPause | None = None, came: int = NOW
) -> Tried:
    request = Received(source="ads", method="POST", url="/hooks/ads", headers={}, body=b"{}", received_at=came)
    waiting = WaitingSubmission(
        submission_id=name, request_id="r", item=0, trace_id="t", received=request, verified_by="hmac", order_at=came
    )
    return Tried(due=DueFetch(waiting=waiting, tries=tries), calls=1, at=at, result=result, pause=pause)


def refused(kind: TroubleKind, *, after: float | None = None) -> Refused:
    return Refused(kind=kind, detail="the vendor said so", after=after)


def standing() -> Standing:
    return Standing(dice=Random(1))


def end_of(one: Tried, *, at: Standing | None = None, now: int = NOW) -> FetchEnd:
    known = at or standing()
    (end,) = known.settle([known.heard(one)], now=now).ends
    return end


def pause_after(one: Tried, *, at: Standing | None = None, now: int = NOW) -> FetchPause | None:
    known = at or standing()
    return known.settle([known.heard(one)], now=now).pause


def test_documents_end_it() -> None:
    end = end_of(tried(Fetched('{"lead": {}}')))
    assert (end.documents, end.again_at, end.calls, end.answered_at) == ('{"lead": {}}', None, 1, NOW)


def test_refused_credentials_pause_the_source_for_a_minute_then_twice_as_long_and_a_quarter_of_an_hour_at_most() -> (
    None
):
    pause, lasted = None, []
    for _ in range(7):
        pause = pause_after(tried(refused("credentials"), pause=pause))
        assert pause is not None
        lasted.append((pause.until - NOW) // MINUTE)
    assert lasted == [1, 2, 4, 8, 15, 15, 15]
    assert pause is not None
    assert (pause.reason, pause.times) == ("credentials: the vendor said so", 7)


def test_a_lead_goes_back_uncounted_when_the_trouble_is_its_sources() -> None:
    for kind in ("credentials", "quota"):
        end = end_of(tried(refused(kind), tries=3))
        assert (end.counts, end.again_at, end.reason) == (False, NOW, "fetch: the vendor said so")


def test_a_pause_for_the_quota_lasts_as_long_as_the_vendor_asks_within_an_hour() -> None:
    for asked, seconds in ((90.0, 90), (0.0, 1), (86_400.0, 3_600), (None, 60)):
        pause = pause_after(tried(refused("quota", after=asked)))
        assert pause == FetchPause(until=NOW + seconds * 1000, reason="quota: the vendor said so", times=1)


def test_a_vendor_that_always_asks_for_a_moment_gets_twice_as_long_each_time() -> None:
    pause, lasted = None, []
    for _ in range(4):
        pause = pause_after(tried(refused("quota", after=0.0), pause=pause))
        assert pause is not None
        lasted.append((pause.until - NOW) // 1000)
    assert lasted == [1, 2, 4, 8]


def test_another_trouble_than_that_of_the_pause_begins_to_count_anew() -> None:
    before = FetchPause(until=NOW, reason="credentials: expired", times=4)
    pause = pause_after(tried(refused("quota"), pause=before))
    assert pause == FetchPause(until=NOW + MINUTE, reason="quota: the vendor said so", times=1)


def test_a_vendor_that_is_down_pauses_the_source_after_several_calls_in_a_row() -> None:
    known = standing()
    pauses = [pause_after(tried(refused("down"), name=f"a{one}"), at=known) for one in range(IN_A_ROW)]
    assert pauses[:-1] == [None] * (IN_A_ROW - 1)
    assert pauses[-1] == FetchPause(until=NOW + 5_000, reason="down: the vendor said so", times=1)


def test_an_answer_in_between_begins_to_count_anew() -> None:
    known = standing()
    for one in range(IN_A_ROW - 1):
        assert pause_after(tried(refused("down"), name=f"a{one}"), at=known) is None
    known.heard(tried(Fetched("{}")))
    assert pause_after(tried(refused("down")), at=known) is None


def test_a_vendor_that_is_down_fails_no_lead_however_long() -> None:
    end = end_of(tried(refused("down"), tries=10_000, came=NOW - 1_000 * HOUR))
    assert end.counts
    assert end.again_at is not None
    assert NOW + 1_000 <= end.again_at <= NOW + 600_000


def test_a_lead_that_is_missing_is_asked_for_again_until_three_days_since_it_came() -> None:
    end = end_of(tried(refused("missing"), tries=20, came=NOW - 71 * HOUR))
    assert end.again_at is not None
    assert NOW < end.again_at <= NOW + HOUR
    end = end_of(tried(refused("missing"), tries=20, came=NOW - 72 * HOUR))
    assert end.again_at is None
    assert end.reason == "fetch: the vendor said so; given up after 21 tries in 72 hours"


def test_three_days_in_which_nobody_tried_fail_no_lead() -> None:
    end = end_of(tried(refused("missing"), tries=0, came=NOW - 100 * HOUR))
    assert end.again_at is not None


def test_what_cannot_be_asked_for_fails_at_once() -> None:
    end = end_of(tried(Impossible("the announcement has no id at `id`")))
    assert (end.again_at, end.reason) == (None, "fetch: the announcement has no id at `id`")


def test_what_a_stop_broke_off_is_due_at_once_and_uncounted() -> None:
    end = end_of(tried(Stopped(), tries=1))
    assert (end.again_at, end.counts) == (NOW, False)


def test_a_new_one_that_a_stop_broke_off_is_not_behind_those_that_were_tried() -> None:
    end = end_of(tried(Stopped(), tries=0))
    assert (end.again_at, end.due_at, end.counts) == (AS_IT_CAME, AS_IT_CAME, False)


BEFORE = FetchPause(until=NOW, reason="credentials: expired", times=3)


def test_the_one_that_is_tried_after_a_pause_lets_the_others_go() -> None:
    for result in (Fetched("{}"), refused("missing")):
        known = standing()
        settled = known.settle([known.heard(tried(result, pause=BEFORE))], now=NOW)
        assert (settled.resume, settled.pause) == (True, None)


def test_one_that_showed_nothing_is_followed_by_another() -> None:
    for result in (Impossible("no id"), Stopped()):
        known = standing()
        settled = known.settle([known.heard(tried(result, pause=BEFORE))], now=NOW)
        assert (settled.resume, settled.pause, settled.new) == (False, BEFORE, False)


def test_what_was_under_way_when_a_pause_began_neither_shortens_nor_ends_it() -> None:
    known = standing()
    known.paused(FetchPause(until=NOW + 10 * MINUTE, reason="quota: used up"))
    settled = known.settle([known.heard(tried(refused("quota"))), known.heard(tried(Fetched("{}")))], now=NOW)
    assert (settled.pause, settled.resume, settled.new) == (None, False, False)


def test_a_lead_that_alone_is_refused_is_its_own_trouble() -> None:
    """A token that may read one page's leads and not another's must not stop the source again and again."""
    known = standing()
    assert pause_after(tried(refused("credentials"), name="mine"), at=known) is not None
    known.heard(tried(Fetched("{}"), name="other", at=NOW + MINUTE))
    again = tried(refused("credentials"), name="mine", at=NOW + 2 * MINUTE)
    assert pause_after(again, at=known, now=again.at) is None
    end = end_of(again, at=known, now=again.at)
    assert end.counts
    assert end.reason == "fetch: the vendor said so (other leads of the source can be read)"


def test_a_token_that_is_revoked_is_the_trouble_of_all_whoever_could_be_read_before() -> None:
    known = standing()
    known.heard(tried(Fetched("{}"), name="other", at=NOW - 1))
    for at in (NOW, NOW + MINUTE, NOW + 3 * MINUTE):
        assert pause_after(tried(refused("credentials"), name="mine", at=at), at=known, now=at) is not None


def test_refusals_long_after_another_lead_could_be_read_are_the_sources_again() -> None:
    known = standing()
    known.heard(tried(refused("credentials"), name="mine"))
    known.heard(tried(Fetched("{}"), name="other", at=NOW + 1))
    late = NOW + 2 + OTHERS_READ
    assert pause_after(tried(refused("credentials"), name="mine", at=late), at=known, now=late) is not None
