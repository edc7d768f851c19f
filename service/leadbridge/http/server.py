"""The server of `serve`, `demo`, `sandbox` and `connect`: where it listens, how it runs, how it stops."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import uvicorn
import uvloop

from leadbridge.errors import LeadbridgeError, UsageError
from leadbridge.http.bounded import BoundedHttp

GRACE: Final = 15  # seconds requests under way may take at a stop
STOPS: Final = (signal.SIGTERM, signal.SIGINT)


class _Foreground(uvicorn.Server):
    """The server that a process is for."""

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
        lifespan="on",
        log_config=None,  # structlog does that
        access_log=False,  # `submission.*` and `request.refused` say more, and no query string
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=[str(network) for network in trusted_proxies],
        timeout_graceful_shutdown=GRACE,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one. Raises `UsageError` when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port") from error
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
    at_the_end: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then stop in order. Raises `LeadbridgeError` when `app` does not start.

    `at_the_end` is awaited in the same loop, whatever happened.
    """
    server = _Foreground(server_config(app, trusted_proxies=trusted_proxies))

    async def serve_to_the_end() -> None:
        try:
            await server.serve(sockets=[listener])
        finally:
            if at_the_end is not None:
                await at_the_end()

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
