"""Wufoo's entries: `Field3=…`, and in `FieldStructure` what each of them is called."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from leadbridge.errors import Unparseable
from leadbridge.events import FieldType, Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.places import at

_NO_ANSWERS: Final = frozenset(
    {"EntryId", "DateCreated", "CreatedBy", "HandshakeKey", "FieldStructure", "FormStructure", "IP"}
)
_URL: Final = "-url"  # where a file is, beside its name
_TYPES: Final[Mapping[str, FieldType]] = {
    "email": "email",
    "phone": "phone",
    "url": "website",
    "address": "address",
    "number": "number",
    "date": "date",
    "eurodate": "date",
    "radio": "choice",
    "select": "choice",
    "checkbox": "choice",
    "file": "file",
}
_NAME_PARTS: Final[Mapping[str, FieldType]] = {"First": "first_name", "Last": "last_name"}


class _Question(NamedTuple):
    title: str
    kind: FieldType | None


def entry_part(fields: Fields, document: Json) -> None:
    """Each answer by its title (`Name.First` for a part of one), and by its id as a second name.

    Without the form's structure the ids are all that there is. A box that was not ticked is left out.
    """
    questions = dict(_questions(at(document, "FieldStructure.Fields")))
    for name, value in document.items():
        if name in _NO_ANSWERS:
            continue
        question = questions.get(name.removesuffix(_URL))
        if question is None:
            fields.put(name, value)
        elif name.endswith(_URL):
            fields.put(f"{question.title}.url", value, "file")
        elif value != "" or question.kind != "choice":
            fields.put(question.title, value, question.kind)
            fields.put_last(name, value, question.kind)


def _questions(structure: Json) -> Iterator[tuple[str, _Question]]:
    """Questions by the ids of their answers. The boxes of one question are its values, and no parts of it."""
    if structure is None:
        return
    if not isinstance(structure, list) or not all(isinstance(field, dict) for field in structure):
        raise Unparseable("a list of objects is expected here", place="FieldStructure.Fields")
    for field in structure:
        title, vendors = str(field.get("Title") or field.get("ID")), str(field.get("Type"))
        kind = _TYPES.get(vendors)
        yield str(field.get("ID")), _Question(title, kind or ("name" if vendors == "name" else None))
        parts = field.get("SubFields")
        for part in parts if isinstance(parts, list) else ():
            label = str(part.get("Label") or "") if isinstance(part, dict) else ""
            if label and kind == "choice":
                yield str(part.get("ID")), _Question(title, kind)
            elif label:
                named = _NAME_PARTS.get(label) if vendors == "shortname" else kind
                yield str(part.get("ID")), _Question(f"{title}.{label}", named)
