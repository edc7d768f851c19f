"""The sandbox behind the server that it ships with."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from leadbridge.clock import Clock, SystemClock
from leadbridge.http.server import embedded, listen, server_config, url_of
from leadbridge.sandbox import HideDrops, Sandbox, SandboxControl, SandboxOptions
from tests.support.patience import PATIENCE


@asynccontextmanager
async def served(
    options: SandboxOptions | None = None, *, clock: Clock | None = None
) -> AsyncIterator[tuple[httpx.AsyncClient, SandboxControl]]:
    """A sandbox on loopback: a client of its address, and its control."""
    hide = HideDrops()
    logging.getLogger("uvicorn.error").addFilter(hide)
    sandbox = Sandbox(options or SandboxOptions(quotas=False), clock or SystemClock())
    with listen("127.0.0.1", 0) as listener:
        async with (
            embedded(server_config(sandbox.app), listener),
            httpx.AsyncClient(base_url=url_of(listener), timeout=PATIENCE) as client,
        ):
            yield client, SandboxControl(url_of(listener), client)
    logging.getLogger("uvicorn.error").removeFilter(hide)
