"""Stripe's checkout session or customer as an event: the person by plain names, custom fields by their labels."""

from typing import Final

from leadbridge.events import Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.people import address, of_people, person
from leadbridge.sources.places import at
from leadbridge.sources.shapes import event

_OBJECT: Final = "data.object"
_DETAILS: Final = f"{_OBJECT}.customer_details"
_KEYS: Final = {
    "street": "line1",
    "street2": "line2",
    "city": "city",
    "state": "state",
    "postal_code": "postal_code",
    "country": "country",
}
_FIELDS: Final = {
    "email": (f"{_DETAILS}.email", f"{_OBJECT}.email"),
    "name": (f"{_DETAILS}.name", f"{_OBJECT}.name"),
    "phone": (f"{_DETAILS}.phone", f"{_OBJECT}.phone"),
    "company": (f"{_DETAILS}.business_name", f"{_OBJECT}.business_name"),
    **{name: (f"{_OBJECT}.{name}",) for name in ("description", "amount_total", "currency", "client_reference_id")},
}


def _custom_fields(fields: Fields, document: Json) -> None:
    """https://docs.stripe.com/payments/checkout/custom-fields: the answer stands under the key that its type names."""
    found = at(document, f"{_OBJECT}.custom_fields")
    for field in found if isinstance(found, list) else ():
        if not isinstance(field, dict):
            continue
        kind, key = str(field.get("type")), str(field.get("key") or "custom_field")
        value = at(field, f"{kind}.value")
        if kind == "dropdown":
            value = _option(at(field, "dropdown.options"), value)
        label = at(field, "label.custom")
        name = label.strip() if isinstance(label, str) and label.strip() else key
        fields.put(name, value)
        fields.put_if_new(key, value)


def _option(options: Json, chosen: Json) -> Json:
    """The label of the chosen option, as people see it."""
    for option in options if isinstance(options, list) else ():
        if isinstance(option, dict) and option.get("value") == chosen:
            return option.get("label") or chosen
    return chosen


def _metadata(fields: Fields, document: Json) -> None:
    """What the account's owner wrote beside the checkout or the customer."""
    if isinstance(found := at(document, f"{_OBJECT}.metadata"), dict):
        fields.put("metadata", found)


person_events: Final = of_people(
    event(
        person(_FIELDS),
        address(f"{_DETAILS}.address", f"{_OBJECT}.address", keys=_KEYS),
        _custom_fields,
        _metadata,
        meta={
            "event_id": "id",
            "event_type": "type",
            "submission_id": f"{_OBJECT}.id",
            "customer_id": f"{_OBJECT}.customer",
            "created": "created",
            "livemode": "livemode",
        },
    ),
    otherwise="it names nobody: neither e-mail nor phone nor name",
)
