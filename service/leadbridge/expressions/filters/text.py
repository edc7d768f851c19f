"""Filters for plain text."""

from typing import Final

from leadbridge.events import Json
from leadbridge.expressions.errors import ExpressionError, Unreadable
from leadbridge.expressions.registry import Filter
from leadbridge.expressions.values import MAX_TEXT, json_of, text_of


def text_in(value: Json) -> str:
    """`value` as one text. Raises Unreadable for a mapping, which is none."""
    if isinstance(value, dict):
        raise Unreadable("is a group of values and not one")
    return text_of(value)


def bounded(text: str) -> str:
    """`text`, or ExpressionError when it is longer than a value may be."""
    if len(text) > MAX_TEXT:
        raise ExpressionError(f"the result is longer than {MAX_TEXT:,} characters")
    return text


def _trim(value: Json) -> str:
    return text_in(value).strip()


def _lower(value: Json) -> str:
    return text_in(value).lower()


def _upper(value: Json) -> str:
    return text_in(value).upper()


def _string(value: Json) -> str:
    return text_of(value)


def _default(value: Json, fallback: Json) -> Json:
    blank = value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())
    return fallback if blank else value


def _round(value: Json, digits: Json = 0) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable("is no number; `| number` reads one from text")
    if isinstance(digits, bool) or not isinstance(digits, int) or not -20 <= digits <= 20:
        raise ExpressionError("`round` takes the number of digits, from -20 to 20")
    return round(value, digits) if digits else round(value)


def _tojson(value: Json) -> str:
    return bounded(json_of(value))


FILTERS: Final = (
    Filter(
        name="trim",
        summary="Without white space at either end.",
        examples=(("'  Ann ' | trim", "Ann"),),
        function=_trim,
    ),
    Filter(name="lower", summary="In small letters.", examples=(("'ANN' | lower", "ann"),), function=_lower),
    Filter(name="upper", summary="In capitals.", examples=(("'tx' | upper", "TX"),), function=_upper),
    Filter(
        name="string",
        summary="As text: lists joined with a comma, groups as JSON.",
        examples=(("12 | string", "12"), ("['a', 'b'] | string", "a, b")),
        function=_string,
        takes_all=True,
    ),
    Filter(
        name="default",
        summary="Another value where this one is absent, blank or empty.",
        examples=(("fields.missing | default('none given')", "none given"), ("'Ann' | default('x')", "Ann")),
        function=_default,
        takes_all=True,
    ),
    Filter(
        name="round",
        summary="A number rounded to so many digits after the point (none unless given).",
        examples=(("2.567 | round(1)", 2.6), ("2.6 | round", 3)),
        function=_round,
    ),
    Filter(
        name="tojson",
        summary="As JSON text.",
        examples=(("['a', 1] | tojson", '["a",1]'),),
        function=_tojson,
        takes_all=True,
    ),
)
