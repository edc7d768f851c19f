"""Processes that share lanes, whatever becomes of them: no lane is two's at once, none is nobody's for long."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadbridge.deliver.account import LEASE
from leadbridge.deliver.heartbeat import BEAT
from leadbridge.deliver.membership import LOOK
from leadbridge.deliver.peers import Silence, shares
from leadbridge.deliver.tenure import LAST_START
from leadbridge.store.lanes import Peer
from tests.deliver.fleet import Fleet, Replica, Seat
from tests.store import test_store_owning
from tests.support.examples import examples
from tests.support.walked import walked

LANES = tuple(f"lane {number}" for number in range(7))
OVER = LEASE.seconds + LEASE.grace + 3 * LOOK  # seconds after which nothing of the dead is theirs
CALM = OVER + 16.0  # seconds until also those are even that had to finish their calls first
WHO = st.integers(0, 3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("start")),
        st.tuples(st.just("stop"), WHO),
        st.tuples(st.just("kill"), WHO),
        st.tuples(st.just("freeze"), WHO),
        st.tuples(st.just("thaw"), WHO),
        st.tuples(st.just("deaf"), WHO),
        st.tuples(st.just("hears"), WHO),
        st.tuples(st.just("database"), st.sampled_from(["down", "up"])),
        st.tuples(st.just("loses"), st.sampled_from(["join", "renew", "bury", "own_lanes", "give_back_lanes"])),
        st.tuples(st.just("its clock"), st.sampled_from([-3600.0, -8.0, 8.0, 3600.0])),
        st.tuples(st.just("pass"), st.sampled_from([0.5, 2.0, 7.0, 14.0])),
    ),
    max_size=14,
)


@walked(
    "promise",
    [
        test_store_owning.test_whoever_joins_finds_all_lanes_free_and_has_those_that_it_takes,
        test_store_owning.test_each_renewal_is_a_beat_and_lasts,
        test_store_owning.test_who_left_has_nothing_and_renews_nothing,
        test_store_owning.test_who_never_joined_owns_nothing,
        test_store_owning.test_a_lane_is_given_back_in_the_epoch_in_which_it_was_had,
        test_store_owning.test_the_living_are_not_buried,
    ],
)
async def test_the_fleets_database_keeps_the_promises_of_a_real_one(promise: Callable[..., Awaitable[None]]) -> None:
    fleet = Fleet(0)
    replica = await fleet.start(())
    await fleet.end(replica)
    fleet.database.processes.clear()
    await promise(Seat(fleet.database, replica))


async def take(fleet: Fleet, step: str, *values: Any) -> None:
    match step, *values:
        case ("start",):
            if len(fleet.replicas) < 4:
                await fleet.start(LANES)
        case "database", how:
            fleet.database.down, fleet.database.loses = how == "down", None
        case "loses", what:
            fleet.database.loses = what
        case "its clock", seconds:
            fleet.database.now += seconds
        case "pass", seconds:
            await fleet.pass_for(seconds)
        case _, who if fleet.replicas:
            await happens_to(fleet.replicas[who % len(fleet.replicas)], step)


async def happens_to(replica: Replica, step: str) -> None:
    match step:
        case "stop" if not replica.frozen:
            stopping = asyncio.create_task(replica.membership.stop(grace=10.0))
            await replica.fleet.pass_for(14.0)
            stopping.cancel()
            await replica.fleet.end(replica)
        case "kill":
            await replica.fleet.end(replica)
        case "freeze":
            replica.running.clear()
        case "thaw" if replica.frozen:
            replica.thaw()
        case "deaf":
            replica.hears.clear()
        case "hears":
            replica.hears.set()
    await replica.fleet.settle()


def is_even(fleet: Fleet) -> bool:
    counts = [len(replica.membership.owned) for replica in fleet.replicas]
    return max(counts) - min(counts) <= 1


async def story(steps: list[Any], seed: int) -> None:
    fleet = Fleet(seed)
    await fleet.start(LANES)
    for step in steps:
        await take(fleet, *step)
    fleet.database.down, fleet.database.loses = False, None
    if not fleet.replicas:
        await fleet.start(LANES)
    for replica in fleet.replicas:
        replica.hears.set()
        if replica.frozen:
            replica.thaw()
    await fleet.settle()
    await fleet.pass_for(CALM)
    owned = fleet.owned()
    assert sorted(owned) == sorted(LANES), "each is somebody's"
    assert {len(some) for some in owned.values()} == {1}
    assert is_even(fleet), [len(replica.membership.owned) for replica in fleet.replicas]
    stored = {lane: replica.membership.name for lane, (replica,) in owned.items()}
    assert fleet.database.owners == stored
    before = fleet.database.moves
    await fleet.pass_for(10.0)
    assert fleet.database.moves == before, "what is even stays as it is"
    await fleet.close()


@given(steps=STEPS, seed=st.integers(0, 5))
@example(steps=[("start",), ("pass", 7.0), ("freeze", 0), ("pass", 14.0), ("pass", 2.0), ("thaw", 0)], seed=0)
@example(steps=[("start",), ("pass", 14.0), ("its clock", 3600.0), ("pass", 2.0), ("pass", 7.0)], seed=0)
@example(steps=[("start",), ("pass", 14.0), ("freeze", 0), ("its clock", 3600.0), ("pass", 7.0), ("thaw", 0)], seed=1)
@example(steps=[("start",), ("pass", 14.0), ("its clock", -3600.0), ("kill", 0), ("pass", 7.0)], seed=0)
@example(steps=[("start",), ("pass", 14.0), ("database", "down"), ("pass", 14.0)], seed=0)
@example(steps=[("pass", 7.0), ("loses", "own_lanes"), ("start",), ("pass", 7.0), ("pass", 7.0)], seed=0)
@example(steps=[("start",), ("pass", 14.0), ("deaf", 0), ("pass", 7.0), ("pass", 2.0), ("hears", 0)], seed=0)
@settings(max_examples=examples(40), deadline=None)
def test_no_two_send_for_one_lane_and_each_lane_is_somebodys_again(steps: list[Any], seed: int) -> None:
    asyncio.run(story(steps, seed))


async def test_a_lease_lasts_from_when_it_was_asked_for_however_long_the_answer_takes() -> None:
    fleet = Fleet(0)
    replica = await fleet.start(LANES)
    replica.hears.clear()
    await fleet.pass_for(LEASE.seconds * BEAT)
    await fleet.pass_for(LEASE.seconds * (1 - LAST_START) + 0.5)
    replica.hears.set()
    await fleet.settle()
    assert not replica.tenure.allows_a_call
    await fleet.pass_for(LEASE.seconds * BEAT)
    assert replica.tenure.allows_a_call
    await fleet.close()


async def test_lanes_whose_answer_was_lost_are_found_to_be_ours() -> None:
    fleet = Fleet(0)
    fleet.database.loses = "own_lanes"
    replica = await fleet.start(LANES)
    assert set(fleet.database.owners.values()) == {replica.membership.name}
    assert not replica.membership.owned
    fleet.database.loses = None
    await fleet.pass_for(2 * LOOK)
    assert sorted(replica.membership.owned) == sorted(LANES)
    await fleet.close()


async def test_lanes_that_were_had_under_a_name_that_is_buried_are_not_ours() -> None:
    fleet = Fleet(0)
    replica = await late_to_hear_of_its_lanes(fleet)
    other = await fleet.start(LANES)
    await fleet.pass_for(LOOK)
    replica.running.clear()
    await fleet.pass_for(OVER)
    assert sorted(other.membership.owned) == sorted(LANES)
    replica.thaw()
    await fleet.settle()
    replica.hears.set()
    await fleet.settle()
    assert not replica.membership.owned
    await fleet.close()


async def late_to_hear_of_its_lanes(fleet: Fleet) -> Replica:
    fleet.database.down = True
    replica = await fleet.start(LANES)
    replica.deaf_to = "own_lanes"
    replica.hears.clear()
    fleet.database.down = False
    await fleet.pass_for(2 * LOOK)
    assert set(fleet.database.owners.values()) == {replica.membership.name}
    return replica


async def test_a_lane_that_cannot_be_left_in_order_stays_ours_and_at_work() -> None:
    fleet = Fleet(0)
    first = await fleet.start(LANES)
    await fleet.pass_for(LOOK)
    for lane in first.lanes.values():
        lane.takes_long = True
    before = first.changes
    await fleet.start(LANES)
    await fleet.pass_for(CALM)
    assert sorted(first.membership.owned) == sorted(LANES)
    assert any(lane.epoch is not None for lane in first.lanes.values())
    assert first.changes > before, "what came in while they were to go is looked for"
    for lane in first.lanes.values():
        lane.takes_long = False
    await fleet.pass_for(CALM)
    assert is_even(fleet)
    await fleet.close()


async def test_nobody_gives_a_lane_back_for_one_that_is_killed_as_soon_as_it_has_begun() -> None:
    fleet = Fleet(0)
    for _ in range(2):
        await fleet.start(LANES)
    await fleet.pass_for(CALM)
    for _ in range(5):
        await fleet.end(await fleet.start(LANES))
        await fleet.pass_for(2 * LOOK)
        assert sorted(fleet.owned()) == sorted(LANES)
    await fleet.close()


async def test_what_is_free_does_not_wait_for_one_that_may_be_dead() -> None:
    fleet = Fleet(0)
    first, second = await fleet.start(LANES), await fleet.start(LANES)
    await fleet.pass_for(CALM)
    await fleet.end(second)
    await fleet.pass_for(LEASE.seconds)
    await fleet.end(await fleet.start(LANES))
    await fleet.pass_for(LEASE.seconds)
    assert sorted(first.membership.owned) == sorted(LANES)
    await fleet.close()


async def test_who_stops_in_order_leaves_its_lanes_to_the_others_at_once() -> None:
    fleet = Fleet(0)
    for _ in range(2):
        await fleet.start(LANES)
    await fleet.pass_for(CALM)
    first = fleet.replicas[0]
    stopping = asyncio.create_task(first.membership.stop(grace=10.0))
    await fleet.pass_for(14.0)
    await stopping
    assert first.membership.name not in fleet.database.processes
    await fleet.end(first)
    await fleet.pass_for(LOOK)
    assert sorted(fleet.owned()) == sorted(LANES)
    await fleet.close()


async def test_the_lanes_of_a_killed_process_are_the_others_in_seconds() -> None:
    fleet = Fleet(0)
    for _ in range(3):
        await fleet.start(LANES)
    await fleet.pass_for(CALM)
    first = fleet.replicas[0]
    left = set(first.membership.owned)
    assert len(left) in (2, 3)
    await fleet.end(first)
    await fleet.pass_for(OVER)
    assert sorted(fleet.owned()) == sorted(LANES)
    assert is_even(fleet)
    await fleet.close()


async def test_of_a_process_that_joins_the_others_hear_in_seconds_and_no_lane_moves_without_need() -> None:
    fleet = Fleet(0)
    for _ in range(2):
        await fleet.start(LANES)
    await fleet.pass_for(CALM)
    before = fleet.database.moves
    await fleet.start(LANES)
    await fleet.pass_for(2 * LOOK + 13.0)  # the calls that are under way last up to twelve
    assert is_even(fleet)
    assert fleet.database.moves - before == len(LANES) // 3
    await fleet.close()


async def test_a_lane_that_only_some_know_is_theirs_and_the_others_stay_where_they_are() -> None:
    """A configuration with another account is rolled out: nobody waits for those who do not know it."""
    fleet = Fleet(0)
    for _ in range(2):
        await fleet.start(LANES)
    await fleet.pass_for(CALM)
    assert all(replica.membership.alike for replica in fleet.replicas)
    before = fleet.database.moves
    new = await fleet.start([*LANES, "new 1", "new 2"])
    await fleet.pass_for(CALM)
    assert sorted(new.membership.owned) == ["new 1", "new 2"]
    assert not any(replica.membership.alike for replica in fleet.replicas)
    assert fleet.database.moves == before + 2
    while fleet.replicas[0] is not new:
        await fleet.end(fleet.replicas[0])
        await fleet.start([*LANES, "new 1", "new 2"])
        await fleet.pass_for(CALM)
    assert sorted(fleet.owned()) == sorted([*LANES, "new 1", "new 2"])
    assert is_even(fleet)
    await fleet.close()


@walked(
    ("have", "free", "shared"),
    [
        ({"a": 0}, 5, {"a": 5}),
        ({"a": 5, "b": 0}, 0, {"a": 3, "b": 2}),
        ({"a": 2, "b": 3}, 0, {"a": 2, "b": 3}),
        ({"a": 3, "b": 3, "c": 0}, 0, {"a": 2, "b": 2, "c": 2}),
        ({"a": 4, "b": 3, "c": 0}, 0, {"a": 3, "b": 2, "c": 2}),
        ({"a": 1, "b": 0, "c": 0}, 0, {"a": 1, "b": 0, "c": 0}),
        ({"a": 2, "b": 2}, 1, {"a": 3, "b": 2}),
    ],
)
def test_each_has_as_many_as_every_other_or_one_more(have: dict[str, int], free: int, shared: dict[str, int]) -> None:
    assert shares(have, free=free) == shared


def test_only_who_is_late_and_was_silent_as_long_as_its_lease_lasts_is_dead() -> None:
    silence = Silence()

    def seen(beats: int, *, late: bool, at: float) -> bool:
        peer = Peer(name="a", accounts="", beats=beats, lanes=1, late=late, silence=12.0)
        return silence.dead([peer], now=at) == {"a": beats}

    assert not seen(1, late=True, at=100.0), "the database's clock may have been set"
    assert not seen(1, late=True, at=111.9)
    assert not seen(1, late=False, at=112.0)
    assert seen(1, late=True, at=112.0)
    assert not seen(2, late=True, at=130.0), "it made a beat"
    assert seen(2, late=True, at=142.0)
