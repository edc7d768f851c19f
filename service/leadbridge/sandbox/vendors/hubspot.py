"""HubSpot's CRM API, as far as a contact is read by its id.

https://developers.hubspot.com/docs/reference/api/crm/objects/contacts
Limits and their headers: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
"""

import math
from collections.abc import Mapping
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply
from leadbridge.sandbox.vendors.vendor import Kind, Refusal, Room, Vendor, Why

_ALWAYS: Final = ("createdate", "hs_object_id", "lastmodifieddate")
_UNASKED: Final = ("email", "firstname", "lastname")  # what else is answered where the query names no properties
_WORDS: Final[Mapping[Why, tuple[int, str | None, str]]] = {  # status, category, message
    "no_token": (401, "INVALID_AUTHENTICATION", "Authentication credentials not found."),
    "bad_token": (401, "INVALID_AUTHENTICATION", "Authentication credentials not found."),
    "expired_token": (401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired 5 hour(s) ago."),
    "no_permission": (403, "MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call."),
    "too_many": (429, None, "You have reached your ten_secondly_rolling limit."),
    "unknown": (404, "OBJECT_NOT_FOUND", "resource not found"),
    "nowhere": (404, None, "resource not found"),
    "trouble": (500, None, "internal error"),
}


def _refused(refusal: Refusal) -> ApiReply:
    status, category, message = _WORDS[refusal.why]
    status = refusal.answered(status)
    body: dict[str, Json] = {"status": "error", "message": message, "correlationId": refusal.request.trace_id}
    if category is not None:
        body["category"] = category
    if refusal.why == "too_many":
        body |= {"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}
    return json_reply(status, body)


def _shown(request: ApiRequest, _: str, document: Json) -> Json:
    """The properties that are asked for, null where the contact has none of that name, and three that always come."""
    if not isinstance(document.get("properties"), Mapping):
        return document
    has = document["properties"]
    asked = [name for name in request.query.get("properties", "").split(",") if name] or _UNASKED
    always = {name: has[name] for name in _ALWAYS if name in has}
    return {**document, "properties": always | {name: has.get(name) for name in asked}}


def _told(room: Room) -> Mapping[str, str]:
    return {
        "x-hubspot-ratelimit-max": str(room.limit),
        "x-hubspot-ratelimit-remaining": str(room.left),
        "x-hubspot-ratelimit-interval-milliseconds": str(math.ceil(room.window * 1000)),
    }


HUBSPOT: Final = Vendor(
    name="hubspot",
    title="HubSpot",
    documents={"contact": Kind(path="/crm/v3/objects/contacts/{id}", needs="properties")},
    refused=_refused,
    shown=_shown,
    told=_told,
    traced=lambda request: {"x-hubspot-correlation-id": request.trace_id},
)
