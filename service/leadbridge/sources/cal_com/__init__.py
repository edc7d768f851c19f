"""Cal.com's webhooks: bookings, and submissions of routing forms."""

from typing import Final

from leadbridge.sources.cal_com.shape import answers
from leadbridge.sources.preset import Ignore, Path, Preset

_CANCELLED: Final = ("BOOKING_CANCELLED", "BOOKING_REJECTED")
_LEADS: Final = (
    "BOOKING_CREATED",
    "BOOKING_REQUESTED",
    "BOOKING_RESCHEDULED",
    "INSTANT_MEETING",
    "FORM_SUBMITTED",
)

PRESET: Final = Preset(
    name="cal-com",
    title="Cal.com",
    description="People who book by Cal.com or fill its routing forms: every answer by its label and its key.",
    shape=answers,
    scheme={"scheme": "hmac", "header": "x-cal-signature-256"},
    dedupe=(Path("payload.uid"),),
    dedupe_window=600,  # a form has no id
    event_at=Path("createdAt"),
    ignore=(
        Ignore(path="triggerEvent", values=_CANCELLED, reason="a booking that was cancelled or refused"),
        Ignore(
            path="triggerEvent",
            values=("FORM_SUBMITTED_NO_EVENT",),
            reason="a form without a booking, which came as FORM_SUBMITTED already",
        ),
        Ignore(path="triggerEvent", unless=_LEADS, reason="the event {value} is no lead"),
    ),
)
