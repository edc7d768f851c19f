"""LeadConnector's endpoints for contacts and their tags: one function each.

https://github.com/GoHighLevel/highlevel-api-docs, apps/contacts.json
"""

from collections.abc import Mapping

from leadbridge.events import Json
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply
from leadbridge.sandbox.leadconnector.answers import DONE, contact_answer
from leadbridge.sandbox.leadconnector.bodies import body_of, is_v3, location_named
from leadbridge.sandbox.leadconnector.contacts import Contact
from leadbridge.sandbox.leadconnector.directory import Directory
from leadbridge.sandbox.leadconnector.location import NOTHING_GIVEN
from leadbridge.sandbox.leadconnector.problems import Invalid, Refused
from leadbridge.sandbox.leadconnector.properties import read_tags
from leadbridge.sandbox.leadconnector.values import e164


def upsert(directory: Directory, request: ApiRequest) -> ApiReply:
    """200 for both a new contact and a known one."""
    body = body_of(request)
    location = location_named(directory, body)
    contact, new = location.upsert(body, v3=is_v3(request), lost=request.lost_fields)
    directory.settle(contact, location)
    return _contact_reply(request, 200, contact, {"new": new, **DONE})


def create(directory: Directory, request: ApiRequest) -> ApiReply:
    """201, or 400 for a duplicate."""
    body = body_of(request)
    location = location_named(directory, body)
    contact = location.create(body, v3=is_v3(request), lost=request.lost_fields)
    directory.settle(contact, location)
    return _contact_reply(request, 201, contact, {})


def fetch(directory: Directory, request: ApiRequest, contact_id: str) -> ApiReply:
    """200 with the contact, whatever location it is in."""
    _, contact = directory.home_of(contact_id)
    return _contact_reply(request, 200, contact, {})


def update(directory: Directory, request: ApiRequest, contact_id: str) -> ApiReply:
    """Takes neither `locationId`, `gender` nor `companyName`."""
    location, contact = directory.home_of(contact_id)
    updated = location.update(contact, body_of(request), v3=is_v3(request), lost=request.lost_fields)
    return _contact_reply(request, 200, updated, DONE)


def delete(directory: Directory, request: ApiRequest, contact_id: str) -> ApiReply:
    """A contact is removed, with its notes."""
    directory.delete(contact_id)
    return json_reply(200, {**DONE, "traceId": request.trace_id}, record_id=contact_id)


def add_tags(directory: Directory, request: ApiRequest, contact_id: str) -> ApiReply:
    """Answers the full set and what is new in it."""
    location, contact = directory.home_of(contact_id)
    tags = _tags_in(request)
    added = [] if "tags" in request.lost_fields else [tag for tag in tags if tag not in contact.tags]
    contact = location.retag(contact, (*contact.tags, *added))
    answer = {"tags": list(contact.tags), "tagsAdded": added, "traceId": request.trace_id}
    return json_reply(location.tags_status, answer, record_id=contact_id)


def remove_tags(directory: Directory, request: ApiRequest, contact_id: str) -> ApiReply:
    """200 with the tags that are left and those that were taken away; it is a DELETE with a body."""
    location, contact = directory.home_of(contact_id)
    removed = [tag for tag in _tags_in(request) if tag in contact.tags]
    contact = location.retag(contact, tuple(tag for tag in contact.tags if tag not in removed))
    answer = {"tags": list(contact.tags), "tagsRemoved": removed, "traceId": request.trace_id}
    return json_reply(200, answer, record_id=contact_id)


def duplicate(directory: Directory, request: ApiRequest) -> ApiReply:
    """A miss is 200 with `contact` null."""
    email, number = request.query.get("email"), request.query.get("number")
    location = location_named(directory, request.query)
    if not email and not number:
        raise Refused(400, NOTHING_GIVEN)
    found = location.duplicate(email=email, phone=e164(number) if number else None)
    if found is None:
        return json_reply(200, {"contact": None, "traceId": request.trace_id})
    contact, identifier = found
    return _contact_reply(request, 200, contact, {"matchingField": location.matching_field(identifier)})


def find(directory: Directory, request: ApiRequest) -> ApiReply:
    """One page of a search; the document knows no 422 here."""
    try:
        body = body_of(request)
        found = location_named(directory, body).search(body)
    except Invalid as invalid:
        raise Refused(400, str(invalid)) from invalid
    return json_reply(200, {"contacts": found.page, "total": found.total, "traceId": request.trace_id})


def _tags_in(request: ApiRequest) -> list[str]:
    body = body_of(request)
    unknown = [f"property {key} should not exist" for key in body if key != "tags"]
    if unknown:
        raise Invalid(*unknown)
    return read_tags("tags", body.get("tags"))


def _contact_reply(request: ApiRequest, status: int, contact: Contact, more: Mapping[str, Json]) -> ApiReply:
    answer = {**more, "contact": contact_answer(contact), "traceId": request.trace_id}
    return json_reply(status, answer, record_id=contact.id)
