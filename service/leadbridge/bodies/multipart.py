"""Multipart forms (RFC 7578): text fields as text, files by what recognises them."""

import hashlib
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from leadbridge.bodies.document import Document
from leadbridge.bodies.form import PAIRS, nested
from leadbridge.bodies.text import form_charset, form_text, without_nul
from leadbridge.errors import Unparseable
from leadbridge.events import FilePart

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks  # the library has it for type checkers only

_PART_HEADERS: Final = 16  # in one part
_PART_HEADER_SIZE: Final = 8_192  # bytes of one line
_EXTENDED_NAME: Final = re.compile(r";\s*filename\*\s*=\s*\"?([\w!#$&+^`{}~-]+)'[^']*'([^;\"\s]*)", re.ASCII | re.I)
_BROWSER_ESCAPES: Final = {"%22": '"', "%0D": "\r", "%0A": "\n"}  # what browsers write in names, and nothing else


class _Part:
    """One part, as it comes in. A file's content goes into its digest and is not kept."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.name = ""
        self.file_name: str | None = None
        self.content = bytearray()
        self.size = 0
        self.digest = hashlib.sha256()

    def read_headers(self, place: str) -> None:
        disposition = self.headers.get("content-disposition", "")
        _, options = parse_options_header(disposition)
        if b"name" not in options:
            raise Unparseable("this part has no name in its Content-Disposition", place=place)
        self.name = _name(options[b"name"])
        if found := _EXTENDED_NAME.search(disposition):
            codec = form_charset(found[1]) or "utf-8"
            self.file_name = form_text(unquote_to_bytes(found[2]), codec)
        elif b"filename" in options:
            self.file_name = _name(options[b"filename"])

    def add(self, data: bytes) -> None:
        self.size += len(data)
        if self.file_name is None:
            self.content += data
        else:
            self.digest.update(data)

    @property
    def is_file(self) -> bool:
        """Browsers send a file input that was left empty as a nameless file of no bytes."""
        return bool(self.file_name) or (self.file_name is not None and self.size > 0)

    @property
    def charset(self) -> str | None:
        """The charset that the part itself states."""
        _, options = parse_options_header(self.headers.get("content-type", ""))
        return form_charset(options.get(b"charset", b"").decode("latin-1"))

    def as_file(self) -> FilePart:
        content_type, _ = parse_options_header(self.headers.get("content-type", ""))
        return FilePart(
            name=self.file_name or "",
            content_type=without_nul(content_type.decode("latin-1")) or "application/octet-stream",
            size=self.size,
            sha256=self.digest.hexdigest(),
        )


class _Reader:
    """Takes the low-level parser's callbacks and keeps the parts."""

    def __init__(self) -> None:
        self.parts: list[_Part] = []
        self.ended = False
        self._header = bytearray()
        self._value = bytearray()

    @property
    def place(self) -> str:
        """Where the reading stands."""
        return f"part {len(self.parts)}"

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": lambda: self.parts[-1].read_headers(self.place),
            "on_part_data": lambda data, start, end: self.parts[-1].add(data[start:end]),
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.parts) == PAIRS:
            raise Unparseable(f"a form has at most {PAIRS:,} fields")
        self.parts.append(_Part())

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        name = self._header.decode("latin-1").strip().lower()
        self.parts[-1].headers[name] = self._value.decode("latin-1").strip()
        self._header.clear()
        self._value.clear()

    def _end(self) -> None:
        self.ended = True


def read_multipart(body: bytes, content_type: str) -> Document:
    """The form's fields and files. Raises `Unparseable` with the part's number for what is broken or cut off.

    A text part is read in the charset that it states, else in that of a field `_charset_`, else as UTF-8.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise Unparseable("multipart needs a boundary", place="header Content-Type")
    reader = _Reader()
    try:
        parser = MultipartParser(
            boundary,
            reader.callbacks(),
            max_header_count=_PART_HEADERS,
            max_header_size=_PART_HEADER_SIZE,
        )
        parser.write(body)
    except FormParserError as exc:
        raise Unparseable(f"this is not a multipart form ({exc})", place=reader.place) from exc
    if not reader.ended:
        raise Unparseable("the body ends before its last boundary", place=reader.place)
    return _document(reader.parts)


def _document(parts: list[_Part]) -> Document:
    stated = next((bytes(part.content[:40]).decode("latin-1") for part in parts if part.name == "_charset_"), None)
    codec = form_charset(stated) or "utf-8"
    pairs, files = [], []
    for part in parts:
        if part.is_file:
            files.append((part.name, part.as_file()))
            pairs.append((part.name, files[-1][1].name))
        elif part.name != "_charset_":
            pairs.append((part.name, form_text(bytes(part.content), part.charset or codec)))
    return Document(value=nested(pairs), files=tuple(files))


def _name(raw: bytes) -> str:
    text = form_text(raw, "utf-8")
    for escape, char in _BROWSER_ESCAPES.items():
        text = text.replace(escape, char)
    return text
