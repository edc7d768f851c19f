"""Copper's custom fields: from the name the configuration uses to the definition, and from a value to the wire.

Data types and their wire form: https://developer.copper.com/custom-fields/general/list-custom-field-definitions.html.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from leadbridge.crm.copper.ids import identifier
from leadbridge.crm.copper.kinds import Kind
from leadbridge.crm.draft import Draft, is_blank
from leadbridge.crm.echo import Same, Sent, same_date, same_id, same_number, same_set, same_text
from leadbridge.crm.encoding import Encoded, as_boolean, as_date, as_number, as_option, as_options, as_text
from leadbridge.crm.names import Found, Names
from leadbridge.crm.remembering import remembering
from leadbridge.events import Json
from leadbridge.outcome import Hold

STRING_LIMIT: Final = 255  # characters of a String field; Text and URL have no stated limit

_DROPPED: Final = "Copper does not show the value that was sent"


def definition_of(name: str, definitions: list[dict[str, Json]], kind: Kind) -> dict[str, Json] | Hold:
    """The definition of this kind's field called `name`; held for a person when there is not exactly one."""
    found = _available(definitions, kind).find(name)
    if isinstance(found, Found):
        return found.item
    return Hold(
        reason="unknown_custom_field",
        detail=f"Copper has no single custom field `{name}` on {kind.several}: {found.why} "
        "Correct the name in `custom_fields` or `match`, or create the field in Copper.",
    )


@remembering(16)
def _available(definitions: list[dict[str, Json]], kind: Kind) -> Names[dict[str, Json]]:
    there = [item for item in definitions if _is_on(kind, item.get("available_on"))]
    return Names((str(item.get("name") or ""), item) for item in there)


def _is_on(kind: Kind, places: Json) -> bool:
    return kind.name in places if isinstance(places, list) else places is None


def encode(definition: Mapping[str, Json], value: Json) -> Encoded:
    """The value as this field takes it; None clears it."""
    if value is None:
        return Encoded(value=None)
    if is_blank(value):
        return Encoded(send=False)
    kind = str(definition.get("data_type"))
    if kind in ("Dropdown", "MultiSelect"):
        options = _options(definition)
        return as_option(value, options) if kind == "Dropdown" else as_options(value, options)
    encoder = _ENCODERS.get(kind)
    return encoder(value) if encoder else Encoded(send=False, problem=f"leadbridge does not write {kind} fields")


def write_custom_fields(
    draft: Draft, wanted: Mapping[str, Json], definitions: list[dict[str, Json]], kind: Kind
) -> Hold | None:
    """Put the custom fields into the draft; the Hold of the first name that is not exactly one field."""
    for name, value in wanted.items():
        definition = definition_of(name, definitions, kind)
        if isinstance(definition, Hold):
            return definition
        write_custom_field(draft, definition, encode(definition, value), raw=value)
    return None


def write_custom_field(draft: Draft, definition: Mapping[str, Json], encoded: Encoded, *, raw: Json) -> None:
    """Put one field into the draft, instead of an earlier value for it."""
    field_id = identifier(definition["id"])
    field = f"custom_fields.{definition.get('name')}"
    if encoded.problem is not None:
        cause = f"{encoded.problem} ({definition.get('data_type')})"
        draft.warn(field, sent=raw, written=encoded.written, cause=cause)
    if not encoded.send:
        return
    entries = [
        entry for entry in draft.body.get("custom_fields", []) if entry["custom_field_definition_id"] != field_id
    ]
    draft.body["custom_fields"] = [*entries, {"custom_field_definition_id": field_id, "value": encoded.value}]
    place = f"custom_fields.{field_id}"
    draft.sent = [one for one in draft.sent if one.place != place]
    same = _SAME.get(str(definition.get("data_type")), same_text)
    draft.sent.append(Sent(field=field, place=place, value=encoded.value, same=same, cause=_DROPPED))


def _options(definition: Mapping[str, Json]) -> list[tuple[str, Json]]:
    listed = definition.get("options")
    options = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    known = [(item, identifier(item.get("id"))) for item in options]
    return [(str(item.get("name")), number) for item, number in known if number is not None]


def _as_copper_date(value: Json) -> Encoded:
    """As mm/dd/yyyy: https://developer.copper.com/introduction/best_practices.html.

    The same docs show Unix times in answers; the comparator takes both.
    """
    encoded = as_date(value)
    if not encoded.send:
        return encoded
    year, month, day = str(encoded.value).split("-")
    return Encoded(value=f"{month}/{day}/{year}")


_ENCODERS: Final[Mapping[str, Callable[[Json], Encoded]]] = {
    "String": partial(as_text, limit=STRING_LIMIT),
    "Text": as_text,
    "URL": as_text,
    "Checkbox": as_boolean,
    "Float": as_number,
    "Percentage": as_number,
    "Currency": as_number,
    "Date": _as_copper_date,
}

_SAME: Final[Mapping[str, Same]] = {
    "Float": same_number,
    "Percentage": same_number,
    "Currency": same_number,
    "Date": same_date,
    "Dropdown": same_id,
    "MultiSelect": same_set,
}
