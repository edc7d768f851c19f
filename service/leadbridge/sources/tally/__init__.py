"""Tally's webhook for responses."""

from typing import Final

from leadbridge.sources.preset import Ignore, Path, Preset
from leadbridge.sources.shapes import event, labelled

PRESET: Final = Preset(
    name="tally",
    title="Tally",
    description="Responses by Tally's webhook: answers by label, choices by their texts, hidden fields.",
    shape=event(
        labelled(
            "data.fields",
            key="key",
            type="type",
            types={
                "INPUT_EMAIL": "email",
                "INPUT_PHONE_NUMBER": "phone",
                "INPUT_LINK": "website",
                "INPUT_NUMBER": "number",
                "INPUT_DATE": "date",
                "MULTIPLE_CHOICE": "choice",
                "DROPDOWN": "choice",
                "CHECKBOXES": "choice",
                "MULTI_SELECT": "choice",
                "FILE_UPLOAD": "file",
                "SIGNATURE": "file",
                "HIDDEN_FIELDS": "hidden",
            },
            options="options",  # choices come as the ids of these
            unwrap=True,
        ),
        meta={
            "form_id": "data.formId",
            "form_name": "data.formName",
            "submission_id": "data.submissionId",
            "submitted_at": "data.createdAt",
            "event_id": "eventId",
        },
    ),
    scheme={"scheme": "hmac", "header": "tally-signature", "encoding": "base64"},
    dedupe=(Path("data.submissionId"), Path("eventId")),
    event_at=Path("data.createdAt"),
    ignore=(Ignore(path="eventType", unless=("FORM_RESPONSE",), reason="the event type {value} is no response"),),
)
