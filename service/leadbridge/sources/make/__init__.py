"""Submissions passed on by Make's HTTP module."""

from typing import Final

from leadbridge.sources.preset import Header, Preset
from leadbridge.sources.relay import relayed

PRESET: Final = Preset(
    name="make",
    title="Make",
    description="What a Make scenario sends by its HTTP module: a form in any shape, alone, wrapped, or many at once.",
    shape=relayed,
    scheme={"scheme": "token"},
    dedupe=(Header("idempotency-key"), Header("webhook-id")),
    dedupe_window=600,
)
