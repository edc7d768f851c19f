"""Copper's endpoints for activities: one function each.

https://developer.copper.com/activities/overview.html
"""

from typing import Final

from leadbridge.sandbox.copper.account import Account, body_of
from leadbridge.sandbox.copper.activities import TYPES
from leadbridge.sandbox.copper.endpoints import Handler
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply


def _create(account: Account, request: ApiRequest, _: str) -> ApiReply:
    """Each call adds one: nothing keeps the same note from standing there twice."""

    def is_there(kind: str, record_id: int) -> bool:
        records = {"lead": account.leads, "person": account.people}.get(kind)
        return records is not None and records.get(record_id) is not None

    made = account.activities.add(body_of(request.payload), is_there=is_there, lost=request.lost_fields)
    return json_reply(200, made, record_id=str(made["parent"]["id"]))


def _search(account: Account, request: ApiRequest, _: str) -> ApiReply:
    page, total = account.activities.search(body_of(request.payload or {}))
    return json_reply(200, page, headers={"x-pw-total": str(total)})


def _types(*_: object) -> ApiReply:
    return json_reply(200, TYPES)


ACTIVITY_ROUTES: Final[list[tuple[str, str, Handler]]] = [
    ("POST", "/activities", _create),
    ("POST", "/activities/search", _search),
    ("GET", "/activity_types", _types),
]
