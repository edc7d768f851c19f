"""Errors as `application/problem+json` (RFC 9457): what is wrong, and what the sender can do."""

from http import HTTPStatus
from typing import Final

import orjson
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"


def problem(status: HTTPStatus, detail: str, *, headers: dict[str, str] | None = None, **members: str) -> Response:
    """A problem document; `members` are its extension members, such as `trace_id`."""
    document = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, **members}
    return Response(orjson.dumps(document), status_code=int(status), headers=headers, media_type=MEDIA_TYPE)
