"""What a contact's custom field takes. The request says `field_value` (v3: `fieldValue`), the answer `value`."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from leadbridge.events import Json
from leadbridge.sandbox.leadconnector.catalog import ContactField
from leadbridge.sandbox.leadconnector.problems import Invalid

_KEYS: Final = ("id", "key", "field_value")
_KEYS_V3: Final = (*_KEYS, "fieldValue")
_LISTS: Final = frozenset({"CHECKBOX", "MULTIPLE_OPTIONS"})
_NUMBERS: Final = frozenset({"NUMERICAL", "MONETORY"})


def read_custom_fields(
    value: Json, fields: Sequence[ContactField], *, v3: bool, unknown: Literal["drop", "refuse"]
) -> dict[str, Json]:
    """The values by field id; None clears. What no field can hold is dropped or refused as `unknown` says.

    Raises `Invalid` for a shape that the API does not take.
    """
    if not isinstance(value, list):
        raise Invalid("customFields must be an array")
    kept: dict[str, Json] = {}
    messages: list[str] = []
    for place, entry in enumerate(value):
        problems = _shape_problems(entry, place, _KEYS_V3 if v3 else _KEYS)
        if problems:
            messages.extend(problems)
            continue
        field = _field_of(entry, fields)
        held = entry.get("fieldValue", entry.get("field_value"))
        if field is not None and _can_hold(field, held):
            kept[field.id] = None if held in ("", []) else held
        elif unknown == "refuse":
            messages.append(f"customFields.{place} is not a valid custom field")
    if messages:
        raise Invalid(*messages)
    return kept


def _shape_problems(entry: Json, place: int, known: Sequence[str]) -> list[str]:
    if not isinstance(entry, Mapping):
        return [f"customFields.{place} must be an object"]
    return [f"customFields.{place}.property {key} should not exist" for key in entry if key not in known]


def _field_of(entry: Mapping[str, Json], fields: Sequence[ContactField]) -> ContactField | None:
    # A wrong key breaks an item whose id is right (n8n-io/n8n issue 35392), so both must name the same field.
    by_id = [field for field in fields if field.id == entry.get("id")]
    if "key" not in entry:
        return by_id[0] if by_id else None
    by_key = [field for field in fields if entry["key"] in (field.field_key, field.field_key.partition(".")[2])]
    if "id" in entry:
        by_key = [field for field in by_key if field in by_id]
    return by_key[0] if by_key else None


def _can_hold(field: ContactField, value: Json) -> bool:
    if value is None or value == "":
        return True
    if field.data_type in _LISTS:
        return isinstance(value, list) and all(option in field.options for option in value)
    if field.data_type in _NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str) and (not field.options or value in field.options)
