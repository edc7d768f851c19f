"""Who sends slowly, or stops, is cut off at a deadline and holds nobody else meanwhile."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack

import pytest

from leadbridge import inbound
from leadbridge.http import bounded
from leadbridge.store.base import Store
from tests.hostile.conftest import Service
from tests.hostile.wire import post
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.patience import PATIENCE
from tests.support.service import on_loopback, running

SLOW = 200  # senders at once
DEADLINE = 0.05  # seconds, in place of the real ones


def begun() -> list[bytes]:
    """The first bytes of requests that never end."""
    whole = post(b'{"name": "' + b"x" * 1_000)
    chunks = post(b"400\r\n{", "transfer-encoding: chunked", length=None)
    huge = post(b"7fffffffffffffff\r\n{", "transfer-encoding: chunked", length=None)
    form = post(b"--B\r\n", content_type="multipart/form-data; boundary=B", length=100_000)
    return [b"", b"P", whole[:40], whole[:-900], chunks, huge, form, post(b"", "expect: 100-continue", length=9)]


def test_slow_senders_hold_nobody_else(service: Service) -> None:
    """None of them is cut off before the others are answered, or given up: that service is `PATIENT`."""
    kinds = begun()
    with ExitStack() as connections:
        for number in range(SLOW):
            slow = connections.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            slow.sendall(kinds[number % len(kinds)])
        for _ in range(20):
            service.still_serves()
    service.still_serves()


@pytest.fixture
async def port(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[int]:
    """A real server on loopback."""
    async with running(store, clock, journal) as service, on_loopback(service.service) as port:
        yield port


@pytest.fixture
def short_head(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on the server waits for a head no longer than `DEADLINE`: what came before was not hurried."""
    return lambda: monkeypatch.setattr(bounded, "HEAD_TIME", DEADLINE)


async def until_closed(
    port: int, *pieces: bytes, then: bytes = b"", before_then: Callable[[], None] = lambda: None
) -> bytes:
    """Everything that is said before the server closes; `then` is sent after the first answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(PATIENCE):
        for piece in pieces:
            writer.write(piece)
        said = b""
        if then:
            said = await reader.readuntil(b"}")
            before_then()
            writer.write(then)
        said += await reader.read()
    writer.close()
    return said


@pytest.mark.parametrize(
    "request_",
    [
        post(b'{"name": "x', length=1_000),
        post(b"", length=1_000),
        post(b"7fffffffffffffff\r\n{", "transfer-encoding: chunked", length=None),
        post(b'{"name"', "expect: 100-continue", length=1_000),
    ],
    ids=["part of it", "none of it", "a chunk without end", "after 100 Continue"],
)
async def test_a_body_that_does_not_come_is_answered_with_408_and_the_end(
    port: int, request_: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "BODY_TIME", DEADLINE)
    said = await until_closed(port, request_)
    said = said.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 408 "), said
    assert b"application/problem+json" in said
    assert b"connection: close" in said.lower()


async def test_a_head_that_does_not_come_ends_the_connection(port: int, short_head: Callable[[], None]) -> None:
    short_head()
    assert await until_closed(port, b"POST /hooks/website HTTP/1.1\r\nx:") == b""


async def test_a_body_that_nobody_waits_for_is_not_waited_for(port: int, short_head: Callable[[], None]) -> None:
    early = post(b"x", target="/hooks/nobody", length=1_000)
    said = await until_closed(port, early, then=b"x", before_then=short_head)
    assert said.startswith(b"HTTP/1.1 404 "), said


async def test_stray_bytes_between_requests_do_not_keep_a_connection(port: int, short_head: Callable[[], None]) -> None:
    said = await until_closed(port, post(), then=b"\r\n", before_then=short_head)
    assert said.startswith(b"HTTP/1.1 202 "), said


async def test_a_request_after_stray_bytes_is_served(port: int) -> None:
    said = await until_closed(port, post(), then=b"\r\n" + post(b'{"name": "Bo"}', "connection: close"))
    assert said.count(b"HTTP/1.1 202 ") == 2, said
