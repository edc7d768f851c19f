"""URL-encoded forms, and what multipart forms share with them: names with [brackets] in them."""

import binascii
import re
from collections.abc import Iterable, Iterator
from typing import Final

import qs_codec

from leadbridge.bodies.text import form_charset, form_text
from leadbridge.errors import Unparseable
from leadbridge.events import Json

_BROKEN_ESCAPE: Final = re.compile(rb"%(?![0-9a-fA-F]{2})")
_PIECE: Final = 65_536  # bytes
PAIRS: Final = 1_000  # names with values in one form
DEPTH: Final = 20  # brackets in one name

# Lists are short while names are read, since each index costs a list of its length: 1,000 names of 20 indexes up to 999
# took 3 s, up to 19 they take 60 ms. Longer lists come back as mappings with indexes as keys; see `_listed`.
_OPTIONS: Final = qs_codec.DecodeOptions(depth=DEPTH, list_limit=20, parameter_limit=PAIRS)


def read_form(body: bytes, charset: str | None) -> dict[str, Json]:
    """The form's fields. Raises `Unparseable` for a form that is too large or too deep; it never cuts one off.

    The charset is the one that the sender states, in its header or in a field `_charset_`, else UTF-8; what it cannot
    read becomes U+FFFD, and a broken %-escape stays as it is. A name that comes again makes a list.
    """
    if body.count(b"&") >= PAIRS:
        raise Unparseable(f"a form has at most {PAIRS:,} fields")
    parts = [part.partition(b"=") for part in body.strip().split(b"&") if part]
    stated = next((value[:40] for name, _, value in parts if name == b"_charset_"), b"").decode("latin-1")
    codec = form_charset(charset) or form_charset(stated) or "utf-8"
    return nested((_unquoted(name, codec), _unquoted(value, codec)) for name, _, value in parts if name != b"_charset_")


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Json]:
    """Names with brackets as structure: `a[b]`, `a[]`, `a[0][c]`; a name that comes again makes a list of values.

    A value without a name is left out.
    """
    values: dict[str, Json] = {}
    for name, value in pairs:
        if name.count("[") > DEPTH:
            raise Unparseable(f"a field's name has at most {DEPTH} brackets", place=f"{name[:50]}…")
        if name not in values:
            values[name] = value
        elif isinstance(values[name], list):
            values[name].append(value)
        else:
            values[name] = [values[name], value]
    values.pop("", None)
    if not any("[" in name for name in values):
        return values
    return {name: _listed(value) for name, value in qs_codec.decode(values, _OPTIONS).items()}


def _listed(value: Json) -> Json:
    """`value` with every mapping from 0, 1, 2, … as the list that it is; other numbers stay keys (record ids)."""
    if isinstance(value, list):
        return [_listed(item) for item in value]
    if not isinstance(value, dict):
        return value
    items = {str(key): _listed(item) for key, item in value.items()}
    indexes = [str(index) for index in range(len(items))]
    return [items[index] for index in indexes] if set(indexes) == set(items) else items


def _unquoted(text: bytes, codec: str) -> str:
    return form_text(_unescaped(text.replace(b"+", b" ")), codec)


def _unescaped(text: bytes) -> bytes:
    """`text` without its %-escapes; a broken one stays as it is.

    By way of quoted-printable, whose reader is fast: the standard library's reader for URLs makes an object of each
    escape, and 2 MiB of them took 0.75 s and 370 MiB.
    """
    if b"%" not in text:
        return text
    return b"".join(binascii.a2b_qp(_printable(piece)) for piece in _pieces(text))


def _printable(text: bytes) -> bytes:
    return _BROKEN_ESCAPE.sub(b"=25", text.replace(b"=", b"=3D")).replace(b"%", b"=")


def _pieces(text: bytes) -> Iterator[bytes]:
    """`text` in pieces that cut no escape in two: broken ones, too, become objects, but then only few at a time."""
    begin = 0
    while begin < len(text):
        end = begin + _PIECE
        if text[end - 2 : end - 1] == b"%":
            end -= 2
        elif text[end - 1 : end] == b"%":
            end -= 1
        yield text[begin:end]
        begin = end
