"""Cal.com's bookings and routing forms: what the person who booked, or filled the form, answered."""

from typing import Final

from leadbridge.events import FieldType, Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.parts import object_at, picked, typed
from leadbridge.sources.preset import Shape
from leadbridge.sources.shapes import event

_TYPES: Final[dict[str, FieldType]] = {"name": "name", "email": "email", "attendeePhoneNumber": "phone"}
_NOTHING: Final[tuple[Json, ...]] = (None, "", [], {})

_BOOKER: Final = picked(  # the first attendee; the others are guests, and the organizer is the host
    {
        "name": "payload.attendees.0.name",
        "email": "payload.attendees.0.email",
        "firstName": "payload.attendees.0.firstName",
        "lastName": "payload.attendees.0.lastName",
        "phoneNumber": "payload.attendees.0.phoneNumber",
        "timeZone": "payload.attendees.0.timeZone",
    },
    again=True,
)


def _responses(fields: Fields, document: Json) -> None:
    """Each answer by its label, and by its key as a second name."""
    keys: list[tuple[str, Json]] = []
    for key, response in object_at(document, "payload.responses").items():
        value = _value(response) if isinstance(response, dict) else response
        if value in _NOTHING:
            continue
        label = response.get("label") if isinstance(response, dict) else None
        name = label.strip() if isinstance(label, str) else ""
        fields.put(name or key, value, _TYPES.get(key) if isinstance(value, str) else None)
        if name and name != key:
            keys.append((key, value))
    for key, value in keys:  # labels have the right of way
        fields.put_if_new(key, value, _TYPES.get(key) if isinstance(value, str) else None)


def _value(response: dict[str, Json]) -> Json:
    """`value` in bookings; in forms it is deprecated, and `response` says the same with the labels of choices."""
    said = response.get("response")
    said = response.get("value") if said is None else said
    if isinstance(said, list):
        return [item.get("label") if isinstance(item, dict) else item for item in said]
    if isinstance(said, dict) and "value" in said:  # a place: {"optionValue": the number to call, "value": "phone"}
        return said.get("optionValue") or said["value"]
    return said


answers: Final[Shape] = event(
    _responses,
    _BOOKER,
    typed(
        {
            "name": "name",
            "email": "email",
            "firstName": "first_name",
            "lastName": "last_name",
            "phoneNumber": "phone",
        }
    ),
    meta={
        "type": "triggerEvent",
        "form_id": "payload.eventTypeId",
        "form_name": "payload.eventTitle",
        "routing_form": "payload.formId",
        "routing_form_name": "payload.formName",
        "submission_id": "payload.uid",
        "submitted_at": "createdAt",
        "starts_at": "payload.startTime",
        "ends_at": "payload.endTime",
        "rescheduled_from": "payload.rescheduleUid",
    },
)
"""One event of a booking or a submitted form."""
