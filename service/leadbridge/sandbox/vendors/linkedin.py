"""LinkedIn's Lead Sync API: a response to a form, and the form for what its questions mean.

https://learn.microsoft.com/en-us/linkedin/marketing/lead-sync/leadsync
Errors are as its error guide and public bug reports quote them
(https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling).
"""

import re
from collections.abc import Mapping
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply
from leadbridge.sandbox.vendor_options import LinkedInOptions, VendorOptions
from leadbridge.sandbox.vendors.vendor import Kind, Refusal, Vendor, Why

_VERSION: Final = re.compile(r"20\d\d(0[1-9]|1[0-2])")
_WORDS: Final[Mapping[Why, tuple[int, int | None, str | None, str]]] = {  # status, service's code, code, message
    "no_token": (401, 401, None, "Empty oauth2_access_token"),
    "bad_token": (401, 65600, "INVALID_ACCESS_TOKEN", "Invalid access token"),
    "expired_token": (401, 65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired"),
    "no_permission": (403, 100, "ACCESS_DENIED", "Not enough permissions to access: {call}"),
    "too_many": (429, 101, "TOO_MANY_REQUESTS", "Resource level throttle limit for calls to this resource is reached."),
    "unknown": (404, None, "NOT_FOUND", "Could not find entity"),
    "nowhere": (404, 0, "RESOURCE_NOT_FOUND", "No virtual resource found"),
    "trouble": (500, 0, None, "Internal Server Error"),
}


def _refused(refusal: Refusal) -> ApiReply:
    status, service, code, message = _WORDS[refusal.why]
    status = refusal.answered(status)
    call = f"{refusal.request.method} {refusal.request.path}"
    body: dict[str, Json] = {"status": status, "message": message.format(call=call)}
    if service is not None:
        body["serviceErrorCode"] = service
    if code is not None:
        body["code"] = code
    return json_reply(status, body, headers={"x-restli-error-response": "true"})


def _unfit(request: ApiRequest, options: VendorOptions) -> ApiReply | None:
    """A call without the version of the API, or with one that is no longer active."""
    version = request.headers.get("linkedin-version", "")
    if not version:
        message = "A version must be present. Please specify a version by adding the LinkedIn-Version header."
        return json_reply(400, {"status": 400, "code": "VERSION_MISSING", "message": message})
    active = options.versions if isinstance(options, LinkedInOptions) else None
    if _VERSION.fullmatch(version) and (active is None or version in active):
        return None
    message = f"Requested version {version} is not active"
    return json_reply(426, {"status": 426, "code": "NONEXISTENT_VERSION", "message": message})


LINKEDIN: Final = Vendor(
    name="linkedin",
    title="LinkedIn",
    documents={
        "response": Kind(path="/rest/leadFormResponses/{id}", needs="formResponse.answers"),
        "form": Kind(path="/rest/leadForms/{id}", needs="content.questions"),
    },
    refused=_refused,
    unfit=_unfit,
    traced=lambda request: {"x-li-uuid": request.trace_id},
)
