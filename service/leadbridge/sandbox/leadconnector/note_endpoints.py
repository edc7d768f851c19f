"""LeadConnector's endpoints for notes on contacts and for workflows: one function each.

https://github.com/GoHighLevel/highlevel-api-docs, apps/contacts.json
"""

from leadbridge.events import Json
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply
from leadbridge.sandbox.leadconnector.answers import DONE
from leadbridge.sandbox.leadconnector.bodies import body_of
from leadbridge.sandbox.leadconnector.directory import Directory
from leadbridge.sandbox.leadconnector.notes import Note
from leadbridge.sandbox.leadconnector.problems import Invalid


def list_notes(directory: Directory, request: ApiRequest, contact_id: str) -> ApiReply:
    """200 with every note on a contact."""
    location, contact = directory.home_of(contact_id)
    listed = [note.answer() for note in location.notes.of(contact.id)]
    return json_reply(200, {"notes": listed, "traceId": request.trace_id}, record_id=contact_id)


def add_note(directory: Directory, request: ApiRequest, contact_id: str) -> ApiReply:
    """201 with the note that was added to a contact."""
    location, contact = directory.home_of(contact_id)
    note = location.notes.add(contact.id, body_of(request), lost=request.lost_fields)
    return _note_reply(request, 201, note)


def fetch_note(directory: Directory, request: ApiRequest, contact_id: str, note_id: str) -> ApiReply:
    """200 with one note of a contact; 400 for one that it does not have."""
    location, contact = directory.home_of(contact_id)
    return _note_reply(request, 200, location.notes.get(contact.id, note_id))


def change_note(directory: Directory, request: ApiRequest, contact_id: str, note_id: str) -> ApiReply:
    """What the body leaves out stays."""
    location, contact = directory.home_of(contact_id)
    note = location.notes.get(contact.id, note_id)
    return _note_reply(request, 200, location.notes.change(note, body_of(request), lost=request.lost_fields))


def delete_note(directory: Directory, request: ApiRequest, contact_id: str, note_id: str) -> ApiReply:
    """200, and the note is gone; 400 for one that the contact does not have."""
    location, contact = directory.home_of(contact_id)
    location.notes.delete(location.notes.get(contact.id, note_id))
    return json_reply(200, {**DONE, "traceId": request.trace_id}, record_id=contact_id)


def enter_workflow(directory: Directory, request: ApiRequest, contact_id: str, workflow_id: str) -> ApiReply:
    """200, for a workflow that is only a draft too."""
    location, contact = directory.home_of(contact_id)
    location.workflows.enter(workflow_id, contact.id, starts=_event_start(request))
    return json_reply(200, {**DONE, "traceId": request.trace_id}, record_id=contact_id)


def leave_workflow(directory: Directory, request: ApiRequest, contact_id: str, workflow_id: str) -> ApiReply:
    """200, for a contact that was not in it too."""
    location, contact = directory.home_of(contact_id)
    _event_start(request)
    location.workflows.leave(workflow_id, contact.id)
    return json_reply(200, {**DONE, "traceId": request.trace_id}, record_id=contact_id)


def _event_start(request: ApiRequest) -> str | None:
    body = body_of(request)
    unknown = [f"property {key} should not exist" for key in body if key != "eventStartTime"]
    starts: Json = body.get("eventStartTime")
    if unknown or not isinstance(starts, str | None):
        raise Invalid(*unknown, *([] if isinstance(starts, str | None) else ["eventStartTime must be a string"]))
    return starts


def _note_reply(request: ApiRequest, status: int, note: Note) -> ApiReply:
    return json_reply(status, {"note": note.answer(), "traceId": request.trace_id}, record_id=note.contact_id)
