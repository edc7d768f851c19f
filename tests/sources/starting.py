"""Services whose configuration a test writes itself, one after the other on one store."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeAlias

from leadbridge.store.base import Store
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import ENVIRON, Running, running

Serve: TypeAlias = Callable[[str], Awaitable[Running]]


@asynccontextmanager
async def services(store: Store, clock: ManualClock, journal: Journal, *, secret: str) -> AsyncIterator[Serve]:
    """Starts a service with each configuration that it is given, `${SECRET}` in it; all are stopped afterwards."""
    async with AsyncExitStack() as stack:

        async def serve(config: str) -> Running:
            environ = {**ENVIRON, "SECRET": secret}
            return await stack.enter_async_context(running(store, clock, journal, config=config, environ=environ))

        yield serve
