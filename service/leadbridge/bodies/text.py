"""Bytes as text: the charset that the sender states, and characters that no database takes."""

import codecs
import re
from encodings.aliases import aliases
from functools import lru_cache
from typing import Final

from leadbridge.errors import Unparseable

_REPLACEMENT: Final = "�"
# Python's codecs for what senders state for text. It has more, some of them no charsets at all (`base64`, `rot13`).
_CODECS: Final = re.compile(
    r"utf_8|utf_16(_[lb]e)?|utf_32(_[lb]e)?|latin_1|iso8859_\d+|cp(125\d|932|949|950|866|437|850|852)|koi8_[ru]"
    r"|shift_jis|euc_(jp|kr)|iso2022_jp|gb2312|gbk|gb18030|big5(hkscs)?|mac_roman|tis_620"
)
# Every name of theirs, and no other is looked up: Python keeps each one that it does not know, for ever.
_NAMES: Final = {
    name: codec
    for name, codec in [("koi8_u", "koi8_u"), *((codec, codec) for codec in aliases.values()), *aliases.items()]
    if _CODECS.fullmatch(codec)
}
_NAME: Final = re.compile(r"[A-Za-z0-9._: -]{1,40}")  # none is longer
_BETWEEN: Final = re.compile(r"[_: -]+")  # all of it is one `_` to Python
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BOM_STARTS: Final = frozenset(mark[:1] for mark, _ in _BOMS)


def known_charset(name: str | None) -> str | None:
    """Python's codec for a charset's name; None for a name that is no charset of text.

    US-ASCII is not among them, so that it is read as UTF-8, of which it is a part: senders state it and mean UTF-8.
    """
    stated = name.strip(" \"'") if name else ""
    return _known(stated.lower()) if _NAME.fullmatch(stated) else None


@lru_cache(maxsize=256)
def _known(stated: str) -> str | None:
    name = _BETWEEN.sub("_", stated).strip("_")
    codec = _NAMES.get(name) or _NAMES.get(name.replace(".", "_"))
    return None if codec is None else codecs.lookup(codec).name


def form_charset(name: str | None) -> str | None:
    """As `known_charset`, for a form: its names and values are bytes among ASCII, which rules out UTF-16 and UTF-32."""
    found = known_charset(name)
    return None if found is None or found.startswith(("utf-16", "utf-32")) else found


def decoded(body: bytes, charset: str | None) -> str:
    """`body` as text; a byte order mark wins over `charset`, which is UTF-8 when the sender states none.

    Raises `Unparseable` with the byte's place.
    """
    for mark, codec in _BOMS if body[:1] in _BOM_STARTS else ():
        if body.startswith(mark):
            return _decoded(body[len(mark) :], codec, offset=len(mark))
    return _decoded(body, known_charset(charset) or "utf-8", offset=0)


def _decoded(body: bytes, codec: str, *, offset: int) -> str:
    try:
        return body.decode(codec)
    except UnicodeDecodeError as exc:
        raise Unparseable(f"this is not {codec.upper()} text", place=f"byte {exc.start + offset + 1}") from exc


def form_text(raw: bytes, codec: str) -> str:
    """A form's bytes as text. What is no UTF-8 is read as Windows-1252, as old pages send it without saying so."""
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError:
        text = raw.decode("cp1252" if codec == "utf-8" else codec, "replace")
    return without_nul(text)


def without_nul(text: str) -> str:
    """`text` with U+0000, which databases refuse, replaced by U+FFFD."""
    return text.replace("\0", _REPLACEMENT)
