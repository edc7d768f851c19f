"""Log lines on their way out: those of one turn of the event loop go to the system in one write."""

import asyncio
import atexit
from collections import deque
from contextlib import suppress
from typing import Protocol


class Stream(Protocol):
    """What lines are written to."""

    def write(self, text: str, /) -> object:
        """Take some text."""

    def flush(self) -> None:
        """Hand on what was taken."""


class Lines:
    """A stream that gathers lines and writes them when the event loop comes round; at once where none is running.

    A write for each line takes as long as making it. What a killed process had not written is at most one turn's. Lines
    that the stream refuses (a full disk, a reader that went away) are lost: they must not stop the leads, and there is
    nobody left to tell.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque()
        self._called = False
        atexit.register(self.write_out)

    def write(self, text: str) -> None:
        """Keep a text until `flush`."""
        self._waiting.append(text)

    def flush(self) -> None:
        """See to it that what was gathered is written soon."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.write_out()
            return
        if not self._called:
            self._called = True
            loop.call_soon(self.write_out)

    def write_out(self) -> None:
        """Write all that was gathered."""
        self._called = False
        texts = []
        while self._waiting:
            texts.append(self._waiting.popleft())
        if texts:
            with suppress(OSError, ValueError):  # ValueError: the stream is closed
                self._stream.write("".join(texts))
                self._stream.flush()
