"""The one place where HTTP to a CRM is made."""

import asyncio
import secrets
from typing import Final, Protocol

import aiohttp
import httpx
import orjson
from httpx_aiohttp import AiohttpTransport
from pydantic_core import to_json

from leadbridge.crm.adapter import Adapter, Answer, Call

DEADLINE: Final = 30.0  # seconds a call may take in all
CONNECT_TIMEOUT: Final = 10.0  # seconds
KEEPALIVE: Final = 5.0  # seconds an idle connection is kept: less than any server's, so that none breaks under a call
MOST_ANSWER: Final = 1024 * 1024  # bytes read of an answer; the rest is not ours to keep


class Unanswered(Exception):
    """No answer was seen. `sent` is False only when the call certainly never reached the CRM."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent


# httpx-aiohttp also maps a connection that broke after the send to `ConnectTimeout`; only the cause tells them apart.
_NEVER_CONNECTED: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class Transport(Protocol):
    """Sends one call."""

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str) -> Answer:
        """The CRM's answer, whatever its status; raises `Unanswered`."""

    async def close(self) -> None:
        """Let the connections go."""


class HttpTransport:
    """httpx over aiohttp's connections: three times the calls per second of httpx alone."""

    def __init__(self, *, connections: int = 100, deadline: float = DEADLINE) -> None:
        self._deadline = deadline
        self._client = httpx.AsyncClient(
            transport=AiohttpTransport(client=lambda: _session(connections)),
            timeout=httpx.Timeout(deadline, connect=CONNECT_TIMEOUT),
            follow_redirects=False,  # a redirect of a write would be repeated as a read
        )

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str) -> Answer:
        """Send a call with the adapter's credentials; the answer's body is bounded."""
        headers = {**adapter.headers(), "traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
        content = None
        if call.body is not None:
            headers["content-type"] = "application/json"
            content = to_json(call.body)  # integers of any size, unlike orjson
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._client.stream(
                    call.method,
                    adapter.base_url + call.path,
                    params=dict(call.query) or None,
                    headers=headers,
                    content=content,
                ) as response,
            ):
                return _answer(response, await _bounded(response))
        except TimeoutError as error:
            raise Unanswered(f"no answer within {self._deadline:g} s", sent=True) from error
        except httpx.HTTPError as error:
            raise Unanswered(_words(error), sent=not isinstance(error.__cause__, _NEVER_CONNECTED)) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def _session(connections: int) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=KEEPALIVE),
        cookie_jar=aiohttp.DummyCookieJar(),  # one account's cookie is none of another's business
        auto_decompress=False,  # httpx does that
    )
    # A PUT on a connection that broke would be sent a second time behind our back: a call with no attempt row and no
    # place in the quota. aiohttp has no public switch for it.
    session._retry_connection = False  # noqa: SLF001
    return session


async def _bounded(response: httpx.Response) -> bytes:
    read = bytearray()
    async for piece in response.aiter_bytes():
        read += piece
        if len(read) > MOST_ANSWER:
            break
    return bytes(read[:MOST_ANSWER])


def _answer(response: httpx.Response, content: bytes) -> Answer:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        body = None
    return Answer(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=body,
        text=content.decode("utf-8", errors="replace"),
    )


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
