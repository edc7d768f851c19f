"""The connections to the APIs that are called: straight, or through the proxy that the environment names."""

import base64
import os
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from leadbridge.errors import UsageError

KEEPALIVE: Final = 5.0  # seconds an idle connection is kept: less than any server's, so that none breaks under a call


class Refused(Exception):
    """There is a connection, and nothing may be sent on it any more."""


class _Connector(aiohttp.TCPConnector):
    """Asks once more when there is a connection: what follows is written at once.

    One host has half of the connections at most: an API that hangs takes none from the others.
    """

    def __init__(self, may_send: Callable[[], bool], *, limit: int, ssl: SSLContext) -> None:
        super().__init__(limit=limit, limit_per_host=max(1, limit // 2), keepalive_timeout=KEEPALIVE, ssl=ssl)
        self._may_send = may_send

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # aiohttp's
    ) -> aiohttp.connector.Connection:
        connection = await super().connect(req, traces, timeout)
        if not self._may_send():
            connection.release()
            raise Refused
        return connection


class Ways(httpx.AsyncBaseTransport):
    """Straight to the API, or through the proxy that the environment names for its scheme."""

    def __init__(self, connections: int, may_send: Callable[[], bool] = lambda: True) -> None:
        """Raises `UsageError` when the environment names a proxy that cannot be used."""
        self._straight = _connections(connections, may_send, proxy=None)
        self._proxied = {
            scheme: _connections(connections, may_send, proxy=_proxy(scheme, url))
            for scheme, url in getproxies().items()
            if scheme in ("http", "https")
        }

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body is still to be read."""
        proxied = self._proxied.get(request.url.scheme)
        if proxied is None or _is_this_machine(request.url.host) or proxy_bypass(request.url.host):
            return await self._straight.handle_async_request(request)
        return await proxied.handle_async_request(request)

    async def aclose(self) -> None:
        """Close all connections."""
        for way in (self._straight, *self._proxied.values()):
            await way.aclose()


def _connections(most: int, may_send: Callable[[], bool], *, proxy: httpx.Proxy | None) -> AiohttpTransport:
    ssl_context = _trusting(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))

    def session() -> aiohttp.ClientSession:  # made by the first call: it belongs to the loop that runs then
        made = aiohttp.ClientSession(
            connector=_Connector(may_send, limit=most, ssl=ssl_context),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # the client does that, bounded
            trust_env=False,  # it would put a `.netrc`'s password in the place of the token
        )
        # A PUT on a connection that broke would be sent a second time behind our back: a call with no attempt row and
        # no place in the quota. aiohttp has no public switch for it.
        made._retry_connection = False  # noqa: SLF001
        return made

    return AiohttpTransport(verify=ssl_context, client=session, proxy=proxy)


@lru_cache(maxsize=1)
def _trusting(_file: str | None, _folder: str | None) -> SSLContext:
    """Whom calls trust, as httpx reads it from these variables; read once for all, since it takes 20 ms."""
    return httpx.create_ssl_context()


def _proxy(scheme: str, address: str) -> httpx.Proxy:
    """The proxy for a scheme; its password goes into the header of the tunnel: aiohttp gives up every other way."""
    try:
        named = httpx.Proxy(address if "://" in address else f"http://{address}")
        usable = named.url.scheme in ("http", "https") and bool(named.url.host)
    except (httpx.InvalidURL, ValueError):
        usable = False
    if not usable:  # its address is not repeated: it may hold a password
        raise UsageError(
            f"{scheme.upper()}_PROXY cannot be used: write it as HOST:PORT, or begin it with http:// or https://"
        )
    if named.raw_auth is None:
        return named
    password = base64.b64encode(b":".join(named.raw_auth)).decode()
    return httpx.Proxy(named.url, headers={"Proxy-Authorization": f"Basic {password}"})


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
