"""uvicorn's HTTP protocol with a bound on what comes before a body: anyone may send that, before any proof."""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD: Final = 64 * 1024  # bytes of request line and headers
HEAD_TIME: Final = 30.0  # seconds until they must be complete
_TOO_LARGE: Final = (
    b'{"title":"Request Header Fields Too Large","status":431,"detail":"Send fewer or shorter headers."}'
)


class BoundedHttp(HttpToolsProtocol):
    """Answers 431 to a head that is too large, and closes a connection whose head does not come."""

    _head = 0  # bytes received while the head is not complete
    _kept = 0  # bytes of headers that were kept
    _reading_head = True
    _too_large = False
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A sender connected: its head must come in time."""
        super().connection_made(transport)
        self._begin_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The sender is gone."""
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, unless what came before is too much already."""
        if self._reading_head and self._head <= MOST_HEAD:
            self._head += len(data)  # also of a header that never ends, which the parser does not show
            super().data_received(data)
        elif not self._reading_head:
            super().data_received(data)
        if self._too_large or (self._reading_head and self._head > MOST_HEAD):
            self._refuse()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._too_large = False
        self._begin_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header while there is room."""
        self._kept += len(name) + len(value)
        if self._kept > MOST_HEAD:
            self._too_large = True
        else:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete: on to the application, if it was not too large."""
        self._end_head()
        if not self._too_large:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a piece of the body on, if there is a request for it."""
        if not self._too_large:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        if not self._too_large:
            super().on_message_complete()

    def _begin_head(self) -> None:
        self._end_head()
        self._head = self._kept = 0
        self._reading_head = True
        self._timer = asyncio.get_running_loop().call_later(HEAD_TIME, self._close)

    def _end_head(self) -> None:
        self._reading_head = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self) -> None:
        if self.transport.is_closing():
            return
        lines = (
            b"HTTP/1.1 431 Request Header Fields Too Large",
            b"content-type: application/problem+json",
            b"content-length: %d" % len(_TOO_LARGE),
            b"connection: close",
        )
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + _TOO_LARGE)
        self.transport.close()

    def _close(self) -> None:
        self.transport.close()
