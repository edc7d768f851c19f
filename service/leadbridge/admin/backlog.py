"""What waits in the database, as gauges: looked at for a scrape, and no more often than it is worth."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from leadbridge.clock import Clock, Millis
from leadbridge.errors import StorageUnavailable
from leadbridge.logs import Logger
from leadbridge.metrics import families
from leadbridge.metrics.meters import UNKNOWN
from leadbridge.metrics.series import Labels, Snapshots, gauge
from leadbridge.store.fetching import FetchBacklog
from leadbridge.store.lanes import Backlog

EVERY: Final = 15.0  # seconds between two looks, at least
MOST_OF_TIME: Final = 0.05  # that looks may take: they go through all that waits, which may be a million rows
URGENCIES: Final = ("live", "retry", "replay", "sending")
PATIENCE: Final = 2.0  # seconds that a scrape waits for a look; then it shows the one before


class Backlogs(Protocol):
    """Of a store, what is asked here."""

    async def backlogs(self) -> tuple[Backlog, ...]:
        """What waits and what is held in each lane."""

    async def fetch_backlogs(self) -> tuple[FetchBacklog, ...]:
        """What waits to be fetched for each source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    backlogs: tuple[Backlog, ...]
    fetches: tuple[FetchBacklog, ...]
    at: float  # monotonic seconds


class BacklogGauges:
    """The last look at what waits."""

    def __init__(
        self,
        store: Backlogs,
        *,
        clock: Clock,
        log: Logger,
        lanes: Mapping[str, tuple[str, str]],
        fetching: Mapping[str, str] | None = None,
    ) -> None:
        """`lanes` are those of the configuration, with their destination's and CRM's names as metrics have them.

        A lane's own name is no label: it may hold a person's address. `fetching` are the sources that fetch, with their
        names as metrics have them.
        """
        self._store = store
        self._clock = clock
        self._log = log
        self._lanes = lanes
        self._fetching = fetching or {}
        self._seen: _Seen | None = None
        self._next_at = 0.0  # monotonic seconds
        self._looking: asyncio.Task[None] | None = None

    async def snapshots(self) -> Snapshots:
        """The gauges, from a new look when one is due and does not take long."""
        if self._looking is None and self._clock.monotonic() >= self._next_at:
            self._looking = asyncio.create_task(self._look(), name="backlog gauges")
        if self._looking is not None:
            await asyncio.wait((self._looking,), timeout=PATIENCE)
        return () if self._seen is None else self._gauges(self._seen)

    async def close(self) -> None:
        """End a look that is under way."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        began = self._clock.monotonic()
        try:
            backlogs, fetches = await self._store.backlogs(), await self._store.fetch_backlogs()
            self._seen = _Seen(backlogs=backlogs, fetches=fetches, at=began)
        except StorageUnavailable:
            pass  # whoever stores something says so
        except Exception:  # a scrape must not become an error of the service
            self._log.exception("metrics.crashed")
        finally:
            took = self._clock.monotonic() - began
            self._next_at = began + max(EVERY, took / MOST_OF_TIME)
            self._looking = None

    def _gauges(self, seen: _Seen) -> Snapshots:
        known = set(self._lanes.values())
        waiting: dict[Labels, float] = {(*lane, urgency): 0.0 for lane in known for urgency in URGENCIES}
        held: dict[Labels, float] = {}
        oldest: dict[Labels, float] = dict.fromkeys(known, 0.0)
        now = self._clock.now()
        for backlog in seen.backlogs:
            lane = self._lanes.get(backlog.lane, (UNKNOWN, UNKNOWN))
            counts = (backlog.live, backlog.retry, backlog.replay, backlog.sending)
            for urgency, count in zip(URGENCIES, counts, strict=True):
                _add(waiting, (*lane, urgency), count)
            for reason, count in backlog.held.items():
                _add(held, (*lane, reason), count)
            since = now if backlog.oldest_at is None else backlog.oldest_at
            oldest[lane] = max(oldest.get(lane, 0.0), (now - since) / 1000)
        age = self._clock.monotonic() - seen.at
        return (
            gauge(families.WAITING, waiting),
            gauge(families.HELD, held),
            gauge(families.OLDEST, oldest),
            *self._of_fetches(seen.fetches, now=now),
            gauge(families.LOOKED, {(): age}),
        )

    def _of_fetches(self, fetches: Sequence[FetchBacklog], *, now: Millis) -> Snapshots:
        known = set(self._fetching.values())
        waiting: dict[Labels, float] = {(source,): 0.0 for source in known}
        oldest: dict[Labels, float] = {(source,): 0.0 for source in known}
        paused: dict[Labels, float] = {}
        for backlog in fetches:
            source = self._fetching.get(backlog.source, UNKNOWN)
            _add(waiting, (source,), backlog.waiting)
            since = now if backlog.oldest is None else backlog.oldest
            oldest[source,] = max(oldest.get((source,), 0.0), (now - since) / 1000)
            if backlog.pause is not None and (backlog.waiting or backlog.source in self._fetching):
                paused[source, backlog.pause.reason.partition(":")[0]] = 1.0
        return (
            gauge(families.FETCH_WAITING, waiting),
            gauge(families.FETCH_OLDEST, oldest),
            gauge(families.FETCH_PAUSED, paused),
        )


def _add(numbers: dict[Labels, float], labels: Labels, count: int) -> None:
    numbers[labels] = numbers.get(labels, 0.0) + count
