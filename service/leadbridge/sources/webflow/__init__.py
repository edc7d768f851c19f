"""Webflow's form submissions, by the webhooks of its API version 2."""

from typing import Final

from leadbridge.events import Reply
from leadbridge.sources.preset import Ignore, Path, Preset
from leadbridge.sources.shapes import event, flat_at

PRESET: Final = Preset(
    name="webflow",
    title="Webflow",
    description="Form submissions by Webflow's webhooks of version 2: the answers by the names of the form's fields.",
    shape=event(
        flat_at("payload.data"),
        meta={
            "form_id": "payload.formId",
            "form_name": "payload.name",
            "form_element_id": "payload.formElementId",
            "submission_id": "payload.id",
            "submitted_at": "payload.submittedAt",
            "site_id": "payload.siteId",
        },
    ),
    scheme={
        "scheme": "hmac",
        "header": "x-webflow-signature",
        "timestamp_header": "x-webflow-timestamp",
        "timestamp_unit": "ms",
        "signs": "{timestamp}:{body}",
    },
    dedupe=(Path("payload.id"),),
    event_at=Path("payload.submittedAt"),
    ignore=(
        Ignore(path="triggerType", unless=("form_submission",), reason="the trigger {value} is no form submission"),
    ),
    reply=Reply(status=200, body=b"{}"),  # any other status, 202 too, is tried again
    on_unparseable="accept",
)
