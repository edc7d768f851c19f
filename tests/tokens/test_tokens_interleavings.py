"""Whatever processes do at the same time, and wherever they are killed: one refresh, and no grant lost in the grace."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.errors import GrantLost
from leadbridge.tokens.rotation import INTENT_LIFE

from .interleaved import GRACE, World
from .vendors import NAME

PAUSES = (0.2, 1.0, 3.0, 11.9, 12.1, 29.0, 31.0, 90_000.0)  # seconds, around every bound there is
WAITED = 12.4  # seconds until a dead process's intent is taken over, and a look more
actions = st.lists(
    st.tuples(
        st.sampled_from(["go"] * 12 + ["ask"] * 4 + ["trouble", "kill", "start", "time", "refuse", "dead seed"]),
        st.integers(min_value=0, max_value=63),
    ),
    max_size=80,
)


async def live(world: World, chosen: list[tuple[str, int]]) -> None:
    """Everything happens that was chosen, where it can."""
    for what, which in chosen:
        processes, ready = sorted(world.keepers), world.ready()
        process = processes[which % len(processes)] if processes else world.start()
        if what == "start" and len(processes) < 8:
            await world.ask(world.start())
        elif what == "ask" and process in world.keepers:
            await world.ask(process)
        elif what == "refuse" and world.rows.get(NAME) is not None:
            _, tokens = world.stored()
            await world.ask(process, refused=tokens.access_token)
        elif what == "dead seed":
            await world.ask(process, seed=f"dead {which % 2}")
        elif what == "kill" and processes:
            await world.kill(process)
        elif what == "time":
            await world.pass_time(PAUSES[which % len(PAUSES)])
        elif what in ("go", "trouble") and ready:
            at = ready[which % len(ready)]
            await world.go(
                at, "trouble" if what == "trouble" and at.what in ("before send", "after answer") else "well"
            )


async def end_well(world: World) -> None:
    """All die at once; who starts afterwards has a token unless the vendor's grace is over."""
    for process in list(world.keepers):
        await world.kill(process)
    fresh = world.start()
    expired = False
    if NAME in world.rows:
        row, tokens = world.stored()
        assert tokens.refresh_token is not None
        age = world.vendor.age(tokens.refresh_token)
        lost = row.lost_at is not None
        dead = tokens.refresh_token.startswith("dead")
        assert world.losses >= dead + (dead and lost), "a dead seed takes only the place of what was lost before"
        if lost and not dead:  # the grace was over, or it would not have been refused
            assert age is not None
            assert age >= GRACE
        in_time = age is None or age + WAITED < GRACE
        usable = world.time.now() < tokens.use_until
        expired = not usable and (lost or dead or not in_time)
    await world.ask(fresh)
    await world.quietly(fresh)
    outcome = world.outcomes[-1]
    if not expired:
        assert isinstance(outcome, str), outcome
        return
    if isinstance(outcome, GrantLost):
        await world.connected()
        await world.ask(fresh)
        await world.quietly(fresh)
        assert isinstance(world.outcomes[-1], str)


def run(chosen: list[tuple[str, int]]) -> World:
    async def whole() -> World:
        world = World()
        for _ in range(3):
            await world.ask(world.start())
        await live(world, chosen)
        await end_well(world)
        return world

    return asyncio.run(whole())


@given(actions)
def test_any_interleaving_of_processes_refreshes_once_and_loses_nothing_in_the_grace(
    chosen: list[tuple[str, int]],
) -> None:
    run(chosen)


@given(st.lists(st.integers(min_value=0, max_value=63), max_size=60))
def test_without_deaths_every_expiry_is_one_refresh_and_everybody_gets_its_token(order: list[int]) -> None:
    async def whole() -> None:
        world = World()
        processes = [world.start() for _ in range(8)]
        for expiry in range(1, 3):
            for process in processes:
                await world.ask(process)
            for which in order:
                ready = world.ready()
                if ready:
                    await world.go(ready[which % len(ready)])
            for process in processes:
                await world.quietly(process)
            assert world.outcomes == [f"A{expiry + 1}"] * 8
            assert world.vendor.calls == world.vendor.rotations == expiry
            world.outcomes.clear()
            await world.pass_time(90_000)
        assert world.vendor.refused == []

    asyncio.run(whole())


async def one_and_another(world: World, where: str) -> tuple[int, int]:
    """One process is frozen at a point; another finds it so, takes over and is done."""
    one, other = world.start(), world.start()
    await world.ask(one)
    frozen = await world.until(one, where)
    world.waiting.remove(frozen)
    await world.pass_time(INTENT_LIFE + 0.1)
    await world.ask(other)
    await world.quietly(other)
    assert world.outcomes == ["A2"]
    await world.pass_time(GRACE)
    world.waiting.append(frozen)
    return one, other


@pytest.mark.parametrize("where", ["before intent", "after intent", "before send", "after answer", "before store"])
async def test_a_process_that_wakes_after_the_grace_takes_what_another_has_stored(where: str) -> None:
    world = World()
    one, _ = await one_and_another(world, where)
    await world.quietly(one)

    assert world.outcomes == ["A2", "A2"]
    assert world.rows[NAME].lost_at is None
    # Only the one that was past its last look at the clock has shown the vendor a spent token.
    assert world.vendor.refused == (["R1"] if where == "before send" else [])


async def test_an_answer_that_comes_after_another_process_found_a_dead_seed_is_stored() -> None:
    world = World()
    one, other = world.start(), world.start()
    await world.ask(one)
    await world.quietly(one)
    await world.pass_time(90_000)
    await world.ask(one)
    frozen = await world.until(one, "after answer")
    world.waiting.remove(frozen)
    await world.pass_time(INTENT_LIFE + 0.1)
    await world.ask(other, seed="dead")
    await world.go(await world.until(other, "before store"))
    await world.kill(other)
    await world.pass_time(GRACE)
    world.waiting.append(frozen)
    await world.quietly(one)

    assert world.outcomes == ["A2", "A3"]
    assert world.vendor.refused == ["dead"]
    assert world.rows[NAME].lost_at is None


async def test_who_wakes_with_the_refusal_of_its_seed_disturbs_nobody_who_has_taken_over() -> None:
    world = World()
    one, other = world.start(), world.start()
    await world.ask(other)
    await world.quietly(other)
    await world.pass_time(90_000)
    await world.ask(one, seed="dead")
    frozen = await world.until(one, "before store")
    world.waiting.remove(frozen)
    await world.pass_time(INTENT_LIFE + 0.1)
    await world.ask(other)
    await world.until(other, "after answer")
    intent = world.rows[NAME].intent_by
    world.waiting.append(frozen)
    await world.go(frozen)

    assert world.rows[NAME].intent_by == intent is not None
    await world.quietly(other)
    await world.quietly(one)
    assert world.outcomes == ["A2", "A3", "A3"]
    assert world.vendor.rotations == 2


async def test_an_answer_that_comes_after_the_loss_mends_it() -> None:
    world = World()
    one, other = world.start(), world.start()
    await world.ask(one)
    frozen = await world.until(one, "after answer")
    world.waiting.remove(frozen)
    await world.pass_time(GRACE)
    await world.ask(other)
    await world.quietly(other)
    world.waiting.append(frozen)
    await world.quietly(one)
    await world.ask(other)
    await world.quietly(other)

    lost, *after = world.outcomes
    assert isinstance(lost, GrantLost)
    assert after == ["A2", "A2"]


@pytest.mark.parametrize("jump", [-7200.0, 7200.0])
async def test_a_clock_that_jumps_neither_blocks_nor_loses(jump: float) -> None:
    world = World()
    one, other = world.start(), world.start()
    await world.ask(one)
    await world.until(one, "after answer")
    await world.kill(one)
    world.time.set_wrong_by(jump)
    await world.ask(other)
    await world.quietly(other)

    assert world.outcomes == ["A2"]
