"""Mistakes that nobody foresaw: kept from stopping the work of others, and put into words.

A stage that died in silence would be leads that wait for ever.
"""

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
