"""What comes before a body is bounded in size, count and time: anyone may send it, before any proof."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from leadbridge.http import bounded
from leadbridge.store.base import Store
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.patience import PATIENCE
from tests.support.service import TOKEN, on_loopback, running

BODY = b'{"email": "ann@example.com"}'


@pytest.fixture
async def port(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[int]:
    """A real server on loopback."""
    async with running(store, clock, journal) as service, on_loopback(service.service) as port:
        yield port


def post(*headers: str) -> bytes:
    lines = ["POST /hooks/website HTTP/1.1", "host: leads.test", f"x-webhook-token: {TOKEN}", *headers]
    return "\r\n".join([*lines, f"content-length: {len(BODY)}", "", ""]).encode() + BODY


async def answer(port: int, *pieces: bytes) -> bytes:
    """What the server says to these bytes, until it closes or has answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(PATIENCE):
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return await reader.readuntil(b"\r\n")
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            return error.partial if isinstance(error, asyncio.IncompleteReadError) else b""
        finally:
            writer.close()


async def test_an_ordinary_request_passes_and_the_next_on_its_connection_too(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(post("content-type: application/json"))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 202"), head
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(int(length.partition(b":")[2]))
    writer.close()


@pytest.mark.parametrize(
    "pieces",
    [
        [post(*(f"x-{number:06}: vvv" for number in range(10_000)))],
        [post(*["x: y"] * 50_000)],
        [post("x-long: " + "v" * 100_000)],
        [b"POST /hooks/website HTTP/1.1\r\nx-endless: ", *[b"v" * 10_000] * 100],
        [b"POST /hooks/website?" + b"q" * 100_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n"],
        [b"POST /hooks/website HTTP/1.1\r\n", *[b"x: y\r\n" * 1_000] * 100],
    ],
    ids=["many", "one name many times", "one long", "endless value", "long url", "endless headers"],
)
async def test_a_head_that_is_too_large_is_refused(port: int, pieces: list[bytes]) -> None:
    said = await answer(port, *pieces)
    assert said.startswith((b"HTTP/1.1 431", b"")), said
    assert not said.startswith((b"HTTP/1.1 2", b"HTTP/1.1 5"))
    assert (await answer(port, post("content-type: application/json"))).startswith(b"HTTP/1.1 202"), "others are served"


async def test_a_head_that_does_not_come_closes_the_connection(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "HEAD_TIME", 0.05)
    for begun in (b"", b"POST /hooks/website HTTP/1.1\r\nhost: x\r\n"):
        assert await answer(port, begun) == b""
