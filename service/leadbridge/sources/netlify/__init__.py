"""Netlify Forms' outgoing webhook."""

from typing import Final

from leadbridge.sources.netlify.shape import submission_events
from leadbridge.sources.preset import Ignore, Path, Preset

PRESET: Final = Preset(
    name="netlify",
    title="Netlify Forms",
    description="Submissions by Netlify's outgoing webhook, or passed on by a function: answers by label and by name.",
    shape=submission_events,
    scheme={
        "scheme": "jws",
        "header": "x-webhook-signature",
        "algorithm": "HS256",
        "issuer": "netlify",
        "body_hash": "sha256",
    },
    dedupe=(Path("id"),),
    event_at=Path("created_at"),
    ignore=(
        Ignore(path="state", values=("spam",), reason="Netlify says that it is spam"),
        Ignore(path="data.bot-field", present=True, reason="the honeypot bot-field is filled in"),
    ),
)
