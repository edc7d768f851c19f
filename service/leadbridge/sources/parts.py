"""Parts of shapes for vendors that name their fields themselves: which of them are answers, and what they are.

They stand beside those of `shapes`, in any order, in an `event`.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from leadbridge.errors import Unparseable
from leadbridge.events import FieldType, Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.places import at
from leadbridge.sources.shapes import Part

_NOTHING: Final[tuple[Json, ...]] = (None, "", [], {})


def picked(places: Mapping[str, str], *, again: bool = False) -> Part:
    """Fields by our names from their paths; what is null or empty there is no field.

    With `again` they are second names for what another part has put, and yield to fields that are called so.
    """
    pairs = tuple(places.items())

    def part(fields: Fields, document: Json) -> None:
        put = fields.put_if_new if again else fields.put
        for name, path in pairs:
            if (found := at(document, path)) not in _NOTHING:
                put(name, found)

    return part


def ids(places: Mapping[str, str]) -> Part:
    """Ids by our names from their paths, as text: they may be larger than the numbers that every reader takes."""
    pairs = tuple(places.items())

    def part(fields: Fields, document: Json) -> None:
        for name, path in pairs:
            found = at(document, path)
            if found not in _NOTHING:
                fields.put(name, str(found) if isinstance(found, int) else found)

    return part


def rest_of(path: str = "", *, leave_out: Iterable[str] = ()) -> Part:
    """What the object at `path` (the document itself without one) holds besides, where no field has that name yet.

    The keys of `leave_out` are the envelope's. What is null or empty is no field.
    """
    envelope = frozenset(leave_out)

    def part(fields: Fields, document: Json) -> None:
        known = fields.as_dict()
        for name, value in object_at(document, path).items():
            if name not in envelope and name not in known and value not in _NOTHING:
                fields.put(name, value)

    return part


def keyed(path: str, *, value: str = "value") -> Part:
    """The object at `path` whose keys are the fields' names, and which holds an object with the `value` of each.

    One without a value is no field.
    """

    def part(fields: Fields, document: Json) -> None:
        for name, answer in object_at(document, path).items():
            if isinstance(answer, dict) and (found := answer.get(value)) not in _NOTHING:
                fields.put(name, found)

    return part


def typed(types: Mapping[str, FieldType]) -> Part:
    """Says of fields that other parts before it have put what they are, by their names."""
    pairs = tuple(types.items())

    def part(fields: Fields, _document: Json) -> None:
        put, known = fields.as_dict(), fields.types
        for name, kind in pairs:
            if name in put:
                known.setdefault(name, kind)

    return part


def object_at(document: Json, path: str) -> dict[str, Json]:
    """The object at `path` (the document itself without one), empty when nothing is there. Raises `Unparseable`."""
    found = at(document, path) if path else document
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Unparseable("an object is expected here", place=path or None)
    return found
