"""What flat forms ask for in several fields: a number in three boxes, a label and its answer side by side."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final, NamedTuple

from leadbridge.events import FieldType, Json

_NUMBERED: Final = re.compile(r"(.*?)[_\-. ]?([0-9])\]?", re.DOTALL)
_PHONE: Final = re.compile(r"tel|phone|mobil|handy|cell|電話|携帯|전화|휴대|핸드폰|电话|手机|телефон", re.IGNORECASE)
_POSTAL: Final = re.compile(r"zip|postal|postcode|plz|郵便|우편|邮编", re.IGNORECASE)
_NO_PHONE: Final = re.compile(r"fax|ファ|팩스|传真", re.IGNORECASE)
_ASKED: Final = re.compile(r"(?:^|(?<=[_\-. \d]))(?:label|question|title)(?=$|[_\-. \d])", re.IGNORECASE)
_ANSWERED: Final = ("value", "answer", "response")
_LONGEST_PART: Final = 5  # digits
_LENGTHS: Final = range(9, 13)  # digits of a whole phone number
_MOST: Final = 1_000  # fields that are looked at


class Reading(NamedTuple):
    """Fields, answers first; see `Event` for the others."""

    fields: dict[str, Json]
    second_names: tuple[str, ...] = ()
    types: Mapping[str, FieldType] = {}
    about: frozenset[str] = frozenset()


class Joined(NamedTuple):
    """A field that several make: `parts` are their names, and say nothing beside it."""

    name: str
    value: Json
    kind: FieldType | None
    parts: tuple[str, ...]


def are_apart(fields: Mapping[str, Json]) -> bool:
    """Whether it looks as if something stood in several fields of a flat document."""
    names = "\n".join(fields) + "\n"  # searched as one text: most forms have nothing of the kind
    if "2\n" in names or "3\n" in names or "]\n" in names or list in map(type, fields.values()):
        return True
    asks = "label" in names or "question" in names or "title\n" in names
    return asks and any(name.rstrip("0123456789_-. ").endswith(_ANSWERED) for name in fields)


def joined(fields: Mapping[str, Json]) -> list[Joined]:
    """What stands in several fields and is one, in the order of the first of each."""
    if len(fields) > _MOST:
        return []
    boxes: defaultdict[str, list[str]] = defaultdict(list)
    found: list[Joined] = []
    for name, value in fields.items():
        if isinstance(value, list):
            if _PHONE.search(name) and (whole := _phone(name, value)):
                found.append(Joined(f"{name} 1-{len(value)}", whole, "phone", (name,)))
        elif name != "title" and (asked := _ASKED.search(name)):  # alone it is somebody's
            found += _couple(fields, name, asked)
        elif name[-1:] in "0123456789]" and (numbered := _NUMBERED.fullmatch(name)) and numbered[1]:
            boxes[numbered[1]].append(name)
    for stem, names in boxes.items():
        if (one := _of_boxes(fields, stem, names)) is not None:
            found.append(one)
    by_name = {one.name: one for one in reversed(found)}  # the first of each name
    return [one for one in found if one.name not in fields and by_name[one.name] is one]


def with_joined(fields: dict[str, Json]) -> Reading:
    """A flat document, with one field for what stands in several."""
    found = joined(fields)
    if not found:
        return Reading(fields)
    parts = [part for one in found for part in one.parts]
    return Reading(
        fields={one.name: one.value for one in found} | fields,
        second_names=tuple(parts),
        types={one.name: one.kind for one in found if one.kind is not None},
        about=frozenset(parts),
    )


def _of_boxes(fields: Mapping[str, Json], stem: str, names: list[str]) -> Joined | None:
    """The number whose boxes are numbered one after the other."""
    numbers = [int(numbered[2]) for name in names if (numbered := _NUMBERED.fullmatch(name))]
    if not 2 <= len(names) <= 4 or numbers != list(range(numbers[0], numbers[0] + len(names))) or numbers[0] > 1:
        return None
    values = [fields[name] for name in names]
    if _PHONE.search(stem) and (whole := _phone(stem, values)):
        return Joined(stem, whole, "phone", tuple(names))
    if _POSTAL.search(stem) and len(values) == 2 and all(_is_part(value) for value in values):
        return Joined(stem, "-".join(str(value).strip() for value in values), None, tuple(names))
    return None


def _phone(stem: str, values: list[Json]) -> str:
    """The number of three or four boxes; nothing where they hold something else, such as two numbers."""
    if len(values) < 3 or _NO_PHONE.search(stem) or not all(_is_part(value) for value in values):
        return ""
    parts = [str(value).strip() for value in values]
    return "-".join(parts) if sum(map(len, parts)) in _LENGTHS else ""


def _is_part(value: Json) -> bool:
    text = str(value).strip() if isinstance(value, str) else ""
    return text.isdecimal() and 2 <= len(text) <= _LONGEST_PART


def _couple(fields: Mapping[str, Json], name: str, asked: re.Match[str]) -> list[Joined]:
    """The answer to the question that a field holds: `q1_label=E-mail`, `q1_value=…`."""
    label = fields[name]
    if not isinstance(label, str) or not label.strip():
        return []
    for word in _ANSWERED:
        other = f"{name[: asked.start()]}{word}{name[asked.end() :]}"
        if other in fields:
            return [Joined(label.strip(), fields[other], None, (name, other))]
    return []
