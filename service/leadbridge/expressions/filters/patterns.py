"""Filters that look for patterns. Regular expressions run in linear time (RE2), so they cannot run away."""

from functools import lru_cache
from typing import Any, Final

import re2

from leadbridge.events import Json
from leadbridge.expressions.errors import ExpressionError, Unreadable
from leadbridge.expressions.filters.text import bounded, text_in
from leadbridge.expressions.registry import Filter
from leadbridge.expressions.values import MAX_TEXT

_MAX_PATTERN: Final = 1_000  # characters
_MAX_REPLACEMENTS: Final = 10_000


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The compiled pattern. Raises Unreadable with what is wrong.

    What it may say: https://github.com/google/re2/wiki/Syntax
    """
    if len(pattern) > _MAX_PATTERN:
        raise Unreadable(f"the pattern is longer than {_MAX_PATTERN:,} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20  # bytes; keeps big repetitions out
    try:
        return re2.compile(pattern, options=options)
    except (re2.error, UnicodeError) as error:
        reason = error.args[0] if error.args else "not a pattern"
        words = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise Unreadable(f"the pattern is no regular expression: {words}") from None


def _pattern(text: Json) -> Any:
    if not isinstance(text, str):
        raise ExpressionError("the pattern must be text")
    try:
        return compiled(text)
    except Unreadable as problem:
        raise ExpressionError(str(problem)) from None


def _regex(value: Json, pattern: Json, group: Json = None) -> str:
    expression = _pattern(pattern)
    wanted = (1 if expression.groups else 0) if group is None else group
    known = isinstance(wanted, str) and wanted in expression.groupindex
    if isinstance(wanted, bool) or not (known or (isinstance(wanted, int) and 0 <= wanted <= expression.groups)):
        raise ExpressionError("the pattern has no such group")
    found = expression.search(_searchable(value))
    return (found.group(wanted) or "") if found else ""


def _regex_replace(value: Json, pattern: Json, replacement: Json) -> str:
    text, new = _searchable(value), text_in(replacement)
    pieces: list[str] = []
    position = 0
    for count, found in enumerate(_pattern(pattern).finditer(text)):
        if count == _MAX_REPLACEMENTS or count * len(new) > MAX_TEXT:
            raise ExpressionError(f"`regex_replace` finds too much: at most {_MAX_REPLACEMENTS:,} places")
        pieces += (text[position : found.start()], new)
        position = found.end()
    return bounded("".join([*pieces, text[position:]]))


def _replace(value: Json, old: Json, new: Json) -> str:
    text, wanted, instead = text_in(value), text_in(old), text_in(new)
    if len(text) + text.count(wanted) * len(instead) > MAX_TEXT:
        raise ExpressionError(f"the result is longer than {MAX_TEXT:,} characters")
    return text.replace(wanted, instead)


def _searchable(value: Json) -> str:
    """The text, with what cannot be written as UTF-8 replaced: the engine of the patterns works on that."""
    return text_in(value).encode(errors="replace").decode()


FILTERS: Final = (
    Filter(
        name="regex",
        summary="What a regular expression finds: its first group, or the one asked for by number or name.",
        examples=(
            ("'Order #4711 of May' | regex('#([0-9]+)')", "4711"),
            ("'4711-AB' | regex('(?P<n>[0-9]+)-(?P<code>[A-Z]+)', group='code')", "AB"),
        ),
        function=_regex,
        checks={"pattern": compiled},
    ),
    Filter(
        name="regex_replace",
        summary="The text with everything that a regular expression finds replaced.",
        examples=(("'a1b22' | regex_replace('[0-9]+', '-')", "a-b-"),),
        function=_regex_replace,
        checks={"pattern": compiled},
    ),
    Filter(
        name="replace",
        summary="The text with every occurrence of another replaced, to the letter.",
        examples=(("'a.b.c' | replace('.', '/')", "a/b/c"),),
        function=_replace,
    ),
)
