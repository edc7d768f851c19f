"""How LeadConnector reads a phone number and a date of birth."""

import re
from datetime import date
from typing import Final

_SPACING: Final = re.compile(r"[\s().-]")
_E164: Final = re.compile(r"\+[1-9]\d{6,14}")
# YYYY/MM/DD, MM/DD/YYYY, and the same with -, . or _ in place of the slash: the eight formats that
# https://github.com/GoHighLevel/highlevel-api-docs, apps/contacts.json lists.
_YEAR_FIRST: Final = re.compile(r"(?P<year>\d{4})(?P<mark>[/._-])(?P<month>\d{2})(?P=mark)(?P<day>\d{2})")
_YEAR_LAST: Final = re.compile(r"(?P<month>\d{2})(?P<mark>[/._-])(?P<day>\d{2})(?P=mark)(?P<year>\d{4})")


def e164(text: str) -> str | None:
    """The number without spaces, dashes, dots and brackets; None when that is not E.164."""
    number = _SPACING.sub("", text)
    return number if _E164.fullmatch(number) else None


def iso_date(text: str) -> str | None:
    """The date as YYYY-MM-DD; None for another format or a day that does not exist."""
    written = _YEAR_FIRST.fullmatch(text) or _YEAR_LAST.fullmatch(text)
    if written is None:
        return None
    try:
        return date(int(written["year"]), int(written["month"]), int(written["day"])).isoformat()
    except ValueError:
        return None
