"""What other processes do to a lane is heard, whatever happens meanwhile; a lane that was lost is taken up again."""

import asyncio
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from leadbridge.crm.adapter import Quota
from leadbridge.deliver.deliverer import WATCH
from leadbridge.deliver.governor import Governor
from leadbridge.deliver.membership import LOOK
from leadbridge.deliver.places import Places
from leadbridge.deliver.standing import Standing
from leadbridge.deliver.tenure import Tenure
from leadbridge.errors import StorageUnavailable
from leadbridge.outcome import Hold
from leadbridge.store.base import Store
from leadbridge.store.lanes import LaneState
from leadbridge.store.opening import Operator
from leadbridge.store.sqlite.steering import SqliteOperator
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.values import Hastened, NewDelivery, Selection
from tests.deliver.lanes import Run, WatchedClock, row
from tests.deliver.test_deliver_holding import heard
from tests.support.crm import ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.patience import PATIENCE
from tests.support.stored import FOREVER, LANE, OWNER, START, add, claim, new_delivery, own


async def forget_lanes(operator: Operator) -> None:
    if isinstance(operator, SqliteOperator):
        await operator._write(lambda connection: connection.execute("DELETE FROM lanes"))
    else:
        await operator._database.run(lambda connection: connection.execute("DELETE FROM lanes"))


async def waiting(store: Store, clock: WatchedClock, key: str) -> NewDelivery:
    delivery = new_delivery(key)
    await add(store, delivery, now=clock.now())
    return delivery


async def test_a_release_is_heard_although_the_disk_failed_when_it_was_noticed(
    store: Store, operator: Operator, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await operator.set_lane(LANE, LaneState(held="paused", detail="on Friday", since=START))
    await waiting(store, clock, "email:1")
    deliverer = await run()
    await clock.looked(deliverer)
    really, failures = store.lane, [StorageUnavailable("no file descriptor is left")] * 2
    looks: list[str] = []

    async def failing(lane: str) -> LaneState:
        looks.append(lane)
        if failures:
            raise failures.pop()
        return await really(lane)

    monkeypatch.setattr(store, "lane", failing)
    await operator.set_lane(LANE, LaneState())
    await heard(clock, journal, "lane.released", reason="paused")
    await journal.seen("delivery.attempted", outcome="delivered")
    for _ in range(3):
        clock.advance(WATCH)
        await clock.looked(deliverer)
    assert len(looks) == 3, "twice in vain, and once"


@pytest.mark.parametrize("meanwhile", ["a probe ended", "a rest was asked for"])
async def test_a_release_stands_whatever_comes_back_before_its_owner_heard_of_it(
    store: Store, operator: Operator, clock: WatchedClock, journal: Journal, meanwhile: str
) -> None:
    log: Any = journal
    places = Places(Governor([], deadline=30), clock)
    tenure = Tenure(clock, FOREVER)
    standing = Standing(
        LANE, epoch=await own(store), store=store, places=places, tenure=tenure, clock=clock, log=log, dice=Random(1)
    )
    standing.begin(await store.lane(LANE))
    standing.hold("bad_credentials", "401")
    await standing.keep()
    await operator.set_lane(LANE, LaneState())
    if meanwhile == "a probe ended":
        standing.probed(Hold(reason="bad_credentials", detail="401"))
    else:
        standing.asked_for_quiet(30)
    await standing.keep()
    assert (await store.lane(LANE)).held is None
    await standing.look_again()
    assert standing.held is None
    standing.hold("bad_credentials", "401")
    await standing.keep()
    assert (await store.lane(LANE)).held == "bad_credentials", "refused again, and it knows of the release"


async def test_a_retry_that_a_person_lets_go_is_sent_in_seconds_and_not_in_an_hour(
    store: Store, operator: Operator, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    transport.respond = lambda _call: answer(503, headers={"retry-after": "3600"})
    delivery = await waiting(store, clock, "email:1")
    await run()
    await journal.seen("delivery.attempted", outcome="retrying")
    transport.respond = lambda _call: answer(200)
    assert await operator.hasten(Selection(), now=clock.now()) == Hastened(due=1, later=0)
    for _ in range(2):
        await clock.watched(WATCH)
    await journal.seen("delivery.attempted", outcome="delivered")
    assert (await row(store, delivery)).tries == 2


async def test_what_a_person_lets_go_to_an_account_that_is_gone_is_held_again(
    store: Store, operator: Operator, run: Run, clock: WatchedClock, journal: Journal
) -> None:
    gone = new_delivery("email:1", lane="copper:localhost:gone")
    await add(store, gone)
    await run()
    await journal.seen("lane.held", lane=gone.lane, reason="destination_removed", deliveries=1)
    assert await operator.release(Selection(reasons=("destination_removed",)), now=clock.now()) == 1
    assert (await row(store, gone)).state == "pending"
    async with asyncio.timeout(PATIENCE):
        while len(journal.find("lane.held", lane=gone.lane)) < 2:
            await clock.watched(WATCH)
    assert (await row(store, gone)).reason == "destination_removed"


async def test_what_was_read_before_the_lane_itself_changed_does_not_undo_that(
    store: Store, operator: Operator, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The account is found unusable while somebody's command for another lane makes this one look at its own row."""
    deliverer = await run()
    await clock.looked(deliverer)
    read, go = asyncio.Event(), asyncio.Event()
    really = store.lanes_held

    async def slow() -> Mapping[str, LaneState]:
        found = await really()
        read.set()
        await go.wait()
        return found

    monkeypatch.setattr(store, "lanes_held", slow)
    await operator.set_lane("another", LaneState(held="paused", since=START))
    async with asyncio.timeout(PATIENCE):
        while not read.is_set():
            clock.advance(WATCH)
            await asyncio.sleep(0)
    transport.respond = lambda _call: answer(401)
    await waiting(store, clock, "email:1")
    deliverer.wake([LANE])
    await journal.seen("lane.held", reason="bad_credentials")
    go.set()
    await clock.looked(deliverer)
    assert not journal.find("lane.released")
    assert (await store.lane(LANE)).held == "bad_credentials"


async def test_a_lane_that_another_process_has_sends_nothing_and_is_taken_up_when_it_is_given_back(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await waiting(store, clock, "email:first")
    deliverer = await run(quota=Quota(limit=3, window=10_000.0))
    await journal.seen("delivery.attempted", outcome="delivered")
    epoch = await own(store)
    with monkeypatch.context() as patched:
        if isinstance(store, SqliteStore):  # only the lock's owner can join
            patched.setattr(store, "join", nobody_joins)
        mine = [await waiting(store, clock, f"email:{number}") for number in range(3)]
        deliverer.wake([LANE])
        await journal.seen("lane.lost")
        deliverer.wake([LANE])
        await clock.watched(3 * LOOK)
        assert [(await row(store, one)).state for one in mine] == ["pending"] * 3
        assert len(transport.calls) == 1
        assert await own(store) == epoch
        assert len(await claim(store, limit=1, now=clock.now())) == 1, "the other one sends a call before it goes"
        await store.leave(OWNER)
    async with asyncio.timeout(PATIENCE):
        while not journal.find("delivery.attempted", outcome="delivered")[1:]:
            await clock.watched(LOOK)
    await clock.looked(deliverer)
    assert len(transport.calls) == 2, "ours and the other one's have their places in the window, each once"


async def nobody_joins(*_asked: Any, **_named: Any) -> bool:
    return False


async def test_a_database_put_back_from_a_copy_under_a_running_service_loses_it_no_lane(
    store: Store, operator: Operator, run: Run, clock: WatchedClock, journal: Journal
) -> None:
    await waiting(store, clock, "email:1")
    deliverer = await run()
    await journal.seen("delivery.attempted", outcome="delivered")
    await forget_lanes(operator)
    await waiting(store, clock, "email:2")
    deliverer.wake([LANE])
    await journal.seen("lane.lost")
    async with asyncio.timeout(PATIENCE):
        while len(journal.find("delivery.attempted", outcome="delivered")) < 2:
            await clock.watched(LOOK)
