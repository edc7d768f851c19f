"""The sandbox behind the server that it ships with."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from leadbridge.clock import SystemClock
from leadbridge.commands.serving import Embedded, listen, server_config, url_of
from leadbridge.sandbox import HideDrops, Sandbox, SandboxControl, SandboxOptions


@asynccontextmanager
async def served(options: SandboxOptions | None = None) -> AsyncIterator[tuple[httpx.AsyncClient, SandboxControl]]:
    """A sandbox on loopback: a client of its address, and its control."""
    hide = HideDrops()
    logging.getLogger("uvicorn.error").addFilter(hide)
    sandbox = Sandbox(options or SandboxOptions(quotas=False), SystemClock())
    with listen("127.0.0.1", 0) as listener:
        server = Embedded(server_config(sandbox.app))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await server.ready.wait()
        async with httpx.AsyncClient(base_url=url_of(listener), timeout=10) as client:
            yield client, SandboxControl(url_of(listener), client)
        server.should_exit = True
        await task
    logging.getLogger("uvicorn.error").removeFilter(hide)
