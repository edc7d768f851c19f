"""CallRail's webhooks: forms, calls and text messages of a company."""

from typing import Final

from leadbridge.sources.parts import picked, rest_of, typed
from leadbridge.sources.preset import Ignore, Path, Preset
from leadbridge.sources.shapes import event, flat_at

_ENVELOPE: Final = (
    "form_data",
    "id",
    "resource_id",
    "company_id",
    "company_resource_id",
    "company_name",
    "person_resource_id",
    "conversation_id",
    "tracker_id",
    "tracker_resource_id",
    "account_id",
    "form_url",
    "submitted_at",
    "timestamp",
    "lead_status",
    "message_type",
    "destination_number",
    "tracking_phone_number",
    "business_phone_number",
    "changes",
)

PRESET: Final = Preset(
    name="callrail",
    title="CallRail",
    description="Forms that CallRail tracks, and calls and text messages that came in, with their marketing source.",
    shape=event(
        flat_at("form_data"),
        rest_of(leave_out=_ENVELOPE),
        picked({"message": "content"}, again=True),
        typed(
            {
                "customer_name": "name",
                "customer_phone_number": "phone",
                "customer_email": "email",
                "source_number": "phone",
                **dict.fromkeys(
                    ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "gclid", "msclkid"),
                    "hidden",
                ),
            }
        ),
        meta={
            "submission_id": "resource_id",
            "submitted_at": "submitted_at",
            "company_id": "company_resource_id",
            "person_id": "person_resource_id",
            "page_url": "form_url",
            "lead_status": "lead_status",
        },
    ),
    scheme={"scheme": "hmac", "header": "signature", "hash": "sha1", "encoding": "base64"},
    dedupe=(Path("resource_id"), Path("id")),
    event_at=Path("timestamp"),
    ignore=(
        Ignore(path="lead_status", values=("not_a_lead",), reason="marked as no lead in CallRail"),
        Ignore(path="call_type", values=("outbound",), reason="a call of our own"),
        Ignore(path="direction", values=("outbound",), reason="a call of our own"),
        Ignore(path="agent", present=True, reason="a text message of our own"),
    ),
    on_unparseable="accept",  # it never sends anything again, and switches a webhook off that keeps failing
)
