"""A scratch copy of everything: one sandbox that stays, the service in its processes, and the database of both."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import httpx

from leadbridge.clock import Millis, SystemClock
from leadbridge.errors import LeadbridgeError
from leadbridge.prove.evidence import UNDER_WAY, Unfinished
from leadbridge.prove.ground import ENVIRON, TIME_SCALE, configuration, seeds
from leadbridge.prove.history import MOST
from leadbridge.prove.processes import Running, free_port
from leadbridge.prove.replicas import CONFIG, Replicas
from leadbridge.prove.scratch import Caught, Scratch
from leadbridge.sandbox.client import SandboxControl
from leadbridge.store.ledger import Ledger
from leadbridge.store.opening import Reader, open_operator, open_reader
from leadbridge.store.values import Selection

SANDBOX_LOG: Final = "sandbox.log"
_UNFINISHED: Final = (*UNDER_WAY, "held", "failed", "unrouted", "cancelled")
_LOOK: Final = 0.5  # seconds between two looks whether all is done
_PAGE: Final = 500  # submissions read at a time


class World:
    """A scratch copy of everything on this machine."""

    def __init__(self, folder: Path, client: httpx.AsyncClient, *, database: Scratch, replicas: int = 1) -> None:
        self.database = database
        self.replicas = Replicas(folder, client, count=replicas, database=database, environ=ENVIRON)
        self._folder = folder
        self._client = client
        self._sandbox: Running | None = None
        self.killed_at: list[Millis] = []

    @property
    def sandbox(self) -> Running:
        """The sandbox's process; raises `LeadbridgeError` before it is started."""
        if self._sandbox is None:
            raise LeadbridgeError("the processes are not started yet")
        return self._sandbox

    @property
    def control(self) -> SandboxControl:
        """What the CRMs hold, and the faults in their way."""
        return SandboxControl(self.sandbox.url, self._client)

    async def begin(self, *, known: Sequence[str]) -> None:
        """Start the sandbox with a record for each of the `known` e-mails, and the service in all its processes."""
        port = free_port()
        self._sandbox = await Running.start(
            "sandbox", "--time-scale", f"{TIME_SCALE:g}", port=port, log=self._folder / SANDBOX_LOG, folder=self._folder
        )
        await self.sandbox.ready(self._client, "/sandbox/quotas")
        await self.control.options(history=MOST, history_bodies=MOST)
        for seed in seeds(known):
            await self.control.seed(seed)
        (self._folder / CONFIG).write_text(configuration(self.sandbox.url), encoding="utf-8")
        for place in self.replicas.places:
            await self.replicas.start(place)
        await self.replicas.back()

    async def kill(self, *places: int) -> Caught:
        """End processes by SIGKILL, at once; answers what they were about to do."""
        pids = [self.replicas[place].pid for place in places]
        for place in places:
            await self.replicas.kill(place)
        self.killed_at.append(SystemClock().now())
        return await self.database.caught(*pids)

    async def end(self) -> None:
        """Kill the services and the sandbox, as far as they run."""
        await self.replicas.end()
        if self._sandbox is not None:
            await self._sandbox.kill()

    async def drained(self, *, within: float) -> bool:
        """Wait until nothing is under way; false when there still is after `within` seconds.

        Retries go as a person would let them: nobody waits for the backoff of a CRM that is well again.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while await self._waiting():
                    await self._let_go()
                    await asyncio.sleep(_LOOK)
                return True
        return False

    async def ledger(self) -> Ledger:
        """The service's books as a process beside it reads them; raises `StorageUnavailable`."""
        async with self._reader() as reader:
            return await reader.ledger()

    async def unfinished(self) -> list[Unfinished]:
        """What is in no record: still under way, or at rest without one."""
        found: list[Unfinished] = []
        async with self._reader() as reader:
            before: str | None = None
            while page := await reader.submissions(limit=_PAGE, before=before):
                before = page[-1].id
                deliveries = await reader.deliveries_of([one.id for one in page])
                for one in page:
                    if one.state in _UNFINISHED:
                        found.append(_unfinished(one.id, None, one.state, one.reason, None))
                    found += [
                        _unfinished(one.id, each.destination, each.state, each.reason, each.detail)
                        for each in deliveries[one.id]
                        if each.state in _UNFINISHED
                    ]
        return found

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[Reader]:
        reader = open_reader(self.database.url)
        try:
            yield reader
        finally:
            await reader.close()

    async def _let_go(self) -> None:
        """As `leadbridge release` does it, beside the service."""
        operator = open_operator(self.database.url)
        try:
            await operator.hasten(Selection(), now=SystemClock().now())
        finally:
            await operator.close()

    async def _waiting(self) -> int:
        books = await self.ledger()
        return sum(_counted(books, state) for state in UNDER_WAY)


def _counted(books: Ledger, state: str) -> int:
    return sum(account.states.get(state, 0) for account in books.accounts)


def _unfinished(
    submission_id: str, destination: str | None, state: str, reason: str | None, detail: str | None
) -> Unfinished:
    return Unfinished(submission_id=submission_id, destination=destination, state=state, reason=reason, detail=detail)
