"""Leads that were only announced wait, are fetched by one process at a time, and are mapped with their answers."""

import asyncio
from typing import Literal

import pytest

from leadbridge.ids import new_id
from leadbridge.store.base import Store
from leadbridge.store.fetching import ClaimedFetches, FetchBacklog
from leadbridge.store.values import MappedSubmission, NewItem, Replayed, Selection
from tests.store.announced import (
    ANSWERS,
    LEASE,
    SOURCE,
    announce,
    announced,
    claim,
    failed,
    found,
    ids,
    later,
    row,
)
from tests.support.stored import START, new_request

READING = ("sqlite.accepting", "postgres.waiting")


async def test_an_announced_lead_is_accepted_and_waits_to_be_fetched(store: Store) -> None:
    accepted = await announce(store)
    assert accepted.status == "accepted"
    assert await store.waiting(limit=10) == ()
    seen = await row(store, accepted.submission_id)
    assert (seen.state, seen.fetched, seen.fetch_tries, seen.fetch_at) == ("awaiting_fetch", None, 0, START)
    [account] = [one for one in (await store.ledger()).accounts if one.name == SOURCE]
    assert account.states == {"awaiting_fetch": 1}
    assert account.balances


async def test_a_claimed_lead_comes_with_its_announcement(store: Store) -> None:
    body = b'{"leadgen_id":"1"}'
    item = NewItem(submission_id=new_id(), state="awaiting_fetch")
    await store.accept(new_request(item, source=SOURCE, body=body))
    [due] = (await claim(store)).due
    assert due.tries == 0
    assert due.waiting.submission_id == item.submission_id
    assert due.waiting.received.body == body
    assert due.waiting.fetched is None


async def test_what_was_fetched_is_mapped_with_its_documents_and_keeps_them(store: Store) -> None:
    accepted = await announce(store)
    [name] = ids(await claim(store))
    assert await store.store_fetched(SOURCE, [found(name)], now=START) == {name}
    [waiting] = await store.waiting(limit=10)
    assert (waiting.submission_id, waiting.fetched) == (accepted.submission_id, ANSWERS)
    await store.map([MappedSubmission(submission_id=name, state="ignored", reason="test_lead")], now=START)
    seen = await row(store, name)
    assert (seen.state, seen.reason, seen.fetched, seen.fetch_at) == ("ignored", "test_lead", ANSWERS, None)
    assert (await claim(store)) == ClaimedFetches()


async def test_what_is_claimed_is_nobody_elses_until_its_lease_is_over(store: Store) -> None:
    names = await announced(store, 3)
    first, second = await asyncio.gather(claim(store, limit=2), claim(store, limit=2))
    assert sorted([*ids(first), *ids(second)]) == sorted(names)
    assert ids(await claim(store, now=START + LEASE - 1)) == []
    assert (await claim(store)).next_at == START + LEASE
    assert ids(await claim(store, now=START + LEASE)) == names


async def test_the_first_of_two_ends_counts(store: Store) -> None:
    """A lease may run out while a process is only slow: then two fetch the same."""
    [name] = await announced(store, 1)
    await claim(store)
    await claim(store, now=START + LEASE)
    assert await store.store_fetched(SOURCE, [found(name)], now=START) == {name}
    assert await store.store_fetched(SOURCE, [failed(name)], now=START) == frozenset()
    assert await store.store_fetched(SOURCE, [later(name, START)], now=START) == frozenset()
    seen = await row(store, name)
    assert (seen.state, seen.fetched) == ("received", ANSWERS)


async def test_a_retry_waits_for_its_time_and_says_why(store: Store) -> None:
    [name] = await announced(store, 1)
    await claim(store)
    assert await store.store_fetched(SOURCE, [later(name, START + 500)], now=START + 7) == {name}
    seen = await row(store, name)
    assert (seen.state, seen.reason, seen.updated_at) == ("awaiting_fetch", "fetch: not there yet", START + 7)
    assert (seen.fetch_tries, seen.fetch_at) == (1, START + 500)
    early = await claim(store, now=START + 499)
    assert (early.due, early.next_at) == ((), START + 500)
    [due] = (await claim(store, now=START + 500)).due
    assert due.tries == 1


async def test_the_trouble_of_a_source_is_no_try_of_a_submission(store: Store) -> None:
    [name] = await announced(store, 1)
    await claim(store)
    await store.store_fetched(SOURCE, [later(name, START + 1, counts=False)], now=START)
    [due] = (await claim(store, now=START + 1)).due
    assert due.tries == 0


async def test_what_just_came_is_due_whatever_the_clock_says(store: Store) -> None:
    [name] = await announced(store, 1)
    assert ids(await claim(store, now=START - 86_400_000)) == [name]


async def test_of_what_is_tried_again_and_what_came_since_the_latter_has_three_parts_of_four(store: Store) -> None:
    retried = await announced(store, 12)
    await claim(store)
    await store.store_fetched(SOURCE, [later(name, START + 1) for name in retried], now=START)
    came = await announced(store, 12)
    claimed = await claim(store, now=START + 50, limit=8)
    assert ids(claimed) == [*came[:6], *retried[:2]]
    assert claimed.next_at == START + 50
    claimed = await claim(store, now=START + 50)
    assert ids(claimed) == [*came[6:], *retried[2:]], "what one of them leaves is the other's"


async def test_neither_of_them_waits_for_all_of_the_other_where_there_is_room_for_one(store: Store) -> None:
    retried = await announced(store, 40)
    await claim(store)
    await store.store_fetched(SOURCE, [later(name, START + 1) for name in retried], now=START)
    await announced(store, 40)
    taken = [ids(await claim(store, now=START + 50, limit=1))[0] for _ in range(40)]
    assert 0 < len(set(taken) & set(retried)) < 20


async def test_no_more_are_claimed_than_asked_for_and_the_rest_at_once(store: Store) -> None:
    names = await announced(store, 3)
    first = await claim(store, limit=2)
    assert (ids(first), first.next_at) == (names[:2], START)
    second = await claim(store, limit=2)
    assert (ids(second), second.next_at) == (names[2:], START + LEASE)


async def test_sources_do_not_meet(store: Store) -> None:
    [mine] = await announced(store, 1)
    [other] = await announced(store, 1, source="forms")
    assert ids(await claim(store)) == [mine]
    assert ids(await claim(store, source="forms")) == [other]


async def test_the_items_of_a_request_are_each_fetched_or_mapped_at_once(store: Store) -> None:
    items = [
        NewItem(submission_id=new_id(), state="awaiting_fetch"),
        NewItem(submission_id=new_id()),
        NewItem(submission_id=new_id(), state="awaiting_fetch"),
    ]
    await store.accept(new_request(*items, source=SOURCE))
    assert [one.submission_id for one in await store.waiting(limit=10)] == [items[1].submission_id]
    due = (await claim(store)).due
    assert [(one.waiting.submission_id, one.waiting.item) for one in due] == [
        (items[0].submission_id, 0),
        (items[2].submission_id, 2),
    ]


async def test_an_announcement_that_is_repeated_is_fetched_once(store: Store) -> None:
    first = await announce(store, key="lead 1")
    second = await announce(store, key="lead 1")
    assert (second.status, second.submission_id) == ("duplicate", first.submission_id)
    assert ids(await claim(store)) == [first.submission_id]
    await store.store_fetched(SOURCE, [found(first.submission_id)], now=START)
    assert (await announce(store, key="lead 1")).status == "duplicate"
    assert (await claim(store)).due == ()


async def test_what_could_not_be_fetched_has_failed_and_says_why(store: Store) -> None:
    [name] = await announced(store, 1)
    await claim(store)
    assert await store.store_fetched(SOURCE, [failed(name)], now=START) == {name}
    seen = await row(store, name)
    assert (seen.state, seen.reason, seen.fetched, seen.fetch_at) == ("failed", "fetch: no such lead", None, None)
    assert await claim(store) == ClaimedFetches()
    assert (await store.ledger()).balances


async def test_what_could_not_be_fetched_goes_on_when_it_is_announced_again(store: Store) -> None:
    first = await announce(store, key="lead 1")
    await claim(store)
    await store.store_fetched(SOURCE, [failed(first.submission_id)], now=START)
    second = await announce(store, key="lead 1")
    assert second.status == "accepted"
    assert ids(await claim(store)) == [second.submission_id]
    assert await store.replay(Selection(), now=START) == Replayed(deliveries=0, submissions=0)
    assert (await announce(store, key="lead 1")).submission_id == second.submission_id


async def test_a_late_failure_does_not_let_a_repetition_in(store: Store) -> None:
    first = await announce(store, key="lead 1")
    await claim(store)
    await store.store_fetched(SOURCE, [found(first.submission_id)], now=START)
    await store.store_fetched(SOURCE, [failed(first.submission_id)], now=START)
    assert (await announce(store, key="lead 1")).status == "duplicate"


async def test_a_replay_fetches_what_could_not_be_fetched(store: Store) -> None:
    first = await announce(store, key="lead 1")
    name = first.submission_id
    for _ in range(2):
        await claim(store)
        await store.store_fetched(SOURCE, [later(name, START)], now=START)
    await claim(store)
    await store.store_fetched(SOURCE, [failed(name)], now=START)
    replayed = await store.replay(Selection(ids=(name,)), now=START + 9)
    assert replayed == Replayed(deliveries=0, submissions=1)
    seen = await row(store, name)
    assert (seen.state, seen.reason, seen.fetch_tries, seen.fetch_at) == ("awaiting_fetch", None, 0, START)
    assert await store.waiting(limit=10) == ()
    assert (await announce(store, key="lead 1")).status == "duplicate", "it goes on by itself"
    assert ids(await claim(store)) == [name]


async def test_a_replay_fetches_nothing_again(store: Store) -> None:
    [name] = await announced(store, 1)
    await claim(store)
    await store.store_fetched(SOURCE, [found(name)], now=START)
    await store.map([MappedSubmission(submission_id=name, state="failed", reason="mapping")], now=START)
    assert (await store.replay(Selection(ids=(name,)), now=START)).submissions == 1
    [waiting] = await store.waiting(limit=10)
    assert waiting.fetched == ANSWERS
    assert (await claim(store)).due == ()


async def test_what_needed_no_fetching_is_replayed_as_ever(store: Store) -> None:
    [accepted] = await store.accept(new_request(source=SOURCE))
    name = accepted.submission_id
    await store.map([MappedSubmission(submission_id=name, state="unrouted")], now=START)
    await store.replay(Selection(ids=(name,)), now=START)
    assert (await row(store, name)).state == "received"


async def test_a_backlog_says_how_much_waits_and_since_when(store: Store) -> None:
    assert await store.fetch_backlogs() == ()
    [first] = [(await announce(store, at=START + 5)).submission_id]
    await announce(store, at=START + 9)
    await announce(store, source="forms", at=START + 2)
    await claim(store, limit=1)
    assert await store.fetch_backlogs() == (
        FetchBacklog(source=SOURCE, waiting=2, oldest=START + 5),
        FetchBacklog(source="forms", waiting=1, oldest=START + 2),
    )
    await store.store_fetched(SOURCE, [found(first)], now=START)
    [backlog, _] = await store.fetch_backlogs()
    assert (backlog.waiting, backlog.oldest) == (1, START + 9)


async def test_no_more_documents_are_read_at_once_than_there_is_room_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in READING:
        monkeypatch.setattr(f"leadbridge.store.{module}.MOST_WAITING", 3 * len(ANSWERS))
    names = await announced(store, 6)
    await claim(store)
    await store.store_fetched(SOURCE, [found(name) for name in names], now=START)
    some = [one.submission_id for one in await store.waiting(limit=10)]
    assert some == names[: len(some)]
    assert 3 <= len(some) < 6


@pytest.mark.parametrize("state", ["received", "awaiting_fetch"])
async def test_a_large_request_is_read_once_for_all_of_its_items(
    store: Store, monkeypatch: pytest.MonkeyPatch, state: Literal["received", "awaiting_fetch"]
) -> None:
    for module in READING:
        monkeypatch.setattr(f"leadbridge.store.{module}.MOST_WAITING", 100)
    items = [NewItem(submission_id=new_id(), state=state) for _ in range(3)]
    await store.accept(new_request(*items, source=SOURCE, body=b"x" * 200))
    taken = await store.waiting(limit=5) if state == "received" else [one.waiting for one in (await claim(store)).due]
    assert [one.submission_id for one in taken] == [item.submission_id for item in items]


async def test_what_was_not_read_because_requests_are_large_is_not_taken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in READING:
        monkeypatch.setattr(f"leadbridge.store.{module}.MOST_WAITING", 100)
    items = [NewItem(submission_id=new_id(), state="awaiting_fetch") for _ in range(3)]
    for item in items:
        await store.accept(new_request(item, source=SOURCE, body=b"x" * 80))
    first = await claim(store)
    assert (len(first.due), first.next_at) == (2, START)
    assert ids(await claim(store)) == [items[2].submission_id]
