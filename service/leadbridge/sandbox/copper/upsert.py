"""`PUT /leads/upsert`: one match updates, none creates, several refuse.

https://developer.copper.com/leads/upsert-a-lead.html and upsert-a-lead-by-custom-field.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.copper.attributes import unrecognised
from leadbridge.sandbox.copper.custom_fields import definition_of, read_value
from leadbridge.sandbox.copper.problems import INVALID_INPUT, Invalid, invalid_input
from leadbridge.sandbox.copper.records import MatchBy
from leadbridge.sandbox.copper.setup import Setup
from leadbridge.sandbox.exchange import ApiReply, json_reply
from leadbridge.sandbox.options import IdsPlace

_MOST_LISTED: Final = 30
_CUSTOM_KEYS: Final = frozenset({"custom_field_definition_id", "value"})


@dataclass(frozen=True, slots=True)
class Match:
    """By what the lead is looked for."""

    by: MatchBy
    value: Json


def read_match(match: Json, setup: Setup) -> Match:
    """The criterion of an upsert's `match`; raises `Invalid` for one that the API does not take."""
    if not isinstance(match, Mapping):
        raise Invalid("Match: can't be blank")
    unknown = [key for key in match if key not in ("field_name", "field_value")]
    if unknown:
        raise Invalid(unrecognised(unknown))
    name, value = match.get("field_name"), match.get("field_value")
    if name == "custom":
        return _custom(value, setup)
    if name not in ("email", "name"):
        raise Invalid(f"Match: Invalid value for Field Name: {name}")
    if not isinstance(value, str) or not value.strip():
        raise Invalid("Match: Field Value can't be blank")
    return Match(by=name, value=value.strip())


def _custom(value: Json, setup: Setup) -> Match:
    if not isinstance(value, Mapping) or value.keys() != _CUSTOM_KEYS:
        raise Invalid("Match: Field Value must be an object of custom_field_definition_id and value")
    definition = definition_of(value["custom_field_definition_id"], setup.catalog, kind="lead")
    if not definition.is_filterable:
        raise Invalid(f"Match: Custom Field Definition Id {definition.id} is not included in filters")
    wanted = value["value"]
    if wanted is None or wanted == "" or isinstance(wanted, list):
        raise Invalid("Match: Field Value can't be blank")
    return Match(by=definition.id, value=read_value(wanted, definition, setup))


def ambiguous(ids: tuple[int, ...], place: IdsPlace) -> ApiReply:
    """The refusal of an upsert that matches several leads: up to 30 are named, where exactly is undocumented."""
    if len(ids) > _MOST_LISTED:
        return invalid_input(Invalid("Base: Too many leads match the given criteria"))
    problem = "Base: Multiple leads match the given criteria"
    if place == "message":
        return invalid_input(Invalid(f"{problem}: {', '.join(map(str, ids))}"))
    body = {"success": False, "status": 422, "message": f"{INVALID_INPUT}{problem}", place: list(ids)}
    return json_reply(422, body)
