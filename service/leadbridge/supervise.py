"""Mistakes that nobody foresaw: kept from stopping the work of others, and put into words.

A stage that died in silence would be leads that wait for ever.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from leadbridge.logs import Logger

CRASH_PAUSE: Final = 1.0  # seconds before crashed work starts again


def words_of(error: Exception) -> str:
    """What an exception says, without characters that no database takes: an adapter or a preset may be anyone's."""
    return f"leadbridge crashed on it: {type(error).__name__}: {error}".encode("utf-8", "replace").decode()


async def keep_running(
    work: Callable[[], Awaitable[None]], *, name: str, rest: Callable[[float], Awaitable[object]], log: Logger
) -> None:
    """Run `work` until it returns; when it crashes, say so, `rest` and run it again."""
    while True:
        try:
            await work()
        except Exception:  # whatever it is: the log has it, and the work goes on
            log.exception("stage.crashed", stage=name, retry_in_s=CRASH_PAUSE)
            await rest(CRASH_PAUSE)
        else:
            return


class Crew:
    """Work that goes on beside everything else, each by its name, until all of it is stopped."""

    def __init__(self, *, rest: Callable[[float], Awaitable[object]], log: Logger) -> None:
        """`rest` waits for so many seconds before what crashed begins again."""
        self._rest = rest
        self._log = log
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Begin, and go on after a crash."""
        running = keep_running(work, name=name, rest=self._rest, log=self._log)
        self._tasks[name] = asyncio.create_task(running, name=name)

    def has(self, name: str) -> bool:
        """Whether this was begun and is not over."""
        return name in self._tasks and not self._tasks[name].done()

    async def stop(self) -> None:
        """End all of it, and wait until it has ended."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
