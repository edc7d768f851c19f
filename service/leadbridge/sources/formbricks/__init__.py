"""Formbricks' webhook for finished responses."""

from typing import Final

from leadbridge.sources.preset import Header, Ignore, Path, Preset
from leadbridge.sources.shapes import event, flat_at

PRESET: Final = Preset(
    name="formbricks",
    title="Formbricks",
    description="Finished responses by Formbricks' webhook: answers by the ids of their questions.",
    shape=event(
        flat_at("data.data"),
        meta={
            "form_id": "data.surveyId",
            "submission_id": "data.id",
            "submitted_at": "data.createdAt",
            "page_url": "data.meta.url",
        },
    ),
    scheme={"scheme": "standard-webhooks"},
    dedupe=(Path("data.id"), Header("webhook-id")),
    event_at=Path("data.createdAt"),
    ignore=(
        Ignore(
            path="event",
            values=("responseCreated", "responseUpdated"),
            reason="{value}: the person has not finished; what is finished comes again as a whole",
        ),
        Ignore(path="event", unless=("responseFinished",), reason="the event {value} is no finished response"),
    ),
)
