"""uvicorn's HTTP protocol with fewer steps for each request: they were a tenth of what accepting one took."""

import asyncio
from typing import Any, cast
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle


class LeanCycle(RequestResponseCycle):
    """One request and its answer, which may be given in one step where nothing is special about it."""

    def whole_body(self) -> bytes | None:
        """The body of a request that has come whole; None when its sender is gone, or waits to be asked for it."""
        if self.disconnected or self.waiting_for_100_continue:
            return None
        body, self.body = bytes(self.body), bytearray()
        return body

    def answer(self, status: int, content_type: bytes, body: bytes) -> bool:
        """Send a whole answer; False, and nothing is sent, where it takes the usual way."""
        if (
            not self.keep_alive
            or self.disconnected
            or self.response_started
            or self.flow.write_paused
            or len(self.default_headers) != 1
            or self.scope["method"] == "HEAD"
        ):
            return False
        [(name, value)] = self.default_headers  # the date
        self.transport.write(
            b"%b%b: %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b"
            % (STATUS_LINE[status], name, value, content_type, len(body), body)
        )
        self.response_started = self.response_complete = True
        self.message_event.set()
        self.on_response()
        return True


class LeanHttp(HttpToolsProtocol):
    """uvicorn's protocol; one timer watches a connection's rests, and none is made for each of them.

    Left out is what `server_config` never asks for: a limit of connections, WebSockets, access lines.
    """

    _rests_since: float | None = None  # the loop's seconds; None while a request is under way
    _resting: asyncio.TimerHandle | None = None

    @property
    def rests(self) -> bool:
        """Whether the connection waits for its next request, and is closed when none comes."""
        return self._rests_since is not None

    def connection_lost(self, exc: Exception | None) -> None:
        """The sender is gone."""
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        """The head is complete: on to the application."""
        parser, scope = self.parser, cast("dict[str, Any]", self.scope)
        version = parser.get_http_version()
        scope["method"] = parser.get_method().decode("ascii")
        if version != "1.1":
            scope["http_version"] = version
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        scope["path"] = self.root_path + (unquote(path) if "%" in path else path)
        scope["raw_path"] = self.root_path.encode("ascii") + url.path
        scope["query_string"] = url.query or b""
        before = self.cycle
        self.cycle = LeanCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_response_complete(self) -> None:
        """An answer is out: on to the next request that came behind it, or wait for one."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:  # before more is read: one who sends and reads no answers would fill the memory
            self._start_asgi_task(*self.pipeline.pop())
            return
        self.flow.resume_reading()
        self._rests_since = self.loop.time()
        if self._resting is None:
            self._resting = self.loop.call_later(self.timeout_keep_alive, self._look)

    def _unset_keepalive_if_required(self) -> None:
        self._rests_since = None

    def _look(self) -> None:
        """Close the connection if it rested for long enough; else look again when it may have."""
        self._resting = None
        if self._rests_since is None:
            return
        left = self._rests_since + self.timeout_keep_alive - self.loop.time()
        if left <= 0:
            self.timeout_keep_alive_handler()
        else:
            self._resting = self.loop.call_later(left, self._look)
