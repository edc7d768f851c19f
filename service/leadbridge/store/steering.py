"""What people do to deliveries and lanes: the same on every engine, in the process that serves and in one beside it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from leadbridge.clock import Millis
from leadbridge.errors import StorageUnavailable
from leadbridge.outcome import HoldReason
from leadbridge.store.selecting import Act
from leadbridge.store.values import Hastened, Replayed, Selection

AT_ONCE: Final = 500  # rows of one commit: nobody waits long meanwhile
Item = TypeVar("Item", int, str)
R = TypeVar("R")


class Steering(ABC):
    """Changes of many rows, in several commits: an end in between leaves the rest as it was.

    An engine changes some rows at a time: of those that are given, the ones that still fit the selection.
    """

    async def hold_lane(self, lane: str, *, reason: HoldReason, detail: str, now: Millis) -> int:
        """Hold all that waits in a lane."""
        return await self.hold(Selection(lanes=(lane,)), reason=reason, detail=detail, now=now)

    async def hold(self, selection: Selection, *, reason: HoldReason, detail: str, now: Millis) -> int:
        """Hold waiting deliveries; returns how many."""
        seqs = await self._fitting("hold", selection)
        return sum(await self._in_parts(seqs, lambda some: self._hold(selection, some, reason, detail, now)))

    async def release(self, selection: Selection, *, now: Millis) -> int:
        """Let held deliveries go again."""
        seqs = await self._fitting("release", selection)
        return sum(await self._in_parts(seqs, lambda some: self._release(selection, some, now)))

    async def hasten(self, selection: Selection, *, now: Millis) -> Hastened:
        """Make deliveries due that wait for another try."""
        seqs = await self._retrying(selection)
        # The last ones first: of a group that goes as one call the first must not become due without the others.
        done = await self._in_parts(seqs, lambda some: self._hasten(some, now), last_first=True)
        return Hastened(due=sum(part.due for part in done), later=sum(part.later for part in done))

    async def replay(self, selection: Selection, *, now: Millis) -> Replayed:
        """Send deliveries, and map submissions, once more."""
        seqs = await self._fitting("replay", selection)
        failed = await self._failed(selection, beside=len(seqs))
        return Replayed(
            deliveries=sum(await self._in_parts(seqs, lambda some: self._replay(selection, some, now))),
            submissions=sum(await self._in_parts(failed, lambda some: self._map_again(selection, some, now))),
        )

    async def cancel(self, selection: Selection, *, detail: str, now: Millis) -> int:
        """End waiting or held deliveries."""
        seqs = await self._fitting("cancel", selection)
        return sum(await self._in_parts(seqs, lambda some: self._cancel(selection, some, detail, now)))

    async def preview(self, act: Act, selection: Selection) -> Replayed:
        """How many rows `act` would change now."""
        seqs = await self._fitting(act, selection)
        failed = await self._failed(selection, beside=len(seqs)) if act == "replay" else ()
        return Replayed(deliveries=len(seqs), submissions=len(failed))

    async def _failed(self, selection: Selection, *, beside: int) -> Sequence[str]:
        left = None if selection.limit is None else selection.limit - beside
        return await self._submissions(selection, limit=left)

    async def _in_parts(
        self,
        items: Sequence[Item],
        change: Callable[[Sequence[Item]], Awaitable[R]],
        *,
        last_first: bool = False,
    ) -> Sequence[R]:
        """Change some at a time; returns what each part came to."""
        starts = range(0, len(items), AT_ONCE)
        done: list[R] = []
        changed = 0  # items; the last part may be a short one, and the first to be done
        for first in reversed(starts) if last_first else starts:
            part = items[first : first + AT_ONCE]
            began = time.monotonic()
            try:
                done.append(await change(part))
            except StorageUnavailable as error:
                if not done:
                    raise
                problem = f"only {changed} of {len(items)} were done; the same again does the rest"
                raise StorageUnavailable(f"{problem}: {error.__cause__ or error}") from error
            changed += len(part)
            if len(done) < len(starts):
                await self._let_others_write(time.monotonic() - began)
        return done

    async def _let_others_write(self, seconds: float) -> None:  # noqa: B027  # most need not wait
        """Come between two parts of a change, of which the last took so long."""

    @abstractmethod
    async def _fitting(self, act: Act, selection: Selection) -> Sequence[int]: ...

    @abstractmethod
    async def _retrying(self, selection: Selection) -> Sequence[int]: ...

    @abstractmethod
    async def _submissions(self, selection: Selection, *, limit: int | None) -> Sequence[str]: ...

    @abstractmethod
    async def _hold(
        self, selection: Selection, seqs: Sequence[int], reason: HoldReason, detail: str, now: Millis
    ) -> int: ...

    @abstractmethod
    async def _release(self, selection: Selection, seqs: Sequence[int], now: Millis) -> int: ...

    @abstractmethod
    async def _hasten(self, seqs: Sequence[int], now: Millis) -> Hastened: ...

    @abstractmethod
    async def _replay(self, selection: Selection, seqs: Sequence[int], now: Millis) -> int: ...

    @abstractmethod
    async def _map_again(self, selection: Selection, submission_ids: Sequence[str], now: Millis) -> int: ...

    @abstractmethod
    async def _cancel(self, selection: Selection, seqs: Sequence[int], detail: str, now: Millis) -> int: ...
