"""Webflow's form submissions, by the webhooks of its API version 1."""

from typing import Final

from leadbridge.events import Reply
from leadbridge.sources.preset import Path, Preset
from leadbridge.sources.shapes import event, flat_at

PRESET: Final = Preset(
    name="webflow-v1",
    title="Webflow (version 1)",
    description="Form submissions by Webflow's older webhooks: the answers by the names of the form's fields.",
    shape=event(
        flat_at("data"),
        meta={"form_name": "name", "submission_id": "_id", "submitted_at": "d", "site_id": "site"},
    ),
    scheme={"scheme": "url", "parameter": "token"},
    dedupe=(Path("_id"),),
    event_at=Path("d"),
    reply=Reply(status=200, body=b"{}"),  # any other status, 202 too, is tried again
    on_unparseable="accept",
)
