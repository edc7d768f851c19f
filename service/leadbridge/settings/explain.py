"""Pydantic's errors in plain words, at their places in the file, without the values they refuse."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from leadbridge.events import Json
from leadbridge.expressions.errors import TemplateError
from leadbridge.settings.choices import NOT_THERE, SAID
from leadbridge.settings.expression_words import expression_words
from leadbridge.settings.guesses import meant_option, planned
from leadbridge.settings.positions import Document, Spot
from leadbridge.settings.problem import Path, Problem
from leadbridge.settings.schema import Schema, options_at
from leadbridge.settings.wording import about, either, expected, words

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
    holders = {_option_of(one.path)[:-1] for one in meant}
    options = {path: options_at(schema, path, data) for path in holders}
    unknown = [one.path for one in meant if one.kind == "extra_forbidden"]
    misspelt = {(*path[:-1], meant_option(str(path[-1]), options[path[:-1]])) for path in unknown}
    return [
        _unknown_option(one.path, document, data=data, schema=schema)
        if one.kind == "extra_forbidden"
        else _problem(one, document, data=data, options=options[_option_of(one.path)[:-1]])
        for one in meant
        if not (one.kind in {"missing", NOT_THERE} and one.path in misspelt)  # it is there, under another name
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
        if all(one.path == where and expected(one.error) for errors in branches.values() for one in errors):
            plain += _joined([one for errors in branches.values() for one in errors])
        else:
            plain += _meant(min(branches.values(), key=partial(_distance, where)))
    return plain


def _distance(where: Path, errors: Sequence[_Found]) -> tuple[bool, int]:
    """How far the value is from a branch: another kind of value altogether, else the number of errors."""
    return any(one.path == where and one.kind not in {SAID, "value_error"} for one in errors), len(errors)


def _joined(errors: Sequence[_Found]) -> list[_Found]:
    """One error for a value that is no branch's kind."""
    wanted = list(dict.fromkeys(expected(one.error) for one in errors))
    first = errors[0]
    said: ErrorDetails = {**first.error, "type": SAID, "ctx": {"problem": f"must be {either(wanted)}", "hint": ""}}
    return [_Found(said, first.path)]


def _option_of(path: Path) -> Path:
    """The option that a value belongs to: an item of a list belongs to the list's."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    return path


def _problem(found: _Found, document: Document, *, data: Json, options: Mapping[str, Schema]) -> Problem:
    path, kind, ctx = found.path, found.kind, found.error.get("ctx", {})
    if found.error["loc"][-1:] == ("[key]",):
        return document.problem(path, "cannot be a name", hint=_NAME_HINT, at="key")
    name = str(_option_of(path)[-1]) if _option_of(path) else ""
    about_it = about(name, options.get(name, {}))
    if kind == NOT_THERE:
        return document.problem(path, str(ctx["problem"]), hint=_called_otherwise(path, data, options) + ctx["hint"])
    if kind == SAID:
        return document.problem(path, str(ctx["problem"]), hint=str(ctx["hint"]) or about_it)
    if kind == "value_error":
        return _refused_value(path, document, ctx["error"], data=data, about_it=about_it)
    problem, hint = words(found.error, _value(data, path), given=path in document.places)
    if not hint or problem == "has no value":
        hint = about_it or hint
    return document.problem(path, problem, hint=hint)


def _called_otherwise(path: Path, data: Json, options: Mapping[str, Schema]) -> str:
    """The beginning of a hint, where the option that is missing is there under another tool's word for it."""
    name, holder = str(path[-1]), _value(data, path[:-1])
    written = holder if isinstance(holder, dict) else {}
    other = next((one for one in written if one not in options and meant_option(one, [name]) == name), None)
    return f"`{other}` is called `{name}` here; " if other else ""


def _unknown_option(path: Path, document: Document, *, data: Json, schema: Schema) -> Problem:
    instead = planned(path)
    if instead:
        return document.problem(path, "is planned, and not in this version", hint=instead, at="key")
    wrong, holder = str(path[-1]), path[:-1]
    options = options_at(schema, holder, data)
    meant = meant_option(wrong, options)
    inside = [name for name in options if wrong in options_at(schema, (*holder, name), data)]
    if meant:
        hint = f"did you mean `{meant}`?"
    elif inside:
        hint = f"it belongs into {either(f'`{name}`' for name in inside)}"
    elif wrong in options_at(schema, holder[:-1], data) and holder:
        hint = f"it belongs beside `{holder[-1]}`, not into it"
    elif wrong.startswith(("x-", ".")):
        hint = "give the anchor to the first value that it stands for"
    else:
        hint = f"the options here: {', '.join(sorted(options))}"
    return document.problem(path, "unknown option", hint=hint, at="key")


def _refused_value(path: Path, document: Document, error: Exception, *, data: Json, about_it: str) -> Problem:
    """What a model of ours refuses in its own words, or an expression's parser."""
    problem, _, hint = str(error).partition("; ")
    if isinstance(error, TemplateError):
        text = _value(data, path)
        line = text.split("\n")[error.line - 1] if isinstance(text, str) else ""
        problem, hint = expression_words(str(error), line, error.column)
    if not hint and ": " not in problem:  # after a colon, it says itself what to do
        inside = isinstance(_value(data, path), dict)
        hint = f"see `{path[-1]}` in docs/configuration.md" if inside else about_it
    return document.problem(path, problem, hint=hint, at=_inside(document, path, error))


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
