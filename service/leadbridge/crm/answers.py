"""What an answer means for a delivery, the same for every CRM: the table of retry classes.

=========================================  ==========================================================
answer                                     what happens next
=========================================  ==========================================================
2xx with the body that was asked for       the adapter goes on
2xx with another body (HTML, broken JSON)  `Retry`: something in between answered, or half of it came
2xx whose body says `success: false`       as the status in the body; 400 when it names none
3xx                                        `Retry`: the address is wrong or moved, a person has time to mend it
408, 425, 429, 5xx                         `Retry`, after as long as the CRM asks
401, 403                                   `Hold(bad_credentials)` with what to do
any other 4xx                              `Fail` with the CRM's words
=========================================  ==========================================================
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeAlias

from leadbridge.crm.adapter import Answer
from leadbridge.events import Json
from leadbridge.masking import MASK
from leadbridge.outcome import Fail, Hold, Retry

Refusal: TypeAlias = Retry | Hold | Fail

QUOTE_LIMIT: Final = 500  # characters of a CRM's words that are kept
LONGEST_WAIT: Final = 86_400.0  # seconds; what asks for longer is asked again after a day

_NUMBER: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,6})?")
_TAG: Final = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^<>]*>", re.DOTALL | re.IGNORECASE)
_PERSONAL: Final = re.compile(r"[^\s<>\"'(),:;=]+@[^\s<>\"'(),:;]+|\+[0-9]{7,15}\b")
_NESTING: Final = 4  # levels of a message that are read


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one CRM's answers are read. `advice` holds pairs of a part of its words and what to do; "" fits any."""

    title: str
    advice: tuple[tuple[str, str], ...]
    wait: Callable[[Answer], float | None]

    def refusal(self, answer: Answer, *, shape: type[dict[str, Json]] | type[list[Json]] = dict) -> Refusal | None:
        """Why the delivery cannot go on from this answer; None when it is good and its body is a `shape`."""
        status = effective_status(answer)
        if 200 <= status < 300 and isinstance(answer.body, shape):
            return None
        said = f"{self.title} answered {status}: {words(answer)}"
        if status in (408, 425, 429) or status >= 500:
            return Retry(detail=said, after=self.wait(answer))
        if 200 <= status < 300:
            return Retry(detail=f"{self.title} answered {status} with a body that cannot be read: {words(answer)}")
        if status < 400:
            return Retry(detail=f"{self.title} answered {status} and points elsewhere; check `base_url`")
        if status in (401, 403):
            return Hold(reason="bad_credentials", detail=f"{said.rstrip('.')}. {self._advice_for(words(answer))}")
        return Fail(detail=said)

    def _advice_for(self, said: str) -> str:
        folded = said.casefold()
        return next((advice for part, advice in self.advice if part in folded), "")


def effective_status(answer: Answer) -> int:
    """The status, or the one that a 2xx answer's own body contradicts it with."""
    body = answer.body
    if not answer.ok or not isinstance(body, dict):
        return answer.status
    stated = body.get("status", body.get("statusCode"))
    if body.get("success") is False or (body.get("success") is None and "statusCode" in body):
        if isinstance(stated, int) and 400 <= stated <= 599:
            return stated
        return 400 if body.get("success") is False else answer.status
    return answer.status


def words(answer: Answer) -> str:
    """The CRM's own words in one line: bounded, without markup, e-mail addresses and phone numbers."""
    said = ""
    if isinstance(answer.body, dict):
        parts = (_said(answer.body.get(key), _NESTING) for key in ("message", "error", "errors"))
        said = next(filter(None, parts), "")
    if not said:
        said = _TAG.sub(" ", answer.text[: QUOTE_LIMIT * 8])
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


def asked_wait(answer: Answer) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110, 10.2.3), a day at most; None when it asks for nothing.

    A date, in any of HTTP's three forms, is read against the answer's own `Date`: the two clocks may differ.
    """
    value = answer.headers.get("retry-after", "").strip()
    seconds = seconds_in(value)
    if seconds is not None or not value:
        return seconds
    try:
        wait = (_date(value) - _date(answer.headers.get("date", ""))).total_seconds()
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
