"""The reading half of the store on SQLite: beside a running service too."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import apsw

from leadbridge.clock import Millis
from leadbridge.errors import StorageUnavailable
from leadbridge.outcome import HoldReason
from leadbridge.store import quarantine_rows
from leadbridge.store.claims import CallSpan, DueByUrgency
from leadbridge.store.fetching import FetchBacklog
from leadbridge.store.lanes import Backlog, LaneState
from leadbridge.store.ledger import Ledger
from leadbridge.store.rows import AttemptRow, DeliveryRow, RequestRow, SubmissionRow
from leadbridge.store.sqlite import accepting, fetching, lanes, lineup, pruning, reading
from leadbridge.store.sqlite.beside import open_for_reading
from leadbridge.store.sqlite.connection import rows
from leadbridge.store.values import Named, WaitingSubmission

R = TypeVar("R")


class SqliteReader:
    """The reading half: opens an existing file read-only, beside a running service too."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises `StorageUnavailable` when it is not there or cannot be read."""
        if not path.exists():
            raise StorageUnavailable(
                f"there is no database at {path}; start the service first, or set LEADBRIDGE_DATABASE_URL"
            )
        self._connection = open_for_reading(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="leadbridge-reader")

    async def _read(self, query: Callable[[apsw.Connection], R]) -> R:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, query, self._connection)
        except apsw.Error as error:
            raise StorageUnavailable(f"nothing could be read: {error}") from error

    async def waiting(self, *, limit: int) -> tuple[WaitingSubmission, ...]:
        """The oldest submissions that are to be mapped."""
        return await self._read(lambda connection: accepting.waiting(connection, limit))

    async def fetch_backlogs(self) -> tuple[FetchBacklog, ...]:
        """What waits to be fetched for each source."""
        return await self._read(fetching.backlogs)

    async def quarantined(self) -> dict[str, int]:
        """How many requests of each source are in quarantine."""
        return await self._read(lambda connection: dict(rows(connection, quarantine_rows.COUNTS)))

    async def due(self, lane: str, *, limit: int, now: Millis) -> DueByUrgency:
        """The deliveries of a lane that may be claimed now."""
        return await self._read(lambda connection: lineup.due(connection, lane, limit, now))

    async def next_due(self, lane: str) -> Millis | None:
        """When the lane's next delivery is due."""
        return await self._read(lambda connection: reading.next_due(connection, lane))

    async def lanes_waiting(self) -> Mapping[str, Millis | None]:
        """The lanes that have unfinished deliveries, and when they are due."""
        return await self._read(reading.lanes_waiting)

    async def lanes_holding(self) -> Set[tuple[str, HoldReason]]:
        """The lanes with deliveries that are held one by one, and why."""
        return await self._read(lanes.lanes_holding)

    async def lanes_held(self) -> Mapping[str, LaneState]:
        """The lanes that are held as a whole."""
        return await self._read(lanes.lanes_held)

    async def recent_calls(self, lane: str, *, since: Millis) -> tuple[CallSpan, ...]:
        """Calls that may still occupy a quota window."""
        return await self._read(lambda connection: lanes.recent_calls(connection, lane, since))

    async def count_calls(self, lane: str, *, since: Collection[Millis]) -> Mapping[Millis, int]:
        """How many calls may count in a budget."""
        return await self._read(lambda connection: lanes.count_calls(connection, lane, since))

    async def lane(self, lane: str) -> LaneState:
        """A lane's state; the usual one for a lane that was never heard of."""
        return await self._read(lambda connection: lanes.lane_state(connection, lane))

    async def lanes(self) -> Mapping[str, LaneState]:
        """The states of all lanes that were ever owned or held."""
        return await self._read(lanes.lane_states)

    async def longest_held(self, lane: str, *, reason: HoldReason) -> str | None:
        """The delivery that came to be held for this reason the longest ago."""
        return await self._read(lambda connection: lanes.longest_held(connection, lane, reason))

    async def calls_per_lead(self, lane: str, *, last: int) -> float | None:
        """Calls for each lead that came to rest, over the last so many."""
        return await self._read(lambda connection: lanes.calls_per_lead(connection, lane, last))

    async def backlogs(self) -> tuple[Backlog, ...]:
        """What waits and what is held in each lane."""
        return await self._read(lanes.backlogs)

    async def keys_of_record(self, lane: str, record_id: str, *, but: str) -> tuple[tuple[str, ...], ...]:
        """The keys of the newest deliveries that wrote a record."""
        return await self._read(lambda connection: reading.keys_of_record(connection, lane, record_id, but))

    async def ledger(self) -> Ledger:
        """Both sides of the books, read in one transaction."""
        return await self._read(reading.ledger)

    async def names(self, what: Named) -> tuple[str, ...]:
        """Every route, destination or source that something is stored of."""
        return await self._read(lambda connection: reading.names(connection, what))

    async def submissions(
        self, *, limit: int, state: str | None = None, source: str | None = None, before: str | None = None
    ) -> tuple[SubmissionRow, ...]:
        """The newest submissions, older than the id `before`."""
        return await self._read(
            lambda connection: reading.submissions(connection, limit=limit, state=state, source=source, before=before)
        )

    async def submission(self, submission_id: str) -> SubmissionRow | None:
        """The submission of that id; None when there is none."""
        return await self._read(lambda connection: reading.submission(connection, submission_id))

    async def by_trace(self, trace_id: str) -> tuple[SubmissionRow, ...]:
        """The submissions under one trace ID."""
        return await self._read(lambda connection: reading.by_trace(connection, trace_id))

    async def request(self, request_id: str) -> RequestRow | None:
        """One request as it arrived."""
        return await self._read(lambda connection: reading.request(connection, request_id))

    async def delivery(self, delivery_id: str) -> DeliveryRow | None:
        """The delivery of that id; None when there is none."""
        return await self._read(lambda connection: reading.delivery(connection, delivery_id))

    async def deliveries_of(self, submission_ids: Sequence[str]) -> Mapping[str, tuple[DeliveryRow, ...]]:
        """The deliveries of some submissions."""
        return await self._read(lambda connection: reading.deliveries_of(connection, submission_ids))

    async def attempts_of(self, delivery_id: str) -> tuple[AttemptRow, ...]:
        """Every call made for a delivery."""
        return await self._read(lambda connection: reading.attempts_of(connection, delivery_id))

    async def pruned_before(self) -> Millis | None:
        """Before which what is finished was pruned."""
        return await self._read(pruning.pruned_before)

    async def close(self) -> None:
        """Close the file; nothing can be asked afterwards."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()
