"""The one place where HTTP to somebody's API is made: one request, one bounded answer, nothing behind our back."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias, cast

import aiohttp
import httpx

from leadbridge.ids import new_span_id
from leadbridge.outgoing.decoding import ACCEPTED, decoder
from leadbridge.outgoing.ways import Refused, Ways

CONNECT_TIMEOUT: Final = 10.0  # seconds

Pairs: TypeAlias = tuple[tuple[str, str], ...]


class Unanswered(Exception):
    """No answer was seen. `sent` is False only when the call certainly never reached the API."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent


class NotOurs(Unanswered):
    """It was not sent: by the time there was a connection, another process might have sent for the account."""

    def __init__(self) -> None:
        super().__init__("not sent: another process may send for the account", sent=False)


# httpx-aiohttp also maps a connection that broke after the send to `ConnectTimeout`; only the cause tells them apart.
_NEVER_CONNECTED: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)
# What every call says unless its caller says otherwise.
_DEFAULT_HEADERS: Final = {"accept": "*/*", "accept-encoding": ACCEPTED, "user-agent": "leadbridge"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back: header names are lower-cased; `whole` is False where the body went on beyond what is read."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    whole: bool


class Client:
    """httpx's requests and answers over aiohttp's connections, without httpx's client in between.

    The client costs as much as all the rest of a call, for what no API may have here: redirects followed (a write would
    be repeated as a read), cookies kept (one account's are none of another's business), a log line with the address.

    Of the environment it takes what an operator behind a firewall needs, and no more: HTTPS_PROXY, HTTP_PROXY and
    NO_PROXY (never for this machine itself), SSL_CERT_FILE and SSL_CERT_DIR. A `.netrc` is not read.
    """

    def __init__(
        self, *, connections: int, deadline: float, most: int, may_send: Callable[[], bool] = lambda: True
    ) -> None:
        """At most `connections` at once, and half as many to one host.

        A call has `deadline` seconds from its start to the end of its answer, of which at most `most` bytes are read.

        `may_send` is asked when there is a connection, right before the call goes out on it: getting one takes a
        while, and a process may stand still meanwhile. If not, the call ends with `NotOurs`.
        """
        self._deadline = deadline
        self._most = most
        self._ways = Ways(connections, may_send)
        self._extensions = {"timeout": httpx.Timeout(deadline, connect=CONNECT_TIMEOUT).as_dict()}

    async def send(
        self, method: str, address: str, *, query: Pairs, headers: Pairs, content: bytes = b"", trace_id: str
    ) -> Answered:
        """The answer, whatever its status; raises `Unanswered`, and says what is wrong without any secret."""
        span = f"00-{trace_id}-{new_span_id()}-01"
        request = httpx.Request(
            method,
            _url(address, query),
            headers=[*_header_lines(headers), (b"traceparent", span.encode())],
            stream=httpx.ByteStream(content),  # the headers that the body needs are aiohttp's to add
            extensions=self._extensions,
        )
        request.read()
        try:
            async with asyncio.timeout(self._deadline):
                response = await self._ways.handle_async_request(request)
                try:
                    came = dict(response.headers.items())  # httpx has lower-cased their names
                    return await self._bounded(response, came)
                finally:
                    await response.aclose()
        except Refused:
            raise NotOurs from None
        except TimeoutError as error:
            raise Unanswered(f"no answer within {self._deadline:g} s", sent=True) from error
        # Not every error of aiohttp's has a twin in httpx: an answer that is no HTTP comes as it is.
        except (httpx.HTTPError, aiohttp.ClientError, ValueError) as error:
            cause = error.__cause__ if isinstance(error, httpx.HTTPError) else error
            raise Unanswered(_words(error), sent=not isinstance(cause, _NEVER_CONNECTED)) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._ways.aclose()

    async def _bounded(self, response: httpx.Response, headers: Mapping[str, str]) -> Answered:
        """The answer with its body, decoded as its headers say, as far as it is read."""
        encoding = headers.get("content-encoding")
        decode = decoder(encoding) if encoding else None
        stream = cast("httpx.AsyncByteStream", response.stream)
        read = bytearray()
        # What httpx declares as an iterator is a generator, to be closed when its end is not awaited.
        async with aclosing(cast("AsyncGenerator[bytes, None]", aiter(stream))) as pieces:
            async for piece in pieces:
                read += piece if decode is None else decode(piece, self._most + 1 - len(read))
                if len(read) > self._most:
                    break
        content, whole = bytes(read[: self._most]), len(read) <= self._most
        return Answered(status=response.status_code, headers=headers, content=content, whole=whole)


@lru_cache(maxsize=256)
def _url(address: str, query: Pairs) -> httpx.URL:
    """The address of a call; most go to the same few."""
    try:
        return httpx.URL(address, params=query) if query else httpx.URL(address)
    except httpx.InvalidURL as error:
        raise Unanswered(f"the call's address cannot be used: {error}", sent=False) from error


@lru_cache(maxsize=4_096)
def _header_lines(headers: Pairs) -> tuple[tuple[bytes, bytes], ...]:
    """An account's headers as they are sent: the same for each of its calls."""
    for name, value in headers:
        if not (value.isascii() and value.isprintable()):
            why = f"the header {name} cannot be sent: its value holds a line break or a character beyond ASCII"
            raise Unanswered(f"{why}; look at the credentials in the configuration", sent=False)
    given = {name.lower() for name, _ in headers}
    defaults = [(name, value) for name, value in _DEFAULT_HEADERS.items() if name not in given]
    return tuple((name.encode("ascii"), value.encode("ascii")) for name, value in (*defaults, *headers))


def _words(error: Exception) -> str:
    """What happened; the two common cases in words, since aiohttp's own speak of a status that nobody sent."""
    match error.__cause__ or error:
        case aiohttp.ServerDisconnectedError():
            return "the connection broke before an answer"
        case aiohttp.ClientPayloadError():
            return "the answer broke off"
        case aiohttp.ClientConnectorError() as cause:
            return f"no connection: {cause}"
    return f"{type(error).__name__}: {error}".rstrip(": ")
