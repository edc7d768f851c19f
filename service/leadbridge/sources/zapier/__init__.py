"""Submissions passed on by Webhooks by Zapier."""

from typing import Final

from leadbridge.sources.preset import Header, Preset
from leadbridge.sources.relay import relayed

PRESET: Final = Preset(
    name="zapier",
    title="Zapier",
    description="What a Zap sends by Webhooks by Zapier, a form in any shape; contact__email is also contact.email.",
    shape=relayed,
    scheme={"scheme": "token"},
    dedupe=(Header("idempotency-key"), Header("webhook-id")),
    dedupe_window=600,
)
