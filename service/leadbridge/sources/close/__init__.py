"""Close's webhooks about leads (companies) and their contacts (people)."""

from typing import Final

from leadbridge.events import FieldType, Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.parts import picked, rest_of, typed
from leadbridge.sources.places import at
from leadbridge.sources.preset import Ignore, Path, Preset
from leadbridge.sources.shapes import event

_ENVELOPE: Final = (
    "id",
    "name",
    "display_name",
    "lead_id",
    "contact_ids",
    "organization_id",
    "status_id",
    "created_by",
    "updated_by",
    "date_created",
    "date_updated",
    "html_url",
    "integration_links",
)


def _name(fields: Fields, document: Json) -> None:
    """A contact is a person, and a lead of Close is a company."""
    name = at(document, "event.data.name") or at(document, "event.data.display_name")
    if isinstance(name, str) and name.strip():
        kind: FieldType = "company" if at(document, "event.object_type") == "lead" else "name"
        fields.put(kind, name, kind)


PRESET: Final = Preset(
    name="close",
    title="Close",
    description="Contacts and leads of Close when they are created or changed, with their custom fields.",
    shape=event(
        _name,
        rest_of("event.data", leave_out=_ENVELOPE),
        picked({"email": "event.data.emails.0.email", "phone": "event.data.phones.0.phone"}, again=True),
        typed({"email": "email", "phone": "phone", "url": "website"}),
        meta={
            "type": "event.object_type",
            "action": "event.action",
            "submission_id": "event.id",
            "record_id": "event.object_id",
            "lead_id": "event.lead_id",
            "submitted_at": "event.data.date_updated",
        },
    ),
    scheme={
        "scheme": "hmac",
        "header": "close-sig-hash",
        "signs": "{timestamp}{body}",
        "timestamp_header": "close-sig-timestamp",
        "key_encoding": "hex",
    },
    dedupe=(Path("event.id"),),
    event_at=Path("event.data.date_updated"),
    ignore=(
        Ignore(path="event.object_type", unless=("contact", "lead"), reason="the object {value} is no lead"),
        Ignore(path="event.action", values=("deleted",), reason="it was deleted at Close"),
        Ignore(path="event.action", unless=("created", "updated"), reason="the action {value} makes no lead"),
    ),
)
