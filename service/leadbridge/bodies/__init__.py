"""Raw bodies as documents, whatever their sender says they are."""

import re
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from python_multipart.multipart import parse_options_header

from leadbridge.bodies.document import Document
from leadbridge.bodies.form import read_form
from leadbridge.bodies.json_body import read_json
from leadbridge.bodies.multipart import read_multipart
from leadbridge.errors import Unparseable
from leadbridge.masking import harmless

__all__ = ["Document", "read_document"]

_JSON: Final = re.compile(r"(application|text)/([\w.+-]+\+)?json5?")
_USUAL_TYPE: Final = 128  # characters of a Content-Type; what longer ones say is not remembered
_FORM: Final = "application/x-www-form-urlencoded"
# The first bytes of a JSON object or list, and the whole of a form that says nothing of itself.
_LIKE_JSON: Final = re.compile(rb"\s*[{\[]|\xef\xbb\xbf|\xff\xfe|\xfe\xff")
_WHOLE_JSON: Final = re.compile(rb"\s*(?:\{\s*(?:\"|\})|\[\s*[\[{\"\]]).*[}\]]\s*", re.DOTALL)
_LIKE_FORM: Final = re.compile(rb"\s*[^\s=&<>{}\"]+=[^\s<>{}\"]*\s*")


@lru_cache(maxsize=256)
def _said(content_type: str) -> tuple[str, str | None]:
    """The media type and the charset of a Content-Type."""
    media_type, options = parse_options_header(content_type)
    return media_type.decode("latin-1"), options.get(b"charset", b"").decode("latin-1") or None


def read_document(payload: bytes, headers: Mapping[str, str]) -> Document:
    """The payload as a document. Raises `Unparseable`: with status 415 when no reader takes it, else 400.

    The Content-Type decides; when it is missing, or says nothing (`text/plain`), or is one that nobody else reads,
    JSON and URL-encoded forms are recognised by how they start. JSON under the type of a form is read as JSON, since
    that is what command-line clients send when nobody tells them.
    """
    content_type = headers.get("content-type", "").encode("latin-1", "replace").decode("latin-1")
    kind, charset = _said(content_type) if len(content_type) <= _USUAL_TYPE else _said.__wrapped__(content_type)
    if not payload.strip():
        raise Unparseable("the body is empty")
    if kind == "multipart/form-data":
        return read_multipart(payload, content_type)
    if _JSON.fullmatch(kind):
        return Document(value=read_json(payload, charset))
    if kind == _FORM:
        is_json = _WHOLE_JSON.fullmatch(payload)
        return Document(value=read_json(payload, charset) if is_json else read_form(payload, charset))
    if _LIKE_JSON.match(payload):
        return Document(value=read_json(payload, charset))
    if _LIKE_FORM.fullmatch(payload):
        return Document(value=read_form(payload, charset))
    raise Unparseable(
        f"{harmless(kind[:100]) or 'a body without a content type'} is not read here; send JSON or a form",
        status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    )
