"""Requests that come whole are answered in one step, as the usual way would; one timer watches a connection's rests."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from typing import Any, cast
from weakref import ref

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from leadbridge.events import Reply
from leadbridge.http.bounded import BoundedHttp
from leadbridge.http.joined import JoinedWrites
from leadbridge.http.server import KEEP_ALIVE, server_config
from leadbridge.inbound import send_reply, whole_of

DATE = (b"date", b"Sun, 22 Nov 2026 12:00:00 GMT")
REPLY = Reply(status=202, body=b'{"status":"accepted"}')


class Wire:
    """A connection's transport that notes what goes out."""

    def __init__(self) -> None:
        self.went: list[bytes] = []
        self.closed = False
        self.breaks = False
        self.reads = True

    def write(self, data: bytes) -> None:
        if self.breaks:
            raise RuntimeError("the connection is gone")
        self.went.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, _name: str) -> None:
        return None

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True


class Loop:
    """The running loop with a clock of the test's own."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.create_task = asyncio.get_running_loop().create_task

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, look: Callable[[], None]) -> asyncio.TimerHandle:
        self.timers.append((self.now + seconds, look))
        return asyncio.TimerHandle(0, look, (), asyncio.get_running_loop())

    def pass_to_next(self) -> None:
        """Let time pass until the only timer runs."""
        [(self.now, look)] = self.timers
        self.timers.clear()
        look()


class Connection:
    """One sender's connection to an application."""

    def __init__(self, app: ASGIApp, *, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        config = server_config(app)
        config.load()
        state = ServerState()
        state.default_headers = headers or [DATE]
        self.loop = Loop()
        self.wire: Any = Wire()
        self.http = BoundedHttp(
            config=config, server_state=state, app_state={}, _loop=cast("asyncio.AbstractEventLoop", self.loop)
        )
        self.http.connection_made(self.wire)

    async def ask(self, *headers: str, method: str = "POST", version: str = "1.1") -> bytes:
        """What one request is answered."""
        self.send(*headers, method=method, version=version)
        return await self.answered()

    def send(self, *headers: str, method: str = "POST", version: str = "1.1") -> None:
        """Send a request."""
        lines = [f"{method} /hooks/website HTTP/{version}", "host: leads.test", "content-length: 2", *headers]
        self.http.data_received("\r\n".join([*lines, "", "{}"]).encode())

    async def answered(self) -> bytes:
        """What went out since this was last asked."""
        for _ in range(10):
            await asyncio.sleep(0)
        went, self.wire.went = b"".join(self.wire.went), []
        return went


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., Connection]]:
    """Connections that are closed in the end."""
    opened: list[Connection] = []

    def connect(app: ASGIApp, **options: Any) -> Connection:
        opened.append(Connection(app, **options))
        return opened[-1]

    yield connect
    for one in opened:
        one.wire.breaks = False
        one.http.connection_lost(None)


async def in_one_step(scope: Scope, _receive: Receive, send: Send) -> None:
    whole = whole_of(scope)
    assert whole is not None
    assert whole.whole_body() == b"{}"
    await send_reply(scope, send, REPLY)


async def the_usual_way(_scope: Scope, receive: Receive, send: Send) -> None:
    assert (await receive())["body"] == b"{}"
    await send_reply({}, send, REPLY)


def lines_of(answer: bytes) -> set[bytes]:
    return set(answer.split(b"\r\n"))


@pytest.mark.parametrize(
    ("asked", "headers"),
    [
        ({}, [DATE]),
        ({"version": "1.0"}, [DATE]),
        ({"method": "HEAD"}, [DATE]),
        ({}, [DATE, (b"connection", b"close")]),  # as while the service is about to end
        ({}, [DATE, (b"server", b"leads")]),
    ],
    ids=["plain", "HTTP/1.0", "HEAD", "leaving", "more headers"],
)
async def test_an_answer_in_one_step_says_what_the_usual_way_says(
    connect: Callable[..., Connection], asked: dict[str, str], headers: list[tuple[bytes, bytes]]
) -> None:
    quick, usual = connect(in_one_step, headers=headers), connect(the_usual_way, headers=headers)
    said, expected = await quick.ask(**asked), await usual.ask(**asked)
    assert said.startswith(b"HTTP/1.1 202 Accepted\r\n")
    assert lines_of(said) == lines_of(expected)
    assert said.endswith(b"\r\n\r\n" if asked.get("method") == "HEAD" else REPLY.body)
    assert quick.wire.closed == usual.wire.closed == (b"connection: close" in lines_of(said))


async def test_a_sender_that_waits_to_be_asked_for_its_body_is_asked(connect: Callable[..., Connection]) -> None:
    found: list[bytes | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        whole = whole_of(scope)
        assert whole is not None
        found.append(whole.whole_body())
        await the_usual_way(scope, receive, send)

    said = await connect(app).ask("expect: 100-continue")
    assert found == [None]
    assert said.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\n")


async def test_a_request_whose_sender_is_gone_has_no_whole_body(connect: Callable[..., Connection]) -> None:
    found: list[bytes | None] = []

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        whole = whole_of(scope)
        assert whole is not None
        found.append(whole.whole_body())
        await send_reply(scope, send, REPLY)

    connection = connect(app)
    connection.send()
    connection.http.connection_lost(ConnectionResetError())
    assert await connection.answered() == b""
    assert found == [None]


async def test_what_was_answered_leaves_nothing_to_collect(connect: Callable[..., Connection]) -> None:
    connection = connect(in_one_step)
    gc.disable()
    try:
        await connection.ask()
        first = ref(connection.http.cycle)
        await connection.ask()
        assert first() is None
    finally:
        gc.enable()


async def test_one_timer_closes_a_connection_that_has_rested_for_long_enough(
    connect: Callable[..., Connection],
) -> None:
    connection = connect(in_one_step)
    await connection.ask()
    connection.loop.now += KEEP_ALIVE - 10
    await connection.ask()
    connection.loop.pass_to_next()
    assert not connection.wire.closed, "it rested for ten seconds"
    connection.loop.pass_to_next()
    assert connection.wire.closed
    assert connection.loop.now == 1_000.0 + 2 * KEEP_ALIVE - 10


async def test_a_request_under_way_is_no_rest(connect: Callable[..., Connection]) -> None:
    stored = asyncio.Event()

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        await stored.wait()
        await send_reply(scope, send, REPLY)

    connection = connect(app)
    stored.set()
    await connection.ask()
    stored.clear()
    connection.send()
    connection.loop.pass_to_next()
    assert not connection.wire.closed
    stored.set()
    assert (await connection.answered()).startswith(b"HTTP/1.1 202")
    connection.loop.pass_to_next()
    assert connection.wire.closed, "its wait began when it was answered"


async def test_a_connection_that_breaks_keeps_no_other_answer_back(connect: Callable[..., Connection]) -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context))
    broken, sound = connect(in_one_step), connect(in_one_step)
    broken.wire.breaks = True
    broken.send()
    sound.send()
    assert (await sound.answered()).endswith(REPLY.body)
    assert [str(one["exception"]) for one in reported] == ["the connection is gone"]


async def test_nothing_is_read_while_requests_behind_one_another_wait(connect: Callable[..., Connection]) -> None:
    stored = asyncio.Semaphore(0)

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        await stored.acquire()
        await send_reply(scope, send, REPLY)

    connection = connect(app)
    for _ in range(3):
        connection.send()
    still_reads = []
    for _ in range(3):
        still_reads.append(connection.wire.reads)
        stored.release()
        assert (await connection.answered()).count(b"202 Accepted") == 1
    assert still_reads == [False, False, False], "each answer let more in than went out"
    assert connection.wire.reads


def test_an_event_loop_that_is_closed_is_let_go() -> None:
    async def write() -> "ref[asyncio.AbstractEventLoop]":
        JoinedWrites(cast("asyncio.Transport", Wire())).write(b"an answer")
        return ref(asyncio.get_running_loop())

    loop = asyncio.new_event_loop()
    went = loop.run_until_complete(write())
    loop.close()
    del loop
    gc.collect()
    assert went() is None
