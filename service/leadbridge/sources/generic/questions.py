"""Objects that hold a question, with or without its answer, read by the words that form builders use."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from leadbridge.events import FieldType, Json
from leadbridge.sources.generic import vocabulary as words
from leadbridge.sources.generic.texts import json_in

_CONTAINERS: Final = (dict, list)
_MOST_OPTIONS: Final = 300
_DEEPEST: Final = 6  # wrappers around one value
_LONGEST_TEXT: Final = 1_000  # characters of JSON as an answer
_LOOKED_AT: Final = 200  # characters of a value
_BARE: Final = frozenset({"id", "ref", "type", "key", "slug", "index", "position", "sort", "rowid", "choiceid"})
_WRAPPED: Final = ("value", "answer", "answers", "label", "text", "simpletext", "labels", "title", "name", "other")
_WRAPS: Final = frozenset({"value", "label", "text", "simpletext", "labels", "answer", "answers"})
_ENDINGS: Final = ("answer", "answers", "value")  # `{"textAnswer": {"value": …}}`
_WHOLE: Final = ("full", "fullnumber", "international", "formatted", "e164")
_NOTHING: Final[tuple[Json, ...]] = (None, "", [])
_TELLS_ITSELF: Final = re.compile(r"@|(?:\d.*){5}")  # an address or a number, whatever its label

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
    """An object as a question, and its value where it has one."""

    question: Question
    value: Json
    has_value: bool


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


def item_of(value: dict[str, Json]) -> Item:
    """The object's parts. What it has none of is empty; an object that is no question is empty throughout."""
    keys: dict[str, str] = {}
    for key in value:
        if (known := words.plain(key)) and known not in keys:
            keys[known] = key
    inner = next((value[keys[one]] for one in words.NESTED if one in keys and isinstance(value[keys[one]], dict)), None)
    within = item_of(inner) if inner is not None else None
    nested = within.question if within is not None else None
    kind, typed = _kind(value, keys)
    at = _value_key(value, keys, typed, asked=nested is not None)
    title = _title(value, keys, at)
    names = dict.fromkeys(
        text for one in words.NAMES if one in keys and keys[one] != at and (text := name_in(value[keys[one]]))
    )
    if nested is not None:
        title = title or nested.title
        names |= dict.fromkeys(nested.names)
        kind = words.telling(nested.kind, kind)
    if at is not None and _has_address(value, at, title):
        return NO_QUESTION  # somebody's record, with a value in it
    if not title and at is None and "name" in keys and len(names) > 1:
        title = name_in(value[keys["name"]])  # beside an id, and no answer: for people
    options = _options(value, keys) or (nested.options if nested is not None else {})
    names.pop(title, None)
    question = Question(title, tuple(names), kind, options)
    if at is None and within is not None:
        return Item(question, within.value, within.has_value)
    return Item(question, value[at] if at is not None else None, at is not None)


def _kind(value: Mapping[str, Json], keys: Mapping[str, str]) -> tuple[FieldType | None, str]:
    """What the type says, and the type itself."""
    for one in words.TYPES:
        said = value[keys[one]] if one in keys else None
        if isinstance(said, str) and said:
            return words.kind_of(said), words.plain(said)
    return None, ""


def _value_key(value: Mapping[str, Json], keys: Mapping[str, str], typed: str, *, asked: bool) -> str | None:
    for one in words.VALUES:
        if one in keys and not (one in words.PLURAL and _are_several(value[keys[one]])):
            return keys[one]
    if typed in keys and typed not in words.TYPES and typed not in ("name", "title", "label"):
        return keys[typed]
    asked = asked or any(one in keys and isinstance(value[keys[one]], str) for one in ("question", "label", "prompt"))
    return next((keys[one] for one in words.TYPED_VALUES if one in keys), None) if asked else None


def _has_address(value: Mapping[str, Json], at: str, title: str) -> bool:
    """Whether an e-mail address stands beside the value and the label."""
    known = value[at], title
    return any(isinstance(one, str) and "@" in one and key != at and one not in known for key, one in value.items())


def _are_several(value: Json) -> bool:
    """Whether a value is what somebody may choose from, or all answers of a group, and not one answer."""
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(inner, list) or not inner or not all(isinstance(one, dict) for one in inner):
        return False
    return isinstance(value, dict) or (len(inner) > 1 and all(map(_option, inner))) or any(map(_is_answer, inner))


def _is_answer(value: dict[str, Json]) -> bool:
    item = item_of(value)
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


def said(value: Json, options: Mapping[str, str], *, depth: int = 0) -> Json:
    """The answer without what builders wrap around it, options by their texts.

    A list of one scalar is that scalar, `{"label": "Blue", "id": 3}` its text, and a list of labelled parts an object
    of them (`{"First": …, "Last": …}`).
    """
    if depth > _DEEPEST:
        return value
    if isinstance(value, str):
        read = json_in(value, longest=_LONGEST_TEXT)
        return options.get(value, value) if read is None else said(read, options, depth=depth + 1)
    if isinstance(value, dict):
        return _of_object(value, options, depth=depth)
    if isinstance(value, list):
        if (parts := _labelled_parts(value)) is not None:
            return {name: said(part, {}, depth=depth + 1) for name, part in parts.items()}
        items = [said(item, options, depth=depth + 1) for item in value]
        return items[0] if len(items) == 1 else items
    return value if value is None or isinstance(value, bool) else options.get(str(value), value)


def _of_object(value: dict[str, Json], options: Mapping[str, str], *, depth: int) -> Json:
    keys = {words.plain(key): key for key in value}
    whole = next((value[keys[one]] for one in _WHOLE if one in keys), None)
    if isinstance(whole, str) and whole.strip():
        return whole  # beside its parts
    if len(keys) == 1 and next(iter(keys)).endswith(_ENDINGS):
        return said(next(iter(value.values())), options, depth=depth + 1)
    if not _is_wrapper(keys):
        return {key: said(part, options, depth=depth + 1) for key, part in value.items()}
    filled = [one for one in _WRAPPED if one in keys and value[keys[one]] not in _NOTHING]
    if "value" in filled and "label" in filled and not _TELLS_ITSELF.search(str(value[keys["value"]])[:_LOOKED_AT]):
        filled.remove("value")  # a chosen option, and its name for programs
    return said(value[keys[filled[0]]], options, depth=depth + 1) if filled else None


def _is_wrapper(keys: Mapping[str, str]) -> bool:
    """Whether an object of these plain keys holds one value, or the option that was chosen."""
    others = keys.keys() - _BARE
    return bool(others) and others <= {*_WRAPPED} and (len(others) == 1 or bool(others & _WRAPS))


def _labelled_parts(value: Sequence[Json]) -> dict[str, Json] | None:
    """The parts of a composite answer, where each has its own label and value."""
    if len(value) < 2 or not all(isinstance(item, dict) for item in value):
        return None
    items = [item_of(item) for item in value]
    titles = [one.question.title or next(iter(one.question.names), "") for one in items]
    if not all(titles) or len(set(titles)) != len(titles) or not all(one.has_value for one in items):
        return None
    if any(words.plain(key) in ("label", "title", "name") for item in value for key in item):
        return dict(zip(titles, (one.value for one in items), strict=True))
    return None


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
