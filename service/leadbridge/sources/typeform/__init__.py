"""Typeform's webhook for responses."""

from typing import Final

from leadbridge.sources.preset import Ignore, Path, Preset
from leadbridge.sources.typeform.shape import response_events

PRESET: Final = Preset(
    name="typeform",
    title="Typeform",
    description="Responses by Typeform's webhook: answers by question ref and by title, hidden fields, variables.",
    shape=response_events,
    scheme={"scheme": "hmac", "header": "typeform-signature", "prefix": "sha256=", "encoding": "base64"},
    dedupe=(Path("form_response.token"),),
    event_at=Path("form_response.submitted_at"),
    ignore=(
        Ignore(
            path="event_type",
            values=("form_response_partial",),
            reason="a partial response: the person has not submitted it",
        ),
        Ignore(
            path="event_type",
            unless=("form_response", "form_response_partial"),
            reason="the event type {value} is no response",
        ),
    ),
    on_unparseable="accept",  # 4xx answers count against the hook, and 404 or 410 switch it off at once
)
