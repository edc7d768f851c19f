"""SurveyMonkey's API: https://github.com/SurveyMonkey/public_api_docs, whose table of errors this is."""

from collections.abc import Mapping
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply
from leadbridge.sandbox.vendors.vendor import Kind, Refusal, Room, Vendor, Why

_WORDS: Final[Mapping[Why, tuple[int, str, str, str]]] = {  # status, id, name, message
    "no_token": (401, "1010", "Authorization Error", "The authorization token was not provided."),
    "bad_token": (401, "1011", "Authorization Error", "The authorization token provided was invalid."),
    "expired_token": (401, "1012", "Authorization Error", "The authorization token provided has expired."),
    "no_permission": (
        403, "1014", "Permission Error", "Permission has not been granted by the user to make this request."
    ),
    "too_many": (429, "1040", "Rate Limit Reached", "Too many requests were made, try again later."),
    "unknown": (404, "1020", "Resource Not Found", "There was an error retrieving the requested resource."),
    "nowhere": (404, "1020", "Resource Not Found", "There was an error retrieving the requested resource."),
    "trouble": (500, "1050", "Internal Server Error", "Oh bananas! We couldn't process your request."),
}  # fmt: skip


def _refused(refusal: Refusal) -> ApiReply:
    status, error_id, name, message = _WORDS[refusal.why]
    status = refusal.answered(status)
    error = {
        "docs": "https://developer.surveymonkey.com/api/v3/#error-codes",
        "message": message,
        "id": error_id,
        "name": name,
        "http_status_code": status,
    }
    return json_reply(status, {"error": error})


def _shown(request: ApiRequest, _: str, document: Json) -> Json:
    """The texts of questions and answers are there with `simple=true` alone."""
    return document if request.query.get("simple", "").lower() == "true" else _without_simple_texts(document)


def _without_simple_texts(value: Json) -> Json:
    if isinstance(value, list):
        return [_without_simple_texts(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _without_simple_texts(one) for key, one in value.items() if key != "simple_text"}
    return value


def _told(room: Room) -> Mapping[str, str]:
    named = "x-ratelimit-app-global-minute"
    return {
        f"{named}-limit": str(room.limit),
        f"{named}-remaining": str(room.left),
        f"{named}-reset": f"{room.frees:.0f}",
    }


SURVEYMONKEY: Final = Vendor(
    name="surveymonkey",
    title="SurveyMonkey",
    documents={
        "response": Kind(path="/v3/surveys/{id}/responses/{id}/details", needs="pages"),
        "survey": Kind(path="/v3/surveys/{id}/details"),
    },
    refused=_refused,
    shown=_shown,
    told=_told,
)
