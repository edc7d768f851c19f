"""HTTP by the byte: requests that no client would send, and what came back."""

import json
import re
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.support.patience import PATIENCE
from tests.support.service import TOKEN

_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Answer:
    """One answer as it came."""

    status: int
    head: bytes
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The body as JSON."""
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found

    def header(self, name: str) -> str:
        """A header's value; empty when it is not there."""
        found = re.search(rf"^{name}: *(.*?)\r$".encode(), self.head, re.IGNORECASE | re.MULTILINE)
        return found[1].decode() if found else ""


def post(
    body: bytes = b'{"email": "ann@example.com", "name": "Ann Lee"}',
    *headers: str | bytes,
    target: str | bytes = "/hooks/website",
    method: str = "POST",
    version: str = "1.1",
    content_type: str | bytes = "application/json",
    length: int | str | None = -1,
) -> bytes:
    """A request with the right token and length, unless said otherwise; `length=None` leaves it out."""
    url = target if isinstance(target, bytes) else target.encode()
    lines: list[str | bytes] = ["host: leads.test", f"x-webhook-token: {TOKEN}"]
    if content_type:
        lines.append(b"content-type: " + (content_type if isinstance(content_type, bytes) else content_type.encode()))
    if length is not None:
        lines.append(f"content-length: {len(body) if length == -1 else length}")
    encoded = [line if isinstance(line, bytes) else line.encode("latin-1") for line in (*lines, *headers)]
    return b"\r\n".join([method.encode() + b" " + url + f" HTTP/{version}".encode(), *encoded, b"", b""]) + body


def chunked(*chunks: bytes, ending: bytes = b"0\r\n\r\n") -> bytes:
    """A body in chunks."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + ending


def exchange(port: int, pieces: Iterable[bytes], *, answers: int) -> list[Answer]:
    """Send the pieces and read so many answers, or less when the server closes before. 100 Continue counts as one."""
    received, found = b"", list[Answer]()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        closed = False
        _send(connection, pieces)
        until = time.monotonic() + PATIENCE
        while True:
            found, received = _split(found, received)
            if (answers and len(found) >= answers) or closed:
                return found
            try:
                piece = connection.recv(65_536)
            except ConnectionError:
                piece = b""
            if time.monotonic() > until:
                raise TimeoutError(f"after {PATIENCE:g} s: {found} {received[:200]!r}")
            closed, received = not piece, received + piece


def _send(connection: socket.socket, pieces: Iterable[bytes]) -> None:
    """Send until the other side has heard enough: its answer may come before all is sent."""
    try:
        for piece in pieces:
            connection.sendall(piece)
    except ConnectionError:
        pass


def _split(found: list[Answer], received: bytes) -> tuple[list[Answer], bytes]:
    while b"\r\n\r\n" in received:
        head, _, rest = received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if len(rest) < size:
            break
        found = [*found, Answer(int(head.split(b" ", 2)[1]), head + b"\r\n", rest[:size])]
        received = rest[size:]
    return found, received
