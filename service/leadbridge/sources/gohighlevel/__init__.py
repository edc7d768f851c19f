"""HighLevel (GoHighLevel, LeadConnector) as a sender: the webhooks of a marketplace app."""

from typing import Final

from leadbridge.sources.parts import rest_of, typed
from leadbridge.sources.preset import Ignore, Path, Preset
from leadbridge.sources.shapes import event, labelled

_ENVELOPE: Final = (
    "type",
    "id",
    "locationId",
    "companyId",
    "appId",
    "versionId",
    "webhookId",
    "timestamp",
    "dateAdded",
    "dateUpdated",
    "assignedTo",
    "followers",
    "customFields",
)

PRESET: Final = Preset(
    name="gohighlevel",
    title="HighLevel",
    description="Contacts of HighLevel (GoHighLevel) when they are created or changed, custom fields by their ids.",
    shape=event(
        rest_of(leave_out=_ENVELOPE),
        labelled("customFields", label="id", value="value"),
        typed(
            {
                "name": "name",
                "firstName": "first_name",
                "lastName": "last_name",
                "email": "email",
                "phone": "phone",
                "companyName": "company",
                "website": "website",
                "address1": "address",
                "dateOfBirth": "date",
            }
        ),
        meta={
            "type": "type",
            "submission_id": "webhookId",
            "contact_id": "id",
            "location_id": "locationId",
            "assigned_to": "assignedTo",
            "submitted_at": "dateAdded",
        },
    ),
    scheme={"scheme": "rsa", "header": "x-wh-signature", "hash": "sha256"},
    dedupe=(Path("webhookId"),),
    event_at=Path("timestamp"),
    ignore=(
        Ignore(path="type", values=("ContactDelete",), reason="the contact was deleted at HighLevel"),
        Ignore(path="type", unless=("ContactCreate", "ContactUpdate"), reason="the event {value} is no lead"),
    ),
)
