"""How one secret may be written, and where it stands in what was sent: looked for in a time that no text can stretch.

Most texts hold no character that a secret begins with more often than chance has it, and that character, bare or as its
two hexadecimal digits, is all that a search stops at. What a code of it begins with (`%`, a backslash) is looked at
afterwards, where the whole secret follows: a text of nothing but those costs no more than any other.
"""

import re
from collections.abc import Iterable
from typing import Final

# Bounded, so that a long row of either takes no quadratic time, and never given back, so that a row of them is read in
# one way: two would multiply the time with each backslash of a secret.
_PERCENT: Final = rb"%(?:25){0,3}"
_BACKSLASH: Final = rb"(?:\\|" + _PERCENT + rb"5[cC])"
_BACKSLASHES: Final = _BACKSLASH + rb"{1,8}+"
_RUNS: Final = re.compile(r"\\+|[^\\]")

_OF_CODE: Final = 80  # bytes: eight backslashes, each percent-encoded four times, and what follows them
_ESCAPED: Final = re.compile(_BACKSLASHES + rb"\Z")
_BEFORE_BYTE: Final = re.compile(rb"(?:" + _PERCENT + b"|" + _BACKSLASHES + rb"u00)\Z")
_BEFORE_UNIT: Final = re.compile(_BACKSLASHES + rb"u\Z")
_MAY_BE_ESCAPED: Final = '"/'


class Disguised:
    """One secret, in all the ways in which senders write it: as it is, percent-encoded, escaped, each within another.

    `stops` is where a search for the whole of it stops to compare.
    """

    def __init__(self, secret: str, instead: bytes) -> None:
        """`instead` is put in its place."""
        self._instead = instead
        first, *rest = _RUNS.findall(secret)
        self._may_be_escaped = first in _MAY_BE_ESCAPED
        self._is_backslashes = first[0] == "\\"
        begin = b"(?:" + (_backslashes(len(first)) if self._is_backslashes else b"|".join(_beginnings(first))) + b")"
        self.stops = re.compile(begin)
        self._whole = re.compile(begin + b"".join(b"(?:" + b"|".join(_ways(part)) + b")" for part in rest))
        self._evidence = tuple(_evidence(one) for one in dict.fromkeys(secret) if one.isascii())

    def may_be_in(self, text: bytes) -> bool:
        """Whether all of its characters are in a text, bare or coded."""
        return all(any(one in text for one in ways) for ways in self._evidence)

    def masked(self, text: bytes) -> bytes:
        """The text with something else wherever the secret stands."""
        if not self.may_be_in(text):
            return text
        pieces: list[bytes] = []
        done = at = 0
        while (found := self._whole.search(text, at)) is not None:
            begin = self._begin(text, found, after=done)
            if begin is None:
                at = found.start() + 1
                continue
            pieces += text[done:begin], self._instead
            done = at = found.end()
        return b"".join([*pieces, text[done:]]) if pieces else text

    def _begin(self, text: bytes, found: re.Match[bytes], *, after: int) -> int | None:
        """Where what was found begins, with all of its first code; None where that is no code."""
        begin = found.start()
        if self._is_backslashes:
            return begin
        if found.lastindex != _BARE:
            code = _BEFORE_BYTE if found.lastindex == _BYTE else _BEFORE_UNIT
            before = code.search(text[max(after, begin - _OF_CODE) : begin])
            if before is None:
                return None
            begin -= len(before[0])
            if before[0].endswith((b"u", b"u00")):
                return begin
        escaped = _ESCAPED.search(text[max(after, begin - _OF_CODE) : begin]) if self._may_be_escaped else None
        return begin - len(escaped[0]) if escaped is not None else begin


# The groups by which a beginning tells what it is.
_BARE: Final = 1
_BYTE: Final = 2


def _beginnings(character: str) -> Iterable[bytes]:
    """A first character bare, as the digits of its bytes, and as those of its code point where they are others.

    Each begins with a literal, which `re` skips to.
    """
    travelled = character.encode("utf-8", "surrogatepass")
    yield (rb"[ +]" if character == " " else re.escape(travelled)) + b"()"
    yield (
        _hex(travelled[:1])
        + b"".join(_PERCENT + _hex(travelled[at : at + 1]) for at in range(1, len(travelled)))
        + b"()"
    )
    if not character.isascii():
        units = character.encode("utf-16-be", "surrogatepass")
        coded = (_hex(units[at : at + 2]) for at in range(0, len(units), 2))
        yield (_BACKSLASHES + b"u").join(coded) + b"()"


def _ways(part: str) -> Iterable[bytes]:
    """How one character is written, or a run of backslashes."""
    if part[0] == "\\":
        yield _backslashes(len(part))
        return
    travelled = part.encode("utf-8", "surrogatepass")
    yield re.escape(travelled)
    percent = b"".join(_PERCENT + _hex(travelled[at : at + 1]) for at in range(len(travelled)))
    yield percent
    units = part.encode("utf-16-be", "surrogatepass")
    yield b"".join(_BACKSLASHES + b"u" + _hex(units[at : at + 2]) for at in range(0, len(units), 2))
    if part in _MAY_BE_ESCAPED:
        yield _BACKSLASHES + rb"(?:" + re.escape(travelled) + b"|" + percent + rb")"
    elif part == " ":
        yield rb"\+"


def _backslashes(count: int) -> bytes:
    """A run as one: each escaping doubles it, and what follows it may begin with backslashes of its own."""
    escaped = b"|".join(_BACKSLASH + b"{%d}" % (count * times) for times in (8, 4, 2, 1))
    return rb"(?>(?:" + _BACKSLASHES + rb"u" + _hex(b"\0\\") + rb"){%d}|" % count + escaped + rb")"


def _hex(travelled: bytes) -> bytes:
    """The digits of some bytes, in capitals or not."""
    return b"".join(
        digit.encode() if digit.isdecimal() else f"[{digit}{digit.upper()}]".encode() for digit in travelled.hex()
    )


def _evidence(character: str) -> tuple[bytes, ...]:
    """What of a character a text has in any of its ways."""
    code = f"{ord(character):02x}"
    others = (b"+",) if character == " " else ()
    return tuple(dict.fromkeys((character.encode(), *others, code.encode(), code.upper().encode())))
