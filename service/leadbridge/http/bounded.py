"""uvicorn's HTTP protocol with bounds on what comes before, around and after a body: anyone may send that, unproved."""

import asyncio
import json
from typing import Any, Final, cast
from weakref import ref

import httptools
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from leadbridge.http.joined import JoinedWrites
from leadbridge.http.lean import LeanHttp
from leadbridge.inbound import WHOLE
from leadbridge.logs import logger

MOST_HEAD: Final = 64 * 1024  # bytes of request line and headers
HEAD_TIME: Final = 30.0  # seconds until they must be complete
MOST_AROUND: Final = 16  # bytes of chunk sizes and trailers for each byte of a body; a chunk of one byte takes 5
_TOO_LARGE: Final = (431, "Request Header Fields Too Large", "Send fewer or shorter headers.")
_NO_HTTP: Final = (
    400,
    "Bad Request",
    "This is no HTTP request that can be read: check its first line, its headers and how the body's length is told.",
)


class BoundedHttp(LeanHttp):
    """Answers 431 to a head that is too large, and closes a connection on which nothing comes to an end.

    uvicorn waits for as long as it takes for a head, for the rest of a body that was answered before it came, and after
    stray bytes between two requests; a few thousand such connections are all that a process may open.
    """

    _head = 0  # bytes received while the head is not complete
    _kept = 0  # bytes of target and headers that were kept
    _after = 0  # bytes received since the head was complete
    _body = 0  # bytes of the body among them
    _reading_head = True
    _ended = False  # what comes now is not read: an answer says so, or goes out and closes the connection
    _before: RequestResponseCycle | None = None  # the request before the newest, while it is not answered
    _upgrading = False
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A sender connected: its head must come in time."""
        super().connection_made(cast("asyncio.Transport", JoinedWrites(transport)))
        self._begin_head()
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """The sender is gone."""
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, unless what came before is too much already."""
        if not self._reading_head:
            self._after += len(data)
            self._feed(data)
        elif self._head <= MOST_HEAD:
            self._head += len(data)  # also of a header that never ends, which the parser does not show
            self._feed(data)
        if self._ended or self._is_too_much():
            self._refuse(*_TOO_LARGE)
        self._watch()

    def _feed(self, data: bytes) -> None:
        """As uvicorn does it, but a request that asks for an upgrade keeps its body: it is answered as if it did not.

        Java's client asks for HTTP/2 in this way with its first request, whatever that is.
        """
        self._unset_keepalive_if_required()
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                (end_of_head,) = upgrade.args
                data = self._plain_head() + data[end_of_head:] if self._upgrading else b""
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
            except httptools.HttpParserError:
                self.send_400_response("")
                break
            else:
                break

    def _is_too_much(self) -> bool:
        """Whether what came is out of proportion: before the body, or around it (sizes of chunks, trailers)."""
        if self._reading_head:
            return self._head > MOST_HEAD
        return self._after - self._body > MOST_HEAD + MOST_AROUND * self._body

    def _plain_head(self) -> bytes:
        """The head that was read, without the wish for an upgrade."""
        self._upgrading = False
        lines = [b": ".join(header) for header in self.headers if header[0] != b"upgrade"]
        first = b"%b %b HTTP/1.1" % (self.scope["method"].encode(), self.url)
        return b"\r\n".join([first, *lines, b"", b""])

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._begin_head()

    def on_url(self, url: bytes) -> None:
        """Keep the target while there is room."""
        self._kept += len(url)
        if self._kept > MOST_HEAD:
            self._ended = True
        else:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header while there is room. What follows a chunked body is none: no proxy would have looked at it."""
        self._kept += len(name) + len(value)
        if self._kept > MOST_HEAD:
            self._ended = True
        elif self._reading_head:
            name = name.lower()
            if name == b"expect":
                self.expect_100_continue = value.lower() == b"100-continue" or self.expect_100_continue
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is complete: on to the application, if it was not too large."""
        self._end_head()
        self._after = self._body = 0
        method = self.parser.get_method()
        if self.parser.should_upgrade() and method != b"CONNECT" and not self._ended:
            self._upgrading = True
            self.scope["method"] = method.decode("ascii")
        elif not self._ended:
            self._before = None if self.cycle is None or self.cycle.response_complete else self.cycle
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a piece of the body on, if there is a request for it."""
        self._body += len(body)
        if not self._ended:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        if not self._ended and not self._upgrading:
            super().on_message_complete()
            # Not the cycle itself: it holds the scope, and both with the body would stay until garbage is looked for.
            self.cycle.scope["extensions"] = cast("dict[str, dict[object, object]]", {WHOLE: ref(self.cycle)})

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words do not say what to do
        """Answer what is no HTTP."""
        self._refuse(*_NO_HTTP)

    def _ends_with_answers(self) -> bool:
        """Whether whole requests wait for their answers: these go out, and the last of them closes the connection.

        Another answer now would be taken for theirs, and a lead that is stored would be sent again.
        """
        if self.pipeline and self.cycle.more_body:  # the newest waits behind them, and is the one that is refused
            self.pipeline.popleft()
            self.cycle = cast("RequestResponseCycle", self._before)
        if self.cycle is None or self.cycle.response_complete or self.cycle.more_body:
            return False
        self._ended = True
        self.cycle.keep_alive = False
        self.flow.pause_reading()
        return True

    def _begin_head(self) -> None:
        self._end_head()
        self._head = self._kept = 0
        self._reading_head = True

    def _watch(self) -> None:
        """What came leaves a head unfinished, or belongs to no request and ended uvicorn's own wait: begin another.

        Only after the bytes are read: a head that comes whole, as most do, needs no timer.
        """
        if self._timer is not None:
            return
        idle = self.cycle is None or self.cycle.response_complete
        if (self._reading_head or (idle and not self.rests)) and not self.transport.is_closing():
            self._start_timer()

    def _start_timer(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(HEAD_TIME, self._close)

    def _end_head(self) -> None:
        self._reading_head = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: int, title: str, detail: str) -> None:
        if self.transport.is_closing() or self._ends_with_answers():
            return
        log = logger()
        log.warning("connection.refused", status=status, problem=detail)
        document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        content = json.dumps(document, separators=(",", ":")).encode()
        lines = (
            f"HTTP/1.1 {status} {title}".encode(),
            b"content-type: application/problem+json",
            b"content-length: %d" % len(content),
            b"connection: close",
        )
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + content)
        self.transport.close()

    def _close(self) -> None:
        self.transport.close()
