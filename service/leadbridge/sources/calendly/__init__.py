"""Calendly's webhooks: invitees, and submissions of routing forms."""

from typing import Final

from leadbridge.sources.parts import picked, typed
from leadbridge.sources.preset import Ignore, Path, Preset
from leadbridge.sources.shapes import event, labelled

_UTM: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "salesforce_uuid")

PRESET: Final = Preset(
    name="calendly",
    title="Calendly",
    description="People who book by Calendly or fill its routing forms: name, address, number, answers, UTM.",
    shape=event(
        picked(
            {
                "name": "payload.name",
                "first_name": "payload.first_name",
                "last_name": "payload.last_name",
                "email": "payload.email",
                "text_reminder_number": "payload.text_reminder_number",
                "timezone": "payload.timezone",
            }
        ),
        labelled("payload.questions_and_answers", label="question", value="answer"),
        picked({name: f"payload.tracking.{name}" for name in _UTM}),
        typed(
            {
                "name": "name",
                "first_name": "first_name",
                "last_name": "last_name",
                "email": "email",
                "text_reminder_number": "phone",
                **dict.fromkeys(_UTM, "hidden"),
            }
        ),
        meta={
            "type": "event",
            "submission_id": "payload.uri",
            "submitted_at": "payload.created_at",
            "form_id": "payload.scheduled_event.event_type",
            "form_name": "payload.scheduled_event.name",
            "routing_form": "payload.routing_form",
            "starts_at": "payload.scheduled_event.start_time",
            "ends_at": "payload.scheduled_event.end_time",
            "rescheduled_from": "payload.old_invitee",
        },
    ),
    scheme={
        "scheme": "hmac",
        "header": "calendly-webhook-signature",
        "signs": "{timestamp}.{body}",
        "fields": {"timestamp": "t", "signature": "v1"},
        "tolerance": 180,  # what Calendly recommends
    },
    dedupe=(Path("payload.uri"),),
    event_at=Path("created_at"),
    ignore=(
        Ignore(
            path="event",
            values=("invitee.canceled",),
            reason="a cancellation; of a reschedule the new booking comes by itself",
        ),
        Ignore(
            path="event",
            unless=("invitee.created", "routing_form_submission.created"),
            reason="the event {value} is no lead",
        ),
    ),
    on_unparseable="accept",  # a day of errors disables the subscription
)
