"""What every store promises about pruning: nothing unfinished goes, and what later leads must know of it stays."""

import time
from typing import Literal

import pytest

from leadbridge.deliver.marks import marks_of
from leadbridge.store.base import Store
from leadbridge.store.claims import DeliveryUpdate
from leadbridge.store.retaining import BEGIN, Delivery, leaving
from leadbridge.store.values import MappedSubmission, Selection
from tests.store.announced import ANSWERS, SOURCE, documents_in, found
from tests.store.announced import claim as fetching
from tests.store.pruning import (
    BEFORE,
    DAY,
    NOW,
    OLD,
    YOUNG,
    arrive,
    ended,
    id_of,
    lead,
    mapped,
    states,
    steps,
    total,
)
from tests.support.stored import LANE, claim, in_line, new_delivery, own

HELD = DeliveryUpdate(state="held", reason="ambiguous_match")
RETRYING = DeliveryUpdate(state="retrying", next_at=NOW + DAY)


async def test_what_is_finished_and_old_goes_and_is_counted_for_ever(store: Store) -> None:
    gone, its = await lead(store, "email:1", at=OLD, record_id="1")
    stays, young = await lead(store, "email:2", at=YOUNG, record_id="2")
    row = await store.submission(gone)
    assert row is not None
    made = await steps(store)
    assert (total(made, "submissions"), total(made, "deliveries"), total(made, "requests")) == (1, 1, 1)
    assert await store.submission(gone) is None
    assert await store.delivery(its) is None
    assert await store.request(row.request_id) is None
    assert await store.attempts_of(its) == ()
    assert (await store.deliveries_of([gone]))[gone] == ()
    assert [one.id for one in await store.submissions(limit=10)] == [stays]
    assert len(await store.attempts_of(young)) == 1
    assert await states(store) == {"delivered": 2}
    assert await states(store, "submissions") == {"mapped": 2}
    assert total(await steps(store), "submissions") == 0


@pytest.mark.parametrize("update", [None, HELD, RETRYING], ids=["pending", "held", "retrying"])
async def test_what_is_not_finished_stays_however_old_it_is(store: Store, update: DeliveryUpdate | None) -> None:
    submission, delivery = await lead(store, "email:1", at=OLD, update=update)
    assert total(await steps(store, NOW), "submissions") == 0
    row = await store.submission(submission)
    assert row is not None
    assert await store.request(row.request_id) is not None
    assert await store.delivery(delivery) is not None
    assert len(await store.attempts_of(delivery)) == (update is not None)


async def test_what_is_being_sent_or_was_never_mapped_stays(store: Store) -> None:
    (received,) = await arrive(store, at=OLD)
    submission, _ = await lead(store, "email:1", at=OLD)
    assert len(await claim(store, now=OLD)) == 1
    assert total(await steps(store, NOW), "submissions") == 0
    assert {one.id for one in await store.submissions(limit=10)} == {received, submission}


async def test_what_waits_to_be_fetched_stays_however_old_it_is(store: Store) -> None:
    (submission,) = await arrive(store, at=OLD, source=SOURCE, state="awaiting_fetch")
    assert total(await steps(store), "submissions") == 0
    assert [one.waiting.submission_id for one in (await fetching(store, now=NOW)).due] == [submission]


async def test_what_was_fetched_goes_with_its_submission(store: Store, database_url: str) -> None:
    (submission,) = await arrive(store, at=OLD, source=SOURCE, state="awaiting_fetch")
    await fetching(store, now=OLD)
    await store.store_fetched(SOURCE, [found(submission, at=OLD)], now=OLD)
    await store.map([MappedSubmission(submission_id=submission, state="ignored")], now=OLD)
    assert await documents_in(database_url) == [ANSWERS]
    assert total(await steps(store), "submissions") == 1
    assert await documents_in(database_url) == []


async def test_a_submission_goes_with_all_of_its_deliveries_or_stays_with_all(store: Store) -> None:
    (submission,) = await arrive(store, at=OLD)
    sent, waits = new_delivery("email:1"), new_delivery("email:2")
    await mapped(store, submission, sent, waits, at=OLD)
    first, second = await claim(store, now=OLD)
    await ended(store, first, DeliveryUpdate(state="delivered", record_id="1"), at=OLD)
    await ended(store, second, HELD, at=OLD)
    assert total(await steps(store), "deliveries") == 0
    assert len((await store.deliveries_of([submission]))[submission]) == 2
    await store.cancel(Selection(ids=(waits.delivery_id,)), detail="", now=OLD)
    assert total(await steps(store), "deliveries") == 2
    assert await states(store) == {"delivered": 1, "cancelled": 1}


async def test_a_request_stays_until_the_last_of_its_submissions_goes(store: Store) -> None:
    first, second = await arrive(store, at=OLD, items=2)
    await mapped(store, first, at=OLD)
    await store.map([MappedSubmission(submission_id=first, state="unrouted", reason="")], now=OLD)
    row = await store.submission(second)
    assert row is not None
    made = await steps(store)
    assert total(made, "requests") == 0
    assert await store.request(row.request_id) is not None
    await store.map([MappedSubmission(submission_id=second, state="unrouted", reason="")], now=OLD)
    assert total(await steps(store), "requests") == 1


async def test_what_changed_a_short_while_ago_stays(store: Store) -> None:
    _, delivery = await lead(store, "email:1", at=OLD, update=HELD)
    await store.cancel(Selection(ids=(delivery,)), detail="", now=YOUNG)
    (unrouted,) = await arrive(store, at=OLD)
    await store.map([MappedSubmission(submission_id=unrouted, state="unrouted", reason="")], now=YOUNG)
    assert total(await steps(store), "submissions") == 0
    assert total(await steps(store, YOUNG + 1), "submissions") == 2


async def test_a_call_that_carried_several_stays_for_the_last_of_them(store: Store) -> None:
    leads = [await lead(store, "email:1", at=OLD, alone=False) for _ in range(2)]
    (claimed,) = await claim(store, now=OLD)
    assert len(claimed.delivery.all_ids) == 2
    await ended(store, claimed, DeliveryUpdate(state="delivered", record_id="1"), at=OLD)
    await store.replay(Selection(ids=(leads[1][1],)), now=NOW)
    made = await steps(store)
    assert total(made, "submissions") == 1
    assert total(made, "attempts") == 0
    assert len(await store.attempts_of(leads[1][1])) == 1


async def test_a_repetition_of_what_was_pruned_is_still_a_duplicate_of_it(store: Store) -> None:
    (first,) = await arrive(store, at=OLD, key="form-1")
    (second,) = await arrive(store, at=OLD, key="form-1", digest=b"other")
    for one in (first, second):
        await mapped(store, one, new_delivery("email:1"), at=OLD)
    for claimed in await claim(store, now=OLD) + await claim(store, now=OLD):
        await ended(store, claimed, DeliveryUpdate(state="failed"), at=OLD)
    for claimed in await claim(store, now=OLD):
        await ended(store, claimed, DeliveryUpdate(state="failed"), at=OLD)
    assert total(await steps(store), "submissions") == 2
    assert await arrive(store, at=NOW, key="form-1") == [first]
    (row,) = await store.submissions(limit=10)
    assert (row.state, row.duplicate_of, row.revision) == ("duplicate", first, 1)
    (third,) = await arrive(store, at=NOW, key="form-1", digest=b"yet another")
    another = await store.submission(third)
    assert another is not None
    assert (another.state, another.revision) == ("received", 3)


async def test_what_is_known_by_its_content_is_forgotten_with_it_and_not_what_a_sender_calls_so(store: Store) -> None:
    digest = bytes(range(32))
    told_apart, called = f"content:{digest.hex()}", "content:of the third of May"
    for key, said in ((told_apart, digest), (called, b"another")):
        (one,) = await arrive(store, at=OLD, key=key, digest=said)
        await store.map([MappedSubmission(submission_id=one, state="mapped")], now=OLD)
    (young,) = await arrive(store, at=YOUNG, key=told_apart, digest=digest, source="another")
    assert total(await steps(store), "submissions") == 2
    (again,) = await arrive(store, at=NOW, key=told_apart, digest=digest)
    row = await store.submission(again)
    assert row is not None
    assert row.state == "received"
    (repeated,) = await arrive(store, at=NOW, key=called, digest=b"another")
    assert await store.submission(repeated) is None, "a duplicate of the one that was pruned"
    assert await arrive(store, at=NOW, key=told_apart, digest=digest, source="another") == [young]


@pytest.mark.parametrize("state", ["failed", "unrouted"])
async def test_what_came_to_nothing_goes_on_when_it_is_sent_again_after_it_was_pruned(
    store: Store, state: Literal["failed", "unrouted"]
) -> None:
    (first,) = await arrive(store, at=OLD, key="form-1")
    await store.map([MappedSubmission(submission_id=first, state=state, reason="no")], now=OLD)
    assert total(await steps(store), "submissions") == 1
    (second,) = await arrive(store, at=NOW, key="form-1")
    assert second != first
    assert await arrive(store, at=NOW, key="form-1") == [second]


async def test_what_is_mapped_once_more_is_not_replaced_by_what_comes_meanwhile(store: Store) -> None:
    (first,) = await arrive(store, at=OLD, key="form-1")
    await store.map([MappedSubmission(submission_id=first, state="failed", reason="no")], now=OLD)
    assert (await store.replay(Selection(ids=(first,)), now=NOW)).submissions == 1
    assert await arrive(store, at=NOW, key="form-1") == [first]
    await store.map([MappedSubmission(submission_id=first, state="failed", reason="no")], now=NOW)
    assert await arrive(store, at=NOW, key="form-1") != [first]


async def test_an_older_event_still_meets_what_a_pruned_delivery_wrote(store: Store) -> None:
    held, older = await lead(store, "email:1", at=OLD - DAY, update=HELD)
    await lead(store, "email:1", at=OLD, record_id="7", email="new@example.com")
    assert total(await steps(store), "submissions") == 1
    await store.release(Selection(ids=(older,)), now=NOW)
    late, _ = await lead(store, "email:1", at=NOW, event_at=OLD - 5)
    fresh, _ = await lead(store, "email:1", at=NOW, event_at=NOW)
    met = {}
    for _ in range(3):
        (due,) = in_line(await store.due(LANE, limit=10, now=NOW))
        met[due.submission_id] = [(one.record_id, one.event_at) for one in due.newer]
        assert due.records == {"7"}
        (claimed,) = await claim(store, now=NOW)
        await ended(store, claimed, DeliveryUpdate(state="failed"), at=NOW)
    assert met == {held: [("7", OLD)], late: [("7", OLD)], fresh: []}


async def test_what_is_written_while_marks_are_folded_is_seen_before_a_claim(store: Store) -> None:
    """As many newer writes as before, and yet others."""
    await lead(store, "email:1", at=OLD + 1, record_id="7")
    await lead(store, "phone:1", at=OLD + 2, record_id="7")
    await steps(store, OLD + 2)
    await lead(store, "email:1", at=NOW, event_at=OLD)
    (read,) = in_line(await store.due(LANE, limit=10, now=NOW))
    assert [one.event_at for one in read.newer] == [OLD + 1, OLD + 2]
    await steps(store)  # the first of the two is needless now
    await lead(store, "phone:1", at=NOW, record_id="7")
    epoch = await own(store)
    assert await store.claim(LANE, [(read, None)], now=NOW, epoch=epoch) == ()
    (again,) = in_line(await store.due(LANE, limit=10, now=NOW))
    assert len(again.newer) == len(read.newer)
    assert len(await store.claim(LANE, [(again, None)], now=NOW, epoch=epoch)) == 1


async def test_however_often_a_person_came_one_mark_says_it(store: Store) -> None:
    for number in range(20):
        await lead(store, "email:1", at=OLD + number, record_id="7")
    await steps(store, limit=3)
    await lead(store, "email:1", at=NOW, event_at=OLD - 1)
    (due,) = in_line(await store.due(LANE, limit=10, now=NOW))
    assert [one.event_at for one in due.newer] == [OLD + 19]
    assert "Ann" not in due.newer[0].plan, "nobody needs the values any more"


async def test_a_record_that_was_written_before_is_no_new_one_after_that_was_pruned(store: Store) -> None:
    await lead(store, "email:1", at=OLD, record_id="7")
    await steps(store)
    _, delivery = await lead(store, "email:1", at=NOW, record_id="7")
    row = await store.delivery(delivery)
    assert row is not None
    assert row.created is False


async def test_it_is_known_what_may_have_been_pruned(store: Store) -> None:
    assert await store.pruned_before() is None
    await steps(store)
    assert await store.pruned_before() is None, "nothing was"
    await lead(store, "email:1", at=OLD, record_id="7")
    await steps(store, OLD + 1)
    await lead(store, "email:1", at=OLD, record_id="7")
    await steps(store, BEFORE)
    assert await store.pruned_before() == BEFORE


async def test_a_step_looks_at_few_rows_and_the_next_one_goes_on(store: Store) -> None:
    kept = [(await lead(store, at=OLD + number, update=HELD))[0] for number in range(3)]
    for number in range(5):
        await lead(store, at=OLD + 10 + number, record_id=str(number))
    made = await steps(store, limit=2)
    assert [step.submissions for step in made if step.submissions] == [1, 2, 2]
    assert {one.id for one in await store.submissions(limit=10)} == set(kept)


async def test_who_stops_between_two_steps_goes_on_another_time(store: Store) -> None:
    for number in range(5):
        await lead(store, at=OLD + number, record_id=str(number))
    first = await store.prune(BEFORE, fold=marks_of, since=BEGIN, limit=2)
    assert first.submissions == 2
    assert (await store.ledger()).balances
    assert total(await steps(store), "submissions") == 3
    assert await store.submissions(limit=10) == ()


async def test_replays_and_names_cope_with_what_is_gone(store: Store) -> None:
    submission, delivery = await lead(store, "email:1", at=OLD, record_id="7")
    await steps(store)
    replayed = await store.replay(Selection(ids=(delivery, submission)), now=NOW)
    assert (replayed.deliveries, replayed.submissions) == (0, 0)
    assert await store.names("source") == ("website",)
    assert await store.names("destination") == ("copper",)
    assert await store.by_trace(id_of(OLD)) == ()


@pytest.mark.parametrize(("state", "updated_at"), [("pending", OLD), ("delivered", BEFORE), ("delivered", YOUNG)])
def test_what_changed_after_it_was_found_to_be_old_stays(state: str, updated_at: int) -> None:
    """A replay may come, and be done, between the look and the lock."""
    old = Delivery(
        seq=1, id="1", submission_id="s", destination="crm", state="delivered", updated_at=BEFORE - 1, lane=LANE,
        record_id=None, event_at=OLD, plan=None,
    )  # fmt: skip
    changed = old._replace(seq=2, id="2", state=state, updated_at=updated_at)
    assert leaving([("s", "website", "mapped")], [old], BEFORE).submissions == ["s"]
    assert leaving([("s", "website", "mapped")], [old, changed], BEFORE).submissions == []


async def test_what_several_processes_share_is_the_time_of_the_database(store: Store, engine: str) -> None:
    shared = await store.time()
    assert (shared is None) == (engine == "sqlite")
    assert shared is None or abs(shared - time.time() * 1000) < DAY
