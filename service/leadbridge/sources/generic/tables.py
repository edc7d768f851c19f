"""Answers whose labels stand in a list of their own, or before each of them."""

from collections.abc import Mapping, Sequence
from typing import Final

from leadbridge.events import Json
from leadbridge.sources.generic import vocabulary as words
from leadbridge.sources.generic.questions import Item, Items, answered, are_answers

_MOST_KEYS: Final = 4
_LONGEST_LABEL: Final = 1_000  # characters


def is_one_form(document: Json, items: Items) -> bool:
    """Whether a list holds the answers of one form, each to another question, and not several submissions."""
    if not isinstance(document, list) or len(document) < 2:
        return False
    if not all(isinstance(one, dict) for one in document):
        return bool(couples(document))
    if single_keys(document):
        return True
    listed = [items.of(one) for one in document]
    titles = {item.question.title for item in listed if item.has_value}
    return are_answers(listed) and len(titles) == len(listed) and "" not in titles


def row_in(value: Mapping[str, Json]) -> tuple[str, str, list[Item]] | None:
    """A table of one row, `{"columns": ["Name", …], "row": ["Ann", …]}`: the keys of both, and the answers."""
    keys = {words.plain(name): name for name, one in value.items() if isinstance(one, list) and one}
    if len(keys) < 2:
        return None
    headers = next((name for plain, name in keys.items() if plain in words.ROW_NAMES), None)
    if headers is None or not all(_is_label(one) for one in value[headers]):
        return None
    for plain in words.ROW_VALUES:
        if plain not in keys or keys[plain] == headers:
            continue
        row = value[keys[plain]]
        if len(row) == 1 and isinstance(row[0], list):
            row = row[0]
        if len(row) == len(value[headers]) and not any(isinstance(one, dict) for one in row):
            return headers, keys[plain], [answered(title, one) for title, one in zip(value[headers], row, strict=True)]
    return None


def single_keys(value: Sequence[Mapping[str, Json]]) -> list[Item]:
    """`[{"Name": …}, {"E-mail": …}]`: objects of one key, each another one."""
    if (
        len(value) < 2
        or not all(len(one) == 1 for one in value)
        or len({key for one in value for key in one}) != len(value)
    ):
        return []
    return [answered(key, inner) for one in value for key, inner in one.items()]


def couples(value: Sequence[Json]) -> list[Item]:
    """`[["Name", …], ["E-mail", …]]`: a label and its answer, each label another one."""
    if len(value) < 2 or not all(isinstance(one, list) and len(one) == 2 and _is_label(one[0]) for one in value):
        return []
    if len({one[0] for one in value}) != len(value):
        return []
    return [answered(title, one) for title, one in value]


def columns(value: Sequence[Mapping[str, Json]]) -> list[Item]:
    """Labels and answers under keys of any language, `[{"вопрос": "Имя", "ответ": "Анна"}, …]`.

    What tells is that one key has an e-mail address and other things, which no list of people or of goods has.
    """
    keys = list(value[0]) if value else []
    if len(value) < 2 or not 2 <= len(keys) <= _MOST_KEYS or any(list(one) != keys for one in value):
        return []
    labels = next(
        (key for key in keys if len({str(one[key]) for one in value if _is_asked(one[key])}) == len(value)), ""
    )
    for key in keys:
        addresses = sum(isinstance(said := _only(one[key]), str) and "@" in said for one in value)
        if labels and key != labels and 0 < addresses < len(value):
            return [answered(one[labels], one[key]) for one in value]
    return []


def _only(value: Json) -> Json:
    """What a list of one holds: some builders put each answer in one."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _is_asked(value: Json) -> bool:
    return _is_label(value) and "@" not in value and any(character.isalpha() for character in value)


def _is_label(value: Json) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST_LABEL
