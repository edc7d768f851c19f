"""What is answered in one turn of the event loop goes out at its end, one write for each connection.

uvicorn writes an answer's head and its body apart, and each write wakes whoever reads it: under load, a quarter of
an answer's time; sent one right after the other, the answers of a whole batch wake their readers once.
"""

import asyncio
from collections import deque
from typing import Any, Final
from weakref import WeakKeyDictionary

_MOST_HELD: Final = 64 * 1024  # bytes; more goes out at once, so that the transport can slow down who writes it


class JoinedWrites:
    """A transport that gathers what is written until the event loop comes round."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._held: list[bytes] = []
        self._size = 0
        self._outbox = _outboxes.setdefault(asyncio.get_running_loop(), _Outbox())

    def write(self, data: bytes) -> None:
        """Send it soon, in its order."""
        if not self._held:
            self._outbox.add(self)
        self._held.append(data)
        self._size += len(data)
        if self._size > _MOST_HELD:
            self.send()

    def close(self) -> None:
        """Send what is held, then close."""
        self.send()
        self._transport.close()

    def send(self) -> None:
        """Hand on all that is held, in one piece; nothing when nothing is."""
        if self._held:
            data = b"".join(self._held)
            self._held.clear()
            self._size = 0
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        """Everything else as the transport itself has it."""
        return getattr(self._transport, name)


class _Outbox:
    """The connections of one event loop that have something to send: one callback for all of them."""

    def __init__(self) -> None:
        self._due: deque[JoinedWrites] = deque()

    def add(self, connection: JoinedWrites) -> None:
        if not self._due:
            asyncio.get_running_loop().call_soon(self._send)
        self._due.append(connection)

    def _send(self) -> None:
        try:
            while self._due:
                self._due.popleft().send()
        finally:  # whatever becomes of one connection, the others' answers go out
            if self._due:
                asyncio.get_running_loop().call_soon(self._send)


_outboxes: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Outbox]] = WeakKeyDictionary()
