"""What an answer says, whoever gave it: its words in one line, and how long it asks to wait."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from leadbridge.events import Json
from leadbridge.masking import MASK

QUOTE_LIMIT: Final = 500  # characters of its words that are kept
LONGEST_WAIT: Final = 86_400.0  # seconds; what asks for longer is asked again after a day

_NUMBER: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,6})?")
_TAG: Final = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^<>]*>", re.DOTALL | re.IGNORECASE)
_PERSONAL: Final = re.compile(r"[^\s<>\"'(),:;=]+@[^\s<>\"'(),:;]+|\+[0-9]{7,15}\b")
_NESTING: Final = 4  # levels of a message that are read


def said_in(body: Json, text: str) -> str:
    """What an answer says in one line: bounded, without markup, e-mail addresses and phone numbers.

    `body` is its JSON, None where it is none; `text` the whole of it.
    """
    said = ""
    if isinstance(body, dict):
        parts = (_said(body.get(key), _NESTING) for key in ("message", "error", "errors"))
        said = next(filter(None, parts), "")
    if not said:
        said = _TAG.sub(" ", text[: QUOTE_LIMIT * 8])
    line = _PERSONAL.sub(MASK, " ".join(said[: QUOTE_LIMIT * 4].split())[: QUOTE_LIMIT * 2])
    if not line:
        return "(no words)"
    return line if len(line) <= QUOTE_LIMIT else line[: QUOTE_LIMIT - 1] + "…"


def _said(value: Json, levels: int) -> str:
    """A message as text, whether it came as text, as a list, or as an object of problems by field."""
    if isinstance(value, str):
        return value.strip()
    if value is None or isinstance(value, bool) or levels == 0:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (_said(item, levels - 1) for item in value[:20])))
    if isinstance(value, dict):
        named = ((key, _said(item, levels - 1)) for key, item in list(value.items())[:20])
        return "; ".join(f"{key}: {text}" for key, text in named if text)
    return str(value)


def wait_in(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110, 10.2.3), a day at most; None when it asks for nothing.

    A date, in any of HTTP's three forms, is read against the answer's own `Date`: the two clocks may differ.
    """
    value = headers.get("retry-after", "").strip()
    seconds = seconds_in(value)
    if seconds is not None or not value:
        return seconds
    try:
        wait = (_date(value) - _date(headers.get("date", ""))).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return bounded_wait(wait)


def _date(value: str) -> datetime:
    """One without a zone (asctime's form, "-0000") is UTC, as every date of HTTP is."""
    date = parsedate_to_datetime(value)
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def seconds_in(value: str, *, per_second: int = 1) -> float | None:
    """A header's plain number as seconds to wait, `per_second` being its unit; None when it is none."""
    return bounded_wait(float(value) / per_second) if _NUMBER.fullmatch(value.strip()) else None


def bounded_wait(seconds: float) -> float:
    """Neither negative nor longer than a day."""
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else LONGEST_WAIT
