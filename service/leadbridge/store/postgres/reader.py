"""The reading half of the store on PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from leadbridge.clock import Millis
from leadbridge.outcome import HoldReason
from leadbridge.store import quarantine_rows
from leadbridge.store.claims import CallSpan, DueByUrgency
from leadbridge.store.fetching import FetchBacklog
from leadbridge.store.lanes import Backlog, LaneState
from leadbridge.store.ledger import Ledger
from leadbridge.store.postgres import fetching, lanes, lineup, pruning, reading, waiting
from leadbridge.store.postgres.connection import Connection, Database, connect
from leadbridge.store.postgres.migrating import migrate, newest_schema, require_our_schema, require_server, version
from leadbridge.store.postgres.troubles import in_our_words
from leadbridge.store.postgres.unfinished import require_whole
from leadbridge.store.rows import AttemptRow, DeliveryRow, RequestRow, SubmissionRow
from leadbridge.store.values import Named, WaitingSubmission

R = TypeVar("R")


class PostgresReader:
    """The reading half, beside any number of services."""

    def __init__(self, url: str) -> None:
        """Look at the database; raises `StorageUnavailable` when it cannot be used, or is of another version."""
        at_once(url, self._prepare)
        self._database = Database(url)

    async def _prepare(self, connection: Connection) -> None:
        await require_our_schema(connection)

    async def _read(self, query: Callable[[Connection], Awaitable[R]]) -> R:
        return await self._database.run(query)

    async def waiting(self, *, limit: int) -> tuple[WaitingSubmission, ...]:
        """The oldest submissions that are to be mapped."""
        return await self._read(lambda connection: waiting.waiting(connection, limit))

    async def fetch_backlogs(self) -> tuple[FetchBacklog, ...]:
        """What waits to be fetched for each source."""
        return await self._read(fetching.backlogs)

    async def quarantined(self) -> dict[str, int]:
        """How many requests of each source are in quarantine."""

        async def read(connection: Connection) -> dict[str, int]:
            return dict(await connection.fetch(quarantine_rows.COUNTS))

        return await self._read(read)

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
        return await self._database.read(lanes.backlogs)

    async def keys_of_record(self, lane: str, record_id: str, *, but: str) -> tuple[tuple[str, ...], ...]:
        """The keys of the newest deliveries that wrote a record."""
        return await self._read(lambda connection: reading.keys_of_record(connection, lane, record_id, but))

    async def ledger(self) -> Ledger:
        """Both sides of the books, read in one transaction."""
        return await self._database.read(reading.ledger)

    async def names(self, what: Named) -> tuple[str, ...]:
        """Every route, destination or source that something is stored of."""
        return await self._database.read(lambda connection: reading.names(connection, what))

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
        """Close all connections; nothing can be asked afterwards."""
        await self._database.close()


def at_once(url: str, prepare: Callable[[Connection], Awaitable[None]]) -> None:
    """Use a connection of its own before there is a loop, or beside one; raises `StorageUnavailable`."""

    async def work() -> None:
        connection = await connect(url)
        try:
            with in_our_words(in_doubt=False):
                await prepare(connection)
        finally:
            await connection.close()

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="leadbridge-opening") as thread:
        thread.submit(asyncio.run, work()).result()


def look_at_postgres(url: str) -> None:
    """Raise `StorageUnavailable` for a database that no service could start on."""

    async def look(connection: Connection) -> None:
        require_server(connection)
        if (await version(connection) or 0) >= newest_schema():
            await require_our_schema(connection)
        await require_whole(connection)

    at_once(url, look)


def migrate_postgres(url: str) -> tuple[int, int]:
    """Bring a database up to date: its schema before (0: none) and after; raises `StorageUnavailable`."""
    schemas: list[int] = []

    async def work(connection: Connection) -> None:
        schemas.append(await version(connection) or 0)
        await migrate(connection)
        schemas.append(await version(connection) or 0)

    at_once(url, work)
    before, after = schemas
    return before, after
