"""The one place where HTTP to a CRM is made."""

import asyncio
import base64
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from typing import Final, Protocol, cast
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from pydantic_core import from_json, to_json

from leadbridge.crm.adapter import Adapter, Answer, Call
from leadbridge.events import Json

DEADLINE: Final = 30.0  # seconds a call may take in all
CONNECT_TIMEOUT: Final = 10.0  # seconds
KEEPALIVE: Final = 5.0  # seconds an idle connection is kept: less than any server's, so that none breaks under a call
MOST_ANSWER: Final = 8 * 1024 * 1024  # bytes read of an answer; the rest is not ours to keep


class Unanswered(Exception):
    """No answer was seen. `sent` is False only when the call certainly never reached the CRM."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent


# httpx-aiohttp also maps a connection that broke after the send to `ConnectTimeout`; only the cause tells them apart.
_NEVER_CONNECTED: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)
_NO_COOKIES: Final = DefaultCookiePolicy(allowed_domains=())


class Transport(Protocol):
    """Sends one call."""

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str) -> Answer:
        """The CRM's answer, whatever its status; raises `Unanswered`."""

    async def close(self) -> None:
        """Let the connections go."""


class HttpTransport:
    """httpx over aiohttp's connections: three times the calls per second of httpx alone.

    Of the environment it takes what an operator behind a firewall needs, and no more: HTTPS_PROXY, HTTP_PROXY and
    NO_PROXY (never for this machine itself), SSL_CERT_FILE and SSL_CERT_DIR. A `.netrc` is not read.
    """

    def __init__(self, *, connections: int = 100, deadline: float = DEADLINE) -> None:
        """At most `connections` at once; a call has `deadline` seconds from its start to the end of its answer."""
        self._deadline = deadline
        self._client = httpx.AsyncClient(
            transport=_Ways(connections),
            timeout=httpx.Timeout(deadline, connect=CONNECT_TIMEOUT),
            follow_redirects=False,  # a redirect of a write would be repeated as a read
            cookies=CookieJar(_NO_COOKIES),  # one account's cookie is none of another's business
        )

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str) -> Answer:
        """Send a call with the adapter's credentials; the answer's body is bounded."""
        request = self._request(adapter, call, trace_id)
        try:
            async with asyncio.timeout(self._deadline):
                response = await self._client.send(request, stream=True)
                try:
                    return _answer(response, await _bounded(response))
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise Unanswered(f"no answer within {self._deadline:g} s", sent=True) from error
        # Not every error of aiohttp's has a twin in httpx: an answer that is no HTTP comes as it is.
        except (httpx.HTTPError, aiohttp.ClientError, ValueError) as error:
            cause = error.__cause__ if isinstance(error, httpx.HTTPError) else error
            raise Unanswered(_words(error), sent=not isinstance(cause, _NEVER_CONNECTED)) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def _request(self, adapter: Adapter, call: Call, trace_id: str) -> httpx.Request:
        """The request, or `Unanswered` when none can be made: what is wrong then is said without any secret."""
        headers = {**adapter.headers(), "traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
        for name, value in headers.items():
            if not (value.isascii() and value.isprintable()):
                why = f"the header {name} cannot be sent: its value holds a line break or a character beyond ASCII"
                raise Unanswered(f"{why}; look at the destination's credentials", sent=False)
        content = None
        if call.body is not None:
            headers["content-type"] = "application/json"
            content = to_json(call.body)  # integers of any size, unlike orjson
        try:
            return self._client.build_request(
                call.method,
                adapter.base_url + call.path,
                params=dict(call.query) or None,
                headers=headers,
                content=content,
            )
        except httpx.InvalidURL as error:
            raise Unanswered(f"the call's address cannot be used: {error}", sent=False) from error


class _Ways(httpx.AsyncBaseTransport):
    """Straight to the CRM, or through the proxy that the environment names for its scheme."""

    def __init__(self, connections: int) -> None:
        self._straight = _connections(connections, proxy=None)
        self._proxied = {
            scheme: _connections(connections, proxy=url)
            for scheme, url in getproxies().items()
            if scheme in ("http", "https")
        }

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        proxied = self._proxied.get(request.url.scheme)
        if proxied is None or _is_this_machine(request.url.host) or proxy_bypass(request.url.host):
            return await self._straight.handle_async_request(request)
        return await proxied.handle_async_request(request)

    async def aclose(self) -> None:
        for way in (self._straight, *self._proxied.values()):
            await way.aclose()


def _connections(most: int, *, proxy: str | None) -> AiohttpTransport:
    ssl_context = httpx.create_ssl_context()

    def session() -> aiohttp.ClientSession:  # made by the first call: it belongs to the loop that runs then
        made = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=most, keepalive_timeout=KEEPALIVE, ssl=ssl_context),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # httpx does that
            trust_env=False,  # it would put a `.netrc`'s password in the place of the CRM's token
        )
        # A PUT on a connection that broke would be sent a second time behind our back: a call with no attempt row and
        # no place in the quota. aiohttp has no public switch for it.
        made._retry_connection = False  # noqa: SLF001
        return made

    return AiohttpTransport(verify=ssl_context, client=session, proxy=None if proxy is None else _proxy(proxy))


def _proxy(address: str) -> httpx.Proxy:
    """A proxy; its password goes into the header of the tunnel, since aiohttp gives up every other way."""
    named = httpx.Proxy(address if "://" in address else f"http://{address}")
    if named.raw_auth is None:
        return named
    password = base64.b64encode(b":".join(named.raw_auth)).decode()
    return httpx.Proxy(named.url, headers={"Proxy-Authorization": f"Basic {password}"})


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _bounded(response: httpx.Response) -> bytes:
    read = bytearray()
    # What httpx declares as an iterator is a generator, to be closed when its end is not awaited.
    async with aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_bytes())) as pieces:
        async for piece in pieces:
            read += piece
            if len(read) > MOST_ANSWER:
                break
    return bytes(read[:MOST_ANSWER])


def _answer(response: httpx.Response, content: bytes) -> Answer:
    body: Json
    try:
        body = from_json(content, allow_inf_nan=False)  # integers of any size, unlike orjson
    except ValueError:
        body = None
    return Answer(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=body,
        text=content.decode("utf-8", errors="replace"),
    )


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
