"""How LeadConnector answers a contact: what was recorded of it, and of the rest only what has a value."""

from datetime import UTC, datetime
from typing import Final

from leadbridge.clock import Millis
from leadbridge.events import Json
from leadbridge.sandbox.leadconnector.contacts import Contact

DONE: Final = {"succeded": True, "succeeded": True}  # the first is the vendor's spelling


def contact_answer(contact: Contact) -> dict[str, Json]:
    """The contact as every endpoint answers it; a custom field's key is not in it, only its id."""
    values = contact.values
    first, last, email = values.get("firstName"), values.get("lastName"), values.get("email")
    answer: dict[str, Json] = {
        **values,
        "id": contact.id,
        "locationId": contact.location_id,
        "type": "lead",
        "tags": list(contact.tags),
        "customFields": [{"id": field_id, "value": value} for field_id, value in contact.custom_fields.items()],
        "additionalEmails": list(contact.additional_emails),
        "additionalPhones": list(contact.additional_phones),
        "followers": [],
        "dateAdded": iso_time(contact.added),
        "dateUpdated": iso_time(contact.updated),
        "createdBy": {
            "source": "INTEGRATION",
            "channel": "OAUTH",
            "sourceId": "sandbox",
            "timestamp": iso_time(contact.added),
        },
    }
    lowered = {
        "firstNameLowerCase": first,
        "lastNameLowerCase": last,
        "fullNameLowerCase": " ".join(part for part in (first, last) if part),
        "emailLowerCase": email,
    }
    return answer | {key: value.lower() for key, value in lowered.items() if value}


def iso_time(when: Millis) -> str:
    """The time as LeadConnector writes it: 2021-07-02T05:18:26.704Z."""
    return datetime.fromtimestamp(when / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
