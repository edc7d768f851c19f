"""A configuration file to settings, or to every problem that it has."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path as FilePath
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from leadbridge.errors import UsageError
from leadbridge.events import Json
from leadbridge.settings.checks import Parts, cross_check
from leadbridge.settings.environment import Substituted, substitute
from leadbridge.settings.explain import explain
from leadbridge.settings.models import Settings, Source
from leadbridge.settings.positions import Document, read_document
from leadbridge.settings.problem import ConfigProblems, Path, Problem, in_order
from leadbridge.settings.route import Route
from leadbridge.settings.schema import Schema, json_schema
from leadbridge.settings.secret_texts import hidden, literal_secrets, without_secrets

Model = TypeVar("Model", bound=BaseModel)

_VERSION_DIGITS: Final = 12
_OTHER_VARIABLE: Final = re.compile(r"\$\w+|\$\(\w+\)|%\w+%|\{\{.*\}\}")  # as shells and other tools write one


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings that can be used, with what deserves a look.

    `version` is short and changes with what the file says: not with its comments or layout, nor with any secret.
    """

    settings: Settings
    warnings: tuple[Problem, ...]
    version: str


def load(path: FilePath, environ: Mapping[str, str]) -> Loaded:
    """The settings in the file at `path`, with `${NAME}` taken from `environ`.

    Raises:
        ConfigProblems: with every problem at once; also when the file is no text.
        UsageError: when there is no such file, or it cannot be read.

    """
    text = _read(path)
    if isinstance(text, Problem):
        raise ConfigProblems([text])
    return load_text(text, str(path), environ)


def load_text(text: str, name: str, environ: Mapping[str, str]) -> Loaded:
    """The settings that `text` says; `name` stands for the file in problems. Raises as `load` does."""
    document = read_document(text, file=name)
    if document.data is None and document.problems:
        raise ConfigProblems(document.problems)
    if not isinstance(document.data, Mapping):
        hint = "it begins with `version: 1`"
        raise ConfigProblems([document.problem((), "the file must be a mapping of options", hint=hint)])
    substituted = substitute(document, environ)
    literal = literal_secrets(document)
    settings = _validated(Settings, substituted.data)
    found = [
        *document.problems,
        *substituted.problems,
        *_literal_warnings(document, {path: text for path, text in literal.items() if path not in substituted.unset}),
    ]
    if isinstance(settings, Settings):
        found += cross_check(document, substituted.data, Parts.of(settings))
    else:
        explained = _explained(settings, document, substituted)
        refused = {problem.path for problem in explained if problem.path.startswith("routes")}
        crossed = cross_check(document, substituted.data, _valid_parts(substituted.data))
        # A route's text that is refused is not written as it stands, whatever a warning says of it.
        found += [*explained, *(one for one in crossed if one.severity == "error" or one.path not in refused)]
    told = in_order(hidden(one, literal=literal.values(), taken=substituted.taken) for one in found)
    errors = [problem for problem in told if problem.severity == "error"]
    warnings = tuple(problem for problem in told if problem.severity == "warning")
    if errors or not isinstance(settings, Settings):
        raise ConfigProblems(errors, warnings=warnings)
    return Loaded(settings=settings, warnings=warnings, version=_version(without_secrets(document.data, literal)))


def _read(path: FilePath) -> str | Problem:
    """The file's text, or why it is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or type(error).__name__}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", errors="replace")
    lines = re.split(r"\r\n|[\r\n]", before)
    return Problem(
        file=str(path),
        line=len(lines),
        column=len(lines[-1]) + 1,
        path="",
        problem="the file is not UTF-8 text",
        hint="save it as UTF-8",
    )


def _validated(model: type[Model], data: Json) -> Model | ValidationError:
    """The error as a value: raised on, it would carry the secrets it was made from into a traceback."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        return _without_frames(error)


def _without_frames(error: ValidationError) -> ValidationError:
    """The error without the tracebacks of itself and of what it holds, whose frames hold it in turn.

    Python's collector does not see into it, so that a file that was wrong would stay in memory.
    """
    for line in error.errors(include_url=False, include_input=False):
        held = line.get("ctx", {}).get("error")
        while isinstance(held, BaseException):
            held.__traceback__ = None
            held = held.__context__
    return error.with_traceback(None)


def _valid_parts(data: Json) -> Parts:
    sources, routes = data.get("sources"), data.get("routes")
    valid_sources = {
        name: _validated(Source, one) for name, one in (sources.items() if isinstance(sources, dict) else ())
    }
    valid_routes = {
        index: _validated(Route, one) for index, one in enumerate(routes if isinstance(routes, list) else ())
    }
    return Parts(
        sources={name: one for name, one in valid_sources.items() if isinstance(one, Source)},
        routes={index: one for index, one in valid_routes.items() if isinstance(one, Route)},
    )


def _explained(error: ValidationError, document: Document, substituted: Substituted) -> list[Problem]:
    """What is wrong with the values, but for those that have a problem already and are not what they will be."""
    told = document.broken | substituted.unset
    return explain(error, document, data=substituted.data, schema=_schema(), told=told)


@cache
def _schema() -> Schema:
    """Only read from here; making it takes longer than all the rest."""
    return json_schema()


def _literal_warnings(document: Document, literal: Mapping[Path, str]) -> Iterator[Problem]:
    for path, text in literal.items():
        hint = "write ${NAME} here and set NAME in the environment"
        if _OTHER_VARIABLE.fullmatch(text):
            hint = "only ${NAME} is taken from the environment: this text is itself the secret"
        yield document.problem(path, "a secret is written into the file", hint=hint, severity="warning")


def _version(data: Json) -> str:
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:_VERSION_DIGITS]
