"""What every store promises about lanes: who may send, how a lane stands, what it sent, and what waits in it."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from leadbridge.crm.adapter import Call
from leadbridge.store.base import Store
from leadbridge.store.claims import CallSpan, DeliveryUpdate, FinishedCall, Recovered, TryResult
from leadbridge.store.lanes import Backlog, LaneState
from leadbridge.store.opening import Operator, open_operator
from leadbridge.store.values import Selection
from tests.store.test_store_groups import end
from tests.support.process import eventually
from tests.support.stored import LANE, OWNER, START, add, claim, in_line, new_delivery, own, recover, upsert

PROBE = Call(purpose="probe", method="GET", path="/users/me")
HELD = LaneState(
    held="bad_credentials",
    detail="401",
    since=START,
    probe_at=START + 60_000,
    paused_until=START + 1,
    failures=5,
    daily_reset_at=START + 2,
)
PAUSED = LaneState(held="paused", detail="wait for Ann", since=START)


async def epoch_of(store: Store, owner: str) -> int:
    return await own(store, owner=owner)


async def test_each_new_owner_begins_an_epoch(store: Store) -> None:
    first = await epoch_of(store, "a")
    assert await epoch_of(store, "a") == first, "it is the same one"
    assert await epoch_of(store, "b") == first + 1
    assert await own(store, "another", owner="b") == 1


async def test_a_former_owner_claims_nothing(store: Store) -> None:
    await add(store, new_delivery("email:1"))
    (due,) = in_line(await store.due(LANE, limit=1, now=START))
    former, present = await epoch_of(store, "a"), await epoch_of(store, "b")
    assert await store.claim(LANE, [(due, upsert(due))], now=START, epoch=former) == ()
    assert await store.attempts_of(due.delivery_id) == ()
    assert len(await store.claim(LANE, [(due, upsert(due))], now=START, epoch=present)) == 1


async def test_only_the_owner_takes_back_what_was_left_and_only_in_its_lane(store: Store) -> None:
    await add(store, new_delivery("email:1"), new_delivery("email:1", lane="another"))
    former = await epoch_of(store, OWNER)
    await claim(store)
    await claim(store, lane="another")
    present = await epoch_of(store, "b")
    assert await store.recover(LANE, epoch=former, now=START) == Recovered(again=0, unsure=0)
    assert await store.recover("never heard of", epoch=1, now=START) == Recovered(again=0, unsure=0)
    assert await store.recover(LANE, epoch=present, now=START) == Recovered(again=1, unsure=0)
    assert [lane.sending for lane in await store.backlogs()] == [1, 0]


async def test_the_end_of_a_try_that_was_taken_back_does_not_end_the_next_one(store: Store) -> None:
    await add(store, new_delivery("email:1"))
    (late,) = await claim(store)
    await recover(store, now=START)
    (present,) = await claim(store)
    answered = FinishedCall(attempt_id=late.attempt_id or 0, answered_at=START + 5, outcome="answered", status=200)
    await store.record(LANE, TryResult(claim=late, at=START, finished=answered, progress='{"created":true}'))
    await end(store, late, DeliveryUpdate(state="failed"))
    row = await store.delivery(present.delivery.delivery_id)
    assert row is not None
    assert (row.state, row.tries, row.progress) == ("sending", 2, None)
    assert (await store.attempts_of(row.id))[0].status == 200, "how its call ended is known all the same"
    await end(store, present)


async def test_a_lane_that_is_given_back_is_the_next_ones_at_once(store: Store) -> None:
    mine = await epoch_of(store, "a")
    await store.give_back_lanes({LANE: mine})
    assert (await store.roll()).free == {LANE}
    assert await epoch_of(store, "a") == mine + 1, "had again, it is another time"


async def test_a_delivery_of_another_lane_is_not_claimed(store: Store) -> None:
    await add(store, new_delivery("email:1", lane="another"))
    (due,) = in_line(await store.due("another", limit=1, now=START))
    assert await store.claim(LANE, [(due, upsert(due))], now=START, epoch=await epoch_of(store, "a")) == ()


async def test_a_lane_stands_as_it_was_set(store: Store) -> None:
    assert await store.lane(LANE) == LaneState()
    epoch = await epoch_of(store, "a")
    assert await store.set_lane(LANE, HELD, epoch=epoch)
    assert await store.lane(LANE) == HELD
    assert await store.set_lane("another", PAUSED)
    assert await store.lanes() == {LANE: HELD, "another": PAUSED}
    assert await epoch_of(store, "b") == epoch + 1
    assert await store.lane(LANE) == HELD
    assert await store.lanes_held() == {LANE: HELD, "another": PAUSED}


async def test_a_former_owner_sets_nothing(store: Store) -> None:
    former = await epoch_of(store, "a")
    await epoch_of(store, "b")
    assert not await store.set_lane(LANE, HELD, epoch=former)
    assert not await store.set_lane("never heard of", HELD, epoch=1)
    assert await store.lanes() == {LANE: LaneState()}


async def test_what_a_person_paused_only_a_person_lets_go(store: Store) -> None:
    epoch = await epoch_of(store, "a")
    await store.set_lane(LANE, PAUSED)
    assert await store.set_lane(LANE, HELD, epoch=epoch)
    assert await store.lane(LANE) == LaneState(
        held="paused",
        detail="wait for Ann",
        since=START,
        paused_until=HELD.paused_until,
        failures=HELD.failures,
        daily_reset_at=HELD.daily_reset_at,
    )
    await store.set_lane(LANE, LaneState())
    assert await store.lane(LANE) == LaneState()


async def test_what_a_person_released_stays_released_though_its_owner_has_not_heard_of_it(store: Store) -> None:
    epoch = await epoch_of(store, "a")
    await store.set_lane(LANE, LaneState())
    late = replace(PAUSED, failures=1)
    assert await store.set_lane(LANE, late, epoch=epoch, seen="paused")
    assert await store.lane(LANE) == LaneState(failures=1)


@pytest.mark.parametrize("by_a_person", [LaneState(), PAUSED], ids=["released", "paused"])
async def test_what_a_person_did_to_a_hold_of_the_owners_stands_until_the_owner_saw_it(
    store: Store, by_a_person: LaneState
) -> None:
    epoch = await epoch_of(store, "a")
    assert await store.set_lane(LANE, HELD, epoch=epoch, seen=None)
    worse = replace(HELD, detail="403")
    assert await store.set_lane(LANE, worse, epoch=epoch, seen="bad_credentials")
    assert await store.lane(LANE) == worse, "its own it may change"
    await store.set_lane(LANE, by_a_person)
    for late in (HELD, LaneState(failures=2), replace(HELD, held="missing_scope")):
        assert await store.set_lane(LANE, late, epoch=epoch, seen="bad_credentials")
        assert await store.lane(LANE) == replace(
            by_a_person,
            paused_until=late.paused_until,
            failures=late.failures,
            daily_reset_at=late.daily_reset_at,
        )
    if by_a_person.held is None:
        assert await store.set_lane(LANE, HELD, epoch=epoch, seen=None)
        assert await store.lane(LANE) == HELD, "it heard of the release, and found the account refused again"


async def test_a_probe_counts_like_any_call_and_carries_no_delivery(store: Store) -> None:
    started = await store.record_probe(LANE, PROBE, None, attempt_id=None, now=START)
    assert await store.recent_calls(LANE, since=START - 1) == (CallSpan(started_at=START, answered_at=None),)
    finished = FinishedCall(attempt_id=started, answered_at=START + 5, outcome="answered", status=401)
    assert await store.record_probe(LANE, PROBE, finished, attempt_id=started, now=START + 5) == started
    assert await store.recent_calls(LANE, since=START) == (CallSpan(started_at=START, answered_at=START + 5),)
    assert (await recover(store, now=START + 9)).again == 0


async def test_a_probe_that_was_cut_off_counts_as_sent_at_the_recovery(store: Store) -> None:
    await store.record_probe(LANE, PROBE, None, attempt_id=None, now=START)
    await recover(store, now=START + 900)
    assert await store.recent_calls(LANE, since=START + 899) == (CallSpan(started_at=START + 900, answered_at=None),)


async def test_the_calls_of_a_budget_are_counted(store: Store) -> None:
    for number in range(5):
        await add(store, new_delivery(f"email:{number}"))
    before, late, unanswered, unsent, _under_way = await claim(store)

    async def ended(attempt_id: int | None, *, at: int | None, sent: bool = True) -> None:
        call = FinishedCall(
            attempt_id=attempt_id or 0, answered_at=at, outcome="answered", sent=sent, sent_at=START + 3
        )
        await store.record_probe(LANE, PROBE, call, attempt_id=attempt_id, now=START)

    await ended(before.attempt_id, at=START - 1)
    await ended(late.attempt_id, at=START + 5)
    await ended(unanswered.attempt_id, at=None)
    await ended(unsent.attempt_id, at=None, sent=False)
    counted = {START - 2: 4, START - 1: 3, START: 2, START + 5: 0}
    assert await store.count_calls(LANE, since=[*counted][::-1]) == counted
    for since, calls in counted.items():
        assert await store.count_calls(LANE, since=[since]) == {since: calls}
    assert await store.count_calls("another", since=[0]) == {0: 0}


async def test_a_backlog_is_told_by_urgency_and_by_reason(store: Store) -> None:
    assert await store.backlogs() == ()
    for number in range(4):
        await add(store, new_delivery("email:1"), new_delivery(f"email:{number}x"), now=START + number)
    await add(store, new_delivery("email:1", lane="another"))
    claims = {one.delivery.keys[0]: one for one in await claim(store, now=START + 9)}
    await end(store, claims["email:0x"], DeliveryUpdate(state="held", reason="ambiguous_match"))
    await end(store, claims["email:1x"], DeliveryUpdate(state="retrying", next_at=START + 60_000))
    await end(store, claims["email:2x"], DeliveryUpdate(state="failed", detail="no"))
    failed = claims["email:2x"].delivery.delivery_id
    await store.replay(Selection(ids=(failed,)), now=START)
    assert await store.backlogs() == (
        Backlog(lane="another", live=1, retry=0, replay=0, sending=0, held={}, oldest_at=START),
        Backlog(lane=LANE, live=3, retry=1, replay=1, sending=2, held={"ambiguous_match": 1}, oldest_at=START + 1),
    )


async def test_what_is_due_is_told_by_urgency_and_each_has_its_limit(store: Store) -> None:
    for number in range(9):
        await add(store, new_delivery(f"email:{number}"))
    for number, claimed in enumerate(await claim(store, limit=6)):
        ended = DeliveryUpdate(state="retrying", next_at=START) if number < 3 else DeliveryUpdate(state="failed")
        await end(store, claimed, ended)
    await store.replay(Selection(states=("failed",)), now=START)
    due = await store.due(LANE, limit=2, now=START)
    assert [[one.keys[0] for one in some] for some in (due.live, due.retry, due.replay)] == [
        ["email:6", "email:7"],
        ["email:0", "email:1"],
        ["email:3", "email:4"],
    ]


async def test_a_replayed_delivery_stays_one_when_it_is_tried_again(store: Store) -> None:
    await add(store, new_delivery("email:1"))
    for update in (DeliveryUpdate(state="failed"), DeliveryUpdate(state="retrying", next_at=START)):
        (claimed,) = await claim(store)
        await end(store, claimed, update)
        await store.replay(Selection(states=("failed",)), now=START)
    due = await store.due(LANE, limit=9, now=START)
    assert (len(due.live), len(due.retry), len(due.replay)) == (0, 0, 1)
    (claimed,) = await claim(store)
    await recover(store, now=START)
    assert len((await store.due(LANE, limit=9, now=START)).replay) == 1, "a crash does not make it urgent either"
    (claimed,) = await claim(store)
    await end(store, claimed)


async def test_time_spent_waiting_for_the_account_is_no_time_spent_trying(store: Store) -> None:
    await add(store, new_delivery("email:1"))
    (claimed,) = await claim(store)
    await end(store, claimed, DeliveryUpdate(state="pending", next_at=START))
    later = START + 96 * 3_600_000
    (claimed,) = await claim(store, now=later)
    assert (claimed.attempt, claimed.delivery.first_try_at) == (2, later)


async def test_the_progress_of_a_try_is_there_for_the_next_one(store: Store) -> None:
    await add(store, new_delivery("email:1"))
    (claimed,) = await claim(store)
    answered = FinishedCall(attempt_id=claimed.attempt_id or 0, answered_at=START, outcome="answered", status=200)
    found_out = '{"created":true}'
    result = TryResult(claim=claimed, at=START, finished=answered, next_call=PROBE, progress=found_out)
    await store.record(LANE, result)
    row = await store.delivery(claimed.delivery.delivery_id)
    assert row is not None
    assert row.progress == {"created": True}
    await recover(store, now=START)
    (again,) = await claim(store)
    assert again.delivery.progress == found_out


@pytest.fixture
async def operator(store: Store, database_url: str) -> AsyncIterator[Operator]:
    opened = open_operator(database_url)
    yield opened
    await opened.close()


async def test_what_another_process_changed_is_noticed_once(store: Store, operator: Operator) -> None:
    news = []
    for number in range(3):  # what an earlier test's processes told late may be heard in one of them
        await add(store, new_delivery(f"email:{number}"))
        await operator.backlogs()
        news.append(await store.changed_elsewhere())
    assert not all(news), "neither its own changes are news, nor is somebody who looks"
    await operator.set_lane("another", PAUSED)
    await add(store, new_delivery("email:another"))
    await eventually(store.changed_elsewhere)  # on PostgreSQL it is told a moment after the commit
    assert not await store.changed_elsewhere()


async def test_a_crm_may_say_anything_of_its_account_and_its_records(store: Store) -> None:
    """PostgreSQL's text knows no NUL, which a CRM's JSON may hold."""
    said = replace(HELD, detail="no\0 access")
    epoch = await own(store)
    assert await store.set_lane(LANE, said, epoch=epoch, seen=None)
    assert await store.set_lane("another", said)
    for lane in (LANE, "another"):
        detail = (await store.lane(lane)).detail or ""
        assert detail.replace("\0", "\N{REPLACEMENT CHARACTER}") == "no\N{REPLACEMENT CHARACTER} access"
    assert await store.keys_of_record(LANE, "7\0", but="nobody") == ()
