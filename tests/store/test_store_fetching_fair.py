"""What cannot be fetched keeps nothing back that can; nor does a clock that was set back, or a leadbridge of before."""

from dataclasses import replace

import pytest

from leadbridge.ids import first_id
from leadbridge.store.base import Store
from leadbridge.store.fetch_rows import LONGEST
from leadbridge.store.fetching import AS_IT_CAME, FetchPause, FetchQuota
from leadbridge.store.values import MappedSubmission
from tests.store.announced import MINUTE, SOURCE, announce, announced, claim, found, ids, later, row
from tests.support.stored import START, new_request

DAY = 86_400_000
PAUSED = FetchPause(until=START, reason="forbidden: no permission", times=1)


async def retried(store: Store, count: int) -> list[str]:
    """Leads that were tried before and are due again."""
    names = await announced(store, count)
    await claim(store)
    await store.store_fetched(SOURCE, [later(name, START + 1, calls=0) for name in names], now=START)
    return names


async def test_after_a_pause_an_old_one_and_a_new_one_are_tried_in_turn(store: Store) -> None:
    old = await retried(store, 9)
    new = await announced(store, 9)
    tried = []
    for times in (1, 2, 3, 4):
        await store.store_fetched(SOURCE, (), now=START, pause=replace(PAUSED, times=times))
        tried += ids(await claim(store, now=START + 1))
    assert [name in new for name in tried] == [True, False, True, False]
    assert set(tried) <= {*old, *new}


async def test_after_a_pause_there_is_one_to_try_whichever_is_left(store: Store) -> None:
    await retried(store, 1)
    await store.store_fetched(SOURCE, (), now=START, pause=PAUSED)
    assert len(ids(await claim(store, now=START + 1))) == 1


async def test_a_part_of_the_quota_is_left_for_what_comes(store: Store) -> None:
    quota = FetchQuota(limit=8, window=MINUTE)
    old = await retried(store, 9)
    first = await claim(store, quota=quota, now=START + 1)
    assert ids(first) == old[:6]
    assert first.next_at is not None
    assert first.next_at > START + 1, "there is no room for another one"
    new = await announced(store, 9)
    assert ids(await claim(store, quota=quota, now=START + 1)) == new[:2]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
async def test_a_small_quota_is_enough_for_what_is_tried_again(store: Store, limit: int) -> None:
    [name] = await retried(store, 1)
    quota = FetchQuota(limit=limit, window=MINUTE)
    assert ids(await claim(store, quota=quota, calls_each=limit, now=START + 1)) == [name]


async def test_a_clock_that_was_set_back_ends_a_pause_and_a_wait(store: Store) -> None:
    [name] = await announced(store, 1)
    await claim(store)
    await store.store_fetched(SOURCE, [later(name, START + DAY)], now=START, pause=replace(PAUSED, until=START + DAY))
    assert ids(await claim(store)) == [name]


async def test_the_longest_pause_and_wait_there_are_last(store: Store) -> None:
    [name] = await announced(store, 1)
    await claim(store)
    end = later(name, START + LONGEST)
    await store.store_fetched(SOURCE, [end], now=START, pause=replace(PAUSED, until=START + LONGEST))
    assert (await claim(store)).due == ()
    await store.store_fetched(SOURCE, (), now=START, resume=True)
    assert (await claim(store)).next_at == START + LONGEST


async def test_what_was_mapped_before_its_answers_were_fetched_may_be_fetched_first(store: Store) -> None:
    """It came while nobody fetched for its source, or was let go by a leadbridge that does not know of fetching."""
    [accepted] = await store.accept(new_request(source=SOURCE))
    name = accepted.submission_id
    mapped = MappedSubmission(submission_id=name, state="awaiting_fetch")
    await store.map([mapped], now=START)
    assert await store.waiting(limit=10) == ()
    assert ids(await claim(store)) == [name]
    await store.map([mapped], now=START)
    assert ids(await claim(store)) == [], "once"
    await store.store_fetched(SOURCE, [found(name)], now=START)
    [waiting] = await store.waiting(limit=10)
    assert waiting.fetched is not None
    assert (await row(store, name)).fetch_at is None


async def test_a_new_one_is_not_behind_all_that_is_unknown_to_the_vendor(store: Store) -> None:
    quota = FetchQuota(limit=200, window=60 * MINUTE)
    await retried(store, 100)
    for _ in range(20):
        await claim(store, quota=quota, now=START + 1, limit=8)
    new = (await announce(store)).submission_id
    assert ids(await claim(store, quota=quota, now=START + 2, limit=1)) == [new]
    assert first_id(START) < new


async def test_a_new_one_that_was_broken_off_is_still_before_those_that_are_unknown_to_the_vendor(store: Store) -> None:
    await retried(store, 100)
    new = (await announce(store)).submission_id
    assert new in ids(await claim(store, now=START + 1, limit=4))
    await store.store_fetched(SOURCE, [later(new, AS_IT_CAME, calls=0, counts=False)], now=START + 1)
    assert (await row(store, new)).fetch_at == START, "when it arrived"
    assert new in ids(await claim(store, now=START + 2, limit=4))
