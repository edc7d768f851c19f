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

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from leadbridge.crm.adapter import Answer
from leadbridge.events import Json
from leadbridge.outcome import Fail, Hold, Retry
from leadbridge.outgoing.answers import said_in, wait_in

Refusal: TypeAlias = Retry | Hold | Fail


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
    return said_in(answer.body, answer.text)


def asked_wait(answer: Answer) -> float | None:
    """Seconds that `Retry-After` asks for, a day at most; None when it asks for nothing."""
    return wait_in(answer.headers)
