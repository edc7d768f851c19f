"""Whoever fetches: a source's quota is never exceeded, and while its vendor is in trouble nothing is asked of it."""

import asyncio
from dataclasses import replace

import pytest

from leadbridge.store.base import Store
from leadbridge.store.fetching import AS_IT_CAME, ClaimedFetches, FetchBacklog, FetchEnd, FetchPause, FetchQuota
from tests.store.announced import LEASE, MINUTE, SOURCE, announce, announced, claim, failed, found, ids, later
from tests.support.stored import START

THREE = FetchQuota(limit=3, window=MINUTE)
REFUSED = FetchPause(until=START + 1_000, reason="credentials: expired", times=2)


async def test_no_more_calls_are_given_than_the_window_has_room_for(store: Store) -> None:
    names = await announced(store, 5)
    claimed = await claim(store, quota=THREE)
    assert (ids(claimed), claimed.next_at) == (names[:3], START + LEASE), "more are due, but there is no room"
    await store.store_fetched(SOURCE, [found(name, at=START + 100) for name in names[:3]], now=START + 100)
    full = await claim(store, quota=THREE, now=START + 100)
    assert (full.due, full.next_at) == ((), START + 100 + MINUTE)
    assert ids(await claim(store, quota=THREE, now=START + 100 + MINUTE - 1)) == []
    assert ids(await claim(store, quota=THREE, now=START + 100 + MINUTE)) == names[3:]


async def test_calls_count_from_their_answer_one_by_one(store: Store) -> None:
    names = await announced(store, 6)
    await claim(store, quota=THREE)
    for place, name in enumerate(names[:3]):
        await store.store_fetched(SOURCE, [found(name, at=START + place)], now=START + place)
    assert (await claim(store, quota=THREE, now=START + 5)).next_at == START + MINUTE
    assert ids(await claim(store, quota=THREE, now=START + MINUTE)) == names[3:4]
    assert ids(await claim(store, quota=THREE, now=START + MINUTE + 2)) == names[4:]


async def test_a_submission_that_needs_several_calls_waits_for_room_for_all(store: Store) -> None:
    names = await announced(store, 3)
    five = FetchQuota(limit=5, window=MINUTE)
    claimed = await claim(store, quota=five, calls_each=2)
    assert ids(claimed) == names[:2]
    ends = [found(names[0], calls=2, at=START + 1), found(names[1], calls=1, at=START + 2)]
    await store.store_fetched(SOURCE, ends, now=START + 2)
    assert ids(await claim(store, quota=five, calls_each=2, now=START + 2)) == names[2:], "one call was not made"


async def test_the_time_for_more_is_when_enough_calls_are_over(store: Store) -> None:
    names = await announced(store, 4)
    four = FetchQuota(limit=4, window=MINUTE)
    await claim(store, quota=four, calls_each=1)
    ends = [found(name, at=START + place) for place, name in enumerate(names)]
    await store.store_fetched(SOURCE, ends, now=START + 4)
    await announce(store)
    assert (await claim(store, quota=four, calls_each=3, now=START + 5)).next_at == START + 2 + MINUTE


async def test_calls_of_a_process_that_was_killed_count_until_its_lease_and_a_window_are_over(store: Store) -> None:
    names = await announced(store, 4)
    assert ids(await claim(store, quota=THREE)) == names[:3]
    killed = await claim(store, quota=THREE, now=START + 1)
    assert (killed.due, killed.next_at) == ((), START + LEASE), "its end may be stored until then"
    at_the_end = await claim(store, quota=THREE, now=START + LEASE)
    assert (at_the_end.due, at_the_end.next_at) == ((), START + LEASE + MINUTE)
    assert ids(await claim(store, quota=THREE, now=START + LEASE + MINUTE)) == [*names[3:], *names[:2]]


async def test_calls_without_an_end_to_come_free_their_places(store: Store) -> None:
    names = await announced(store, 4)
    await claim(store, quota=THREE)
    none = [later(name, START + MINUTE, calls=0) for name in names[:3]]
    await store.store_fetched(SOURCE, none, now=START)
    assert ids(await claim(store, quota=THREE)) == names[3:]


async def test_two_that_fetched_the_same_are_both_counted(store: Store) -> None:
    [name] = await announced(store, 1)
    await claim(store, quota=THREE)
    again = START + LEASE
    await claim(store, quota=THREE, now=again)
    more = await announced(store, 2)
    await store.store_fetched(SOURCE, [found(name, at=again + 1)], now=again + 1)
    assert ids(await claim(store, quota=THREE, now=again + 1)) == more[:1], "the other one is still at work"
    await store.store_fetched(SOURCE, [found(name, at=again + 2)], now=again + 2)
    full = await claim(store, quota=THREE, now=again + 3)
    assert (full.due, full.next_at) == ((), again + 1 + LEASE)


async def test_processes_that_claim_at_once_share_one_window(store: Store) -> None:
    await announced(store, 8)
    claimed = await asyncio.gather(*(claim(store, quota=THREE, limit=2) for _ in range(4)))
    assert sum(len(one.due) for one in claimed) == 3


async def test_sources_have_windows_of_their_own(store: Store) -> None:
    await announced(store, 3)
    [other] = await announced(store, 1, source="forms")
    await claim(store, quota=THREE)
    assert ids(await claim(store, source="forms", quota=THREE)) == [other]


async def test_a_clock_that_was_set_back_does_not_stop_a_source_for_long(store: Store) -> None:
    day = 86_400_000
    names = await announced(store, 4)
    await claim(store, quota=THREE, now=START + day)
    await store.store_fetched(SOURCE, [found(name, at=START + day) for name in names[:3]], now=START + day)
    assert (await claim(store, quota=THREE)).due == ()
    assert ids(await claim(store, quota=THREE, now=START + LEASE + MINUTE)) == names[3:]


async def test_what_a_process_whose_clock_is_ahead_reserved_is_given_back_by_its_ends(store: Store) -> None:
    names = await announced(store, 4)
    assert ids(await claim(store, quota=THREE, now=START + LEASE // 2)) == names[:3]
    assert ids(await claim(store, quota=THREE)) == []
    none = [later(name, START + MINUTE, calls=0) for name in names[:3]]
    await store.store_fetched(SOURCE, none, now=START + LEASE // 2)
    assert ids(await claim(store, quota=THREE)) == names[3:]


async def test_a_source_that_pauses_is_left_alone_until_then(store: Store) -> None:
    names = await announced(store, 2)
    await claim(store, limit=1)
    back = later(names[0], START + 1_000, counts=False)
    await store.store_fetched(SOURCE, [back], now=START, pause=REFUSED)
    assert await claim(store) == ClaimedFetches(next_at=START + 1_000, pause=REFUSED)
    assert await store.fetch_backlogs() == (FetchBacklog(source=SOURCE, waiting=2, oldest=START, pause=REFUSED),)


async def test_after_a_pause_one_submission_is_tried_and_no_other_before_its_end(store: Store) -> None:
    names = await announced(store, 3)
    await store.store_fetched(SOURCE, (), now=START, pause=REFUSED)
    at = START + 1_000
    canary, other = await asyncio.gather(claim(store, now=at), claim(store, now=at))
    if not canary.due:
        canary, other = other, canary
    held = replace(REFUSED, until=at + LEASE)
    assert (ids(canary), canary.pause, canary.next_at) == (names[:1], held, at + LEASE)
    assert other == ClaimedFetches(next_at=at + LEASE, pause=held.one_more())


async def test_a_pause_that_is_taken_back_lets_all_go(store: Store) -> None:
    names = await announced(store, 3)
    await store.store_fetched(SOURCE, (), now=START, pause=REFUSED)
    [canary] = ids(await claim(store, now=START + 1_000))
    await store.store_fetched(SOURCE, [found(canary, at=START + 1_001)], now=START + 1_001, resume=True)
    claimed = await claim(store, now=START + 1_001)
    assert (ids(claimed), claimed.pause) == (names[1:], None)


async def test_another_pause_takes_the_place_of_the_first(store: Store) -> None:
    await announced(store, 3)
    await store.store_fetched(SOURCE, (), now=START, pause=REFUSED)
    [canary] = ids(await claim(store, now=START + 1_000))
    longer = FetchPause(until=START + 5_000, reason="credentials: expired", times=3)
    await store.store_fetched(SOURCE, [later(canary, START + 5_000, counts=False)], now=START + 1_001, pause=longer)
    assert await claim(store, now=START + 1_002) == ClaimedFetches(next_at=START + 5_000, pause=longer)


async def test_the_one_that_was_tried_and_never_ended_is_followed_by_another(store: Store) -> None:
    names = await announced(store, 2)
    await store.store_fetched(SOURCE, (), now=START, pause=REFUSED)
    assert ids(await claim(store, now=START + 1_000)) == names[:1]
    assert ids(await claim(store, now=START + 1_000 + LEASE)) == names[1:]


async def test_a_pause_may_be_over_at_once(store: Store) -> None:
    """At a start: the token may have been mended."""
    names = await announced(store, 2)
    await store.store_fetched(SOURCE, (), now=START, pause=REFUSED)
    await store.store_fetched(SOURCE, (), now=START, pause=replace(REFUSED, until=START))
    assert ids(await claim(store)) == names[:1]


async def test_a_source_of_which_nothing_waits_may_pause_all_the_same(store: Store) -> None:
    await store.store_fetched(SOURCE, (), now=START, pause=REFUSED)
    assert await store.fetch_backlogs() == (FetchBacklog(source=SOURCE, waiting=0, oldest=None, pause=REFUSED),)
    assert await claim(store) == ClaimedFetches(pause=REFUSED)
    await store.store_fetched(SOURCE, (), now=START, resume=True)
    assert await store.fetch_backlogs() == ()


@pytest.mark.parametrize("times", [1, 2])
async def test_the_calls_of_a_failure_count_as_well(store: Store, times: int) -> None:
    names = await announced(store, 2 + times)
    await claim(store, quota=THREE, limit=times)
    await store.store_fetched(SOURCE, [failed(name) for name in names[:times]], now=START)
    assert len((await claim(store, quota=THREE)).due) == 3 - times


async def test_a_quota_that_holds_not_even_one_submission_gives_nothing(store: Store) -> None:
    await announced(store, 1)
    assert await claim(store, quota=THREE, calls_each=4) == ClaimedFetches()


async def test_an_end_tells_its_state_by_what_it_has() -> None:
    end = FetchEnd(submission_id="1", calls=0, answered_at=START)
    assert (end.state, end.due_at) == ("failed", None)
    assert replace(end, again_at=START).due_at == START
    assert replace(end, again_at=AS_IT_CAME).state == "awaiting_fetch"
    assert replace(end, again_at=START, documents="{}").state == "received"
