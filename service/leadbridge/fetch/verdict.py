"""What a vendor's answer means for the lead that was asked for, the same for every vendor.

=========================================  ====================================================
answer                                     what it is
=========================================  ====================================================
what the preset declares                   as declared, whatever its status
2xx with a JSON document                   the document
any other 2xx                              `down`: something in between answered, or half of it came
3xx                                        `down`: the address is wrong or moved, a person has time to mend it
401, 403                                   `credentials`
429                                        `quota`
408, 425, 5xx, no answer                   `down`
any other 4xx, more than is read           `missing`
=========================================  ====================================================
"""

from dataclasses import dataclass
from typing import TypeAlias

from pydantic_core import from_json

from leadbridge.crm.adapter import Answer
from leadbridge.crm.answers import asked_wait, words
from leadbridge.events import Json
from leadbridge.outgoing.client import Answered
from leadbridge.sources.fetching import Fetch, TroubleKind
from leadbridge.sources.places import at


@dataclass(frozen=True, slots=True)
class Document:
    """The vendor's document."""

    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """There is none. `after` is how many seconds the vendor asks us to wait."""

    kind: TroubleKind
    detail: str
    after: float | None = None


Verdict: TypeAlias = Document | Refused


def read(known: Fetch, answered: Answered) -> Verdict:
    """What an answer means. Pure."""
    body = _json(answered.content)
    answer = Answer(
        status=answered.status,
        headers=answered.headers,
        body=body,
        text=answered.content.decode("utf-8", errors="replace"),
    )
    kind = _declared(known, body) or _by_status(answered)
    if kind is None and body is not None:
        return Document(body)
    return Refused(kind=kind or "down", detail=_detail(answered, answer), after=asked_wait(answer))


def _declared(known: Fetch, body: Json) -> TroubleKind | None:
    for trouble in known.troubles:
        found = at(body, trouble.path)
        # `1 == True` in Python, and a vendor's 1 is a code.
        if any(found == value and isinstance(found, bool) == isinstance(value, bool) for value in trouble.values):
            return trouble.kind
    return None


def _by_status(answered: Answered) -> TroubleKind | None:
    status = answered.status
    if not answered.whole:
        return "missing"  # it will not become smaller: it is to end, and to be seen
    if 200 <= status < 300:
        return None
    if status in (401, 403):
        return "credentials"
    if status == 429:
        return "quota"
    return "down" if status < 400 or status >= 500 or status in (408, 425) else "missing"


def _json(content: bytes) -> Json:
    try:
        return from_json(content, allow_inf_nan=False)  # integers of any size, unlike orjson
    except ValueError:
        return None


def _detail(answered: Answered, answer: Answer) -> str:
    status = answered.status
    if not answered.whole:
        return f"the vendor answered {status} with more than is read of an answer"
    if 200 <= status < 300 and answer.body is None:
        return f"the vendor answered {status} with what is no JSON document"
    if 300 <= status < 400:
        return f"the vendor answered {status} and points elsewhere; check `base_url`"
    return f"the vendor answered {status}: {words(answer)}"
