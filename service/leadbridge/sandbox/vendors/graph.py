"""Meta's Graph API, as far as a lead is read by its id.

https://developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving

It answers most refusals with 400: what is wrong says `error.code`
(https://developers.facebook.com/docs/graph-api/guides/error-handling). Bodies are those that public bug reports quote.
"""

from collections.abc import Mapping
from typing import Final

import orjson

from leadbridge.events import Json
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply
from leadbridge.sandbox.vendor_options import MetaOptions
from leadbridge.sandbox.vendors.vendor import Kind, Refusal, Room, Vendor, Why

_UNASKED: Final = ("created_time", "id", "field_data")  # what is answered where the query names no fields
# https://developers.facebook.com/docs/graph-api/reference/user-lead-gen-info
_FIELDS: Final = frozenset(
    {
        *_UNASKED, "ad_id", "ad_name", "adset_id", "adset_name", "campaign_id", "campaign_name",
        "custom_disclaimer_responses", "form_id", "home_listing", "is_organic", "partner_name", "platform", "post",
        "retailer_item_id", "vehicle",
    }
)  # fmt: skip
_WORDS: Final[Mapping[Why, tuple[str, str, int, int | None]]] = {  # message, type, code, subcode
    "no_token": (
        "An active access token must be used to query information about the current user.", "OAuthException", 2500, None
    ),
    "bad_token": ("Invalid OAuth access token - Cannot parse access token", "OAuthException", 190, None),
    "expired_token": (
        "Error validating access token: Session has expired on Monday, 01-Jan-24 00:00:00 PST.",
        "OAuthException", 190, 463,
    ),
    "no_permission": ("(#200) Requires leads_retrieval permission to manage the object", "OAuthException", 200, None),
    "too_many": ("(#4) Application request limit reached", "OAuthException", 4, None),
    "nowhere": ("Unknown path components", "OAuthException", 2500, None),
    "trouble": ("An unexpected error has occurred. Please retry your request later.", "OAuthException", 2, None),
}  # fmt: skip
_TRANSIENT: Final = frozenset({4, 2})


def _refused(refusal: Refusal) -> ApiReply:
    if refusal.why == "unknown":
        return _unknown(refusal.request)
    message, kind, code, subcode = _WORDS[refusal.why]
    status = _status(refusal)
    return _error(refusal.request, status, message=message, kind=kind, code=code, subcode=subcode)


def _status(refusal: Refusal) -> int:
    options = refusal.options if isinstance(refusal.options, MetaOptions) else MetaOptions()
    match refusal.why:
        case "no_token" | "bad_token" | "expired_token":
            return options.unauthorized_status
        case "too_many":
            return options.rate_limit_status
        case "no_permission":
            return 403
        case _:
            return refusal.answered(400)


def _unknown(request: ApiRequest) -> ApiReply:
    wanted = request.path.rpartition("/")[2]
    message = (
        f"Unsupported get request. Object with ID '{wanted}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api"
    )
    return _error(request, 400, message=message, kind="GraphMethodException", code=100, subcode=33)


def _error(
    request: ApiRequest, status: int, *, message: str, kind: str, code: int, subcode: int | None = None
) -> ApiReply:
    error: dict[str, Json] = {"message": message, "type": kind, "code": code}
    if code in _TRANSIENT:
        error["is_transient"] = True
    if subcode is not None:
        error["error_subcode"] = subcode
    return json_reply(status, {"error": {**error, "fbtrace_id": request.trace_id}})


def _shown(request: ApiRequest, lead_id: str, document: Json) -> Json | ApiReply:
    """The fields that are asked for, and the id."""
    asked = [name for name in request.query.get("fields", "").split(",") if name] or list(_UNASKED)
    for name in asked:
        if name not in _FIELDS:
            message = f"(#100) Tried accessing nonexisting field ({name}) on node type (Lead)"
            return _error(request, 400, message=message, kind="OAuthException", code=100)
    return {"id": lead_id} | {name: document[name] for name in asked if name in document}


def _told(room: Room) -> Mapping[str, str]:
    used = 100 * (room.limit - room.left) // room.limit
    return {"x-app-usage": orjson.dumps({"call_count": used, "total_cputime": 0, "total_time": 0}).decode()}


META: Final = Vendor(
    name="meta",
    title="Meta (Graph API)",
    documents={"lead": Kind(path="/{version}/{id}", adds_id=True, needs="field_data")},
    refused=_refused,
    shown=_shown,
    told=_told,
    traced=lambda request: {"x-fb-trace-id": request.trace_id},
)
