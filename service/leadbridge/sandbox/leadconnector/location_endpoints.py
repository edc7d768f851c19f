"""LeadConnector's endpoints that say how a location is set up: one function each.

https://github.com/GoHighLevel/highlevel-api-docs, apps/locations.json
"""

from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply
from leadbridge.sandbox.leadconnector.directory import Directory
from leadbridge.sandbox.leadconnector.problems import Invalid


def about(directory: Directory, request: ApiRequest, location_id: str) -> ApiReply:
    """200 with what the location says of itself: its name, country and time zone."""
    return json_reply(200, {"location": directory.location(location_id).about(), "traceId": request.trace_id})


def custom_fields(directory: Directory, request: ApiRequest, location_id: str) -> ApiReply:
    """The custom fields of contacts; opportunities are not emulated and have none."""
    model = request.query.get("model", "contact")
    if model not in ("contact", "opportunity", "all"):
        raise Invalid("model must be one of the following values: contact, opportunity, all")
    fields = directory.location(location_id).fields.values() if model != "opportunity" else ()
    listed = [field.answer(location_id=location_id, position=place * 50) for place, field in enumerate(fields)]
    return json_reply(200, {"customFields": listed, "traceId": request.trace_id})


def tags(directory: Directory, request: ApiRequest, location_id: str) -> ApiReply:
    """Every tag that a contact of the location ever had."""
    known = directory.location(location_id).tags.items()
    listed = [{"id": tag_id, "name": name, "locationId": location_id} for name, tag_id in known]
    return json_reply(200, {"tags": listed, "traceId": request.trace_id})
