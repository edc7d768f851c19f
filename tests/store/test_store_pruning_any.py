"""Whatever happens in whatever order, and is pruned in between: nothing unfinished goes, and no order is forgotten."""

from collections import defaultdict
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.deliver.marks import marks_of
from leadbridge.store.base import Store
from leadbridge.store.retaining import BEGIN, PruneFrom
from tests.store.test_store_any import KEYS, STEPS, World, end_as
from tests.support.examples import examples
from tests.support.stored import START, in_line

MUCH_LATER = 4_000_000_000_000  # whatever is finished is old then
LANES = count()
SENT = st.tuples(st.just("sent"), KEYS, st.integers(-2, 2), st.sampled_from(["1", "2"]))
PARTS = st.lists(st.one_of(st.lists(SENT, min_size=1, max_size=4), STEPS, st.just([("prune",)])), max_size=8)
UNFINISHED = {"pending", "sending", "retrying", "held"}


class PrunedWorld(World):
    """One in which everything that is finished may be pruned at any moment."""

    def __init__(self, store: Store, lane: str) -> None:
        super().__init__(store, lane)
        self.led: dict[str, set[str]] = defaultdict(set)  # the records of each key
        self.pruned = 0

    async def take(self, step: str, *values: Any) -> None:
        match step, *values:
            case "sent", keys, at, record_id:
                await self.take("add", keys, False, at)
                await self.take("read", 3)
                await self.take("claim")
                await self.take("end", "delivered", record_id)
            case ("prune",):
                await self.prune()
            case "end", "delivered", record_id if self.under_way:
                for key in self.of(self.under_way[0]):
                    self.led[key].add(record_id)
                await super().take(step, *values)
            case _:
                await super().take(step, *values)

    async def prune(self) -> None:
        unfinished = {name: row for name, row in (await self.rows()).items() if row in UNFINISHED}
        since: PruneFrom | None = BEGIN
        while since is not None and since.phase == "leads":
            step = await self.store.prune(MUCH_LATER, fold=marks_of, since=since, limit=2)
            assert (await self.store.ledger()).balances
            self.pruned += step.deliveries
            since = step.then
        assert await self.rows() == unfinished

    async def rows(self) -> dict[str, str]:
        found = {name: await self.store.delivery(name) for name in self.added}
        return {name: row.state for name, row in found.items() if row is not None}


@given(parts=PARTS)
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_nothing_unfinished_is_pruned_and_every_record_stays_known(store: Store, parts: list[list[Any]]) -> None:
    world = PrunedWorld(store, f"copper:localhost:{next(LANES)}")
    await world.own()
    for part in parts:
        for step in part:
            await world.take(*step)
    while True:
        await world.take("read", 3)
        await world.claim()
        if not world.under_way:
            break
        while world.under_way:
            await end_as(store, world.lane, world.under_way.pop(0), "failed", "")
    await world.prune()
    for key, records in world.led.items():
        await world.take("add", {key}, True, -100)
        (due,) = in_line(await store.due(world.lane, limit=5, now=START))
        assert {one.record_id for one in due.newer} == records
        await world.take("read", 1)
        await world.claim()
        await end_as(store, world.lane, world.under_way.pop(0), "failed", "")
