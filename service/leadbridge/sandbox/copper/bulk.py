"""`bulk_create` and `bulk_update`: up to ten leads or people in one call, each kept or refused by itself.

https://developer.copper.com/leads/bulk-create-leads.html and https://developer.copper.com/leads/bulk-update-leads.html
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, Literal, TypeAlias

from leadbridge.events import Json
from leadbridge.sandbox.copper.account import Account, body_of
from leadbridge.sandbox.copper.attributes import label_of
from leadbridge.sandbox.copper.collection import Collection
from leadbridge.sandbox.copper.endpoints import Handler
from leadbridge.sandbox.copper.problems import Invalid
from leadbridge.sandbox.copper.records import Record
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply

_LIMIT: Final = 10
Plural: TypeAlias = Literal["leads", "people"]
Write: TypeAlias = Callable[[Collection, Mapping[str, Json], frozenset[str]], Record]


def _bulk(plural: Plural, write: Write, account: Account, request: ApiRequest, _: str) -> ApiReply:
    """Always 200, in the order of the request: an item that failed says `success: false`, and nothing else tells it."""
    items = body_of(request.payload, plural).get(plural)
    if not isinstance(items, list):
        raise Invalid(f"{label_of(plural)}: must be an array")
    if len(items) > _LIMIT:
        return json_reply(422, {"error": f"Request size too large, limit is {_LIMIT}"})
    records = account.people if plural == "people" else account.leads
    return json_reply(200, [_written(write, records, item, request.lost_fields) for item in items])


def _written(write: Write, records: Collection, item: Json, lost: frozenset[str]) -> dict[str, Json]:
    try:
        return records.answer(write(records, body_of(item), lost))
    except Invalid as invalid:
        refusal = {"success": False, "message": {name: [{"error": "invalid"}] for name in invalid.attributes()}}
        stated = item.get("id") if isinstance(item, Mapping) else None
        return refusal if stated is None or write is _create else refusal | {"id": stated}


def _create(records: Collection, item: Mapping[str, Json], lost: frozenset[str]) -> Record:
    return records.create(item, lost=lost)


def _update(records: Collection, item: Mapping[str, Json], lost: frozenset[str]) -> Record:
    record_id = item.get("id")
    record = records.get(record_id) if type(record_id) is int else None
    if record is None:
        raise Invalid(f"Id: Invalid value for Id: {record_id}")
    return records.update(record, {key: value for key, value in item.items() if key != "id"}, lost=lost)


BULK_ROUTES: Final[list[tuple[str, str, Handler]]] = [
    ("POST", "/leads/bulk_create", partial(_bulk, "leads", _create)),
    ("POST", "/leads/bulk_update", partial(_bulk, "leads", _update)),
    ("POST", "/people/bulk_create", partial(_bulk, "people", _create)),
    ("POST", "/people/bulk_update", partial(_bulk, "people", _update)),
]
