"""A CRM on a real socket, that writes what a test tells it, and an account there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from leadbridge.crm.adapter import Adapter, Call
from leadbridge.deliver.transport import HttpTransport
from leadbridge.outgoing.client import Unanswered
from tests.support.crm import PlainAdapter

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
UPSERT = Call(purpose="upsert", method="PUT", path="/leads/upsert", body={"name": "Zoë", "id": 2**70})


@dataclass
class Request:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Crm:
    """A server that writes what a test tells it, byte by byte."""

    answer: Callable[[Request, asyncio.StreamWriter], Awaitable[None]]
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    at_work: set[asyncio.Task[Any]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.at_work.add(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *lines = head.decode().split("\r\n")
                headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines if one)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append(request := Request(line, headers, body))
                await self.answer(request, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.at_work.discard(task)


@asynccontextmanager
async def crm(answer: Callable[[Request, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[Crm]:
    made = Crm(answer)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    for task in list(made.at_work):
        task.cancel()
    await asyncio.gather(*made.at_work, return_exceptions=True)


def writing(*pieces: bytes) -> Callable[[Request, asyncio.StreamWriter], Awaitable[None]]:
    async def answer(_request: Request, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return answer


def http(body: bytes = b"{}", *, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


class Account(PlainAdapter):
    """An account at an address of the test's, with its token."""

    def __init__(self, base_url: str, *, token: str = "t0ken") -> None:
        super().__init__()
        self.base_url = base_url
        self.token = token

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Version": "2021-07-28"}


def account(server: Crm, prefix: str = "") -> Adapter:
    return Account(f"http://127.0.0.1:{server.port}{prefix}")


async def unanswered(transport: HttpTransport, adapter: Adapter, call: Call = UPSERT) -> Unanswered:
    with pytest.raises(Unanswered) as raised:
        await transport.send(adapter, call, trace_id=TRACE_ID)
    return raised.value
