"""Pydantic's errors in plain words, at their places in the file, without the values they refuse."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from leadbridge.events import Json
from leadbridge.settings.choices import NOT_THERE, SAID, advice, near
from leadbridge.settings.positions import Document, Spot
from leadbridge.settings.problem import Path, Problem
from leadbridge.settings.schema import Schema, options_at

_Context = Mapping[str, Any]

_KINDS: Final = {  # by the beginning of pydantic's error type: what must stand there
    "string_type": "text",
    "int_": "a whole number",
    "float_": "a number",
    "finite_number": "a number",
    "decimal_": "a number",
    "bool_": "true or false",
    "none_required": "empty",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping of options",
    "mapping_type": "a mapping of options",
    "model_type": "a mapping of options",
    "model_attributes_type": "a mapping of options",
    "dataclass_type": "a mapping of options",
    "url_": "an address such as https://example.com",
    "ip_any_network": "a network such as 10.0.0.0/8",
    "ip_v4_network": "a network such as 10.0.0.0/8",
    "ip_v6_network": "a network such as 10.0.0.0/8",
}
_BOUNDS: Final[Mapping[str, Callable[[_Context], str]]] = {
    "greater_than": lambda said: f"more than {said['gt']:g}",
    "greater_than_equal": lambda said: f"at least {said['ge']:g}",
    "less_than": lambda said: f"less than {said['lt']:g}",
    "less_than_equal": lambda said: f"at most {said['le']:g}",
    "too_long": lambda said: f"at most {said['max_length']} items",
    "string_too_long": lambda said: f"at most {said['max_length']} characters",
}
_OF_AN_OPTION: Final = frozenset({"extra_forbidden", "string_pattern_mismatch"})  # need to know what is allowed
_QUOTE_HINT: Final = "put quotes round it"
_NAME_HINT: Final = "a name has up to 63 of a-z, 0-9, - and _, and begins with a letter or digit"


@dataclass(frozen=True, slots=True)
class _Found:
    """One of pydantic's errors: where in the file, and which branches of unions it was found in."""

    error: ErrorDetails
    path: Path
    tags: tuple[tuple[Path, str], ...] = field(default=())  # (where the union stands, the branch)

    @property
    def kind(self) -> str:
        return self.error["type"]


def explain(
    error: ValidationError, document: Document, *, data: Json, schema: Schema, told: Collection[Path]
) -> list[Problem]:
    """Every error once, at its place; of a value that may have several shapes, only those of the shape meant.

    The values at `told` have a problem already, so what follows from it is left out.
    """
    found = [_locate(one, data) for one in error.errors(include_url=False, include_input=False)]
    meant = [one for one in _meant(found) if not any(_follows(one, path) for path in told)]
    asked = {one.path for one in meant if one.kind in _OF_AN_OPTION}
    options = {path: options_at(schema, path[:-1], data) for path in asked}
    unknown = [one.path for one in meant if one.kind == "extra_forbidden"]
    misspelt = {(*path[:-1], near(str(path[-1]), options[path])) for path in unknown}  # what was meant is not missing
    return [
        _problem(one, document, data=data, options=options.get(one.path, {}))
        for one in meant
        if not (one.kind == "missing" and one.path in misspelt)
        and not (one.kind == "too_short" and _value(data, one.path))  # pydantic counts the valid items alone
    ]


def _follows(found: _Found, told: Path) -> bool:
    """Whether the error may come from the value at `told`: it is inside it, or judges what it is a part of."""
    inside = found.path[: len(told)] == told
    return inside or (found.kind in {SAID, "value_error"} and told[: len(found.path)] == found.path)


def _locate(error: ErrorDetails, data: Json) -> _Found:
    missing = error["type"] in {"missing", NOT_THERE}
    path, tags = _walk(error["loc"], data, (), missing=missing) or ((), ())
    return _Found(error, path, tags)


def _walk(
    loc: Sequence[str | int], node: Json, path: Path, *, missing: bool
) -> tuple[Path, tuple[tuple[Path, str], ...]] | None:
    """The path in the file that `loc` means; what is in no place of the file names a branch of a union."""
    if not loc:
        return None if missing else (path, ())
    step, rest = loc[0], loc[1:]
    inside = _step(node, step)
    if inside is not None:
        further = _walk(rest, inside[0], (*path, step), missing=missing)
        if further is not None:
            return further
    if missing and not rest:
        return (*path, step), ()
    skipped = _walk(rest, node, path, missing=missing)
    return skipped and (skipped[0], ((path, str(step)), *skipped[1]))


def _step(node: Json, step: str | int) -> tuple[Json] | None:
    if isinstance(node, dict) and step in node:
        return (node[step],)
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return (node[step],)
    return None


def _meant(found: Sequence[_Found]) -> list[_Found]:
    """`found` without the errors of union branches that were not meant."""
    plain = [one for one in found if not one.tags]
    unions: dict[Path, dict[str, list[_Found]]] = defaultdict(lambda: defaultdict(list))
    for one in found:
        if one.tags:
            (where, branch), *deeper = one.tags
            unions[where][branch].append(_Found(one.error, one.path, tuple(deeper)))
    for where, branches in unions.items():
        if all(one.path == where and _expected(one) for errors in branches.values() for one in errors):
            plain += _joined([one for errors in branches.values() for one in errors])
        else:
            plain += _meant(min(branches.values(), key=partial(_distance, where)))
    return plain


def _distance(where: Path, errors: Sequence[_Found]) -> tuple[bool, int]:
    """How far the value is from a branch: another kind of value altogether, else the number of errors."""
    return any(one.path == where and one.kind not in {SAID, "value_error"} for one in errors), len(errors)


def _joined(errors: Sequence[_Found]) -> list[_Found]:
    """One error for a value that is no branch's kind."""
    expected = list(dict.fromkeys(_expected(one) for one in errors))
    first = errors[0]
    said: ErrorDetails = {**first.error, "type": SAID, "ctx": {"problem": f"must be {_either(expected)}", "hint": ""}}
    return [_Found(said, first.path)]


def _expected(found: _Found) -> str:
    """What must stand there, as the end of "must be …"; empty when the error is of another sort."""
    if found.kind in {"literal_error", "enum"}:
        return _either(
            f"`{one}`"
            for one in re.findall(r"'([^']*)'|(\b\d+\b)", found.error["ctx"]["expected"])
            for one in one
            if one
        )
    if found.kind in _BOUNDS:
        return _BOUNDS[found.kind](found.error["ctx"])
    return next((words for start, words in _KINDS.items() if found.kind.startswith(start)), "")


def _either(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _problem(found: _Found, document: Document, *, data: Json, options: Mapping[str, Schema]) -> Problem:
    path, kind, ctx = found.path, found.kind, found.error.get("ctx", {})
    if found.error["loc"][-1:] == ("[key]",):
        return document.problem(path, "cannot be a name", hint=_NAME_HINT, at="key")
    if kind == "extra_forbidden":
        hint = advice(str(path[-1]), options, what="the options here")
        return document.problem(path, "unknown option", hint=hint, at="key")
    if kind in {SAID, NOT_THERE}:
        return document.problem(path, str(ctx["problem"]), hint=str(ctx["hint"]))
    if kind == "value_error":
        return document.problem(path, str(ctx["error"]), at=_inside(document, path, ctx["error"]))
    problem, hint = _words(
        found, _value(data, path), given=path in document.places, option=options.get(str(path[-1]), {})
    )
    return document.problem(path, problem, hint=hint)


def _words(found: _Found, value: Json, *, given: bool, option: Schema) -> tuple[str, str]:
    """Problem and hint for an error that is pydantic's own."""
    expected = _expected(found)
    if found.kind == "missing":
        return "is missing", ""
    if found.kind in {"too_short", "string_too_short"}:
        return "must not be empty", ""
    if value is None and given:
        return "has no value", f"it must be {expected}" if expected else ""
    if found.kind == "string_pattern_mismatch":
        takes = re.split(r"[;.](?:\s|$)", option.get("description", ""), maxsplit=1)[0]
        return "is not written as it must be", f"it takes: {takes}" if takes else ""
    if not expected:
        return _in_plain_words(found.error["msg"]), ""
    is_other_scalar = found.kind == "string_type" and isinstance(value, bool | int | float)
    return f"must be {expected}", _QUOTE_HINT if is_other_scalar else ""


def _in_plain_words(message: str) -> str:
    """A rarer error of pydantic's: its sentences name what must be there and never the value."""
    plain = message.replace("Input should", "must").replace("String should", "must").replace("Value should", "must")
    return plain[:1].lower() + plain[1:]


def _inside(document: Document, path: Path, error: Exception) -> Spot | None:
    """The spot within a one-line text that a compile error names."""
    within = document.place(path).within
    line, column = getattr(error, "line", None), getattr(error, "column", None)
    if path not in document.places or within is None or line != 1 or not isinstance(column, int):
        return None
    return Spot(within.line, within.column + column - 1)


def _value(data: Json, path: Path) -> Json:
    for step in path:
        inside = _step(data, step)
        if inside is None:
            return None
        data = inside[0]
    return data
