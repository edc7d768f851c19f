"""Wufoo's webhook for entries."""

from typing import Final

from leadbridge.sources.preset import Joined, Path, Preset
from leadbridge.sources.shapes import event, json_at
from leadbridge.sources.wufoo.shape import entry_part

PRESET: Final = Preset(
    name="wufoo",
    title="Wufoo",
    description="Entries by Wufoo's webhook: answers by their titles, where the webhook sends the form's structure.",
    shape=json_at(
        "FieldStructure",
        json_at(
            "FormStructure",
            event(
                entry_part,
                meta={
                    "form_id": "FormStructure.Hash",
                    "form_name": "FormStructure.Name",
                    "submission_id": "EntryId",
                    "submitted_at": "DateCreated",
                },
            ),
            optional=True,
        ),
        optional=True,
    ),
    scheme={"scheme": "body", "field": "HandshakeKey"},
    dedupe=(Joined(Path("FormStructure.Hash"), Path("EntryId")), Path("EntryId")),
    secrets_at=("HandshakeKey",),
)
