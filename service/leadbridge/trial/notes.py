"""What was done to a value between the input and the lead, in a person's words."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import phonenumbers

from leadbridge.events import Json
from leadbridge.expressions import ABSENT
from leadbridge.expressions.filters.phones import is_e164
from leadbridge.expressions.values import text_of
from leadbridge.mapping import Filled
from leadbridge.recognise import Finding
from leadbridge.settings.write import MADE_OF

_HOW: Final[Mapping[str, str]] = {
    "address.country": "by its ISO 3166-1 code",
    "date_of_birth": "as ISO 8601 has it",
    "value": "read as a number",
    "dnd": "read as yes or no",
    "consent": "read as yes or no",
}


def made_of(key: str, targets: Collection[str]) -> tuple[str, ...]:
    """The keys with rules of which `key`, that has none, was made."""
    return tuple(source for source in MADE_OF.get(key, ()) if source in targets)


def note_of(key: str, value: Json, filled: Sequence[Filled]) -> str | None:
    """`"(415) 555-0177" → "+14155550177", read as a US number`; None when nothing was done, or too much to say."""
    if len(filled) != 1 or isinstance(value, dict | list):
        return None
    (one,) = filled
    before = _input(one)
    if before is None or value is None:
        return None
    after = text_of(value)
    if before == after:
        return None
    return f'"{before}" → "{after}", {_how(key, one, before=before, after=after)}'


def note_of_finding(findings: Sequence[Finding]) -> str:
    """`recognised in `Your e-mail`, 95 % sure: its label says `email``, for each field that says so."""
    return "; ".join(f"recognised in `{each.field}`, {round(each.sure * 100)} % sure: {each.rule}" for each in findings)


def _input(filled: Filled) -> str | None:
    """What the rule read, when it read one text or number; else what it came to."""
    inputs = filled.template.inputs
    found: Json = filled.value
    if len(inputs) == 1 and inputs[0].exact and inputs[0].steps:
        found = filled.read(inputs[0])
    if found is ABSENT or found is None or isinstance(found, bool | dict | list):
        return None
    return text_of(found)


def _how(key: str, filled: Filled, *, before: str, after: str) -> str:
    if key in ("email", "emails"):
        return "trimmed and lower-cased" if before.strip().lower() == after else "the address in it"
    if is_e164(after):
        if before.strip().startswith(("+", "00")):
            return "in E.164"
        region = _region(after, filled)
        return f"read as a {region} number" if region else "in E.164"
    if key in _HOW:
        return _HOW[key]
    return "trimmed" if before.strip() == after else "by the rule"


def _region(number: str, filled: Filled) -> str | None:
    """The country in which a national number was read: the filter's own where it names one, else the context's."""
    parsed = phonenumbers.parse(number, None)
    own = "e164(" in str(filled.template.source).replace(" ", "")
    default = filled.context.region
    if not own and default and phonenumbers.country_code_for_region(default) == parsed.country_code:
        return default
    return phonenumbers.region_code_for_number(parsed)
