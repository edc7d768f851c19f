"""A dropped connection under a real server."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn

from leadbridge.clock import SystemClock
from leadbridge.sandbox import (
    COPPER_PATH,
    ConnectionDropped,
    Drop,
    Fault,
    HideDrops,
    Sandbox,
    SandboxControl,
    SandboxOptions,
)

from .support import COPPER_HEADERS, upsert_by_email


@pytest.fixture
async def address() -> AsyncIterator[str]:
    sandbox = Sandbox(SandboxOptions(), SystemClock())
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(sandbox.app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving
    listening.close()


@pytest.mark.parametrize("commit", [False, True])
async def test_no_complete_answer_comes_and_the_next_call_is_well(
    address: str, commit: bool, caplog: pytest.LogCaptureFixture
) -> None:
    hide = HideDrops()
    logging.getLogger("uvicorn.error").addFilter(hide)
    async with httpx.AsyncClient(base_url=address) as client:
        control = SandboxControl(address, client)
        await control.fault(Fault(action=Drop(commit=commit), times=1))
        url, body = f"{COPPER_PATH}/leads/upsert", upsert_by_email("a@b.test")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.put(url, json=body, headers=COPPER_HEADERS)
        done = (await control.state())["copper"].get("acme", {"leads": []})["leads"]
        again = await client.put(url, json=body, headers=COPPER_HEADERS)
    logging.getLogger("uvicorn.error").removeFilter(hide)

    assert len(done) == int(commit)
    assert again.status_code == 200
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_only_drops_are_hidden_from_a_log() -> None:
    def record(error: Exception | None) -> logging.LogRecord:
        exc_info = (type(error), error, None) if error else None
        return logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "failed", None, exc_info)

    hide = HideDrops()
    assert [hide.filter(record(error)) for error in (ConnectionDropped("x"), ValueError("x"), None)] == [
        False,
        True,
        True,
    ]
