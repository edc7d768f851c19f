"""HubSpot workflows: the contact that the action "Send a webhook" posts."""

from typing import Final

from leadbridge.sources.hubspot import SCHEME
from leadbridge.sources.hubspot.contact import TYPES
from leadbridge.sources.parts import keyed, typed
from leadbridge.sources.preset import Header, Ignore, Moment, Preset
from leadbridge.sources.shapes import event

PRESET: Final = Preset(
    name="hubspot-workflow",
    title="HubSpot workflow",
    description="The whole contact that a HubSpot workflow sends: every property by its name.",
    shape=event(
        keyed("properties"),
        typed(TYPES),
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
    scheme=SCHEME,
    dedupe=(Header("x-hubspot-correlation-id"),),
    event_at=Moment("properties.lastmodifieddate.value", unit="ms"),
    ignore=(Ignore(path="is-contact", values=(False,), reason="an object that is no contact"),),
    on_unparseable="accept",
)
