"""Secrets out of what was sent: masked in bytes as they travelled, so that the rest reads as before.

Senders write one secret in several ways: as it is, percent-encoded in a URL or a form, escaped in JSON, and each within
the other (a form that holds JSON that holds the URL). All of them are found.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

HIDDEN: Final = "***"  # ASCII reads the same in every charset
LONGEST_SECRET: Final = 200  # characters; making its pattern takes 15 ms then
_HIDDEN_NUMBER: Final = "1"  # in place of digits, which may stand in JSON without quotes: it stays a number
_NUMBER: Final = re.compile(r"[0-9.eE+-]+")
_LITERALS: Final = ("true", "false", "null")
# Shorter ones are masked only where they stand alone: as a part of a word they would be somebody's answer.
SHORT: Final = 8  # characters
_BEGINS: Final = rb"(?:(?<![0-9A-Za-z])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4})|(?<=\\[bfnrt]))"
_ENDS: Final = rb"(?![0-9A-Za-z])"
# Bounded, so that a long row of either takes no quadratic time.
_PERCENT: Final = rb"%(?:25){0,3}"
_BACKSLASH: Final = rb"(?:\\|" + _PERCENT + rb"5[cC]){1,8}"


def is_literal(secret: str) -> bool:
    """Whether it is one of JSON's words, which cannot be masked without breaking a body."""
    return secret in _LITERALS


def redacted(text: bytes, secrets: tuple[str, ...]) -> bytes:
    """`text` with every secret masked, however it is written; one that is very long, however senders usually do."""
    usual = tuple(secret for secret in secrets if len(secret) <= LONGEST_SECRET)
    for secret in secrets if usual != secrets else ():
        if len(secret) > LONGEST_SECRET:
            for written in _usual_ways(secret):
                text = text.replace(written, HIDDEN.encode())
    for pattern, instead in _patterns(usual):
        text = pattern.sub(instead, text)
    return text


def redacted_headers(headers: Mapping[str, str], secrets: tuple[str, ...]) -> dict[str, str]:
    """Headers with every secret in their values masked; proxies and browsers repeat the URL in some."""
    return {name: redacted_text(value, secrets) for name, value in headers.items()}


def redacted_text(text: str, secrets: tuple[str, ...]) -> str:
    """As `redacted`, for text."""
    return redacted(text.encode("utf-8", "surrogatepass"), secrets).decode("utf-8", "surrogatepass")


@lru_cache(maxsize=256)
def _patterns(secrets: tuple[str, ...]) -> list[tuple[re.Pattern[bytes], bytes]]:
    """Longest first: one secret may be a part of another."""
    found = sorted(
        {secret for secret in secrets if secret and not is_literal(secret)}, key=lambda one: (-len(one), one)
    )
    return [(_pattern(secret), (_HIDDEN_NUMBER if _NUMBER.fullmatch(secret) else HIDDEN).encode()) for secret in found]


def _usual_ways(secret: str) -> Iterable[bytes]:
    """How senders write a text: as it is, as a part of a URL or a form, and in JSON, slashes escaped or not."""
    escaped = [json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]
    for text in (secret, *escaped, *(one.replace("/", "\\/") for one in escaped)):
        travelled = text.encode("utf-8", "surrogatepass")
        yield travelled
        yield quote(travelled, safe="").encode()
        yield quote_plus(travelled).encode()


def _pattern(secret: str) -> re.Pattern[bytes]:
    written = b"".join(rb"(?:" + b"|".join(_ways(character)) + rb")" for character in secret)
    return re.compile(_BEGINS + written + _ENDS if len(secret) < SHORT else written)


def _ways(character: str) -> Iterable[bytes]:
    """How one character is written."""
    travelled = character.encode("utf-8", "surrogatepass")
    yield re.escape(travelled)
    percent = b"".join(_PERCENT + _hex(b"%02x" % byte) for byte in travelled)
    yield percent
    units = character.encode("utf-16-be", "surrogatepass")
    yield b"".join(_BACKSLASH + b"u" + _hex(units[at : at + 2].hex().encode()) for at in range(0, len(units), 2))
    if character in '"\\/':
        yield _BACKSLASH + rb"(?:" + re.escape(travelled) + b"|" + percent + rb")"
    elif character == " ":
        yield rb"\+"


def _hex(digits: bytes) -> bytes:
    return b"(?i:" + digits + b")"
