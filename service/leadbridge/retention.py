"""What is finished and old is pruned now and then, in small steps; and room is made ahead for what comes."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from random import Random
from typing import Final

from leadbridge.clock import Clock, Millis
from leadbridge.errors import StorageUnavailable
from leadbridge.logs import Logger
from leadbridge.store.base import Store
from leadbridge.store.retaining import BEGIN, Fold, Pruned, PruneFrom

FIRST: Final = 60.0  # seconds after a start, at the earliest: what comes in then is more urgent
EVERY: Final = 3600.0  # seconds from the end of one round to the next; of many processes each has its own
AHEAD: Final = 86_400_000  # milliseconds that our clock is believed beside the one that all share
REST: Final = 0.01  # seconds between two steps, at least; else as long as the last one took


class Retention:
    """The rounds of one process. Others may make theirs at the same time: a step that two want is done by one."""

    def __init__(
        self,
        store: Store,
        *,
        keep: Millis | None,
        fold: Fold,
        clock: Clock,
        dice: Random,
        log: Logger,
        also: Callable[[Millis], Awaitable[None]] | None = None,
    ) -> None:
        """What is finished is kept so long, in milliseconds; None: for ever. `also` prunes what is not the store's."""
        self._also = also
        self._store = store
        self._keep = keep
        self._fold = fold
        self._clock = clock
        self._dice = dice
        self._log = log
        self._first = True

    async def run(self) -> None:
        """Make rounds until cancelled."""
        while True:
            await self._clock.pause((FIRST if self._first else EVERY) * (1 + self._dice.random()))
            self._first = False
            try:
                await self._store.make_ready()
                if self._keep is not None:
                    before = await self._now() - self._keep
                    await self.prune(before)
                    if self._also is not None:
                        await self._also(before)
            except StorageUnavailable as error:  # the next round looks again
                self._log.warning("retention.postponed", problem=str(error))

    async def _now(self) -> Millis:
        """One machine whose clock is months ahead must not take away what all others keep."""
        ours, shared = self._clock.now(), await self._store.time()
        return ours if shared is None else min(ours, shared + AHEAD)

    async def prune(self, before: Millis) -> None:
        """Prune everything that is finished and did not change since `before`; says what went, if anything did."""
        began = self._clock.monotonic()
        gone = dict.fromkeys((field.name for field in fields(Pruned) if field.name != "then"), 0)
        since: PruneFrom | None = BEGIN
        try:
            while since is not None:
                at = self._clock.monotonic()
                step = await self._store.prune(before, fold=self._fold, since=since)
                gone = {name: count + getattr(step, name) for name, count in gone.items()}
                since = step.then
                await self._clock.pause(max(REST, self._clock.monotonic() - at))
        finally:
            if any(gone.values()):
                self._log.info(
                    "retention.pruned",
                    submissions=gone["submissions"],
                    deliveries=gone["deliveries"],
                    requests=gone["requests"],
                    attempts=gone["attempts"],
                    partitions=gone["partitions"],
                    pages=gone["pages"],
                    duration_s=round(self._clock.monotonic() - began, 1),
                )


def kept_for(retention: Millis | None, windows: Sequence[Millis]) -> Millis | None:
    """How long what is finished is kept: what came is known by its content until its `dedupe_window` has passed."""
    return None if retention is None else max([retention, *windows])
