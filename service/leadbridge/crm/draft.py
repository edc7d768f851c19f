"""What is about to be sent, while an adapter puts it together."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from leadbridge.crm.adapter import LeadKey
from leadbridge.crm.echo import Sent
from leadbridge.crm.names import folded
from leadbridge.events import Json
from leadbridge.lead import LEAD_KEYS, Lead
from leadbridge.outcome import WriteWarning


@dataclass(slots=True)
class Draft:
    """A call's body, what of it can be verified in the echo, and what could not be put into it."""

    body: dict[str, Json] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    warnings: list[WriteWarning] = field(default_factory=list)

    def warn(self, key: str, *, sent: Json, cause: str, written: Json = None) -> None:
        """Note that `sent` is not written, or only as `written`, and why."""
        self.warnings.append(WriteWarning(field=key, sent=sent, got=written, cause=cause))


def warn_of_unwritten(
    draft: Draft, lead: Lead, keys: Mapping[str, LeadKey], *, recognised: Collection[str] = ()
) -> None:
    """Warn of every key that the lead sets and the CRM has no attribute for: nothing is dropped in silence.

    What was `recognised` without a rule, and what is left over, is no mistake of the route: `check` tells of it.
    """
    unwritten = {key for key in lead.model_fields_set - {"other", *recognised} if keys[key].attribute is None}
    if not unwritten:
        return
    values = lead.model_dump(mode="json", include=unwritten, exclude_unset=True)
    for key in LEAD_KEYS:
        if not is_blank(values.get(key)):
            draft.warn(key, sent=values[key], cause=keys[key].how)


def is_blank(value: Json) -> bool:
    """Whether there is nothing to write: absent, blank text, an empty list or object."""
    return value is None or value in ([], {}, ()) or (isinstance(value, str) and not value.strip())


def present(*texts: str | None) -> list[str]:
    """The texts that say something, trimmed, in order."""
    return [text.strip() for text in texts if text is not None and text.strip()]


def unique(*texts: str | None) -> list[str]:
    """The texts that say something, trimmed, in order, each once without regard to case and spacing."""
    first: dict[str, str] = {}
    for text in present(*texts):
        first.setdefault(folded(text), text)
    return list(first.values())
