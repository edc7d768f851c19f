"""Filters for lists: several values of one field."""

from typing import Final

from leadbridge.events import Json
from leadbridge.expressions.errors import ExpressionError
from leadbridge.expressions.filters.text import bounded, text_in
from leadbridge.expressions.registry import Filter
from leadbridge.expressions.values import text_of


def items_of(value: Json, separator: str = ",") -> list[Json]:
    """The items of a list, or the pieces of a text, without blank ones."""
    items = value if isinstance(value, list) else text_in("" if value is None else value).split(separator)
    trimmed = (item.strip() if isinstance(item, str) else item for item in items)
    return [item for item in trimmed if item not in (None, "")]


def _separator(text: Json) -> str:
    if not isinstance(text, str) or not text:
        raise ExpressionError("the separator must be a text that is not empty")
    return text


def _split(value: Json, sep: Json = ",") -> list[Json]:
    return items_of(value, _separator(sep))


def _join(value: Json, sep: Json = ", ") -> str:
    items = [text_of(item) for item in items_of(value)] if isinstance(value, list) else [text_in(value or "")]
    glue = text_in(sep)
    if len(glue) * len(items) > len(glue) + 100_000:
        raise ExpressionError("the result of `join` is too long")
    return bounded(glue.join(items))


def _first(value: Json) -> Json:
    return next(iter(items_of(value)), "") if isinstance(value, list) else text_of(value)[:1]


def _last(value: Json) -> Json:
    return next(reversed(items_of(value)), "") if isinstance(value, list) else text_of(value)[-1:]


def _length(value: Json) -> int:
    return len(value) if isinstance(value, list | dict) else len(text_of(value))


def _unique(value: Json) -> list[Json]:
    kept: dict[object, Json] = {}
    for item in items_of(value):
        kept.setdefault(text_of(item).casefold(), item)
    return list(kept.values())


FILTERS: Final = (
    Filter(
        name="split",
        summary="A text cut at a separator (a comma unless given); pieces are trimmed, blank ones left out.",
        examples=(("'red, green' | split", ["red", "green"]), ("'a;b' | split(';')", ["a", "b"])),
        function=_split,
        takes_all=True,
    ),
    Filter(
        name="join",
        summary="The items of a list as one text, with a separator between them (a comma and a space unless given).",
        examples=(("['a', 'b'] | join", "a, b"), ("['a', 'b'] | join('/')", "a/b")),
        function=_join,
        takes_all=True,
    ),
    Filter(
        name="first",
        summary="The first item of a list, or the first letter of a text.",
        examples=(("['a', 'b'] | first", "a"), ("'Ann' | first", "A")),
        function=_first,
        takes_all=True,
    ),
    Filter(
        name="last",
        summary="The last item of a list, or the last letter of a text.",
        examples=(("['a', 'b'] | last", "b"),),
        function=_last,
        takes_all=True,
    ),
    Filter(
        name="length",
        summary="How many items or letters there are.",
        examples=(("['a', 'b'] | length", 2), ("'Ann' | length", 3)),
        function=_length,
        takes_all=True,
    ),
    Filter(
        name="unique",
        summary="Every item once; capitals make no difference, the first spelling stays.",
        examples=(("['a', 'B', 'A'] | unique", ["a", "B"]),),
        function=_unique,
        takes_all=True,
    ),
)
