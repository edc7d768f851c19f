"""`${NAME}` in the configuration's text, replaced from the environment.

What the environment says is text and stays text: it is not read as YAML, not searched for `${…}` again, and cannot
become part of an expression.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from leadbridge.events import Json
from leadbridge.settings.positions import Document
from leadbridge.settings.problem import Path, Problem

_REFERENCE: Final = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{")
_WITH_DEFAULT: Final = re.compile(r"\$\{\w+:?[-=?+]")
_EXPRESSION: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_OPENING: Final = re.compile(r"\{[{%#]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Substituted:
    """The configuration's values with the environment's in place, and what was taken from it."""

    data: Json
    problems: tuple[Problem, ...]
    unset: frozenset[Path]  # values that could not be filled in: what else is wrong with them is not known yet
    taken: Mapping[str, str] = field(repr=False)  # by variable; may be secrets


def has_variable(text: Json) -> bool:
    """Whether `text` takes something from the environment."""
    return isinstance(text, str) and any(match[1] for match in _REFERENCE.finditer(text))


def substitute(document: Document, environ: Mapping[str, str]) -> Substituted:
    """Fill in every `${NAME}`; `$${` is a literal `${`. A variable that is unset or empty is a problem."""
    filling = _Filling(document, environ)
    data = filling.value(document.data, ())
    return Substituted(
        data=data,
        problems=tuple(filling.problems),
        unset=frozenset(filling.unset),
        taken=filling.taken,
    )


class _Filling:
    """One walk over the values."""

    def __init__(self, document: Document, environ: Mapping[str, str]) -> None:
        self.document = document
        self.environ = environ
        self.problems: list[Problem] = []
        self.unset: set[Path] = set()
        self.taken: dict[str, str] = {}

    def value(self, value: Json, path: Path) -> Json:
        if isinstance(value, dict):
            return {key: self.value(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, str) and "${" in value:
            return self.text(value, path)
        return value

    def text(self, text: str, path: Path) -> str:
        if _may_hold_expressions(path) and any(has_variable(part) for part in _EXPRESSION.findall(text)):
            self.say(path, "a variable cannot stand inside an expression", "write it beside the `{{ … }}`")
            return text
        filled = _REFERENCE.sub(lambda match: self.reference(match, path), text)
        if _may_hold_expressions(path) and len(_OPENING.findall(filled)) != len(_OPENING.findall(text)):
            problem = "a variable's value holds `{{`, `{%` or `{#`, which would be read as an expression"
            self.say(path, problem, "take the braces out of the variable, and write the expression here")
            return text
        return filled

    def reference(self, match: re.Match[str], path: Path) -> str:
        if match[0] == "$${":
            return "${"
        name = match[1]
        if name is None:
            hint = "write `$${` for a literal `${`"
            if _WITH_DEFAULT.match(match.string, match.start()):
                hint = "there are no defaults here: write `${NAME}` alone"
            self.say(path, "after `${` comes a variable's name and `}`", hint)
            return match[0]
        found = self.environ.get(name)
        if not found:
            state = "not set" if found is None else "empty"
            self.say(path, f"environment variable `{name}` is {state}", "set it before the start")
            return match[0]
        if not _is_text(found):
            self.say(path, f"environment variable `{name}` is not UTF-8 text", "set it again, in a UTF-8 locale")
            return match[0]
        self.taken[name] = found
        return found

    def say(self, path: Path, problem: str, hint: str = "") -> None:
        self.problems.append(self.document.problem(path, problem, hint=hint))
        self.unset.add(path)


def _may_hold_expressions(path: Path) -> bool:
    return path[:1] == ("routes",) or path[-1:] == ("dedupe",)


def _is_text(value: str) -> bool:
    """False for bytes that the operating system passed on undecoded."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value
