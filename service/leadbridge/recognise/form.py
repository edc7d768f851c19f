"""A submission's fields as recognition looks at them: read labels, texts, one field for names that repeat it."""

from collections.abc import Mapping
from itertools import islice
from typing import Final, NamedTuple

from leadbridge.events import Event, FieldType, Json
from leadbridge.recognise.label import Label
from leadbridge.recognise.labels import Reader
from leadbridge.recognise.values import is_blank, text_in

_MOST_FIELDS: Final = 300
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


def fields_of(event: Event, reader: Reader) -> tuple[list[Field], dict[str, Json]]:
    """The first fields that have a value, in the order of the form, and the rest, which nobody looks at.

    The work for a form grows with the square of its fields, and anyone may send one.
    """
    about = event.about
    filled = {name: value for name, value in event.fields.items() if not (name in about or is_blank(value))}
    seconds = dict.fromkeys(name for name in event.second_names if name in filled)
    names = {name: [name] for name in islice((name for name in filled if name not in seconds), _MOST_FIELDS)}
    for second in islice(seconds, _MOST_FIELDS):
        mains = [name for name in names if _is_same(filled[name], filled[second])]
        if not mains and len(names) < _MOST_FIELDS:
            names[second] = [second]
        elif len(mains) == 1:  # of several none can be told: the word for one would be believed of the other
            names[mains[0]].append(second)
    types = event.types
    fields = [
        Field(
            at=at,
            names=(its := tuple(under)),
            value=filled[name],
            text=_text(event.fields, name),
            label=reader.read_all(its),
            type=next((types[each] for each in under if each in types), None) if types else None,
        )
        for at, (name, under) in enumerate(names.items())
    ]
    looked_at = {*names, *islice(seconds, _MOST_FIELDS)}
    rest = {name: value for name, value in filled.items() if name not in looked_at}
    if about:
        repeated = {*event.second_names}
        rest |= {name: event.fields[name] for name in event.fields if name in about and name not in repeated}
    return fields, rest


def _is_same(one: Json, other: Json) -> bool:
    return type(one) is type(other) and one == other


def _text(fields: Mapping[str, Json], name: str) -> str:
    """The field's text; a phone number that is asked for in two parts has both."""
    text = text_in(fields[name])
    parent, dot, last = name.rpartition(".")
    if dot and last == "phone":
        area = next((text_in(fields[parent + each]) for each in _AREAS if parent + each in fields), "")
        return f"{area} {text}".strip()
    return text
