"""LeadConnector's endpoints for contacts, and those that say how a location is set up: one function each.

https://github.com/GoHighLevel/highlevel-api-docs, apps/contacts.json and apps/locations.json
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from leadbridge.events import Json
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply
from leadbridge.sandbox.leadconnector.answers import contact_answer
from leadbridge.sandbox.leadconnector.contacts import Contact
from leadbridge.sandbox.leadconnector.directory import Directory
from leadbridge.sandbox.leadconnector.location import NOTHING_GIVEN, Location
from leadbridge.sandbox.leadconnector.problems import Invalid, Refused
from leadbridge.sandbox.leadconnector.properties import read_tags
from leadbridge.sandbox.leadconnector.values import e164
from leadbridge.sandbox.routing import Routes

_DONE: Final = {"succeded": True, "succeeded": True}  # the first is the vendor's spelling


def _upsert(directory: Directory, request: ApiRequest, _: str) -> ApiReply:
    """200 for both a new contact and a known one."""
    body = _body(request)
    location = _named(directory, body)
    contact, new = location.upsert(body, v3=_is_v3(request), lost=request.lost_fields)
    directory.settle(contact, location)
    return _contact_reply(request, 200, contact, {"new": new, **_DONE})


def _create(directory: Directory, request: ApiRequest, _: str) -> ApiReply:
    """201, or 400 for a duplicate."""
    body = _body(request)
    location = _named(directory, body)
    contact = location.create(body, v3=_is_v3(request), lost=request.lost_fields)
    directory.settle(contact, location)
    return _contact_reply(request, 201, contact, {})


def _fetch(directory: Directory, request: ApiRequest, contact_id: str) -> ApiReply:
    _, contact = directory.home_of(contact_id)
    return _contact_reply(request, 200, contact, {})


def _update(directory: Directory, request: ApiRequest, contact_id: str) -> ApiReply:
    """Takes neither `locationId`, `gender` nor `companyName`."""
    location, contact = directory.home_of(contact_id)
    updated = location.update(contact, _body(request), v3=_is_v3(request), lost=request.lost_fields)
    return _contact_reply(request, 200, updated, _DONE)


def _delete(directory: Directory, request: ApiRequest, contact_id: str) -> ApiReply:
    directory.delete(contact_id)
    return json_reply(200, {**_DONE, "traceId": request.trace_id}, record_id=contact_id)


def _add_tags(directory: Directory, request: ApiRequest, contact_id: str) -> ApiReply:
    """Answers the full set and what is new in it."""
    location, contact = directory.home_of(contact_id)
    tags = _tags_in(request)
    added = [] if "tags" in request.lost_fields else [tag for tag in tags if tag not in contact.tags]
    contact = location.retag(contact, (*contact.tags, *added))
    answer = {"tags": list(contact.tags), "tagsAdded": added, "traceId": request.trace_id}
    return json_reply(location.tags_status, answer, record_id=contact_id)


def _remove_tags(directory: Directory, request: ApiRequest, contact_id: str) -> ApiReply:
    """A DELETE with a body."""
    location, contact = directory.home_of(contact_id)
    removed = [tag for tag in _tags_in(request) if tag in contact.tags]
    contact = location.retag(contact, tuple(tag for tag in contact.tags if tag not in removed))
    answer = {"tags": list(contact.tags), "tagsRemoved": removed, "traceId": request.trace_id}
    return json_reply(200, answer, record_id=contact_id)


def _duplicate(directory: Directory, request: ApiRequest, _: str) -> ApiReply:
    """A miss is 200 with `contact` null."""
    email, number = request.query.get("email"), request.query.get("number")
    location = _named(directory, request.query)
    if not email and not number:
        raise Refused(400, NOTHING_GIVEN)
    found = location.duplicate(email=email, phone=e164(number) if number else None)
    if found is None:
        return json_reply(200, {"contact": None, "traceId": request.trace_id})
    contact, identifier = found
    return _contact_reply(request, 200, contact, {"matchingField": identifier})


def _about(directory: Directory, request: ApiRequest, location_id: str) -> ApiReply:
    return json_reply(200, {"location": directory.location(location_id).about(), "traceId": request.trace_id})


def _fields(directory: Directory, request: ApiRequest, location_id: str) -> ApiReply:
    """The custom fields of contacts; opportunities are not emulated and have none."""
    model = request.query.get("model", "contact")
    if model not in ("contact", "opportunity", "all"):
        raise Invalid("model must be one of the following values: contact, opportunity, all")
    fields = directory.location(location_id).fields.values() if model != "opportunity" else ()
    listed = [field.answer(location_id=location_id, position=place * 50) for place, field in enumerate(fields)]
    return json_reply(200, {"customFields": listed, "traceId": request.trace_id})


def _tags(directory: Directory, request: ApiRequest, location_id: str) -> ApiReply:
    """Every tag that a contact of the location ever had."""
    known = directory.location(location_id).tags.items()
    listed = [{"id": tag_id, "name": name, "locationId": location_id} for name, tag_id in known]
    return json_reply(200, {"tags": listed, "traceId": request.trace_id})


def _body(request: ApiRequest) -> Mapping[str, Json]:
    if request.payload is not None and not isinstance(request.payload, Mapping):
        raise Invalid("the request body must be an object")
    return request.payload or {}


def _named(directory: Directory, values: Mapping[str, Json]) -> Location:
    location_id = values.get("locationId")
    if not isinstance(location_id, str) or not location_id:
        raise Invalid("locationId can't be undefined")
    return directory.location(location_id)


def _tags_in(request: ApiRequest) -> list[str]:
    body = _body(request)
    unknown = [f"property {key} should not exist" for key in body if key != "tags"]
    if unknown:
        raise Invalid(*unknown)
    return read_tags("tags", body.get("tags"))


def _is_v3(request: ApiRequest) -> bool:
    return request.headers.get("version") == "v3"


def _contact_reply(request: ApiRequest, status: int, contact: Contact, more: Mapping[str, Json]) -> ApiReply:
    answer = {**more, "contact": contact_answer(contact), "traceId": request.trace_id}
    return json_reply(status, answer, record_id=contact.id)


Handler: TypeAlias = Callable[[Directory, ApiRequest, str], ApiReply]
ROUTES: Final[Routes[Handler]] = Routes(
    [
        ("POST", "/contacts/upsert", _upsert),
        ("POST", "/contacts/", _create),
        ("GET", "/contacts/search/duplicate", _duplicate),
        ("GET", "/contacts/{id}", _fetch),
        ("PUT", "/contacts/{id}", _update),
        ("DELETE", "/contacts/{id}", _delete),
        ("POST", "/contacts/{id}/tags", _add_tags),
        ("DELETE", "/contacts/{id}/tags", _remove_tags),
        ("GET", "/locations/{id}", _about),
        ("GET", "/locations/{id}/customFields", _fields),
        ("GET", "/locations/{id}/tags", _tags),
    ]
)
