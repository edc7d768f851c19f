"""The lease of this process: begun under a new name, renewed, and lost when others thought it dead."""

import asyncio
import hashlib
from collections.abc import Callable, Collection
from typing import Final

from leadbridge.clock import Clock
from leadbridge.deliver.tenure import Tenure
from leadbridge.errors import StorageUnavailable
from leadbridge.ids import new_id
from leadbridge.logs import Logger
from leadbridge.store.base import Store
from leadbridge.store.lanes import Lease, Process

BEAT: Final = 0.25  # of the lease: how often it is renewed
PATIENCE: Final = 0.4  # of the lease: for how long an answer is waited for
AGAIN: Final = 0.1  # of the lease: how soon a renewal that failed is tried again
UNTIL_JOINED: Final = 1.0  # seconds, at most, between two tries to join


class Heartbeat:
    """Keeps a tenure going, by the database."""

    def __init__(
        self, lanes: Collection[str], *, store: Store, tenure: Tenure, lease: Lease, clock: Clock, log: Logger,
        renewed: Callable[[], None], lost: Callable[[], None],
    ) -> None:  # fmt: skip
        """`renewed` is told when calls may be sent again; `lost` when nothing is ours any more."""
        self.accounts = hashlib.sha256("\n".join(sorted(lanes)).encode()).hexdigest()[:16]
        self.name: str | None = None  # by what others know us; None while they do not
        self.joined = asyncio.Event()
        self._lanes = lanes
        self._store = store
        self._tenure = tenure
        self._lease = lease
        self._clock = clock
        self._log = log
        self._renewed = renewed
        self._lost = lost
        self._late = False  # it was not renewed in time, and that was said
        self._doubted = asyncio.Event()

    def doubt(self) -> None:
        """Somebody may have thought us dead: ask at once."""
        self._doubted.set()

    async def run(self) -> None:
        """Join, and renew the lease for ever."""
        while True:
            self._doubted.clear()
            rest = self._lease.seconds * BEAT
            try:
                await self._beat()
                if self.name is None:  # it was buried: it joins as another
                    await self._beat()
            except (StorageUnavailable, TimeoutError) as error:
                self._say_late(error)
                rest = self._lease.seconds * AGAIN
            await self._clock.wait(self._doubted, rest if self.name is not None else min(rest, UNTIL_JOINED))

    async def leave(self) -> None:
        """Have nothing any more; raises `StorageUnavailable`."""
        if self.name is not None:
            await self._store.leave(self.name)

    async def _beat(self) -> None:
        if self.name is None:
            name = new_id()
            process = Process(name=name, accounts=self.accounts)
            if not await self._store.join(process, self._lanes, lease=self._lease):
                return
            self.name = name
        in_doubt, asked = not self._tenure.allows_a_call, self._clock.monotonic()
        async with asyncio.timeout(self._lease.seconds * PATIENCE):
            lasts = await self._store.renew(self.name)
        if lasts is None:
            self.name, self._late = None, False
            self._tenure.over()
            self._lost()
            return
        self._tenure.renewed(asked=asked, lasts=lasts)
        self.joined.set()
        if self._late:
            self._late = False
            self._log.info("lease.renewed")
        if in_doubt:
            self._renewed()

    def _say_late(self, error: Exception) -> None:
        """Once, until it is renewed."""
        if self.name is not None and not self._late and not self._tenure.allows_a_call:
            self._late = True
            problem = str(error) or "the database took too long to answer"
            self._log.warning("lease.late", problem=problem, calls=self._tenure.calls)
