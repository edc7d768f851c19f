"""The answers of a Wix submission, with its files told apart: their display names are no person's."""

from typing import Final

from leadbridge.errors import Unparseable
from leadbridge.events import Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.places import at

ENTITY: Final = "data.createdEvent.entity"


def answers(fields: Fields, document: Json) -> None:
    """Each entry of `submissions` under its key, which is all that Wix says of it."""
    found = at(document, f"{ENTITY}.submissions")
    if found is None:
        return
    if not isinstance(found, dict):
        raise Unparseable("an object is expected here", place=f"{ENTITY}.submissions")
    for name, value in found.items():
        fields.put(name, value, "file" if _is_files(value) else None)


def _is_files(value: Json) -> bool:
    """An upload is a list of objects with a `fileId`."""
    return isinstance(value, list) and any(isinstance(item, dict) and "fileId" in item for item in value)
