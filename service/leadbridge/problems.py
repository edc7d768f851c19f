"""Errors as `application/problem+json` (RFC 9457): what is wrong, and what the sender can do."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import orjson

from leadbridge.events import Reply

MEDIA_TYPE: Final = "application/problem+json"


def problem(status: HTTPStatus, detail: str, *, headers: Mapping[str, str] | None = None, **members: str) -> Reply:
    """A problem document; `members` are its extension members, such as `trace_id`."""
    document = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, **members}
    return Reply(status=int(status), body=orjson.dumps(document), content_type=MEDIA_TYPE, headers=headers or {})
