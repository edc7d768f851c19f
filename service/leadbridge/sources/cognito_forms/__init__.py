"""Cognito Forms' webhook for entries."""

from typing import Final

from leadbridge.sources.preset import Joined, Path, Preset
from leadbridge.sources.shapes import event, flat_at

PRESET: Final = Preset(
    name="cognito-forms",
    title="Cognito Forms",
    description="Entries posted as JSON by Cognito Forms: answers by the names of their fields.",
    shape=event(
        flat_at(leave_out=("Form", "Entry", "Id")),
        meta={
            "form_id": "Form.Id",
            "form_name": "Form.Name",
            "submission_id": "Id",
            "entry_number": "Entry.Number",
            "submitted_at": "Entry.DateSubmitted",
        },
    ),
    scheme={"scheme": "url", "parameter": "token"},  # it signs nothing
    dedupe=(Joined(Path("Form.Id"), Path("Id")), Joined(Path("Form.Id"), Path("Entry.Number"))),
)
