"""The one place where HTTP to a CRM is made."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from functools import lru_cache
from typing import Final, Protocol, TypeAlias, cast

import aiohttp
import httpx
from pydantic_core import from_json, to_json

from leadbridge.crm.adapter import Adapter, Answer, Call
from leadbridge.deliver.ways import Refused, Ways
from leadbridge.events import Json

DEADLINE: Final = 30.0  # seconds a call may take in all
CONNECT_TIMEOUT: Final = 10.0  # seconds
CONNECTIONS: Final = 500  # of all lanes together, well within the 1,024 files that a process may usually open
MOST_ANSWER: Final = 8 * 1024 * 1024  # bytes read of an answer; the rest is not ours to keep

Pairs: TypeAlias = tuple[tuple[str, str], ...]


class Unanswered(Exception):
    """No answer was seen. `sent` is False only when the call certainly never reached the CRM."""

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
# What every call says unless its adapter says otherwise: the encodings are those that httpx always undoes.
_DEFAULT_HEADERS: Final = {"accept": "*/*", "accept-encoding": "gzip, deflate", "user-agent": "leadbridge"}


class Transport(Protocol):
    """Sends one call."""

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str, token: str | None = None) -> Answer:
        """The CRM's answer, whatever its status; raises `Unanswered`. `token` is the access token of a grant."""

    async def close(self) -> None:
        """Let the connections go."""


class HttpTransport:
    """httpx's requests and answers over aiohttp's connections, without httpx's client in between.

    The client costs as much as all the rest of a call, for what no CRM may have here: redirects followed (a write would
    be repeated as a read), cookies kept (one account's are none of another's business), a log line with the address.

    Of the environment it takes what an operator behind a firewall needs, and no more: HTTPS_PROXY, HTTP_PROXY and
    NO_PROXY (never for this machine itself), SSL_CERT_FILE and SSL_CERT_DIR. A `.netrc` is not read.
    """

    def __init__(
        self, *, connections: int = CONNECTIONS, deadline: float = DEADLINE, may_send: Callable[[], bool] = lambda: True
    ) -> None:
        """At most `connections` at once, and half as many to one host.

        A call has `deadline` seconds from its start to the end of its answer.

        `may_send` is asked when there is a connection, right before the call goes out on it: getting one takes a
        while, and a process may stand still meanwhile. If not, the call ends with `NotOurs`.
        """
        self._deadline = deadline
        self._ways = Ways(connections, may_send)
        self._extensions = {"timeout": httpx.Timeout(deadline, connect=CONNECT_TIMEOUT).as_dict()}

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str, token: str | None = None) -> Answer:
        """Send a call with the adapter's credentials, or the token; the answer's body is bounded."""
        request = self._request(adapter, call, trace_id, token)
        try:
            async with asyncio.timeout(self._deadline):
                response = await self._ways.handle_async_request(request)
                try:
                    headers = dict(response.headers.items())  # httpx has lower-cased their names
                    return _answer(response.status_code, headers, await _bounded(response, headers))
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

    def _request(self, adapter: Adapter, call: Call, trace_id: str, token: str | None) -> httpx.Request:
        """The request, or `Unanswered` when none can be made: what is wrong then is said without any secret."""
        headers, content = adapter.headers(), b""
        if token is not None:
            headers = {**headers, "authorization": f"Bearer {token}"}
        if call.body is not None:
            headers = {**headers, "content-type": "application/json"}
            content = to_json(call.body)  # integers of any size, unlike orjson
        span = f"00-{trace_id}-{secrets.token_hex(8)}-01"
        request = httpx.Request(
            call.method,
            _url(adapter.base_url + call.path, tuple(call.query.items())),
            headers=[*_header_lines(tuple(headers.items())), (b"traceparent", span.encode())],
            stream=httpx.ByteStream(content),  # the headers that the body needs are aiohttp's to add
            extensions=self._extensions,
        )
        request.read()
        return request


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
            raise Unanswered(f"{why}; look at the destination's credentials", sent=False)
    given = {name.lower() for name, _ in headers}
    defaults = [(name, value) for name, value in _DEFAULT_HEADERS.items() if name not in given]
    return tuple((name.encode("ascii"), value.encode("ascii")) for name, value in (*defaults, *headers))


async def _bounded(response: httpx.Response, headers: Mapping[str, str]) -> bytes:
    """The body, decoded as its headers say, as far as it is read."""
    encoded = "content-encoding" in headers
    whole = response.aiter_bytes() if encoded else aiter(cast("httpx.AsyncByteStream", response.stream))
    read = bytearray()
    # What httpx declares as an iterator is a generator, to be closed when its end is not awaited.
    async with aclosing(cast("AsyncGenerator[bytes, None]", whole)) as pieces:
        async for piece in pieces:
            read += piece
            if len(read) > MOST_ANSWER:
                break
    return bytes(read[:MOST_ANSWER])


def _answer(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    body: Json
    try:
        body = from_json(content, allow_inf_nan=False)  # integers of any size, unlike orjson
    except ValueError:
        body = None
    return Answer(status=status, headers=headers, body=body, text=content.decode("utf-8", errors="replace"))


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
