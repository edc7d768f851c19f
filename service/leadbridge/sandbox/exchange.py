"""One HTTP exchange as a value: the emulated CRMs are functions from the request to the reply."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import orjson

from leadbridge.events import Json

MOST_NESTING: Final = 100  # what writes JSON gives up at about 250


class _Unreadable:
    def __repr__(self) -> str:
        return "UNREADABLE"


UNREADABLE: Final = _Unreadable()  # the payload of a body that is not JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """What a client asked.

    `path` starts with `/` and is relative to the CRM's base URL; `headers` has lower-cased names. `payload` is the
    body's JSON: None without a body, `UNREADABLE` when it is not JSON. `lost_fields` are attributes that a fault keeps
    from being stored.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    payload: Json
    trace_id: str
    lost_fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiReply:
    """What the CRM answers; `record_id` is the record it is about, for the history.

    A reply that is not `traced` comes from a server in front of the CRM and bears none of the CRM's marks.
    """

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    record_id: str | None = None
    traced: bool = True


def json_reply(
    status: int, value: Json, *, headers: Mapping[str, str] | None = None, record_id: str | None = None
) -> ApiReply:
    """A reply whose body is `value` as JSON."""
    return ApiReply(status=status, body=orjson.dumps(value), headers=headers or {}, record_id=record_id)


def phrase_of(status: int) -> str:
    """The words of a status; of one that HTTP does not know (a proxy's 520), none of their own."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown Status"


def payload_of(body: bytes) -> Json:
    """The JSON in a request's body: None for no body, `UNREADABLE` for what is not JSON."""
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return UNREADABLE


def is_shallow(value: Json) -> bool:
    """Whether a value can be written and shown: at most `MOST_NESTING` objects and lists within each other."""
    level = [value]
    for _ in range(MOST_NESTING):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return True
    return not any(isinstance(outer, dict | list) for outer in level)
