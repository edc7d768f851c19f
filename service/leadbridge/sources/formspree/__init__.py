"""Formspree's webhook plugin."""

from typing import Final

from leadbridge.sources.preset import Preset
from leadbridge.sources.shapes import event, flat_at

PRESET: Final = Preset(
    name="formspree",
    title="Formspree",
    description="Submissions by Formspree's webhook plugin: the form's fields by their names.",
    shape=event(
        flat_at("submission", leave_out=("_date",)),
        meta={"form_id": "form", "submitted_at": "submission._date"},
    ),
    scheme={
        "scheme": "hmac",
        "header": "formspree-signature",
        "encoding": "hex",
        "fields": {"timestamp": "t", "signature": "v1"},
        "signs": "{timestamp}.{body}",
    },
    dedupe_window=600,
)
