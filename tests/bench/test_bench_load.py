"""The load sender, against a small server of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count, islice

import pytest

from benchmarks.ground import TOKEN, body, requests
from benchmarks.load import load
from benchmarks.processes import BenchmarkFailed

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[int]:
    """A server on loopback; gives its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the sender is done
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


class Recording:
    """Takes requests and answers them: the status it is told, in two pieces now and then."""

    def __init__(self, status: Callable[[int], str]) -> None:
        self.status = status
        self.bodies: list[bytes] = []
        self.heads: list[bytes] = []
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            self.heads.append(head)
            self.bodies.append(await reader.readexactly(length))
            answer = f"HTTP/1.1 {self.status(len(self.bodies))}\r\ncontent-length: 2\r\n\r\n".encode() + b"ok"
            half = len(answer) // 2 if len(self.bodies) % 3 == 0 else 0
            writer.write(answer[:half])
            await writer.drain()
            writer.write(answer[half:])
            await writer.drain()


async def test_every_request_is_sent_once_over_the_given_connections() -> None:
    server = Recording(lambda _number: "202 Accepted")
    async with listening(server) as port:
        result = await load(requests("website", islice(count(), 50)), port=port, connections=4)
    assert result.statuses == {202: 50}
    assert sorted(server.bodies) == sorted(body(person) for person in range(50))
    assert server.connections == 4
    assert result.per_second == 50 / result.seconds


async def test_the_requests_carry_the_token_and_name_the_source() -> None:
    server = Recording(lambda _number: "202 Accepted")
    async with listening(server) as port:
        await load(requests("lists", islice(count(), 1)), port=port, connections=1)
    (head,) = server.heads
    assert head.startswith(b"POST /hooks/lists HTTP/1.1\r\n")
    assert f"X-Webhook-Token: {TOKEN}\r\n".encode() in head


async def test_statuses_are_counted_apart() -> None:
    server = Recording(lambda number: "503 Service Unavailable" if number % 5 == 0 else "202 Accepted")
    async with listening(server) as port:
        result = await load(requests("website", islice(count(), 20)), port=port, connections=1)
    assert result.statuses == {202: 16, 503: 4}


async def test_more_connections_than_requests_do_no_harm() -> None:
    server = Recording(lambda _number: "202 Accepted")
    async with listening(server) as port:
        result = await load(requests("website", islice(count(), 2)), port=port, connections=5)
    assert result.statuses == {202: 2}


async def test_a_broken_connection_ends_the_load_with_words() -> None:
    async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with listening(hang_up) as port:
        with pytest.raises(BenchmarkFailed, match="broke under load"):
            await load(requests("website", islice(count(), 3)), port=port, connections=1)
