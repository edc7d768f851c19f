"""The processes of the service: one, or several on one database. Each is up, frozen, or on its way back."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx

from leadbridge.prove.processes import ProcessFailed, Running, free_port
from leadbridge.prove.scratch import Scratch
from leadbridge.store.opening import VARIABLE

CONFIG: Final = "site.yaml"
SERVICE_LOG: Final = "service.log"
RESTARTS: Final = 10  # of a process that ends before it is ready
RESTARTED_AFTER: Final = 1.0  # seconds


class Replicas:
    """So many processes of one configuration, each on a port of its own that stays the same."""

    def __init__(
        self, folder: Path, client: httpx.AsyncClient, *, count: int, database: Scratch, environ: Mapping[str, str]
    ) -> None:
        self._folder = folder
        self._client = client
        self._database = database
        self._environ = environ
        self._ports = [free_port() for _ in range(count)]
        self._running: dict[int, Running] = {}
        self._beginning = [asyncio.Lock() for _ in range(count)]
        self._returning: dict[int, asyncio.Task[None]] = {}  # thawed by themselves later, or not ready yet

    @property
    def urls(self) -> Sequence[str]:
        """Where senders post to: the address of each process, without a path."""
        return [f"http://127.0.0.1:{port}" for port in self._ports]

    @property
    def places(self) -> Sequence[int]:
        """The numbers of all processes, from 0, whether they run or not."""
        return range(len(self._ports))

    def __getitem__(self, place: int) -> Running:
        """A process, as it was started last."""
        return self._running[place]

    async def awake(self) -> list[int]:
        """Those that are up. Waited for: the only one; of several, so many that all but one are."""
        most_away = max(0, len(self._ports) - 2)
        while len(self._returning) > most_away:
            await asyncio.wait(self._returning.values(), return_when=asyncio.FIRST_COMPLETED)
            self._look_at_the_returned()
        self._look_at_the_returned()
        return [place for place in self.places if place not in self._returning]

    async def start(self, place: int) -> None:
        """Start a process; it is awake when it is ready.

        One of several that ends instead, since the database is away just then, is started again, as a supervisor does.
        """
        await self._begin(place)
        self._returns(place, self._up(place))

    async def _begin(self, place: int) -> None:
        number = f"{place + 1}" if len(self._ports) > 1 else ""
        log = self._folder / SERVICE_LOG.replace(".", f"{number}.")
        async with self._beginning[place]:
            self._running[place] = await Running.start(
                "serve", "--config", CONFIG, port=self._ports[place], log=log, folder=self._folder,
                environ={**self._environ, VARIABLE: self._database.url},
            )  # fmt: skip

    async def _up(self, place: int) -> None:
        for _ in range(RESTARTS if len(self._ports) > 1 else 0):
            with suppress(ProcessFailed):
                await self._running[place].ready(self._client, "/readyz")
                return
            if not self._running[place].ended:
                break
            await asyncio.sleep(RESTARTED_AFTER)
            await asyncio.shield(self._begin(place))
        await self._running[place].ready(self._client, "/readyz")

    def freeze_for(self, place: int, seconds: float) -> None:
        """Freeze a process and thaw it later, whatever happens meanwhile; it is awake again when it is ready."""
        self._running[place].freeze()
        self._returns(place, self._thaw(place, seconds))

    async def back(self) -> None:
        """Wait until all are awake. Raises `ProcessFailed` when one is not."""
        if self._returning:
            await asyncio.wait(self._returning.values())
            self._look_at_the_returned()

    async def kill(self, place: int) -> None:
        """End a process by SIGKILL, whatever it is about."""
        self._forget(place)
        async with self._beginning[place]:
            await self._running[place].kill()

    async def stop(self, place: int) -> None:
        """Ask a process to stop, and wait until it has ended."""
        await self._running[place].stop()

    async def end(self) -> None:
        """Kill every process that runs (SIGKILL)."""
        for place in self._running:
            await self.kill(place)

    async def _thaw(self, place: int, seconds: float) -> None:
        await asyncio.sleep(seconds)
        running = self._running[place]
        running.thaw()
        await running.ready(self._client, "/readyz")

    def _returns(self, place: int, how: Coroutine[object, object, None]) -> None:
        self._returning[place] = asyncio.create_task(how, name=f"replica {place} returns")

    def _look_at_the_returned(self) -> None:
        for place, task in list(self._returning.items()):
            if task.done():
                del self._returning[place]
                task.result()

    def _forget(self, place: int) -> None:
        returning = self._returning.pop(place, None)
        if returning is not None:
            returning.cancel()
