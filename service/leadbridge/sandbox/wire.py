"""How an answer reaches the client: whole, or as a fault asks."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import httpx
from starlette.types import Receive, Send

from leadbridge.clock import Clock
from leadbridge.sandbox.exchange import ApiReply
from leadbridge.sandbox.faults import Drip, Drop, Ending, Huge

_SPACE: Final = b" " * 65_536


class ConnectionDropped(httpx.RemoteProtocolError):
    """Ends a connection without a complete answer.

    A server that sees it closes the connection, since the answer was begun. A client that calls the application in its
    own process gets it as it is, which is what httpx raises for a connection that a server closed.
    """


class Wire:
    """One exchange's way back to the client."""

    def __init__(self, receive: Receive, send: Send, clock: Clock) -> None:
        self._receive = receive
        self._send = send
        self._clock = clock

    async def hold(self, seconds: float) -> None:
        """Let a client wait, for as long as it stays."""
        async with self._watched() as gone:
            await self._clock.wait(gone, seconds)

    async def put(self, reply: ApiReply, ending: Ending | None) -> None:
        """Send a reply; raises `ConnectionDropped` where the connection is to be closed in the middle of it."""
        match ending:
            case Drop():
                await self._begin(500, {}, size=1)
                raise ConnectionDropped("the sandbox dropped the connection, as a fault asked")
            case Drip():
                await self._begin(reply.status, _headers(reply), size=len(reply.body))
                await self._drip(reply.body, ending)
            case Huge(size=size):
                await self._begin(reply.status, _headers(reply), size=size + len(reply.body))
                for begun in range(0, size, len(_SPACE)):
                    await self._piece(_SPACE[: size - begun])
                await self._piece(reply.body, more=False)
            case _:
                await self._begin(reply.status, _headers(reply), size=len(reply.body))
                await self._piece(reply.body, more=False)

    async def _drip(self, body: bytes, drip: Drip) -> None:
        """Piece by piece, for as long as the client stays."""
        stop = len(body) if drip.stop_after is None else min(drip.stop_after, len(body))
        async with self._watched() as gone:
            for begun in range(0, stop, drip.piece):
                if drip.pause and await self._clock.wait(gone, drip.pause):
                    return
                end = min(begun + drip.piece, stop)
                await self._piece(body[begun:end], more=end < len(body))
            if stop == len(body):
                return
            if drip.close:
                raise ConnectionDropped("the sandbox closed the connection in the middle, as a fault asked")
            await gone.wait()

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[asyncio.Event]:
        """What is set when the client goes."""
        gone = asyncio.Event()
        watching = asyncio.create_task(self._until_left(gone))
        try:
            yield gone
        finally:
            watching.cancel()

    async def _until_left(self, gone: asyncio.Event) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            """The request's body was read before; nothing else comes."""
        gone.set()

    async def _begin(self, status: int, headers: Mapping[str, str], *, size: int) -> None:
        pairs = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in {**headers, "content-length": str(size)}.items()
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": pairs})

    async def _piece(self, body: bytes, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


def _headers(reply: ApiReply) -> dict[str, str]:
    return {"content-type": reply.content_type, **reply.headers}
