"""The configured database for a command that looks at it, or changes what is in it: opened, and closed again."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from leadbridge.store.opening import Operator, Reader, database_url, open_operator, open_reader

D = TypeVar("D", Reader, Operator)
R = TypeVar("R")


def ask(question: Callable[[Reader], Coroutine[Any, Any, R]]) -> R:
    """The answer to a question of a command that only looks; raises `StorageUnavailable`."""
    return asyncio.run(done(question, opened=open_reader, environ=os.environ))


def change(wanted: Callable[[Operator], Coroutine[Any, Any, R]]) -> R:
    """Do what a person wants, beside a running service or without one; raises `StorageUnavailable`."""
    # Ctrl-Z in the middle of a commit would keep the running service from storing anything until the shell goes on.
    before = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    try:
        return asyncio.run(done(wanted, opened=open_operator, environ=os.environ))
    finally:
        signal.signal(signal.SIGTSTP, before)


async def done(
    wanted: Callable[[D], Coroutine[Any, Any, R]], *, opened: Callable[[str], D], environ: Mapping[str, str]
) -> R:
    """What is wanted of the database that the environment names; raises `StorageUnavailable`."""
    database = opened(database_url(environ))
    try:
        return await wanted(database)
    finally:
        await database.close()
