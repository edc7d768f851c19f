"""Objects that hold a question, with or without its answer, read by the words that form builders use."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from leadbridge.events import FieldType, Json
from leadbridge.sources.generic import vocabulary as words

_CONTAINERS: Final = (dict, list)
_MOST_OPTIONS: Final = 300

# Of a phone, as people write it: an id has neither a plus nor gaps.
_NUMBER: Final = re.compile(
    r"(?=(?:\D*\d){9})(?:\+|0|\()[\d\s()./-]{8,24}|(?=(?:\D*\d){9})\d{2,4}(?:[\s()./-]+\d{2,5}){2,5}"
)
_NUMBERED: Final = re.compile(
    r"(?:input|field|question|answer|item|element|entry|q|f|a)?[_.-]?(\d{1,12})(?:[_.-](\d{1,3}))?(?:_\w*)?",
    re.IGNORECASE,
)


class Question(NamedTuple):
    """What is asked: `title` for people, `names` for programs (ids among them), the texts of `options` by their ids."""

    title: str
    names: tuple[str, ...]
    kind: FieldType | None
    options: Mapping[str, str]


class Item(NamedTuple):
    """An object as a question, and its value where it has one; `parts` are those of a name that stand beside it."""

    question: Question
    value: Json
    has_value: bool
    parts: Mapping[str, Json] = {}


class Answer(NamedTuple):
    """A question, and what somebody said; `path` is where both stand together, and `group` what they belong to."""

    question: Question
    value: Json
    path: str
    group: str = ""


NO_QUESTION: Final = Item(Question("", (), None, {}), None, has_value=False)


def answered(title: str, value: Json) -> Item:
    """A value with no more than a label."""
    return Item(Question(title.strip(), (), None, {}), value, has_value=True)


class Items:
    """The objects of one body as questions, each read once: what is nested would be read anew at every level."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Json, Item]] = {}  # by id; the object is kept, so that no other one has it

    def of(self, value: dict[str, Json]) -> Item:
        """The object's parts. What it has none of is empty; an object that is no question is empty throughout."""
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = (value, _item(value, self))
        return known[1]


def _item(value: dict[str, Json], items: Items) -> Item:
    keys: dict[str, str] = {}
    for key in value:
        if (known := words.plain(key)) and known not in keys:
            keys[known] = key
    inner = next((value[keys[one]] for one in words.NESTED if one in keys and isinstance(value[keys[one]], dict)), None)
    within = items.of(inner) if inner is not None else None
    nested = within.question if within is not None else None
    kind, typed = _kind(value, keys)
    parts = _parts(value, keys)
    at = None if parts else _value_key(value, keys, typed, items, asked=nested is not None)
    title = _title(value, keys, at)
    names = dict.fromkeys(
        text for one in words.NAMES if one in keys and keys[one] != at and (text := name_in(value[keys[one]]))
    )
    if nested is not None:
        title = title or nested.title
        names |= dict.fromkeys(nested.names)
        kind = words.telling(nested.kind, kind)
    if at is not None and _is_record(value, keys, at, title):
        return NO_QUESTION  # somebody's record, with a value in it
    if not title and at is None and "name" in keys and len(names) > 1:
        title = name_in(value[keys["name"]])  # beside an id, and no answer: for people
    options = _options(value, keys) or (nested.options if nested is not None else {})
    names.pop(title, None)
    if "objecttypeid" in keys and (whose := words.OBJECTS.get(str(value[keys["objecttypeid"]]))) and (title or names):
        title, names = f"{whose}.{title or next(iter(names))}", {}
    question = Question(title, tuple(names), kind, options)
    if parts:
        return Item(question, parts, has_value=True)
    if at is None and within is not None:
        return Item(question, within.value, within.has_value)
    if at is None:
        return Item(question, None, has_value=False)
    return Item(question, value[at], has_value=True, parts=_parts_of_name(value, keys) if kind == "name" else {})


def _parts_of_name(value: Mapping[str, Json], keys: Mapping[str, str]) -> dict[str, Json]:
    """The halves of a name that stand beside it: `{"type": "name", "value": "Ann Lee", "first": …, "last": …}`."""
    found = {one: value[keys[one]] for one in ("first", "last") if one in keys and value[keys[one]]}
    return found if len(found) == 2 and all(isinstance(one, str) for one in found.values()) else {}


def _parts(value: Mapping[str, Json], keys: Mapping[str, str]) -> dict[str, Json]:
    """The parts of an answer that stand beside its label: `{"label": "Name", "first": …, "last": …}`."""
    if words.LABELS.isdisjoint(keys) or len(keys) < 3:
        return {}
    found = {key: value[key] for known, key in keys.items() if known in words.PARTS_OF_ANSWERS}
    if len(found) < 2 or not all(known in words.OF_QUESTIONS or keys[known] in found for known in keys):
        return {}
    return found if all(one is None or isinstance(one, str) for one in found.values()) else {}


def _kind(value: Mapping[str, Json], keys: Mapping[str, str]) -> tuple[FieldType | None, str]:
    """What the type says, and the type itself."""
    for one in words.TYPES:
        said = value[keys[one]] if one in keys else None
        if isinstance(said, str) and said:
            return words.kind_of(said), words.plain(said)
    return None, ""


def _value_key(
    value: Mapping[str, Json], keys: Mapping[str, str], typed: str, items: Items, *, asked: bool
) -> str | None:
    for one in words.VALUES:
        if one in keys and not (one in words.PLURAL and _are_several(value[keys[one]], items)):
            return keys[one]
    if typed in keys and typed not in words.TYPES and typed not in ("name", "title", "label"):
        return keys[typed]
    asked = asked or any(one in keys and isinstance(value[keys[one]], str) for one in ("question", "label", "prompt"))
    return next((keys[one] for one in words.TYPED_VALUES if one in keys), None) if asked else None


def _is_record(value: Mapping[str, Json], keys: Mapping[str, str], at: str, title: str) -> bool:
    """Whether an e-mail address, a phone number or who somebody is stands beside the value and the label."""
    known = value[at], title
    beside = {key: one for key, one in value.items() if key != at and isinstance(one, str) and one not in known}
    if any("@" in one or _NUMBER.fullmatch(one.strip()) for one in beside.values()):
        return True
    return any(keys[one] in beside for one in words.OF_PEOPLE.intersection(keys))


def _are_several(value: Json, items: Items) -> bool:
    """Whether a value is what somebody may choose from, or all answers of a group, and not one answer."""
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(inner, list) or not inner or not all(isinstance(one, dict) for one in inner):
        return False
    return (
        isinstance(value, dict)
        or (len(inner) > 1 and all(map(_option, inner)))
        or any(map(_is_answer, map(items.of, inner)))
    )


def _is_answer(item: Item) -> bool:
    return item.has_value and bool(item.question.title)


def _title(value: Mapping[str, Json], keys: Mapping[str, str], at: str | None) -> str:
    for one in words.TITLES:
        if one in keys and keys[one] != at:
            said = value[keys[one]]
            if isinstance(said, str) and said.strip():
                return said.strip()
    return ""


def name_in(value: Json) -> str:
    """A name for programs: text, or a number that is an id."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _options(value: Mapping[str, Json], keys: Mapping[str, str]) -> Mapping[str, str]:
    """The texts of a question's options, by whatever each of them is known as."""
    found: dict[str, str] = {}
    for one in (*words.OPTIONS, "values"):
        listed = value[keys[one]] if one in keys else None
        if isinstance(listed, dict):
            found |= {key: text for key, text in listed.items() if isinstance(text, str)}
        for option in listed[:_MOST_OPTIONS] if isinstance(listed, list) else ():
            if isinstance(option, dict):
                found |= _option(option)
    return found


def _option(option: Mapping[str, Json]) -> dict[str, str]:
    keys = {words.plain(key): key for key in option}
    text = next((option[keys[one]] for one in words.OPTION_TEXTS if one in keys), None)
    if not isinstance(text, str) or not text:
        return {}
    ids = (name_in(option[keys[one]]) for one in words.OPTION_IDS if one in keys)
    return {each: text for each in ids if each}


def are_answers(items: Iterable[Item]) -> bool:
    """Whether these are a form's answers: most have a value, and all say what they are about."""
    listed = list(items)
    answered = sum(one.has_value for one in listed)
    return answered * 2 >= len(listed) > 0 and all(one.question.title or one.question.names for one in listed)


def are_questions(items: Iterable[Item]) -> bool:
    """Whether these only describe what is asked: none has a value, and each has a title and a name for it."""
    listed = list(items)
    return bool(listed) and all(not one.has_value and one.question.title for one in listed)


def asked_by(key: str, value: Json, known: Mapping[str, Question]) -> Question | None:
    """The question that a key is the name of: `Field3`, `3`, `input_1_3` for `1.3`."""
    if isinstance(value, dict) and any(isinstance(one, dict) for one in value.values()):
        return None
    if key in known:
        return known[key]
    numbered = _NUMBERED.fullmatch(key)
    if numbered is None:
        return None
    whole, part = numbered[1], numbered[2]
    return known.get(f"{whole}.{part}" if part else whole)
