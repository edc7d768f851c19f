"""Wix Forms' submissions, by the webhook of a Wix app."""

from typing import Final

from leadbridge.events import Reply
from leadbridge.sources.preset import Ignore, Path, Preset
from leadbridge.sources.shapes import event, json_at
from leadbridge.sources.wix.answers import ENTITY, answers

PRESET: Final = Preset(
    name="wix",
    title="Wix Forms",
    description="Submissions of Wix Forms by a Wix app's webhook: a signed token with JSON as text within JSON.",
    shape=json_at(
        "data",
        event(
            answers,
            meta={
                "form_id": f"{ENTITY}.formId",
                "submission_id": f"{ENTITY}.id",
                "submitted_at": f"{ENTITY}.createdDate",
                "contact_id": f"{ENTITY}.contactId",
                "event_id": "data.id",
                "instance_id": "instanceId",
            },
        ),
    ),
    scheme={"scheme": "jws", "algorithm": "RS256", "payload": "data"},
    dedupe=(Path("data.id"),),
    event_at=Path("data.eventTime"),
    ignore=(
        Ignore(
            path="eventType",
            unless=("wix.forms.v4.submission_created", "wix.forms.v4.submission/created"),
            reason="the event {value} is no new submission",
        ),
    ),
    reply=Reply(status=200, body=b"{}"),  # within 1,250 ms, so nothing is done before it
    on_unparseable="accept",
)
