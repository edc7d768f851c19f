"""Submissions passed on by n8n's HTTP Request node."""

from typing import Final

from leadbridge.sources.preset import Header, Preset
from leadbridge.sources.relay import relayed

PRESET: Final = Preset(
    name="n8n",
    title="n8n",
    description="What an n8n workflow sends by its HTTP Request node: a form in any shape, an item, a whole webhook.",
    shape=relayed,
    scheme={"scheme": "token"},
    dedupe=(Header("idempotency-key"), Header("webhook-id")),
    dedupe_window=600,
)
