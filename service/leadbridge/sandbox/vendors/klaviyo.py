"""Klaviyo's API, as far as a profile is read by its id.

https://developers.klaviyo.com/en/reference/get_profile
Errors and limits: https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
"""

import re
from collections.abc import Mapping
from typing import Final

from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply
from leadbridge.sandbox.vendor_options import VendorOptions
from leadbridge.sandbox.vendors.vendor import Kind, Refusal, Room, Vendor, Why

_REVISION: Final = re.compile(r"20\d\d-\d\d-\d\d(\.\w+)?")
_WORDS: Final[Mapping[Why, tuple[int, str, str, str]]] = {  # status, code, title, detail
    "no_token": (
        401, "not_authenticated", "Authentication credentials were not provided.",
        "Missing or invalid authorization scheme. Please use Klaviyo-API-Key.",
    ),
    "bad_token": (401, "not_authenticated", "Incorrect authentication credentials.", "Invalid API key."),
    "expired_token": (401, "not_authenticated", "Incorrect authentication credentials.", "The token has expired."),
    "no_permission": (
        403, "permission_denied", "You do not have permission to perform this action.",
        "The API key specified does not have permission to perform this action.",
    ),
    "too_many": (429, "throttled", "Request was throttled.", "Request was throttled. Expected available in 1 second."),
    "unknown": (404, "not_found", "Not found.", "A profile with id {id} does not exist."),
    "nowhere": (404, "not_found", "Not found.", "The requested resource does not exist."),
    "trouble": (500, "error", "A server error occurred.", "A server error occurred."),
}  # fmt: skip


def _refused(refusal: Refusal) -> ApiReply:
    status, code, title, detail = _WORDS[refusal.why]
    status = refusal.answered(status)
    wanted = refusal.request.path.rstrip("/").rpartition("/")[2]
    return _error(refusal.request, status, code=code, title=title, detail=detail.format(id=wanted))


def _error(request: ApiRequest, status: int, *, code: str, title: str, detail: str) -> ApiReply:
    error = {"id": request.trace_id, "status": status, "code": code, "title": title, "detail": detail}
    return json_reply(status, {"errors": [{**error, "source": {"pointer": "/data/"}, "links": {}, "meta": {}}]})


def _unfit(request: ApiRequest, _: VendorOptions) -> ApiReply | None:
    """A call without the revision of the API."""
    if _REVISION.fullmatch(request.headers.get("revision", "")):
        return None
    detail = "The header `revision` must name an API revision, such as 2025-07-15."
    return _error(request, 400, code="invalid", title="Invalid input.", detail=detail)


def _told(room: Room) -> Mapping[str, str]:
    return {
        "ratelimit-limit": str(room.limit),
        "ratelimit-remaining": str(room.left),
        "ratelimit-reset": f"{room.frees:.0f}",
    }


KLAVIYO: Final = Vendor(
    name="klaviyo",
    title="Klaviyo",
    documents={"profile": Kind(path="/api/profiles/{id}", own_id="data.id", needs="data.attributes")},
    refused=_refused,
    scheme="Klaviyo-API-Key",
    unfit=_unfit,
    told=_told,
)
