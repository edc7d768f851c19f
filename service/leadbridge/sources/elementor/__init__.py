"""Elementor Pro's form action "Webhook"."""

from typing import Final

from leadbridge.sources.elementor.shape import form_events
from leadbridge.sources.preset import Preset

PRESET: Final = Preset(
    name="elementor",
    title="Elementor forms",
    description="Elementor Pro's webhook action, with and without Advanced Data: answers by label, and by field id.",
    shape=form_events,
    scheme={"scheme": "url", "parameter": "token"},
    dedupe_window=600,
    volatile=frozenset(("meta.date.value", "meta.time.value")),
    on_unparseable="accept",  # another status shows the visitor an error, though the form was sent
)
