"""What people do to deliveries and lanes, on PostgreSQL: in a process that serves and in one beside it."""

from array import array
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from leadbridge.clock import Millis
from leadbridge.outcome import HoldReason
from leadbridge.plan import Choice
from leadbridge.store import selecting
from leadbridge.store.lanes import LaneState
from leadbridge.store.postgres import accepting, lanes, operating, quarantine
from leadbridge.store.postgres.connection import Connection, numbered
from leadbridge.store.postgres.hearing import tell
from leadbridge.store.postgres.operating import UNDECIDED
from leadbridge.store.postgres.reader import PostgresReader
from leadbridge.store.quarantine_rows import IN_ITS_PLACE
from leadbridge.store.selecting import Act, Asked
from leadbridge.store.steering import Steering
from leadbridge.store.values import Accepted, Hastened, NewRequest, Selection

R = TypeVar("R")
_IN_ITS_PLACE: Final = numbered(IN_ITS_PLACE)

_IN_LINE: Final = """
    SELECT unnest($1::bigint[])
    UNION
    SELECT w.seq FROM deliveries d CROSS JOIN LATERAL json_array_elements_text(d.keys::json) AS k
        JOIN delivery_keys n ON n.lane = d.lane AND n.key = k.value JOIN deliveries w ON w.seq = n.seq
    WHERE d.seq = ANY($1::bigint[]) AND w.state = 'retrying'
    ORDER BY 1"""


class PostgresDialect:
    """`selecting.Dialect`: many values are an array."""

    waits: Sequence[str] = ("NOT d.blocked", "d.blocked")
    undecided: str = UNDECIDED

    def one_of(self, column: str, number: int) -> str:
        """The condition that a column holds one of the texts given as `number`."""
        return f"{column} = ANY(?{number}::text[])"

    def among(self, number: int) -> str:
        """The condition that a delivery's place is one of those given as `number`."""
        return f"d.seq = ANY(?{number}::bigint[])"

    def given(self, wanted: Sequence[str] | Sequence[int]) -> list[Any]:
        """Texts or places as the one value that `one_of` and `among` look into: an array."""
        return list(wanted)


_DIALECT: Final = PostgresDialect()


class PostgresSteering(PostgresReader, Steering):
    """Changes of many rows, in several commits."""

    async def set_lane(
        self, lane: str, state: LaneState, *, epoch: int | None = None, seen: HoldReason | None = None
    ) -> bool:
        """Store a lane's state; False when `epoch` is given and is not the lane's any more."""
        return await self._write(lambda connection: lanes.set_lane(connection, lane, state, epoch=epoch, seen=seen))

    async def resolve(self, delivery_id: str, choice: Choice, *, now: Millis) -> bool:
        """Let a held delivery go with what a person decided."""
        return await self._write(lambda connection: operating.resolve(connection, delivery_id, choice, now))

    async def _write(self, change: Callable[[Connection], Awaitable[R]]) -> R:
        """Apply a change in one transaction; services hear of it."""
        changed = await self._database.write(change)
        await self._tell()
        return changed

    async def _tell(self) -> None:
        await self._database.run(tell)

    async def undecided(self, selection: Selection) -> int:
        """How many held deliveries of these have no match key: only `resolve` lets one go."""
        asked = selecting.undecided(selection, _DIALECT)
        return len(await self._database.read(lambda connection: _places(connection, asked)))

    async def _fitting(self, act: Act, selection: Selection) -> Sequence[int]:
        asked = selecting.fitting(act, selection, _DIALECT)
        return await self._database.read(lambda connection: _places(connection, asked))

    async def _retrying(self, selection: Selection) -> Sequence[int]:
        """Those that wait for another try; of those that are named, with all in line with them."""
        asked = selecting.retrying(selection, _DIALECT)

        async def find(connection: Connection) -> Sequence[int]:
            found = await _places(connection, asked)
            if not selection.ids:
                return found
            return [seq for (seq,) in await connection.fetch(_IN_LINE, list(found))]

        return await self._database.read(find)

    async def _submissions(self, selection: Selection, *, limit: int | None) -> Sequence[str]:
        return await self._database.read(lambda connection: _submissions(connection, selection, limit))

    async def _hold(
        self, selection: Selection, seqs: Sequence[int], reason: HoldReason, detail: str, now: Millis
    ) -> int:
        async def change(connection: Connection) -> int:
            return await operating.hold(connection, await _still(connection, selection, seqs), reason, detail, now)

        return await self._write(change)

    async def _release(self, selection: Selection, seqs: Sequence[int], now: Millis) -> int:
        async def change(connection: Connection) -> int:
            return await operating.release(connection, await _still(connection, selection, seqs), now)

        return await self._write(change)

    async def _hasten(self, seqs: Sequence[int], now: Millis) -> Hastened:
        return await self._write(lambda connection: operating.hasten(connection, seqs, now))

    async def _replay(self, selection: Selection, seqs: Sequence[int], now: Millis) -> int:
        async def change(connection: Connection) -> int:
            return await operating.replay(connection, await _still(connection, selection, seqs), now)

        return await self._write(change)

    async def _map_again(self, selection: Selection, submission_ids: Sequence[str], now: Millis) -> int:
        """Only those that may be still: what came again meanwhile goes on in its place."""
        these = replace(selection, ids=tuple(submission_ids))

        async def change(connection: Connection) -> int:
            return await accepting.map_again(connection, await _submissions(connection, these, None), now)

        return await self._write(change)

    async def _cancel(self, selection: Selection, seqs: Sequence[int], detail: str, now: Millis) -> int:
        async def change(connection: Connection) -> int:
            return await operating.cancel(connection, await _still(connection, selection, seqs), detail, now)

        return await self._write(change)


class PostgresOperator(PostgresSteering):
    """For one command beside the services, or without one: it owns nothing and never sends."""

    async def readmit(self, request: NewRequest) -> tuple[Accepted, ...] | None:
        """Store a request from the quarantine, under its id there, and take it out; None when it is there no more."""

        async def change(connection: Connection) -> tuple[Accepted, ...] | None:
            if not await quarantine.dropped(connection, [request.request_id]):
                return None
            accepted = await accepting.accept_for_anybody(connection, request)
            await connection.execute(_IN_ITS_PLACE, request.request_id)
            return accepted

        return await self._write(change)


async def _places(connection: Connection, asked: Asked) -> Sequence[int]:
    found = await connection.fetch(numbered(asked.statement), *asked.values)
    return array("q", (seq for (seq,) in found))  # there may be a million of them


async def _still(connection: Connection, selection: Selection, seqs: Sequence[int]) -> Sequence[int]:
    """Those of these that still fit, with their lanes locked: nothing happens to them any more."""
    await operating.lock_lanes_of(connection, seqs)
    return await _places(connection, selecting.still(selection, seqs, _DIALECT))


async def _submissions(connection: Connection, selection: Selection, limit: int | None) -> Sequence[str]:
    asked = selecting.submissions(selection, _DIALECT, limit=limit)
    if asked is None:
        return []
    return [name for (name,) in await connection.fetch(numbered(asked.statement), *asked.values)]
