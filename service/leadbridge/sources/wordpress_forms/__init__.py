"""WordPress form plugins that post flat names and values: Contact Form 7, WPForms, Ninja Forms and the like."""

from typing import Final

from leadbridge.sources.preset import Ignore, Preset
from leadbridge.sources.wordpress_forms.shape import form_events

PRESET: Final = Preset(
    name="wordpress-forms",
    title="WordPress forms",
    description="Flat posts of WordPress form plugins (Contact Form 7, WPForms, Ninja Forms), with the keys you chose.",
    shape=form_events,
    scheme={"scheme": "token"},
    dedupe_window=600,
    ignore=tuple(
        Ignore(path=name, present=True, reason=f"the honeypot {name} is filled in")
        for name in ("honeypot", "_honeypot", "your-honeypot", "wpforms.hp")
    ),
    on_unparseable="accept",  # several of these plugins show the visitor an error for another status
)
