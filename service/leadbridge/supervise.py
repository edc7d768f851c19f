"""Keeping background work alive: a stage that died in silence would be leads that wait for ever."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import structlog

Logger: TypeAlias = structlog.stdlib.BoundLogger
CRASH_PAUSE: Final = 1.0  # seconds before crashed work starts again


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
