"""One inbound HTTP request as ASGI hands it over: read within bounds, and answered.

Plain ASGI: every submission passes here, and a framework's request and response objects would cost as much as all that
is done with it (docs/decisions/0007-plain-asgi.md).
"""

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from leadbridge.clock import Clock
from leadbridge.errors import RequestRefused
from leadbridge.events import Received, Reply

WHOLE: Final = "leadbridge.whole"  # an extension of a request's scope by our server: the body has come whole
BODY_TIME: Final = 30.0  # seconds a sender may take to send its body
SMALL: Final = 16 * 1024  # bytes of each body that always have room: nearly every lead is smaller
LEAST_ROOM: Final = 64 * 1024 * 1024  # bytes
_LEAST_BODIES: Final = 4  # of the allowed size
_LONGEST_LENGTH: Final = 18  # digits of a Content-Length that are worth reading
# What these headers may say: anything else is a coding that would have to be undone.
_PLAIN_BODY: Final = {"content-encoding": ("", "identity"), "transfer-encoding": ("", "identity", "chunked")}
_PATH_SAFE: Final = "/%:@!$&'()*+,;=~"
_IN_TIME: Final = nullcontext()  # a timer for each request would take a tenth of the time to receive it


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How senders reach the service."""

    public_url: str | None  # as senders call it, without a slash at the end
    max_body: int  # bytes


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
    return Received(
        source=source,
        method=scope["method"],
        url=_url(scope, headers.get("host"), door.public_url),
        headers=headers,
        body=await _body(receive, door, room, is_whole=WHOLE in scope.get("extensions", ())),
        received_at=clock.now(),
    )


async def send_reply(send: Send, reply: Reply) -> None:
    """Send an answer."""
    headers = [
        (b"content-type", reply.content_type.encode("latin-1")),
        (b"content-length", b"%d" % len(reply.body)),
        *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()),
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _body(receive: Receive, door: Door, room: Room, *, is_whole: bool) -> bytes:
    begun = bytearray()  # and no list of pieces: one of two bytes would take forty
    taken = 0  # of the room
    try:
        async with _IN_TIME if is_whole else asyncio.timeout(BODY_TIME):
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
