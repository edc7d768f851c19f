"""Whatever happens in whatever order: nobody is sent twice at once, nothing is lost, stuck or out of its order."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.plan import Choice
from leadbridge.store.base import Store
from leadbridge.store.claims import Claim, DeliveryUpdate, DueDelivery
from leadbridge.store.values import Selection
from tests.store.test_store_groups import end
from tests.support.examples import examples
from tests.support.stored import START, add, in_line, new_delivery, own, upsert

KEYS = st.sets(st.sampled_from(["e1", "e2", "p1", "p2"]), max_size=3)
ENDS = st.sampled_from(["delivered", "retrying", "pending", "apart", "held", "failed", "superseded"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), KEYS, st.booleans(), st.integers(-2, 2)),
        st.tuples(st.just("read"), st.integers(1, 3)),
        st.tuples(st.just("claim")),
        st.tuples(st.just("end"), ENDS, st.sampled_from(["1", "2"])),
        st.tuples(st.just("crash")),
        st.tuples(st.just("take over")),
        st.tuples(st.sampled_from(["hold", "release", "replay", "cancel", "resolve"]), st.integers(0, 3)),
    ),
    max_size=40,
)


class World:
    """One lane, what its owner knows of it, and what is under way."""

    def __init__(self, store: Store, lane: str) -> None:
        self.store, self.lane = store, lane
        self.added: list[str] = []
        self.keys: dict[str, frozenset[str]] = {}
        self.read: tuple[DueDelivery, ...] = ()
        self.under_way: list[Claim] = []
        self.owner = 0
        self.epoch = 0
        self.former = 0
        self.sent: list[str] = []  # in the order of their claims

    async def own(self) -> None:
        self.former = self.epoch
        self.epoch = await own(self.store, self.lane, owner=f"owner {self.owner}")
        assert self.epoch > self.former

    async def take(self, step: str, *values: Any) -> None:
        match step, *values:
            case "add", keys, alone, at:
                delivery = new_delivery(*sorted(keys), lane=self.lane, alone=alone, event_at=START + at)
                await add(self.store, delivery)
                self.added.append(delivery.delivery_id)
                self.keys[delivery.delivery_id] = frozenset(keys)
            case "read", limit:
                self.read = in_line(await self.store.due(self.lane, limit=limit, now=START))
            case ("claim",):
                await self.claim()
            case "end", how, record_id:
                if self.under_way:
                    await end_as(self.store, self.lane, self.under_way.pop(0), how, record_id)
            case ("crash",):
                await self.store.recover(self.lane, epoch=self.epoch, now=START)
                self.under_way, self.read = [], ()
            case ("take over",):
                self.owner += 1
                await self.own()
            case "resolve", number:
                if self.added:
                    await self.store.resolve(self.added[number % len(self.added)], Choice(use="1"), now=START)
            case operation, number:
                await self.operate(operation, Selection(ids=tuple(self.added[number::2]), lanes=(self.lane,)))

    async def operate(self, operation: str, selection: Selection) -> None:
        if not selection.ids:
            return
        match operation:
            case "hold":
                await self.store.hold(selection, reason="paused", detail="", now=START)
            case "release":
                await self.store.release(selection, now=START)
            case "replay":
                await self.store.replay(selection, now=START)
            case "cancel":
                await self.store.cancel(selection, detail="", now=START)

    async def claim(self) -> None:
        """Claim what was read, however long ago; first as an owner of before."""
        starts = [(delivery, upsert(delivery)) for delivery in self.read]
        if self.former:
            assert await self.store.claim(self.lane, starts, now=START, epoch=self.former) == ()
        claims = await self.store.claim(self.lane, starts, now=START, epoch=self.epoch)
        for one in claims:
            mine = self.of(one)
            assert all(not mine & self.of(other) for other in self.under_way), "two of one person at once"
            assert len({self.keys[name] for name in one.delivery.all_ids}) == 1, "a group is one person"
            self.under_way.append(one)
            self.sent += one.delivery.all_ids

    def of(self, claimed: Claim) -> set[str]:
        return {key for name in claimed.delivery.all_ids for key in self.keys[name]}


async def end_as(store: Store, lane: str, claimed: Claim, how: str, record_id: str) -> None:
    update = {
        "retrying": DeliveryUpdate(state="retrying", next_at=START),
        "pending": DeliveryUpdate(state="pending", next_at=START),
        "apart": DeliveryUpdate(state="pending", next_at=START, alone=True),
        "held": DeliveryUpdate(state="held", reason="bad_credentials"),
        "failed": DeliveryUpdate(state="failed"),
        "superseded": DeliveryUpdate(state="superseded"),
    }.get(how, DeliveryUpdate(state="delivered", record_id=record_id, created=True))
    await end(store, claimed, update, lane=lane)


@given(steps=STEPS)
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_nothing_is_sent_twice_at_once_lost_or_stuck(store: Store, steps: list[Any]) -> None:
    world = World(store, f"lane {len(await store.submissions(limit=10_000))}")
    await world.own()
    for step in steps:
        await world.take(*step)
        assert (await store.ledger()).balances
    while True:
        await world.take("read", 3)
        await world.claim()
        if not world.under_way:
            break
        while world.under_way:
            await end_as(store, world.lane, world.under_way.pop(0), "delivered", "1")
    rows = [await store.delivery(name) for name in world.added]
    assert len(rows) == len(world.added)
    rest = {"delivered", "superseded", "held", "failed", "cancelled"}
    assert {row.state for row in rows if row} <= rest, "something is stuck"
    assert not any(row.blocked for row in rows if row)
    assert world.lane not in await store.lanes_waiting()


@given(people=st.lists(st.tuples(KEYS, st.booleans()), min_size=2, max_size=15), ends=st.lists(ENDS, max_size=15))
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_those_who_share_a_key_are_first_sent_in_the_order_they_came(
    store: Store, people: list[tuple[set[str], bool]], ends: list[str]
) -> None:
    world = World(store, f"lane {len(await store.submissions(limit=10_000))}")
    await world.own()
    for keys, alone in people:
        await world.take("add", keys, alone, 0)
    how = iter([*ends])
    while True:
        await world.take("read", 3)
        await world.claim()
        if not world.under_way:
            break
        while world.under_way:
            await end_as(store, world.lane, world.under_way.pop(0), next(how, "delivered"), "1")
    first = {name: world.sent.index(name) for name in world.added}
    for place, name in enumerate(world.added):
        for later in world.added[place + 1 :]:
            if world.keys[name] & world.keys[later]:
                assert first[name] < first[later]
