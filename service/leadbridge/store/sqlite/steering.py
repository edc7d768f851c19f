"""What people do to deliveries and lanes, on SQLite: in the process that serves and in one beside it."""

import asyncio
from abc import abstractmethod
from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

import apsw

from leadbridge.clock import Millis
from leadbridge.errors import StorageUnavailable
from leadbridge.outcome import HoldReason
from leadbridge.plan import Choice
from leadbridge.store import selecting
from leadbridge.store.lanes import LaneState
from leadbridge.store.quarantine_rows import IN_ITS_PLACE
from leadbridge.store.selecting import Act, Asked
from leadbridge.store.sqlite import accepting, lanes, operating, quarantine
from leadbridge.store.sqlite.beside import open_beside
from leadbridge.store.sqlite.connection import make_arrivals, rows, transaction
from leadbridge.store.sqlite.dialect import DIALECT
from leadbridge.store.sqlite.reader import SqliteReader
from leadbridge.store.steering import Steering
from leadbridge.store.values import Accepted, Hastened, NewRequest, Selection

R = TypeVar("R")
_IN_LINE: Final = """
    SELECT value FROM json_each(?1)
    UNION
    SELECT w.seq FROM json_each(?1) i CROSS JOIN deliveries d ON d.seq = i.value CROSS JOIN json_each(d.keys) k
        CROSS JOIN delivery_keys n ON n.lane = d.lane AND n.key = k.value CROSS JOIN deliveries w ON w.seq = n.seq
    WHERE w.state = 'retrying'
    ORDER BY 1"""


class SqliteSteering(SqliteReader, Steering):
    """Changes of many rows, in several commits."""

    @abstractmethod
    async def _write(self, apply: Callable[[apsw.Connection], R]) -> R:
        """Apply a change in one transaction."""

    async def set_lane(
        self, lane: str, state: LaneState, *, epoch: int | None = None, seen: HoldReason | None = None
    ) -> bool:
        """Store a lane's state; False when `epoch` is given and is not the lane's any more."""
        return await self._write(lambda connection: lanes.set_lane(connection, lane, state, epoch=epoch, seen=seen))

    async def resolve(self, delivery_id: str, choice: Choice, *, now: Millis) -> bool:
        """Let a held delivery go with what a person decided."""
        return await self._write(lambda connection: operating.resolve(connection, delivery_id, choice, now))

    async def undecided(self, selection: Selection) -> int:
        """How many held deliveries of these have no match key: only `resolve` lets one go."""
        asked = selecting.undecided(selection, DIALECT)
        return await self._read(lambda connection: len(_places(connection, asked)))

    async def _fitting(self, act: Act, selection: Selection) -> Sequence[int]:
        asked = selecting.fitting(act, selection, DIALECT)
        return await self._read(lambda connection: _places(connection, asked))

    async def _retrying(self, selection: Selection) -> Sequence[int]:
        """Those that wait for another try; of those that are named, with all in line with them."""
        asked = selecting.retrying(selection, DIALECT)

        def find(connection: apsw.Connection) -> Sequence[int]:
            found = _places(connection, asked)
            if not selection.ids:
                return found
            return [seq for (seq,) in rows(connection, _IN_LINE, (DIALECT.given(found),))]

        return await self._read(find)

    async def _submissions(self, selection: Selection, *, limit: int | None) -> Sequence[str]:
        return await self._read(lambda connection: _submissions(connection, selection, limit))

    async def _hold(
        self, selection: Selection, seqs: Sequence[int], reason: HoldReason, detail: str, now: Millis
    ) -> int:
        return await self._write(
            lambda connection: operating.hold(connection, _still(connection, selection, seqs), reason, detail, now)
        )

    async def _release(self, selection: Selection, seqs: Sequence[int], now: Millis) -> int:
        return await self._write(
            lambda connection: operating.release(connection, _still(connection, selection, seqs), now)
        )

    async def _hasten(self, seqs: Sequence[int], now: Millis) -> Hastened:
        return await self._write(lambda connection: operating.hasten(connection, seqs, now))

    async def _replay(self, selection: Selection, seqs: Sequence[int], now: Millis) -> int:
        return await self._write(
            lambda connection: operating.replay(connection, _still(connection, selection, seqs), now)
        )

    async def _map_again(self, selection: Selection, submission_ids: Sequence[str], now: Millis) -> int:
        """Only those that may be still: what came again meanwhile goes on in its place."""
        these = replace(selection, ids=tuple(submission_ids))
        return await self._write(
            lambda connection: accepting.map_again(connection, _submissions(connection, these, None), now)
        )

    async def _cancel(self, selection: Selection, seqs: Sequence[int], detail: str, now: Millis) -> int:
        return await self._write(
            lambda connection: operating.cancel(connection, _still(connection, selection, seqs), detail, now)
        )


class SqliteOperator(SqliteSteering):
    """For one command beside the service, or without one: it owns nothing and never sends."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises `StorageUnavailable` when it is not there or of another version."""
        super().__init__(path)
        try:
            self._beside = open_beside(path)
            make_arrivals(self._beside)
        except StorageUnavailable:
            self._thread.shutdown()
            self._connection.close()
            raise

    async def readmit(self, request: NewRequest) -> tuple[Accepted, ...] | None:
        """Store a request from the quarantine, under its id there, and take it out; None when it is there no more."""

        def apply(connection: apsw.Connection) -> tuple[Accepted, ...] | None:
            if not quarantine.dropped(connection, [request.request_id]):
                return None
            [accepted] = accepting.accept(connection, [request])
            connection.execute(IN_ITS_PLACE, (request.request_id,))
            return accepted

        return await self._write(apply)

    async def _write(self, apply: Callable[[apsw.Connection], R]) -> R:
        def change() -> R:
            try:
                with transaction(self._beside):
                    return apply(self._beside)
            except apsw.Error as error:
                if self._beside.in_transaction:
                    self._beside.execute("ROLLBACK")
                raise StorageUnavailable(f"nothing was changed: {error}") from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, change)

    async def _let_others_write(self, seconds: float) -> None:
        """Leave the file to the service for as long as it was kept from it: senders wait for its answers."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Close the file; nothing can be asked afterwards."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._beside.close)
        await super().close()


def _places(connection: apsw.Connection, asked: Asked) -> Sequence[int]:
    return array("q", (seq for (seq,) in connection.execute(asked.statement, asked.values)))  # a million, perhaps


def _still(connection: apsw.Connection, selection: Selection, seqs: Sequence[int]) -> Sequence[int]:
    return _places(connection, selecting.still(selection, seqs, DIALECT))


def _submissions(connection: apsw.Connection, selection: Selection, limit: int | None) -> Sequence[str]:
    asked = selecting.submissions(selection, DIALECT, limit=limit)
    return [] if asked is None else [name for (name,) in rows(connection, asked.statement, asked.values)]
