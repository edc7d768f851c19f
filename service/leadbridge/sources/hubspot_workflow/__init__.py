"""HubSpot workflows: the contact that the action "Send a webhook" posts."""

from typing import Final

from leadbridge.sources.parts import keyed, typed
from leadbridge.sources.preset import Header, Ignore, Moment, Preset
from leadbridge.sources.shapes import event

PRESET: Final = Preset(
    name="hubspot-workflow",
    title="HubSpot workflow",
    description="The whole contact that a HubSpot workflow sends: every property by its name.",
    shape=event(
        keyed("properties"),
        typed(
            {
                "email": "email",
                "phone": "phone",
                "mobilephone": "phone",
                "firstname": "first_name",
                "lastname": "last_name",
                "company": "company",
                "website": "website",
                "address": "address",
            }
        ),
        meta={
            "contact_id": "vid",
            "portal_id": "portal-id",
            "form_id": "form-submissions.0.form-id",
            "form_name": "form-submissions.0.title",
            "submission_id": "form-submissions.0.conversion-id",
            "submitted_at": "form-submissions.0.timestamp",
            "page_url": "form-submissions.0.page-url",
            "page_title": "form-submissions.0.page-title",
        },
    ),
    scheme={
        "scheme": "hmac",
        "header": "x-hubspot-signature-v3",
        "encoding": "base64",
        "signs": "{method}{url}{body}{timestamp}",
        "timestamp_header": "x-hubspot-request-timestamp",
        "timestamp_unit": "ms",
    },
    dedupe=(Header("x-hubspot-correlation-id"),),
    event_at=Moment("properties.lastmodifieddate.value", unit="ms"),
    ignore=(Ignore(path="is-contact", values=(False,), reason="an object that is no contact"),),
    on_unparseable="accept",
)
