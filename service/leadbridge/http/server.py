"""The server of `serve`, `demo`, `sandbox` and `connect`: where it listens, how it runs, how it stops."""

import asyncio
import gc
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from types import FrameType
from typing import Any, Final

import uvicorn
import uvloop

from leadbridge.errors import LeadbridgeError, UsageError
from leadbridge.http.bounded import BoundedHttp

GRACE: Final = 15  # seconds requests under way may take at a stop
GRACE_BESIDE: Final = 1  # the same, where operators ask and no sender waits
# Seconds for which a connection may rest between two requests: longer than proxies keep theirs (nginx and AWS 60). Who
# closes first may do so in the moment in which the other sends, and to a proxy that is a 502 for its sender.
KEEP_ALIVE: Final = 75
# New objects until those without an owner are looked for, and how often that goes deeper: by Python's own 700 all that
# sixty requests under way hold is gone through for every tenth of them.
GARBAGE: Final = (10_000, 10, 10)
STOPS: Final = (signal.SIGTERM, signal.SIGINT)
_CLOSE: Final = (b"connection", b"close")


class _Foreground(uvicorn.Server):
    """The server that a process is for.

    Between a SIGTERM and its stop it serves for `linger` seconds more: who sends to it hears late that it ends. Each
    answer then closes its connection, so that none is cut off in the middle of a request at the end.
    """

    def __init__(self, config: uvicorn.Config, *, linger: float = 0.0, leaving: Callable[[], None]) -> None:
        """`leaving` is called in the loop when it begins to linger."""
        super().__init__(config)
        self._linger = linger
        self._leaving = leaving
        self._asked_to_leave = False
        self._leaves_at: float | None = None  # monotonic seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and look no more for garbage in what is there from now on to the end.

        Nor now: a start leaves 2,000 objects without an owner, a megabyte, and to find them senders would wait.
        """
        await super().startup(sockets)
        gc.freeze()
        gc.set_threshold(*GARBAGE)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Linger at the first SIGTERM; end at any other, and at SIGINT: a person waits."""
        if sig == signal.SIGTERM and self._linger and not self._asked_to_leave:
            self._asked_to_leave = True
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """What is done ten times a second; true when it is time to end."""
        ends = await super().on_tick(counter)
        if not self._asked_to_leave:
            return ends
        if _CLOSE not in self.server_state.default_headers:  # uvicorn writes them anew each second
            self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
        if self._leaves_at is None:
            self._leaves_at = time.monotonic() + self._linger
            self._leaving()
        return ends or time.monotonic() >= self._leaves_at

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop in order at SIGTERM and SIGINT. uvicorn would raise them again afterwards: a stop is no failure."""
        before = {name: signal.signal(name, self.handle_exit) for name in STOPS}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)


class _Embedded(uvicorn.Server):
    """A server whose process has other things to do: it leaves the signals alone and stops by `should_exit`."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and set `ready`."""
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def server_config(app: Any, *, trusted_proxies: Sequence[object] = ()) -> uvicorn.Config:
    """How every server of ours runs. What a proxy says of the sender is believed from these networks alone."""
    return uvicorn.Config(
        app,
        http=BoundedHttp,
        loop="uvloop",
        ws="none",  # else it looks for libraries
        lifespan="on",
        log_config=None,  # structlog does that
        access_log=False,  # `submission.*` and `request.refused` say more, and no query string
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=[str(network) for network in trusted_proxies],
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one. Raises `UsageError` when the address cannot be had."""
    try:
        return bound(host, port)
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port") from error


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.listen(2048)
    return listener


def url_of(listener: socket.socket) -> str:
    """Where a listening socket is reached."""
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run_server(
    app: Any,
    listener: socket.socket,
    *,
    trusted_proxies: Sequence[object] = (),
    linger: float = 0.0,
    leaving: Callable[[], None] = lambda: None,
    beside: tuple[Any, socket.socket] | None = None,
    at_the_end: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then stop in order. Raises `LeadbridgeError` when `app` does not start.

    After a SIGTERM it calls `leaving` and serves for `linger` seconds more. `beside` is another application with the
    socket it is served on, from before `app` starts until after it has stopped. `at_the_end` is awaited in the same
    loop, whatever happened.
    """
    server = _Foreground(server_config(app, trusted_proxies=trusted_proxies), linger=linger, leaving=leaving)

    async def serve_to_the_end() -> None:
        async with AsyncExitStack() as around:
            if at_the_end is not None:
                around.push_async_callback(at_the_end)
            if beside is not None:
                other, its_listener = beside
                config = server_config(other)
                config.timeout_graceful_shutdown = GRACE_BESIDE
                await around.enter_async_context(embedded(config, its_listener))
            await server.serve(sockets=[listener])

    try:
        uvloop.run(serve_to_the_end())
    except SystemExit as refused:  # uvicorn's own, with a code that is none of ours
        raise LeadbridgeError("the service could not start; the log says why") from refused


@asynccontextmanager
async def embedded(config: uvicorn.Config, listener: socket.socket) -> AsyncIterator[None]:
    """A server in this process, started when the body runs and stopped in order afterwards."""
    server = _Embedded(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.ready.wait()
        yield
    finally:
        server.should_exit = True
        await serving
