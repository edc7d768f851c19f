"""URL-encoded forms, and what multipart forms share with them: names with [brackets] in them."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_to_bytes

import qs_codec

from leadbridge.bodies.text import form_charset, form_text
from leadbridge.errors import Unparseable
from leadbridge.events import Json

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
    stated = next((value for name, _, value in parts if name == b"_charset_"), b"").decode("latin-1")
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
    return form_text(unquote_to_bytes(text.replace(b"+", b" ")), codec)
