"""Secrets out of what was sent: masked in bytes as they travelled, so that the rest reads as before.

Senders write one secret in several ways: as it is, percent-encoded in a URL or a form, escaped in JSON, and each within
the other (a form that holds JSON that holds the URL). A configured secret is found in all of them, by a pattern. What a
stranger sent gets none, since making and trying one takes time: it is found in the ways that senders usually write.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

from leadbridge.disguises import Disguised

HIDDEN: Final = "***"  # ASCII reads the same in every charset
LONGEST_SECRET: Final = 200  # characters; making its pattern takes 15 ms then
SHORTEST_SECRET: Final = 12  # characters; a shorter one could be a part of a name or of somebody's answer
_HIDDEN_NUMBER: Final = "1"  # in place of digits, which may stand in JSON without quotes: it stays a number
_NUMBER: Final = re.compile(r"[0-9.eE+-]+")
# What says how a body is read, or follows a request: no word of it is a secret.
_READ_BY: Final = frozenset(
    {"content-type", "content-length", "content-encoding", "transfer-encoding", "traceparent", "tracestate"}
)
_WIDE: Final = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")  # a wide one holds no narrower one


def redacted(text: bytes, secrets: tuple[str, ...]) -> bytes:
    """`text` with every configured secret masked, however it is written."""
    for secret in _patterns(secrets) if secrets else ():
        text = secret.masked(text)
    return text


def redacted_headers(
    headers: Mapping[str, str], secrets: tuple[str, ...], pairs: Sequence[tuple[bytes, bytes]]
) -> dict[str, str]:
    """Headers with the secrets in their values masked and `pairs` replaced; proxies repeat the URL in some."""
    return {name: value if name in _READ_BY else _text_masked(value, secrets, pairs) for name, value in headers.items()}


def redacted_text(text: str, secrets: tuple[str, ...]) -> str:
    """`text` with every configured secret masked, however it is written, as `redacted` does it to bytes."""
    return _text_masked(text, secrets, ())


def written_instead(text: str, *, after: str = "") -> list[tuple[bytes, bytes]]:
    """The usual ways to write `text` behind `after`, each with what is put in its place; `after` stays."""
    instead = (_HIDDEN_NUMBER if not after and _NUMBER.fullmatch(text) else HIDDEN).encode()
    ways = dict(zip(_usual_ways(after + text), _usual_ways(after), strict=True))
    return [(written, kept + instead) for written, kept in ways.items()]


def replaced_wide(text: bytes, pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """As `replaced`, for a text that may be in UTF-16 or UTF-32, as JSON may be.

    Without their zeros the ways to write one are few, and looked for first: most are in no text.
    """
    bare = text.translate(None, b"\0")
    for written, instead in dict.fromkeys(pairs):
        wide = [_in_charset(written, charset) for charset in _WIDE]
        if any(one in bare for one in {each.translate(None, b"\0") for each in wide}):
            text = replaced(text, zip(wide, (_in_charset(instead, charset) for charset in _WIDE), strict=True))
    return text


def _in_charset(text: bytes, charset: str) -> bytes:
    return text.decode("utf-8", "surrogatepass").encode(charset, "surrogatepass")


def replaced(text: bytes, pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """`text` with the first of each pair replaced by the second."""
    for written, instead in dict.fromkeys(pairs):
        text = text.replace(written, instead)
    return text


def without_values_of(name: str, text: bytes) -> bytes:
    """`text` with the value of each field of that name masked, in JSON or a form, whether or not the whole reads."""
    if name.encode() not in text:
        return text
    for pattern in _of_name(name):
        text = pattern.sub(_value_masked, text)
    return text


def _value_masked(found: re.Match[bytes]) -> bytes:
    value = found[2]
    hidden = b'"***"' if value.startswith(b'"') else _HIDDEN_NUMBER.encode() if found[3] else HIDDEN.encode()
    return found[1] + hidden


@lru_cache(maxsize=64)
def _of_name(name: str) -> list[re.Pattern[bytes]]:
    """In JSON, in a form, in a part of a form; each begins with the name, so that `re` looks for nothing else first.

    Names come from presets, bodies from strangers: every repetition is bounded or never given back, and what follows a
    name within its line ends where the next one may begin.
    """
    called = re.escape(name.encode())
    number = rb"(-?[0-9][0-9.eE+-]*+)"
    rest_of_line = rb'[^\r\n"]{0,60}+(?:"[^\r\n"]{0,100}+"[^\r\n"]{0,60}+)?+\r?\n'
    of_part = rest_of_line + rb"(?:[^\r\n]{1,200}+\r?\n){0,5}+\r?\n"
    return [
        re.compile(rb'("' + called + rb'"\s{0,9}+:\s{0,9}+)("(?:[^"\\]|\\[\s\S])++"?|' + number + rb")"),
        re.compile(rb"(" + called + rb"=(?<![^?&]" + called + rb"=))([^&\s\"'<>\\]++)()"),
        re.compile(rb'(name="' + called + rb'"' + of_part + rb")([^\r\n]++)()"),
    ]


def _text_masked(text: str, secrets: tuple[str, ...], pairs: Iterable[tuple[bytes, bytes]]) -> str:
    travelled = text.encode("utf-8", "surrogatepass")
    return replaced(redacted(travelled, secrets), pairs).decode("utf-8", "surrogatepass")


@lru_cache(maxsize=256)
def _patterns(secrets: tuple[str, ...]) -> list[Disguised]:
    """Longest first: one secret may be a part of another."""
    found = sorted({secret for secret in secrets if secret}, key=lambda one: (-len(one), one))
    return [Disguised(secret, (_HIDDEN_NUMBER if _NUMBER.fullmatch(secret) else HIDDEN).encode()) for secret in found]


def _usual_ways(secret: str) -> Iterable[bytes]:
    """How senders write a text: as it is, as a part of a URL or a form, and in JSON, slashes escaped or not."""
    escaped = [json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]
    for text in (secret, *escaped, *(one.replace("/", "\\/") for one in escaped)):
        travelled = text.encode("utf-8", "surrogatepass")
        yield travelled
        yield quote(travelled, safe="").encode()
        yield quote_plus(travelled).encode()
