"""Formstack's answers. In a form it packs the parts of a compound one into a single text, a line for each.

`first = John` and `last = Smith`, and `field_type = name` where the webhook sends types:
https://developers.formstack.com/docs/webhook-examples
"""

from collections.abc import Mapping
from typing import Final

from leadbridge.events import FieldType, Json
from leadbridge.sources.fields import Fields

_NO_ANSWERS: Final = frozenset({"FormID", "UniqueID", "HandshakeKey"})
_PARTS: Final = frozenset(
    {
        *("prefix", "first", "middle", "initial", "last", "suffix"),
        *("address", "address2", "city", "state", "zip", "country"),
        *("value", "field_type"),
    }
)
_TYPES: Final[Mapping[str, FieldType]] = {"email": "email", "phone": "phone", "name": "name", "address": "address"}
_NAME_PARTS: Final[Mapping[str, FieldType]] = {"first": "first_name", "last": "last_name"}


def answer_part(fields: Fields, document: Json) -> None:
    """Each answer by its label, the parts of a compound one as `Name.first`."""
    for name, packed in document.items():
        if name in _NO_ANSWERS:
            continue
        value = _unpacked(packed) if isinstance(packed, str) else packed
        if not isinstance(value, dict):
            fields.put(name, value)
            continue
        kind = _TYPES.get(str(value.get("field_type")))
        if "value" in value and set(value) <= {"value", "field_type"}:
            fields.put(name, value["value"], kind)
            continue
        for part, text in value.items():
            if part != "field_type":
                fields.put(f"{name}.{part}", text, _NAME_PARTS.get(part) or (None if kind == "name" else kind))


def _unpacked(text: str) -> Json:
    """The parts of a compound answer; a text in which another line stands than a part's is what the person wrote."""
    lines = [line.partition(" = ") for line in text.splitlines() if line.strip()]
    if lines and all(equals and name in _PARTS for name, equals, _ in lines):
        return {name: value for name, _, value in lines}
    body, typed, kind = text.rpartition("\nfield_type = ")
    if typed and body.startswith("value = "):
        return {"value": body.removeprefix("value = "), "field_type": kind.strip()}
    return text
