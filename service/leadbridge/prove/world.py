"""The processes of a run: one sandbox that stays, and the service that is killed and started again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from leadbridge.clock import SystemClock
from leadbridge.errors import LeadbridgeError
from leadbridge.prove.disk import SmallDisk, moved
from leadbridge.prove.evidence import UNDER_WAY, Unfinished
from leadbridge.prove.ground import ENVIRON, TIME_SCALE, configuration, seeds
from leadbridge.prove.history import MOST
from leadbridge.prove.processes import Running, free_port
from leadbridge.sandbox.client import SandboxControl
from leadbridge.store.ledger import Ledger
from leadbridge.store.opening import VARIABLE, Reader, open_operator, open_reader
from leadbridge.store.sqlite.beside import open_for_reading
from leadbridge.store.sqlite.connection import rows
from leadbridge.store.values import Selection

CONFIG: Final = "site.yaml"
DATABASE: Final = "leadbridge.db"
SERVICE_LOG: Final = "service.log"
SANDBOX_LOG: Final = "sandbox.log"
_UNFINISHED: Final = (*UNDER_WAY, "held", "failed", "unrouted", "cancelled")
_CALLS: Final = "SELECT count(*) FROM attempts WHERE answered_at IS NULL AND outcome IS NULL"
_LOOK: Final = 0.5  # seconds between two looks whether all is done
_PAGE: Final = 500  # submissions read at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """What a kill cut off, as the disk shows it: where in its work the process was."""

    received: int  # submissions stored and not mapped yet
    sending: int  # deliveries claimed
    calls: int  # calls begun, with no answer on disk


class World:
    """A scratch copy of everything on this machine."""

    def __init__(self, folder: Path, client: httpx.AsyncClient, *, disk: SmallDisk | None) -> None:
        self.disk = disk
        self._folder = folder
        self._client = client
        self._database = folder / DATABASE
        self._port = free_port()
        self._service: Running | None = None
        self._sandbox: Running | None = None

    @property
    def url(self) -> str:
        """Where senders post to."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def service(self) -> Running:
        """The service as it was started last."""
        return _started(self._service)

    @property
    def sandbox(self) -> Running:
        """The CRMs."""
        return _started(self._sandbox)

    @property
    def control(self) -> SandboxControl:
        """What the CRMs hold, and the faults in their way."""
        return SandboxControl(self.sandbox.url, self._client)

    async def begin(self, *, known: Sequence[str]) -> None:
        """Start the sandbox with a record for each of the `known` e-mails, and the service."""
        port = free_port()
        self._sandbox = await Running.start(
            "sandbox", "--time-scale", f"{TIME_SCALE:g}", port=port, log=self._folder / SANDBOX_LOG, folder=self._folder
        )
        await self.sandbox.ready(self._client, "/sandbox/quotas")
        await self.control.options(history=MOST, history_bodies=MOST)
        for seed in seeds(known):
            await self.control.seed(seed)
        (self._folder / CONFIG).write_text(configuration(self.sandbox.url), encoding="utf-8")
        await self.start()

    async def start(self, *, wait: bool = True) -> None:
        """Start the service, and `wait` until it is ready."""
        self._service = await Running.start(
            "serve", "--config", CONFIG, port=self._port, log=self._folder / SERVICE_LOG, folder=self._folder,
            environ={**ENVIRON, VARIABLE: self._database_url},
        )  # fmt: skip
        if wait:
            await self.ready()

    async def ready(self) -> None:
        """Wait until the service takes submissions."""
        await self.service.ready(self._client, "/readyz")

    async def kill(self) -> Caught:
        """End the service by SIGKILL; answers what it was about to do."""
        await self.service.kill()
        return await self._caught()

    async def end(self) -> None:
        """Kill what runs."""
        for one in (self._service, self._sandbox):
            if one is not None:
                await one.kill()

    def move_to_small_disk(self) -> None:
        """Put the database of a service that is stopped onto the small disk."""
        if self.disk is not None:
            self._database = moved(self._database, self.disk.folder)

    def move_back(self) -> None:
        """Put it back where it was."""
        self._database = moved(self._database, self._folder)

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
        """The service's books."""
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

    @property
    def _database_url(self) -> str:
        return f"sqlite:///{self._database}"

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[Reader]:
        reader = open_reader(self._database_url)
        try:
            yield reader
        finally:
            await reader.close()

    async def _caught(self) -> Caught:
        if not self._database.exists():
            return Caught(received=0, sending=0, calls=0)
        books = await self.ledger()
        with closing(open_for_reading(self._database)) as connection:
            ((calls,),) = rows(connection, _CALLS)
        return Caught(received=_counted(books, "received"), sending=_counted(books, "sending"), calls=calls)

    async def _let_go(self) -> None:
        """As `leadbridge release` does it, beside the service."""
        operator = open_operator(self._database_url)
        try:
            await operator.hasten(Selection(), now=SystemClock().now())
        finally:
            await operator.close()

    async def _waiting(self) -> int:
        books = await self.ledger()
        return sum(_counted(books, state) for state in UNDER_WAY)


def _started(process: Running | None) -> Running:
    if process is None:
        raise LeadbridgeError("the processes are not started yet")
    return process


def _counted(books: Ledger, state: str) -> int:
    return sum(account.states.get(state, 0) for account in books.accounts)


def _unfinished(
    submission_id: str, destination: str | None, state: str, reason: str | None, detail: str | None
) -> Unfinished:
    return Unfinished(submission_id=submission_id, destination=destination, state=state, reason=reason, detail=detail)
