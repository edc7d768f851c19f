"""Group commit: while one batch is being committed the next one gathers, and is then committed whole."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from leadbridge.errors import StorageUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")
MOST_IN_ONE_COMMIT: Final = 512  # bounds how long the first caller of a batch waits for the last


class Batches(Generic[Item, Result]):
    """Changes of one kind, committed together; each caller is answered after the commit."""

    def __init__(self, commit: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]) -> None:
        """`commit` applies all of some items in one transaction, or none of them."""
        self._commit = commit
        self._gathered: list[tuple[Item, asyncio.Future[Result]]] = []
        self._working: asyncio.Task[None] | None = None

    async def put(self, item: Item) -> Result:
        """Commit an item with all others that wait; its result. It stands though its caller is cancelled."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._gathered.append((item, future))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work(), name="postgres batches")
        return await future

    async def finish(self) -> None:
        """Wait until everything that was handed in is committed, or has failed."""
        if self._working is not None and not self._working.done():
            await self._working

    async def _work(self) -> None:
        while self._gathered:
            some, self._gathered = self._gathered[:MOST_IN_ONE_COMMIT], self._gathered[MOST_IN_ONE_COMMIT:]
            await self._settle(some)

    async def _settle(self, some: Sequence[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        """Commit together; when one of them is a mistake, each alone, so that it stays with its maker."""
        try:
            results: Sequence[Any] = await self._commit([item for item, _ in some])
        except StorageUnavailable as trouble:
            for _, future in some:
                _end(future, error=trouble)
        except Exception as mistake:  # a caller's own: handed to that caller as it is
            if len(some) == 1:
                _end(some[0][1], error=mistake)
            else:
                for one in some:
                    await self._settle([one])
        else:
            for (_, future), result in zip(some, results, strict=True):
                _end(future, result=result)


def _end(future: "asyncio.Future[Any]", *, result: Any = None, error: Exception | None = None) -> None:
    if future.done():  # the caller was cancelled; the change stands all the same
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
