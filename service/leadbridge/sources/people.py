"""The person within a shop's or a payment's object, by plain names, wherever that object keeps each of them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, cast, get_args

from leadbridge.bodies.document import Document
from leadbridge.events import Event, FieldType, Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.places import at
from leadbridge.sources.preset import Shape
from leadbridge.sources.shapes import Part

_TYPES: Final = frozenset(get_args(FieldType))
_NAMING: Final = ("email", "phone", "name", "first_name", "last_name")


def person(places: Mapping[str, tuple[str, ...]]) -> Part:
    """Each name with the first value that is not blank at its paths; where all are blank, no field.

    A name that is one of our types says the value's type, too.
    """
    known = tuple((name, paths, _type_of(name)) for name, paths in places.items())

    def part(fields: Fields, document: Json) -> None:
        for name, paths, kind in known:
            for path in paths:
                if not _is_blank(found := at(document, path)):
                    fields.put(name, found, kind)
                    break

    return part


def address(*paths: str, keys: Mapping[str, str]) -> Part:
    """`address.city` and so on, all of them from the first address with anything in it: parts of two make a third.

    `keys` are the vendor's names by ours: `{"city": "town"}`.
    """

    def part(fields: Fields, document: Json) -> None:
        for path in paths:
            found = {ours: at(document, f"{path}.{theirs}") for ours, theirs in keys.items()}
            if stated := {name: value for name, value in found.items() if not _is_blank(value)}:
                fields.put("address", stated)
                return

    return part


def listed(name: str, path: str, key: str) -> Part:
    """`name` with what stands under `key` in each object of the list at `path`: the titles of what was bought."""

    def part(fields: Fields, document: Json) -> None:
        items = at(document, path)
        found = [item.get(key) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        if texts := [text for text in found if not _is_blank(text)]:
            fields.put(name, texts)

    return part


def of_people(shape: Shape, *, otherwise: str) -> Shape:
    """`shape`, whose events are no leads, for the reason `otherwise`, when they name nobody."""

    def shaped(document: Document) -> Iterator[Event]:
        for event in shape(document):
            names_one = any(not _is_blank(event.fields.get(name)) for name in _NAMING)
            yield event if names_one else replace(event, ignored=otherwise)

    return shaped


def _is_blank(value: Json) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or isinstance(value, dict | list)


def _type_of(name: str) -> FieldType | None:
    return cast("FieldType", name) if name in _TYPES else None
