"""One inbound HTTP request as ASGI hands it over: read within bounds, and answered.

Plain ASGI: every submission passes here, and a framework's request and response objects would cost as much as all that
is done with it (docs/decisions/0007-plain-asgi.md).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from leadbridge.clock import Clock
from leadbridge.errors import RequestRefused
from leadbridge.events import Received, Reply

WHOLE: Final = "leadbridge.whole"  # our server's extension of a request's scope: a weak reference to a `Whole`
BODY_TIME: Final = 30.0  # seconds a sender may take to send its body
SMALL: Final = 16 * 1024  # bytes of each body that always have room: nearly every lead is smaller
LEAST_ROOM: Final = 64 * 1024 * 1024  # bytes
_LEAST_BODIES: Final = 4  # of the allowed size
_LONGEST_LENGTH: Final = 18  # digits of a Content-Length that are worth reading
# What these headers may say: anything else is a coding that would have to be undone.
_PLAIN_BODY: Final = {"content-encoding": ("", "identity"), "transfer-encoding": ("", "identity", "chunked")}
_NONE: Final[Mapping[str, Any]] = {}  # extensions
_PATH_SAFE: Final = "/%:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How senders reach the service."""

    public_url: str | None  # as senders call it, without a slash at the end
    max_body: int  # bytes


class Whole(Protocol):
    """A request that has come whole, as most do: it needs none of the messages and timers of those that have not."""

    def whole_body(self) -> bytes | None:
        """The body; None when its sender is gone, or waits to be asked for it."""

    def answer(self, status: int, content_type: bytes, body: bytes) -> bool:
        """Send a whole answer; False, and nothing is sent, where it takes the usual way."""


class Room:
    """The memory for bodies that have not come whole, over all requests: nobody has proved yet who sends them."""

    def __init__(self, door: Door) -> None:
        self._free = max(LEAST_ROOM, _LEAST_BODIES * door.max_body)  # bytes

    def take(self, size: int) -> bool:
        """Take so many bytes; False when they are not free."""
        if size > self._free:
            return False
        self._free -= size
        return True

    def give(self, size: int) -> None:
        """Give back what was taken."""
        self._free += size


async def read_request(
    scope: Scope, receive: Receive, *, source: str, door: Door, room: Room, clock: Clock
) -> Received:
    """The whole request.

    Raises `RequestRefused` for one that is too large, too slow, compressed or cut off, or that finds no room.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    for name, plain in _PLAIN_BODY.items():
        if name in headers and headers[name].strip().lower() not in plain:
            detail = f"Compressed bodies are not taken; send it without `{name}: {headers[name][:100]}`."
            refusal = {"Accept-Encoding": "identity"}
            raise RequestRefused(detail, status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, headers=refusal)
    if "," in headers.get("host", ""):  # RFC 9112, 3.2: they may have been told apart differently on the way
        raise RequestRefused("The request has more than one Host header; send one.")
    length = headers.get("content-length", "")
    if length.isdecimal() and (len(length) > _LONGEST_LENGTH or int(length) > door.max_body):
        raise _too_large(door)
    whole = whole_of(scope)
    body = None if whole is None else whole.whole_body()
    if body is not None and len(body) > door.max_body:
        raise _too_large(door)
    return Received(
        source=source,
        method=scope["method"],
        url=_url(scope, headers.get("host"), door.public_url),
        headers=headers,
        body=await _body(receive, door, room) if body is None else body,
        received_at=clock.now(),
    )


def whole_of(scope: Scope) -> Whole | None:
    """The request, where our server has it whole."""
    extensions: Mapping[str, Callable[[], Whole | None]] = scope.get("extensions", _NONE)
    return extensions[WHOLE]() if WHOLE in extensions else None


async def send_reply(scope: Scope, send: Send, reply: Reply) -> None:
    """Answer the request of `scope`, whole; it must have no answer yet."""
    whole = None if reply.headers else whole_of(scope)
    if whole is not None and whole.answer(reply.status, reply.content_type.encode("latin-1"), reply.body):
        return
    headers = [
        (b"content-type", reply.content_type.encode("latin-1")),
        (b"content-length", b"%d" % len(reply.body)),
        *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()),
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _body(receive: Receive, door: Door, room: Room) -> bytes:
    begun = bytearray()  # and no list of pieces: one of two bytes would take forty
    taken = 0  # of the room
    try:
        async with asyncio.timeout(BODY_TIME):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    detail = "The connection was closed before the body was complete."
                    raise RequestRefused(detail, status=HTTPStatus.BAD_REQUEST)
                piece: bytes = message.get("body", b"")
                size = len(begun) + len(piece)
                if size > door.max_body:
                    raise _too_large(door)
                if not message.get("more_body", False):
                    return b"".join((begun, piece)) if begun else piece
                needed = size - SMALL - taken
                if needed > 0:
                    if not room.take(needed):
                        raise _no_room()
                    taken += needed
                begun += piece
    except TimeoutError as error:
        detail = f"The body did not arrive within {BODY_TIME:g} seconds."
        raise RequestRefused(detail, status=HTTPStatus.REQUEST_TIMEOUT, headers={"Connection": "close"}) from error
    finally:
        room.give(taken)


def _too_large(door: Door) -> RequestRefused:
    return RequestRefused(
        f"The body is larger than {door.max_body} bytes (`server.max_body`).",
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


def _no_room() -> RequestRefused:
    """By the time told, every body that takes the room now has come, or was given up."""
    return RequestRefused(
        "Too many large bodies are on their way at once; the request was not taken. Send it again later.",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        headers={"Retry-After": f"{BODY_TIME:.0f}", "Connection": "close"},
    )


def _url(scope: Scope, host: str | None, public_url: str | None) -> str:
    """What the sender called, as it stood on the wire: some vendors sign it."""
    raw_path: bytes | None = scope.get("raw_path")
    path = raw_path.decode("latin-1") if raw_path is not None else quote(scope["path"], safe=_PATH_SAFE)
    query = scope["query_string"]
    if query:
        path = f"{path}?{query.decode('latin-1')}"
    if public_url is not None:
        return public_url + path
    if host is None:
        name, port = scope.get("server") or ("localhost", None)
        host = name if port is None else f"{name}:{port}"
    return f"{scope.get('scheme', 'http')}://{host}{path}"
