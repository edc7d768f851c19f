"""What people do to deliveries and lanes: the same in the process that serves and in one beside it."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

import apsw

from leadbridge.clock import Millis
from leadbridge.errors import StorageUnavailable
from leadbridge.outcome import HoldReason
from leadbridge.plan import Choice
from leadbridge.store.sqlite import lanes, operating, selecting
from leadbridge.store.sqlite.beside import open_beside
from leadbridge.store.sqlite.connection import transaction
from leadbridge.store.sqlite.reader import SqliteReader
from leadbridge.store.sqlite.selecting import still
from leadbridge.store.values import Hastened, LaneState, Replayed, Selection

R = TypeVar("R")
Item = TypeVar("Item", int, str)
Act: TypeAlias = Literal["hold", "release", "replay", "cancel"]
_FITTING = {
    "hold": selecting.waiting,
    "release": selecting.held,
    "replay": selecting.replayable,
    "cancel": selecting.unsent,
}


class SqliteSteering(SqliteReader, ABC):
    """Changes of many rows, in several commits: an end in between leaves the rest as it was."""

    @abstractmethod
    async def _write(self, apply: Callable[[apsw.Connection], R]) -> R:
        """Apply a change in one transaction."""

    async def set_lane(
        self, lane: str, state: LaneState, *, epoch: int | None = None, seen: HoldReason | None = None
    ) -> bool:
        """Store a lane's state."""
        return await self._write(lambda connection: lanes.set_lane(connection, lane, state, epoch=epoch, seen=seen))

    async def hold_lane(self, lane: str, *, reason: HoldReason, detail: str, now: Millis) -> int:
        """Hold all that waits in a lane."""
        return await self.hold(Selection(lanes=(lane,)), reason=reason, detail=detail, now=now)

    async def hold(self, selection: Selection, *, reason: HoldReason, detail: str, now: Millis) -> int:
        """Hold waiting deliveries."""
        seqs = await self._fitting("hold", selection)
        return await self._some_at_a_time(
            seqs,
            lambda connection, some: operating.hold(
                connection, still(connection, selection, some), reason, detail, now
            ),
        )

    async def release(self, selection: Selection, *, now: Millis) -> int:
        """Let held deliveries go again."""
        seqs = await self._fitting("release", selection)
        return await self._some_at_a_time(
            seqs, lambda connection, some: operating.release(connection, still(connection, selection, some), now)
        )

    async def hasten(self, selection: Selection, *, now: Millis) -> Hastened:
        """Make deliveries due that wait for another try."""
        seqs = await self._read(lambda connection: selecting.retrying(connection, selection))
        # The last ones first: of a group that goes as one call the first must not become due without the others.
        done = await self._in_parts(
            seqs, lambda connection, some: operating.hasten(connection, some, now), last_first=True
        )
        return Hastened(due=sum(part.due for part in done), later=sum(part.later for part in done))

    async def replay(self, selection: Selection, *, now: Millis) -> Replayed:
        """Send deliveries, and map submissions, once more."""
        seqs = await self._fitting("replay", selection)
        failed = await self._failed(selection, beside=len(seqs))
        return Replayed(
            deliveries=await self._some_at_a_time(
                seqs, lambda connection, some: operating.replay(connection, still(connection, selection, some), now)
            ),
            submissions=await self._some_at_a_time(
                failed, lambda connection, some: _map_again(connection, selection, some, now)
            ),
        )

    async def resolve(self, delivery_id: str, choice: Choice, *, now: Millis) -> bool:
        """Let a held delivery go with what a person decided."""
        return await self._write(lambda connection: operating.resolve(connection, delivery_id, choice, now))

    async def cancel(self, selection: Selection, *, detail: str, now: Millis) -> int:
        """End waiting or held deliveries."""
        seqs = await self._fitting("cancel", selection)
        return await self._some_at_a_time(
            seqs, lambda connection, some: operating.cancel(connection, still(connection, selection, some), detail, now)
        )

    async def preview(self, act: Act, selection: Selection) -> Replayed:
        """How many rows `act` would change now."""
        seqs = await self._fitting(act, selection)
        failed = await self._failed(selection, beside=len(seqs)) if act == "replay" else ()
        return Replayed(deliveries=len(seqs), submissions=len(failed))

    async def undecided(self, selection: Selection) -> int:
        """How many held deliveries of these have no match key: only `resolve` lets one go."""
        return await self._read(lambda connection: selecting.undecided(connection, selection))

    async def _fitting(self, act: Act, selection: Selection) -> Sequence[int]:
        return await self._read(lambda connection: _FITTING[act](connection, selection))

    async def _failed(self, selection: Selection, *, beside: int) -> Sequence[str]:
        left = None if selection.limit is None else selection.limit - beside
        return await self._read(lambda connection: selecting.submissions(connection, selection, limit=left))

    async def _some_at_a_time(
        self, items: Sequence[Item], change: Callable[[apsw.Connection, Sequence[Item]], int]
    ) -> int:
        return sum(await self._in_parts(items, change))

    async def _in_parts(
        self,
        items: Sequence[Item],
        change: Callable[[apsw.Connection, Sequence[Item]], R],
        *,
        last_first: bool = False,
    ) -> Sequence[R]:
        """Change some at a time; returns what each part came to."""
        starts = range(0, len(items), operating.AT_ONCE)
        done: list[R] = []
        changed = 0  # items; the last part may be a short one, and the first to be done
        for first in reversed(starts) if last_first else starts:
            part = items[first : first + operating.AT_ONCE]
            began = time.monotonic()
            try:
                done.append(await self._write(_with(change, part)))
            except StorageUnavailable as error:
                if not done:
                    raise
                problem = f"only {changed} of {len(items)} were done; the same again does the rest"
                raise StorageUnavailable(f"{problem}: {error.__cause__ or error}") from error
            changed += len(part)
            if len(done) < len(starts):
                await self._let_others_write(time.monotonic() - began)
        return done

    async def _let_others_write(self, seconds: float) -> None:
        """Come between two parts of a change, of which the last took so long."""


class SqliteOperator(SqliteSteering):
    """For one command beside the service, or without one: it owns nothing and never accepts or sends."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises `StorageUnavailable` when it is not there or of another version."""
        super().__init__(path)
        try:
            self._beside = open_beside(path)
        except StorageUnavailable:
            self._thread.shutdown()
            self._connection.close()
            raise

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
        """Let the file go."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._beside.close)
        await super().close()


def _map_again(connection: apsw.Connection, selection: Selection, some: Sequence[str], now: Millis) -> int:
    """Map those of these submissions once more that may be: what came again meanwhile goes on in its place."""
    fitting = selecting.submissions(connection, replace(selection, ids=tuple(some)), limit=None)
    return operating.map_again(connection, fitting, now)


def _with(
    change: Callable[[apsw.Connection, Sequence[Item]], R], some: Sequence[Item]
) -> Callable[[apsw.Connection], R]:
    return lambda connection: change(connection, some)
