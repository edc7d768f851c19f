"""What a vendor's answer means for the lead that was asked for, the same for every vendor.

=========================================  ====================================================
answer                                     what it is
=========================================  ====================================================
what the preset declares                   as declared, whatever its status
2xx with a JSON document                   the document
any other 2xx                              `down`: something in between answered; `missing` from the third try on
3xx                                        `down`: the address is wrong or moved, a person has time to mend it
401                                        `credentials`
403                                        `forbidden`
429                                        `quota`
408, 425, 5xx, no answer                   `down`
any other 4xx, more than is read           `missing`
=========================================  ====================================================
"""

import math
from dataclasses import dataclass
from typing import Final, TypeAlias

from pydantic_core import from_json

from leadbridge.bodies.json_body import storable
from leadbridge.events import Json
from leadbridge.outgoing.answers import said_in, wait_in
from leadbridge.outgoing.client import Answered
from leadbridge.sources.fetching import Fetch, TroubleKind
from leadbridge.sources.places import at

TRIES_OF_NO_JSON: Final = 3  # it was a gateway's at first; then it is what the vendor has of this lead


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


def read(known: Fetch, answered: Answered, *, tries: int = 0) -> Verdict:
    """What an answer means to a lead for which `tries` were made before this one. Pure."""
    text = answered.content.decode("utf-8-sig", errors="replace")
    body = _json(text)
    kind = _declared(known, body) or _by_status(answered)
    if kind is None and body is not None:
        return Document(body)
    if kind is None:
        kind = "missing" if tries + 1 >= TRIES_OF_NO_JSON else "down"
    return Refused(kind=kind, detail=_detail(answered, body, text), after=wait_in(answered.headers))


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
        return "credentials" if status == 401 else "forbidden"
    if status == 429:
        return "quota"
    return "down" if status < 400 or status >= 500 or status in (408, 425) else "missing"


def _json(text: str) -> Json:
    """The document, in which odd characters are replaced; None where it is none."""
    try:
        found: Json = from_json(storable(text), allow_inf_nan=False)  # integers of any size, unlike orjson
    except ValueError:
        return None
    return found if _is_finite(found) else None


def _is_finite(value: Json) -> bool:
    """`1e400` is written as a number, and cannot be written again as one."""
    match value:
        case float():
            return math.isfinite(value)
        case dict():
            return all(map(_is_finite, value.values()))
        case list():
            return all(map(_is_finite, value))
    return True


def _detail(answered: Answered, body: Json, text: str) -> str:
    status = answered.status
    if not answered.whole:
        return f"the vendor answered {status} with more than is read of an answer"
    if 200 <= status < 300 and body is None:
        return f"the vendor answered {status} with what is no JSON document"
    if 300 <= status < 400:
        return f"the vendor answered {status} and points elsewhere; check `base_url`"
    return f"the vendor answered {status}: {said_in(body, text)}"
