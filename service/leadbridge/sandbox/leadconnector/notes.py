"""The notes on a location's contacts.

https://github.com/GoHighLevel/highlevel-api-docs, apps/contacts.json: NotesDTO, UpdateNoteDTO, GetNoteSchema
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from leadbridge.clock import Millis
from leadbridge.events import Json
from leadbridge.sandbox.leadconnector.answers import iso_time
from leadbridge.sandbox.leadconnector.problems import Invalid, Refused
from leadbridge.sandbox.world import World

_TYPES: Final[Mapping[str, type]] = {"body": str, "userId": str, "title": str, "color": str, "pinned": bool}
_SAID: Final[Mapping[type, str]] = {str: "a string", bool: "a boolean value"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One version of a note."""

    id: str
    contact_id: str
    values: Mapping[str, Json]
    added: Millis

    def answer(self) -> dict[str, Json]:
        """The note as the API answers it."""
        return {"id": self.id, **self.values, "dateAdded": iso_time(self.added), "contactId": self.contact_id}


class Notes:
    """The notes by contact. Its methods raise `Invalid` or `Refused`, and then have changed nothing."""

    def __init__(self, world: World) -> None:
        self._by_contact: dict[str, dict[str, Note]] = {}
        self._world = world

    def of(self, contact_id: str) -> list[Note]:
        """A contact's notes, newest first; the vendor says nothing of their order."""
        return list(self._by_contact.get(contact_id, {}).values())[::-1]

    def get(self, contact_id: str, note_id: str) -> Note:
        """One note of a contact; raises `Refused` for one that it does not have."""
        note = self._by_contact.get(contact_id, {}).get(note_id)
        if note is None:
            raise Refused(400, f"Note with id {note_id} not found")
        return note

    def add(self, contact_id: str, body: Mapping[str, Json], *, lost: frozenset[str]) -> Note:
        """A new note on a contact, without the values that are to be lost."""
        note = Note(
            id=self._world.ids.code(),
            contact_id=contact_id,
            values=_read({"body": None, **body}, lost=lost),
            added=self._world.clock.now(),
        )
        self._by_contact.setdefault(contact_id, {})[note.id] = note
        return note

    def change(self, note: Note, body: Mapping[str, Json], *, lost: frozenset[str]) -> Note:
        """The next version of a note."""
        changed = replace(note, values={**note.values, **_read(body, lost=lost)})
        self._by_contact[note.contact_id][note.id] = changed
        return changed

    def delete(self, note: Note) -> None:
        """Remove a note that is there."""
        del self._by_contact[note.contact_id][note.id]

    def forget(self, contact_id: str) -> None:
        """Remove a contact's notes."""
        self._by_contact.pop(contact_id, None)

    def listed(self) -> list[dict[str, Json]]:
        """Every note, oldest first within its contact."""
        return [note.answer() for notes in self._by_contact.values() for note in notes.values()]


def _read(body: Mapping[str, Json], *, lost: frozenset[str]) -> dict[str, Json]:
    messages = [f"property {key} should not exist" for key in body if key not in _TYPES]
    for key, wanted in _TYPES.items():
        if key in body and type(body[key]) is not wanted:
            messages.append(f"{key} must be {_SAID[wanted]}")
    if body.get("body") == "":
        messages.append("body should not be empty")
    if messages:
        raise Invalid(*messages)
    return {key: value for key, value in body.items() if key not in lost}
