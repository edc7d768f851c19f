"""Jotform's webhook."""

from typing import Final

from leadbridge.sources.jotform.shape import answer_part
from leadbridge.sources.preset import Path, Preset
from leadbridge.sources.shapes import event, json_at

PRESET: Final = Preset(
    name="jotform",
    title="Jotform",
    description="Submissions by Jotform's webhook: answers by the name of their field, compound ones part by part.",
    shape=json_at(
        "rawRequest",
        event(
            answer_part,
            meta={"form_id": "formID", "form_name": "formTitle", "submission_id": "submissionID"},
        ),
    ),
    scheme={"scheme": "url", "parameter": "token"},  # it signs nothing
    dedupe=(Path("submissionID"),),
    secrets_at=("webhookURL",),  # the body repeats the URL, with the token in it
)
