"""A body whose shape nobody named: its submissions, and the event of each."""

from collections.abc import Mapping
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.events import Event, Json
from leadbridge.sources.fields import file_meta, submissions
from leadbridge.sources.generic.apart import Reading
from leadbridge.sources.generic.questions import Items
from leadbridge.sources.generic.reading import read
from leadbridge.sources.generic.tables import is_one_form
from leadbridge.sources.generic.texts import Texts

_META: Final = ("form_id", "form_name", "submission_id", "submitted_at", "page_url")


class Body:
    """Reads one document. What bounds the work is of all its submissions together."""

    def __init__(self, document: Document) -> None:
        self._files = document.files
        self._items = Items()
        self._texts = Texts()

    def submissions(self, value: Json) -> list[Json]:
        """What `value` holds, one value per submission; raises `Unparseable` where it can hold none.

        A list of the answers to one form is one submission, as an object is.
        """
        return [value] if is_one_form(value, self._items) else submissions(value)

    def read(self, submission: Json) -> Reading:
        """The fields of one submission."""
        return read(submission, self._items, self._texts)

    def event(self, reading: Reading, *, meta: Mapping[str, Json], raw: Json) -> Event:
        """A submission as an event, with the body's files."""
        return Event(
            fields=reading.fields,
            second_names=reading.second_names,
            types=reading.types,
            about=reading.about,
            meta={**meta, **file_meta(self._files)},
            files=tuple(part for _, part in self._files),
            raw=raw,
        )


def named_meta(fields: Mapping[str, Json]) -> dict[str, Json]:
    """What fields say of the form and the submission whose names a person chose."""
    return {name: fields[name] for name in _META if _is_said(fields.get(name))}


def _is_said(value: Json) -> bool:
    return value not in (None, "") and not isinstance(value, dict | list)
