"""What every store promises about what people do: hold, release, replay, resolve, cancel."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import apsw
import pytest

from leadbridge.ids import new_id
from leadbridge.outcome import Candidate
from leadbridge.plan import Choice, Plan
from leadbridge.store.base import Store
from leadbridge.store.claims import DeliveryUpdate
from leadbridge.store.rows import DeliveryRow
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.values import MappedSubmission, NewDelivery, NewItem, Replayed, Selection
from tests.store.test_store_groups import end
from tests.support.stored import LANE, START, add, claim, ids, new_delivery, new_request, plan

LATER = START + 96 * 3_600_000
AMBIGUOUS = DeliveryUpdate(state="held", reason="ambiguous_match", detail="two records")


async def row_of(store: Store, delivery: NewDelivery) -> DeliveryRow:
    row = await store.delivery(delivery.delivery_id)
    assert row is not None
    return row


async def ended(
    store: Store, *keys: str, update: DeliveryUpdate, progress: str | None = None, **new: Any
) -> NewDelivery:
    """A delivery that was sent and came to this end."""
    delivery = replace(new_delivery(*keys), **new)
    await add(store, delivery)
    (claimed,) = await claim(store)
    await end(store, claimed, update, progress)
    return delivery


async def test_a_held_delivery_waits_for_a_release_and_blocks_nobody(store: Store) -> None:
    first, second = new_delivery("email:1"), new_delivery("email:1")
    await add(store, first)
    await add(store, second)
    held = Selection(ids=(first.delivery_id,))
    assert await store.hold(held, reason="paused", detail="ask Ann", now=START) == 1
    row = await row_of(store, first)
    assert (row.state, row.reason, row.detail, row.next_at) == ("held", "paused", "ask Ann", None)
    (claimed,) = await claim(store)
    assert ids([claimed]) == [second.delivery_id]
    assert await store.hold(held, reason="paused", detail="again", now=START) == 0
    await end(store, claimed)
    assert await store.release(held, now=LATER) == 1
    (claimed,) = await claim(store, now=LATER)
    assert (claimed.delivery.delivery_id, claimed.delivery.first_try_at) == (first.delivery_id, LATER)


async def test_what_is_under_way_is_not_held_or_cancelled(store: Store) -> None:
    await add(store, new_delivery("email:1"))
    (claimed,) = await claim(store)
    everything = Selection(lanes=(LANE,))
    assert await store.hold(everything, reason="paused", detail="", now=START) == 0
    assert await store.cancel(everything, detail="", now=START) == 0
    assert await store.replay(everything, now=START) == Replayed(deliveries=0, submissions=0)
    await end(store, claimed)


@pytest.mark.parametrize("update", [None, DeliveryUpdate(state="retrying", next_at=START), AMBIGUOUS])
async def test_a_cancelled_delivery_is_never_sent(store: Store, update: DeliveryUpdate | None) -> None:
    delivery, behind = new_delivery("email:1"), new_delivery("email:1")
    await add(store, delivery)
    if update:
        (claimed,) = await claim(store)
        await end(store, claimed, update)
    await add(store, behind)
    assert await store.cancel(Selection(ids=(delivery.delivery_id,)), detail="dropped", now=START) == 1
    row = await row_of(store, delivery)
    assert (row.state, row.reason, row.detail, row.blocked) == ("cancelled", None, "dropped", False)
    assert ids(await claim(store, now=LATER)) == [behind.delivery_id]


async def test_a_resolved_delivery_goes_with_what_was_decided(store: Store) -> None:
    delivery = await ended(store, "email:1", update=AMBIGUOUS)
    assert await store.resolve(delivery.delivery_id, Choice(use="7"), now=START)
    assert not await store.resolve(delivery.delivery_id, Choice(create=True), now=START), "it is held no more"
    (claimed,) = await claim(store)
    assert claimed.delivery.choice is not None
    assert Choice.model_validate_json(claimed.delivery.choice) == Choice(use="7")
    assert (await row_of(store, delivery)).choice == {"use": "7"}


async def test_the_names_are_those_that_something_is_stored_of(store: Store) -> None:
    assert [await store.names(what) for what in ("route", "destination", "source")] == [(), (), ()]
    first, second = new_delivery("email:1"), replace(new_delivery("email:2"), route="another", destination="dallas")
    await add(store, first)
    await add(store, second)
    await store.cancel(Selection(), detail="dropped", now=START)
    assert await store.names("route") == tuple(sorted({first.route, "another"}))
    assert await store.names("destination") == tuple(sorted({first.destination, "dallas"}))
    assert await store.names("source") == (new_request().received.source,)


TWO = (Candidate(record_id="7", summary={"name": "Ann"}), Candidate(record_id="8", summary={}))


@pytest.mark.parametrize(
    "update",
    [
        DeliveryUpdate(state="held", reason="ambiguous_match", detail="there is no record 9"),
        DeliveryUpdate(state="retrying", detail="503", next_at=LATER),
        DeliveryUpdate(state="pending", next_at=LATER),
    ],
    ids=lambda update: update.state,
)
async def test_the_candidates_stay_until_a_resolved_delivery_is_done(store: Store, update: DeliveryUpdate) -> None:
    delivery = await ended(store, "email:1", update=replace(AMBIGUOUS, candidates=TWO))
    await store.resolve(delivery.delivery_id, Choice(use="9"), now=START)
    (claimed,) = await claim(store)
    await end(store, claimed, update)
    row = await row_of(store, delivery)
    assert (row.state, row.detail, row.candidates) == (update.state, update.detail, TWO)
    if update.state == "held":
        await store.resolve(delivery.delivery_id, Choice(use="7"), now=LATER)
    (claimed,) = await claim(store, now=LATER)
    await end(store, claimed)
    assert (await row_of(store, delivery)).candidates == ()


async def test_newer_candidates_take_the_place_of_those_before_and_a_release_looks_anew(store: Store) -> None:
    delivery = await ended(store, "email:1", update=replace(AMBIGUOUS, candidates=TWO))
    await store.resolve(delivery.delivery_id, Choice(create=True), now=START)
    (claimed,) = await claim(store)
    await end(store, claimed, replace(AMBIGUOUS, candidates=TWO[1:]))
    assert (await row_of(store, delivery)).candidates == TWO[1:]
    await store.release(Selection(ids=(delivery.delivery_id,)), now=START)
    assert (await row_of(store, delivery)).candidates == ()


@pytest.mark.parametrize(
    "update",
    [
        DeliveryUpdate(state="failed", detail="422"),
        AMBIGUOUS,
        DeliveryUpdate(state="delivered", record_id="7", created=True),
        DeliveryUpdate(state="delivered_with_warnings", record_id="7", created=True),
        DeliveryUpdate(state="superseded", detail="all of it"),
    ],
    ids=lambda update: update.state,
)
async def test_a_replay_sends_what_was_finished_or_held_once_more(store: Store, update: DeliveryUpdate) -> None:
    delivery = await ended(store, "email:1", update=update)
    assert await store.replay(Selection(ids=(delivery.delivery_id,)), now=LATER) == Replayed(
        deliveries=1, submissions=0
    )
    row = await row_of(store, delivery)
    assert (row.state, row.urgency, row.reason, row.detail, row.tries) == ("pending", "replay", None, None, 1)
    (claimed,) = await claim(store, now=LATER)
    assert (claimed.attempt, claimed.delivery.first_try_at) == (2, LATER)


async def test_a_cancelled_delivery_can_be_replayed_and_a_filtered_one_cannot(store: Store) -> None:
    cancelled, filtered = new_delivery("email:1"), replace(new_delivery("email:2"), state="filtered", plan=None)
    await add(store, cancelled, filtered)
    await store.cancel(Selection(ids=(cancelled.delivery_id,)), detail="dropped", now=START)
    assert (await store.replay(Selection(lanes=(LANE,)), now=START)).deliveries == 1
    assert ids(await claim(store)) == [cancelled.delivery_id]


async def test_a_replay_is_a_new_intent_but_adds_no_second_note_and_forgets_no_doubt(store: Store) -> None:
    had = '{"record_id":"7","created":true,"done":["add note","add tags"],"unsure":{"create lead":5}}'
    delivery = await ended(store, "email:1", update=DeliveryUpdate(state="failed"), progress=had)
    untold = await ended(store, "email:2", update=DeliveryUpdate(state="failed"), progress='{"created":true}')
    await store.replay(Selection(states=("failed",)), now=START)
    assert (await row_of(store, delivery)).progress == {"done": ["add note"], "unsure": {"create lead": 5}}
    assert (await row_of(store, untold)).progress is None


@pytest.mark.parametrize("way", ["release", "replay"])
async def test_what_has_no_match_key_goes_with_a_decision_alone(store: Store, way: str) -> None:
    """Its plan has nothing to match by: let go, it would make a new record."""
    delivery = replace(new_delivery(), plan=planned(match=None), state="held", reason="no_match_key")
    other = replace(new_delivery("email:1"), state="held", reason="unknown_custom_field")
    await add(store, delivery)
    await add(store, other)
    for selection in (Selection(), Selection(ids=(delivery.delivery_id,)), Selection(reasons=("no_match_key",))):
        if way == "release":
            await store.release(selection, now=START)
        else:
            await store.replay(selection, now=START)
    assert ids(await claim(store)) == [other.delivery_id]
    row = await row_of(store, delivery)
    assert (row.state, row.reason, row.choice) == ("held", "no_match_key", None)
    await store.resolve(delivery.delivery_id, Choice(create=True), now=START)
    (claimed,) = await claim(store)
    await end(store, claimed, replace(AMBIGUOUS, reason="no_match_key"))
    assert await store.release(Selection(), now=START) == 1, "somebody chose"


@pytest.mark.parametrize("way", ["release", "replay"])
async def test_what_has_a_match_key_that_its_crm_cannot_use_may_be_tried_again(store: Store, way: str) -> None:
    """The cause may have ended, and it makes no record without a look."""
    delivery = await ended(store, "email:1", update=replace(AMBIGUOUS, reason="no_match_key"))
    let_go = store.release if way == "release" else store.replay
    await let_go(Selection(), now=START)
    assert ids(await claim(store)) == [delivery.delivery_id]


@pytest.mark.parametrize("way", ["release", "replay"])
async def test_a_decision_that_is_needed_meanwhile_is_waited_for(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    delivery = await ended(store, "email:1", update=AMBIGUOUS, plan=planned(match=None))
    really, first = store._write, [True]

    async def late(apply: Callable[[apsw.Connection], Any]) -> Any:
        if first.pop() if first else False:
            await store.release(Selection(), now=START)
            (claimed,) = await claim(store)
            await end(store, claimed, replace(AMBIGUOUS, reason="no_match_key"))
        return await really(apply)

    monkeypatch.setattr(store, "_write", late)
    await (store.release if way == "release" else store.replay)(Selection(), now=START)
    row = await row_of(store, delivery)
    assert (row.state, row.reason) == ("held", "no_match_key")


def planned(**changes: Any) -> str:
    return Plan.model_validate({**plan().model_dump(), **changes}).model_dump_json(exclude_unset=True)


@pytest.mark.parametrize(
    ("made", "choice", "then"),
    [
        (planned(), None, None),
        (planned(match=None), None, {"use": "7"}),
        (planned(allow_duplicates=True), None, {"use": "7"}),
        (planned(), Choice(create=True), {"use": "7"}),
        (planned(), Choice(use="9"), {"use": "9"}),
    ],
    ids=["found by matching", "no match key", "duplicates allowed", "a person wanted a new one", "a person chose"],
)
async def test_a_replay_makes_no_second_record(store: Store, made: str, choice: Choice | None, then: Any) -> None:
    delivery = replace(new_delivery("email:1"), plan=made)
    await add(store, delivery)
    if choice:
        await store.hold(Selection(), reason="paused", detail="", now=START)
        await store.resolve(delivery.delivery_id, choice, now=START)
    (claimed,) = await claim(store)
    await end(store, claimed)
    await store.replay(Selection(ids=(delivery.delivery_id,)), now=START)
    assert (await row_of(store, delivery)).choice == then


async def test_what_made_no_record_yet_may_make_one_in_its_replay(store: Store) -> None:
    delivery = await ended(store, "email:1", update=DeliveryUpdate(state="failed"), plan=planned(match=None))
    await store.replay(Selection(ids=(delivery.delivery_id,)), now=START)
    assert (await row_of(store, delivery)).choice is None


async def failed_submission(store: Store, state: Any = "failed", **item: Any) -> str:
    (accepted,) = await store.accept(new_request(NewItem(submission_id=new_id(), **item)))
    mapped = MappedSubmission(submission_id=accepted.submission_id, state=state, reason="mapping: no such field")
    await store.map([mapped], now=START)
    return accepted.submission_id


@pytest.mark.parametrize("state", ["failed", "unrouted"])
async def test_a_failed_submission_is_mapped_once_more(store: Store, state: str) -> None:
    name = await failed_submission(store, state)
    assert await store.replay(Selection(ids=(name,)), now=LATER) == Replayed(deliveries=0, submissions=1)
    row = await store.submission(name)
    assert row is not None
    assert (row.state, row.reason, row.updated_at) == ("received", None, LATER)
    delivery = new_delivery("email:1")
    await store.map([MappedSubmission(submission_id=name, state="mapped", deliveries=[delivery])], now=START)
    assert ids(await claim(store)) == [delivery.delivery_id]


async def test_a_failed_submission_that_was_sent_again_is_not_mapped_twice(store: Store) -> None:
    first = await failed_submission(store, dedupe_key="id-1", digest=b"d")
    (again,) = await store.accept(new_request(NewItem(submission_id=new_id(), dedupe_key="id-1", digest=b"d")))
    assert again.status == "accepted"
    alone = await failed_submission(store, dedupe_key="id-2", digest=b"d")
    assert await store.replay(Selection(states=("failed",)), now=START) == Replayed(deliveries=0, submissions=1)
    rows = [await store.submission(name) for name in (first, alone)]
    assert [row.state for row in rows if row] == ["failed", "received"]


async def test_the_id_of_a_submission_means_its_deliveries(store: Store) -> None:
    here, there = new_delivery("email:1"), new_delivery("email:1", lane="another")
    name = await add(store, here, there)
    await add(store, new_delivery("email:2"))
    assert await store.hold(Selection(ids=(name,)), reason="paused", detail="", now=START) == 2


@pytest.mark.parametrize(
    ("selection", "fit"),
    [
        (Selection(), {0, 1, 2, 3}),
        (Selection(destinations=("copper",)), {0, 1, 3}),
        (Selection(lanes=("another",)), {2}),
        (Selection(routes=("website to copper", "unknown")), {0, 1, 2}),
        (Selection(routes=("else",), destinations=("copper",)), {3}),
        (Selection(sources=("typeform",)), {1}),
        (Selection(since=START + 1), {1, 2, 3}),
        (Selection(since=START + 1, until=START + 3), {1, 2}),
        (Selection(limit=2), {0, 1}),
        (Selection(states=("pending",)), {0, 1, 2, 3}),
        (Selection(states=("retrying",)), set()),
        (Selection(reasons=("paused",)), set()),
        (Selection(ids=("unknown",)), set()),
    ],
    ids=str,
)
async def test_a_selection_means_what_fits_every_given_value(store: Store, selection: Selection, fit: set[int]) -> None:
    deliveries = [
        new_delivery("email:0"),
        new_delivery("email:1"),
        new_delivery("email:2", lane="another", destination="dallas"),
        replace(new_delivery("email:3"), route="else"),
    ]
    for number, delivery in enumerate(deliveries):
        source = "typeform" if number == 1 else "website"
        (accepted,) = await store.accept(new_request(source=source))
        mapped = MappedSubmission(submission_id=accepted.submission_id, state="mapped", deliveries=[delivery])
        await store.map([mapped], now=START + number)
    assert await store.hold(selection, reason="paused", detail="", now=START) == len(fit)
    states = [(await row_of(store, delivery)).state for delivery in deliveries]
    assert {number for number, state in enumerate(states) if state == "held"} == fit


async def test_a_limit_counts_deliveries_and_submissions_together(store: Store) -> None:
    for number in range(2):
        await ended(store, f"email:{number}", update=DeliveryUpdate(state="failed"))
        await failed_submission(store)
    assert await store.replay(Selection(states=("failed",), limit=3), now=START) == Replayed(
        deliveries=2, submissions=1
    )


async def test_what_is_said_of_deliveries_means_no_submission(store: Store) -> None:
    await failed_submission(store)
    for selection in (Selection(routes=("a",)), Selection(lanes=("a",)), Selection(destinations=("a",))):
        assert (await store.replay(selection, now=START)).submissions == 0


async def test_more_than_one_commit_holds_go_back_in_their_order(store: Store) -> None:
    person = [new_delivery("email:1") for _ in range(3)]
    for delivery in person[:2]:
        await add(store, delivery)
    await add(store, *(new_delivery(f"email:{number}x") for number in range(1_200)))
    await add(store, person[2])
    everything = Selection(lanes=(LANE,))
    assert await store.hold(everything, reason="paused", detail="", now=START) == 1_203
    assert await store.lanes_waiting() == {}
    assert await store.release(everything, now=START) == 1_203
    order, names = [], [delivery.delivery_id for delivery in person]
    while claims := await claim(store, limit=2_000):
        for claimed in claims:
            if claimed.delivery.delivery_id in names:  # the others are in nobody's way
                order.append(claimed.delivery.delivery_id)
                await end(store, claimed, DeliveryUpdate(state="failed"))
    assert order == names


async def test_what_changed_since_it_was_selected_is_asked_again(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large replay takes minutes: what another one delivered meanwhile, or its sender sent again, goes no more."""
    failed = await ended(store, "email:1", update=DeliveryUpdate(state="failed"))
    unmapped = await failed_submission(store, dedupe_key="id-1", digest=b"d")
    really, first = store._write, [True]

    async def late(apply: Callable[[apsw.Connection], Any]) -> Any:
        if first.pop() if first else False:
            await store.replay(Selection(ids=(failed.delivery_id,)), now=START)
            for claimed in await claim(store):
                await end(store, claimed)
            await store.accept(new_request(NewItem(submission_id=new_id(), dedupe_key="id-1", digest=b"d")))
        return await really(apply)

    monkeypatch.setattr(store, "_write", late)
    assert await store.replay(Selection(states=("failed",)), now=START) == Replayed(deliveries=0, submissions=0)
    assert (await row_of(store, failed)).state == "delivered"
    submission = await store.submission(unmapped)
    assert submission is not None
    assert submission.state == "failed"
