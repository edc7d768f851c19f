"""Gravity Forms' Webhooks add-on."""

from typing import Final

from leadbridge.sources.gravity_forms.shape import entry_events
from leadbridge.sources.preset import Ignore, Joined, Path, Preset

PRESET: Final = Preset(
    name="gravity-forms",
    title="Gravity Forms",
    description="Entries by Gravity Forms' Webhooks add-on: by field ids (1.3, 1.6, 4), or by the keys that you chose.",
    shape=entry_events,
    scheme={"scheme": "token"},
    dedupe=(Joined(Path("form_id"), Path("id")),),
    dedupe_window=600,  # for bodies of chosen keys, without the ids
    ignore=(Ignore(path="status", values=("spam", "trash"), reason="Gravity Forms says that the entry is {value}"),),
)
