"""Formstack's webhook for submissions."""

from typing import Final

from leadbridge.sources.formstack.shape import answer_part
from leadbridge.sources.preset import Path, Preset
from leadbridge.sources.shapes import event

PRESET: Final = Preset(
    name="formstack",
    title="Formstack Forms",
    description="Submissions by Formstack's webhook, as a form or JSON: answers by label, compound ones part by part.",
    shape=event(answer_part, meta={"form_id": "FormID", "submission_id": "UniqueID"}),
    scheme={"scheme": "hmac", "header": "x-fs-signature", "prefix": "sha256=", "encoding": "hex"},
    dedupe=(Path("UniqueID"),),
    secrets_at=("HandshakeKey",),
)
