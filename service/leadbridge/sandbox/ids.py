"""Identifiers as the two CRMs make them: reproducible under a fixed clock, and not reused after a restart."""

import hashlib
from typing import Final

from leadbridge.clock import Millis

_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_TO_LETTERS: Final = bytes(_LETTERS[byte % len(_LETTERS)] for byte in range(256))


def digest(*parts: object, size: int) -> bytes:
    """`size` bytes that depend on `parts` alone and are spread evenly."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=size).digest()


class Ids:
    """Makes identifiers that follow from the time at which the sandbox started."""

    def __init__(self, *, start: Millis) -> None:
        self._start = start
        self._made = 0
        self._number = start // 1000

    def number(self) -> int:
        """A record id of Copper's kind: an increasing integer."""
        self._number += 1
        return self._number

    def code(self) -> str:
        """A record id of LeadConnector's kind: 20 letters and digits."""
        return self._next(20).translate(_TO_LETTERS).decode()

    def trace(self) -> str:
        """An exchange's id, in a UUID's shape."""
        text = self._next(16).hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _next(self, size: int) -> bytes:
        self._made += 1
        return digest(self._start, self._made, size=size)
