"""Klaviyo's system webhooks: events of profiles, up to 1,000 in a body."""

from typing import Final

from leadbridge.sources.klaviyo.profile import FETCH
from leadbridge.sources.parts import picked, rest_of, typed
from leadbridge.sources.preset import Ignore, Path, Preset
from leadbridge.sources.shapes import each, event

_EVENT: Final = "data.payload.data"
_MESSAGES: Final = (  # about what was sent to people, not about what they did with us
    "received_email",
    "opened_email",
    "clicked_email",
    "bounced_email",
    "dropped_email",
    "marked_email_as_spam",
    "sent_sms",
    "received_sms",
    "clicked_sms",
    "failed_to_deliver_sms",
    "received_automated_response_sms",
    "failed_to_deliver_automated_response_sms",
    "received_push",
    "opened_push",
    "bounced_push",
)
_PARTINGS: Final = (
    "unsubscribed_from_email_marketing",
    "unsubscribed_from_sms_marketing",
    "manually_suppressed_from_email_marketing",
)


def _topics(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"event:klaviyo.{name}" for name in names)


PRESET: Final = Preset(
    name="klaviyo",
    title="Klaviyo",
    description="Events of Klaviyo profiles (subscribed, any metric), with their properties and the profile's id.",
    shape=each(
        "data",
        event(
            picked({"profile_id": f"{_EVENT}.relationships.profile.data.id"}),
            rest_of(f"{_EVENT}.attributes.event_properties", leave_out=("$event_id",)),
            typed({"email_address": "email", "email": "email", "phone_number": "phone", "phone": "phone"}),
            meta={
                "type": "data.topic",
                "submission_id": "data.external_id",
                "submitted_at": f"{_EVENT}.attributes.datetime",
                "profile_id": f"{_EVENT}.relationships.profile.data.id",
                "account_id": "meta.klaviyo_account_id",
            },
        ),
    ),
    scheme={
        "scheme": "hmac",
        "header": "klaviyo-signature",
        "signs": "{body}{timestamp}",
        "timestamp_header": "klaviyo-timestamp",
        "tolerance": "none",  # it is a date in words, and was seen hours off
    },
    dedupe=(Path("data.external_id"),),
    volatile=frozenset({"meta.timestamp"}),
    event_at=Path(f"{_EVENT}.attributes.datetime"),
    ignore=(
        Ignore(path="data.topic", values=_topics(_PARTINGS), reason="somebody unsubscribed"),
        Ignore(path="data.topic", values=_topics(_MESSAGES), reason="{value} tells of a message, and is no lead"),
    ),
    thin="the profile, which GET /api/profiles/{profile_id} has",
    fetch=FETCH,
    on_unparseable="accept",  # a webhook that keeps failing is switched off
)
