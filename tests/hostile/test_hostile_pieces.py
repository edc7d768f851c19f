"""However a request is cut into pieces on its way, it is read the same."""

import asyncio
import json
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from leadbridge.http.bounded import MOST_HEAD, BoundedHttp
from leadbridge.http.server import server_config
from tests.hostile.wire import chunked, post
from tests.support.patience import PATIENCE
from tests.support.walked import walked

LEAD = b'{"name": "Ann Lee"}'
LARGE = b'{"name": "' + b"x" * 300_000 + b'"}'
UPGRADE = ("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQ")


class Wire(asyncio.Transport):
    """The server's end of a connection, with what was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False
        self._answers = 0
        self._answered = asyncio.Event()

    def write(self, data: Any) -> None:
        self.written += bytes(data)
        self._answered.set()

    def close(self) -> None:
        self.closed = True
        self._answered.set()

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """All is written at once here."""

    def resume_reading(self) -> None:
        """All is written at once here."""

    async def until(self, count: int) -> None:
        """Wait for so many whole answers."""
        async with asyncio.timeout(PATIENCE):
            while self.written.count(b"}") < count:
                self._answered.clear()
                await self._answered.wait()


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Says how many bytes the body had, and what the headers were called."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    names = sorted({name.decode("latin-1") for name, _ in scope["headers"]})
    said = json.dumps([scope["method"], scope["path"], size, names]).encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % (len(said) + 1))]}
    )
    await send({"type": "http.response.body", "body": said + b"}"})


async def answers(*pieces: bytes, count: int = 1) -> tuple[bytes, bool]:
    """What is said to these pieces, and whether the connection was closed then."""
    config: uvicorn.Config = server_config(echo)
    wire = Wire()
    protocol = BoundedHttp(config, ServerState(), {})
    protocol.connection_made(wire)
    try:
        for piece in pieces:
            protocol.data_received(piece)
        await wire.until(count)
        closed = wire.closed
    finally:
        protocol.connection_lost(None)
    return b"\n".join(line for line in wire.written.split(b"\r\n") if b"date:" not in line.lower()), closed


REQUESTS = {
    "small": post(LEAD),
    "large": post(LARGE),
    "in chunks": post(
        chunked(LEAD, LEAD, ending=b"0\r\nx-hidden: y\r\n\r\n"), "transfer-encoding: chunked", length=None
    ),
    "upgrade": post(LEAD, *UPGRADE),
    "upgrade, large": post(LARGE, *UPGRADE),
    "no HTTP": b"NO HTTP\r\n\r\n",
}


@walked("name", REQUESTS)
async def test_a_request_in_two_pieces_is_the_request(name: str) -> None:
    request = REQUESTS[name]
    whole, _ = await answers(request)
    assert (b" 400 " in whole) == (name == "no HTTP"), whole
    assert b"x-hidden" not in whole
    assert b'"upgrade"' not in whole
    for cut in {*range(1, min(len(request), 400), 7), len(request) - 20, len(request) - 1}:
        assert (await answers(request[:cut], request[cut:]))[0] == whole, cut


@pytest.mark.parametrize("name", ["small", "in chunks", "upgrade", "no HTTP"])
async def test_a_request_in_single_bytes_is_the_request(name: str) -> None:
    request = REQUESTS[name]
    assert (await answers(*(bytes([byte]) for byte in request)))[0] == (await answers(request))[0]


async def test_many_wishes_for_an_upgrade_in_one_piece_are_all_answered() -> None:
    said, closed = await answers(post(LEAD, *UPGRADE) * 200, count=200)
    assert said.count(b"200 OK") == 200
    assert not closed


@pytest.mark.parametrize("pieces", [1, 3, 1_000])
async def test_a_head_that_is_too_large_is_refused_however_it_is_cut(pieces: int) -> None:
    head = b"POST / HTTP/1.1\r\n" + b"x: y\r\n" * (2 * MOST_HEAD)
    size = len(head) // pieces + 1
    said, closed = await answers(*(head[at : at + size] for at in range(0, len(head), size)))
    assert said.startswith(b"HTTP/1.1 431 ")
    assert closed


CHUNKS = "transfer-encoding: chunked"
REFUSED = {
    "a head that is too large": post(LEAD, "x: " + "y" * 2 * MOST_HEAD),
    "a head that is too large, and another request": post(LEAD, "x: " + "y" * 2 * MOST_HEAD) + post(LARGE),
    "a head without end": b"POST / HTTP/1.1\r\nx: " + b"y" * 2 * MOST_HEAD,
    "no HTTP": b"NO HTTP\r\n\r\n",
    "a chunk of no number": post(b"zz\r\n" + LEAD, CHUNKS, length=None),
    "a chunk's extension without end": post(b"13;" + b"x" * 5 * MOST_HEAD, CHUNKS, length=None),
    "trailers without end": post(chunked(LEAD, ending=b"0\r\n" + b"x: y\r\n" * MOST_HEAD), CHUNKS, length=None),
}


@walked("good", [1, 2, 3])
@walked("name", REFUSED)
async def test_what_is_refused_costs_no_answer_of_the_requests_before_it(name: str, good: int) -> None:
    """Another answer in their place would be taken for theirs: they would be sent again."""
    first = post(LARGE) * good
    refused = REFUSED[name]
    whole = first + refused
    cuts = [[first, refused[:300], refused[300:]], [whole[at : at + 50_000] for at in range(0, len(whole), 50_000)]]
    if not name.endswith("without end"):  # of those, more must come before it is too much
        cuts.append([whole])
    for pieces in cuts:
        said, closed = await answers(*pieces, count=good)
        assert (said.count(b"HTTP/1.1 "), said.count(b"HTTP/1.1 200 ")) == (good, good), said
        assert said.count(b'["POST", "/hooks/website", %d, ' % len(LARGE)) == good, said
        assert closed
