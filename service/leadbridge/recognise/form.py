"""A submission's fields as recognition looks at them: read labels, texts, one field for names that repeat it."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from leadbridge.events import Event, FieldType, Json
from leadbridge.recognise.labels import Label, Reader
from leadbridge.recognise.values import is_blank, text_in

_AREAS: Final = (".area", ".areacode", ".area_code")


class Field(NamedTuple):
    """One answer. `names` are those under which it stands, the one for people first; `at` is its place in the form."""

    at: int
    names: tuple[str, ...]
    value: Json
    text: str
    label: Label
    type: FieldType | None

    @property
    def name(self) -> str:
        """The name that people see."""
        return self.names[0]


def fields_of(event: Event, reader: Reader) -> list[Field]:
    """The fields that have a value, in the order of the form."""
    seconds = set(event.second_names)
    names: dict[str, list[str]] = {name: [name] for name in event.fields if name not in seconds}
    for second in event.second_names:
        main = _repeated(event.fields, second, names) if second in event.fields else None
        names.setdefault(main or second, []).append(second)
    filled = [(name, under) for name, under in names.items() if not is_blank(event.fields.get(name))]
    types = event.types
    return [
        Field(
            at=at,
            names=(its := tuple(under)),
            value=event.fields[name],
            text=_text(event.fields, name),
            label=reader.read_all(its),
            type=next((types[each] for each in under if each in types), None) if types else None,
        )
        for at, (name, under) in enumerate(filled)
    ]


def _repeated(fields: Mapping[str, Json], second: str, mains: Mapping[str, object]) -> str | None:
    """The field that the second name repeats: the first with the same value."""
    value = fields[second]
    return next((name for name in mains if type(fields[name]) is type(value) and fields[name] == value), None)


def _text(fields: Mapping[str, Json], name: str) -> str:
    """The field's text; a phone number that is asked for in two parts has both."""
    text = text_in(fields[name])
    parent, dot, last = name.rpartition(".")
    if dot and last == "phone":
        area = next((text_in(fields[parent + each]) for each in _AREAS if parent + each in fields), "")
        return f"{area} {text}".strip()
    return text
