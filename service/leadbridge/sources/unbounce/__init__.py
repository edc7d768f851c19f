"""Unbounce's webhook for landing pages."""

from typing import Final

from leadbridge.events import Reply
from leadbridge.sources.preset import Preset
from leadbridge.sources.shapes import event, flat_at, json_at

_PAGE: Final = ("page_id", "page_uuid", "page_name", "page_url", "variant")
_SENT: Final = ("date_submitted", "time_submitted", "ip_address")

PRESET: Final = Preset(
    name="unbounce",
    title="Unbounce",
    description="Leads of Unbounce's landing pages by webhook: form fields by their names.",
    shape=json_at(
        "data.json",
        event(
            flat_at("answers", leave_out=(*_PAGE, *_SENT), unwrap=True),
            flat_at(leave_out=("answers", "data.xml", *_PAGE, *_SENT), unwrap=True),
            meta={
                "form_id": "page_id",
                "form_name": "page_name",
                "page_url": "page_url",
                "variant": "variant",
                "date_submitted": "answers.date_submitted.0",
                "time_submitted": "answers.time_submitted.0",
            },
        ),
        into="answers",
        optional=True,  # where the webhook is told to send JSON or only XML beside the page
    ),
    scheme={"scheme": "url", "parameter": "token"},  # it signs nothing
    dedupe_window=600,
    reply=Reply(status=200, body=b"{}"),
)
