"""What befalls several processes, one of those that send at a time; played with puppets that only write down."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from leadbridge.prove import replicas, rounds
from leadbridge.prove.plan import Event, planned
from leadbridge.prove.processes import ProcessFailed, Running
from leadbridge.prove.replicas import Replicas
from leadbridge.prove.rounds import Stage
from leadbridge.prove.scratch import Caught, PostgresScratch
from leadbridge.prove.world import World

NOTHING = Caught(received=0, sending=0, calls=0)


@dataclass
class Puppets:
    """Processes that are started, signalled and ready, or not, as a test says."""

    said: list[str] = field(default_factory=list)
    ready: list[asyncio.Event] = field(default_factory=lambda: [asyncio.Event() for _ in range(3)])
    broken: bool = False
    ended: bool = False
    mended_by: int = 99  # starts
    ports: list[int] = field(default_factory=list)

    async def start(self, _name: str, *_asked: str, port: int, **_others: object) -> "Puppet":
        if port not in self.ports:
            self.ports.append(port)
        self.said.append(f"start {self.ports.index(port)}")
        return Puppet(self, self.ports.index(port))


@dataclass
class Puppet:
    """One of them."""

    puppets: Puppets
    pid: int

    @property
    def ended(self) -> bool:
        return self.puppets.ended

    def freeze(self) -> None:
        self.puppets.said.append(f"freeze {self.pid}")

    def thaw(self) -> None:
        self.puppets.said.append(f"thaw {self.pid}")

    async def kill(self) -> None:
        self.puppets.said.append(f"kill {self.pid}")

    async def stop(self) -> None:
        self.puppets.said.append(f"stop {self.pid}")

    async def ready(self, _client: object, _path: str) -> None:
        await self.puppets.ready[self.pid].wait()
        if self.puppets.broken and len(self.puppets.said) < self.puppets.mended_by:
            raise ProcessFailed(f"{self.pid} is broken")


class Server(PostgresScratch):
    """A database that only writes down what is done to it."""

    def __init__(self, puppets: Puppets, at_work: Iterable[int]) -> None:
        super().__init__("postgresql://me@host/postgres")
        self.puppets = puppets
        self.working = set(at_work)

    async def at_work(self) -> set[int]:
        return self.working

    async def caught(self, *_pids: int) -> Caught:
        return NOTHING

    async def cut(self) -> None:
        self.puppets.said.append("cut")

    async def restart(self) -> None:
        self.puppets.said.append("restart")


class Quiet:
    """Whoever else has a part in a round."""

    def __getattr__(self, _name: str) -> Any:
        async def nothing(*_given: object) -> None:
            pass

        return nothing

    def send(self, _submissions: object) -> None:
        pass


@pytest.fixture
def puppets(monkeypatch: pytest.MonkeyPatch) -> Puppets:
    made = Puppets()
    monkeypatch.setattr(Running, "start", made.start)
    return made


@pytest.fixture
async def world(puppets: Puppets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Three processes that are up, of which the last two send."""
    monkeypatch.setattr(World, "control", Quiet())
    async with httpx.AsyncClient() as client:
        made = World(tmp_path, client, database=Server(puppets, at_work=(1, 2)), replicas=3)
        for place in made.replicas.places:
            puppets.ready[place].set()
            await made.replicas.start(place)
        await made.replicas.back()
        puppets.said.clear()
        yield made


EVENTS: Mapping[Event, tuple[int, list[str]]] = {
    "kill": (1, ["kill 2", "start 2"]),
    "kill at start": (2, ["kill 2", "start 2", "kill 2", "start 2"]),
    "kill all": (1, ["kill 0", "kill 1", "kill 2", "start 0", "start 1", "start 2"]),
    "freeze": (0, ["freeze 2", "thaw 2"]),
    "freeze past the lease": (0, ["freeze 2", "thaw 2"]),
    "stop": (0, ["stop 2", "start 2"]),
    "server restarts": (0, ["restart"]),
    "disk full": (0, []),
    "nothing": (0, []),
}


@pytest.mark.parametrize("event", EVENTS)
async def test_an_event_befalls_one_of_those_that_send(world: World, puppets: Puppets, event: Event) -> None:
    stage = Stage(world, cast("Any", Quiet()), cast("Any", Quiet()), shortest=0)
    one = replace(planned(seed=1, rounds=1, replicas=3).rounds[0], event=event, replica=1, delay=0.0, lasts=0.0)
    played = await stage.play(one)
    await world.replicas.back()
    kills, said = EVENTS[event]
    assert (played.caught, puppets.said) == ((NOTHING,) * kills, said)


async def test_connections_are_cut_again_and_again(
    world: World, puppets: Puppets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "CUT_EVERY", 0.0)
    stage = Stage(world, cast("Any", Quiet()), cast("Any", Quiet()), shortest=0)
    one = planned(seed=1, rounds=1, replicas=3).rounds[0]
    await stage.play(replace(one, event="connections cut", delay=0.0, lasts=0.05))
    assert set(puppets.said) == {"cut"}


async def test_where_nobody_sends_it_befalls_any(world: World, puppets: Puppets) -> None:
    cast("Server", world.database).working.clear()
    stage = Stage(world, cast("Any", Quiet()), cast("Any", Quiet()), shortest=0)
    one = planned(seed=1, rounds=1, replicas=3).rounds[0]
    await stage.play(replace(one, event="stop", replica=0, delay=0.0, lasts=0.0))
    assert puppets.said == ["stop 0", "start 0"]


async def test_one_of_three_may_be_away_and_a_second_one_is_waited_for(world: World, puppets: Puppets) -> None:
    for place in (0, 1):
        puppets.ready[place].clear()
        await world.replicas.start(place)
    awake = asyncio.create_task(world.replicas.awake())
    await asyncio.sleep(0)
    assert not awake.done()
    puppets.ready[1].set()
    assert await awake == [1, 2]


@pytest.mark.parametrize("ended", [True, False])
async def test_one_that_does_not_come_back_ends_the_run(
    world: World, puppets: Puppets, monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    """One that ended, since the database was away, is started again some times before."""
    monkeypatch.setattr(replicas, "RESTARTED_AFTER", 0.0)
    puppets.broken, puppets.ended = True, ended
    await world.replicas.start(1)
    with pytest.raises(ProcessFailed, match="1 is broken"):
        await world.replicas.back()
    assert puppets.said == ["start 1"] * (1 + replicas.RESTARTS * ended)


async def test_one_that_ended_while_the_database_was_away_is_started_again(
    world: World, puppets: Puppets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "RESTARTED_AFTER", 0.0)
    puppets.broken = puppets.ended = True
    puppets.mended_by = 3
    await world.replicas.start(1)
    await world.replicas.back()
    assert puppets.said == ["start 1"] * 3


async def test_one_that_is_killed_while_it_starts_is_not_waited_for(world: World, puppets: Puppets) -> None:
    puppets.ready[1].clear()
    await world.replicas.start(1)
    await world.replicas.kill(1)
    await world.replicas.back()
    assert await world.replicas.awake() == [0, 1, 2], "its number; whoever killed it starts it again"
    await world.replicas.end()
    assert puppets.said[-3:] == ["kill 0", "kill 1", "kill 2"]


async def test_the_only_one_is_waited_for(puppets: Puppets, tmp_path: Path) -> None:
    async with httpx.AsyncClient() as client:
        alone = Replicas(tmp_path, client, count=1, database=Server(puppets, at_work=()), environ={})
        await alone.start(0)
        awake = asyncio.create_task(alone.awake())
        await asyncio.sleep(0)
        assert not awake.done()
        puppets.ready[0].set()
        assert await awake == [0]
