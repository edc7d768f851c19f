"""Which texts of a configuration are secrets: said by the models' types, found in the file also where it is wrong."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, get_args

from pydantic import BaseModel, SecretStr

from leadbridge.crm.registry import CRMS
from leadbridge.events import Json
from leadbridge.masking import MASK
from leadbridge.settings.environment import has_variable
from leadbridge.settings.fetching import Fetching
from leadbridge.settings.models import SCHEMES
from leadbridge.settings.positions import Document
from leadbridge.settings.problem import Path, Problem

_SHORTEST: Final = 4  # shorter texts would blacken words that have nothing to do with them


def secret_options(models: Iterable[type[BaseModel]]) -> frozenset[str]:
    """The names of the options, at any depth, whose type is a secret."""
    return frozenset(name for model in models for name in _secret_options(model))


def literal_secrets(document: Document) -> dict[Path, str]:
    """The secrets that are written into the file itself, by place."""
    options = secret_options([*SCHEMES.values(), Fetching, *(kind.settings for kind in CRMS.values())])
    return {
        path: text
        for path, text in _texts(document.data, ())
        if path[:1] in {("sources",), ("destinations",)}
        and options.intersection(path[2:])
        and text.strip()
        and not has_variable(text)
    }


def without_secrets(data: Json, secrets: Mapping[Path, str]) -> Json:
    """`data` with the texts at the places of `secrets` replaced by dots."""
    return _without(data, secrets, ())


def hidden(problem: Problem, *, literal: Iterable[str], taken: Mapping[str, str]) -> Problem:
    """`problem` without any secret of the file, and with `${NAME}` for what came from the environment."""
    known = dict.fromkeys(literal, MASK) | {value: f"${{{name}}}" for name, value in taken.items()}
    for secret, instead in sorted(known.items(), key=lambda one: -len(one[0])):  # one may be a part of another
        if len(secret) >= _SHORTEST:
            problem = replace(
                problem,
                problem=problem.problem.replace(secret, instead),
                hint=problem.hint.replace(secret, instead),
            )
    return problem


def _secret_options(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        types = list(_types(field.annotation))
        if any(isinstance(one, type) and issubclass(one, SecretStr) for one in types):
            yield field.alias or name
        for one in types:
            if isinstance(one, type) and issubclass(one, BaseModel):
                yield from _secret_options(one)


def _types(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from _types(argument)


def _texts(data: Json, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, dict):
        for key, item in data.items():
            yield from _texts(item, (*path, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _texts(item, (*path, index))


def _without(data: Json, secrets: Mapping[Path, str], path: Path) -> Json:
    if path in secrets:
        return MASK
    if isinstance(data, dict):
        return {key: _without(item, secrets, (*path, key)) for key, item in data.items()}
    if isinstance(data, list):
        return [_without(item, secrets, (*path, index)) for index, item in enumerate(data)]
    return data
