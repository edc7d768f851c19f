"""Every call that the emulated LeadConnector answers, but for those under `/oauth/`."""

from collections.abc import Callable
from typing import Final, TypeAlias

from leadbridge.sandbox.exchange import ApiReply
from leadbridge.sandbox.leadconnector import contact_endpoints as contact
from leadbridge.sandbox.leadconnector import location_endpoints as location
from leadbridge.sandbox.leadconnector import note_endpoints as note
from leadbridge.sandbox.routing import Routes

Handler: TypeAlias = Callable[..., ApiReply]  # takes the directory, the request, and each id in the path
ROUTES: Final[Routes[Handler]] = Routes(
    [
        ("POST", "/contacts/upsert", contact.upsert),
        ("POST", "/contacts/", contact.create),
        ("POST", "/contacts/search", contact.find),
        ("GET", "/contacts/search/duplicate", contact.duplicate),
        ("GET", "/contacts/{id}", contact.fetch),
        ("PUT", "/contacts/{id}", contact.update),
        ("DELETE", "/contacts/{id}", contact.delete),
        ("POST", "/contacts/{id}/tags", contact.add_tags),
        ("DELETE", "/contacts/{id}/tags", contact.remove_tags),
        ("GET", "/contacts/{id}/notes", note.list_notes),
        ("POST", "/contacts/{id}/notes", note.add_note),
        ("GET", "/contacts/{id}/notes/{id}", note.fetch_note),
        ("PUT", "/contacts/{id}/notes/{id}", note.change_note),
        ("DELETE", "/contacts/{id}/notes/{id}", note.delete_note),
        ("POST", "/contacts/{id}/workflow/{id}", note.enter_workflow),
        ("DELETE", "/contacts/{id}/workflow/{id}", note.leave_workflow),
        ("GET", "/locations/{id}", location.about),
        ("GET", "/locations/{id}/customFields", location.custom_fields),
        ("GET", "/locations/{id}/tags", location.tags),
    ]
)
