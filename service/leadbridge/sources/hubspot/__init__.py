"""HubSpot app subscriptions (webhooks API v3): what happened to a contact."""

from collections.abc import Mapping
from typing import Final

from leadbridge.events import Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.hubspot.contact import FETCH, TYPES
from leadbridge.sources.parts import ids, typed
from leadbridge.sources.preset import Ignore, Joined, Moment, Path, Preset
from leadbridge.sources.shapes import each, event


def _changed_property(fields: Fields, document: Json) -> None:
    """The property that was changed, under its own name."""
    name, value = document.get("propertyName"), document.get("propertyValue")
    if isinstance(name, str) and name.strip() and value not in (None, ""):
        fields.put(name.strip(), value)


_OCCURRENCE: Final = (Path("portalId"), Path("subscriptionId"), Path("objectId"), Path("occurredAt"))

SCHEME: Final[Mapping[str, object]] = {  # of version 3 of HubSpot's signatures, which workflows have too
    "scheme": "hmac",
    "header": "x-hubspot-signature-v3",
    "encoding": "base64",
    "signs": "{method}{url}{body}{timestamp}",
    "timestamp_header": "x-hubspot-request-timestamp",
    "timestamp_unit": "ms",
}

PRESET: Final = Preset(
    name="hubspot",
    title="HubSpot app",
    description="Announcements of a HubSpot app: new contacts by their id, and contact properties that changed.",
    shape=each(
        "",
        event(
            ids({"objectId": "objectId"}),
            _changed_property,
            typed(TYPES),
            meta={
                "type": "subscriptionType",
                "contact_id": "objectId",
                "portal_id": "portalId",
                "submitted_at": "occurredAt",
                "change_source": "changeSource",
            },
        ),
    ),
    scheme=SCHEME,
    dedupe=(Joined(*_OCCURRENCE, Path("propertyName")), Joined(*_OCCURRENCE)),  # their eventId is not unique
    volatile=frozenset({"attemptNumber"}),
    event_at=Moment("occurredAt", unit="ms"),
    ignore=(
        Ignore(
            path="subscriptionType",
            values=("contact.deletion", "contact.privacyDeletion", "object.deletion"),
            reason="the contact was deleted at HubSpot",
        ),
        Ignore(
            path="subscriptionType",
            unless=("contact.creation", "contact.propertyChange", "object.creation", "object.propertyChange"),
            reason="the event {value} is no lead",
        ),
        Ignore(path="objectTypeId", unless=("0-1",), reason="an object of the type {value} is no contact"),
    ),
    thin="the contact, which GET /crm/v3/objects/contacts/{objectId} has",
    fetch=FETCH,
    on_unparseable="accept",
)
