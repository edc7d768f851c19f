"""What is wrong with a configuration, where, and what to do about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from leadbridge.errors import ConfigError

Severity: TypeAlias = Literal["error", "warning"]
Path: TypeAlias = tuple[str | int, ...]  # keys and list positions, from the top of the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend. `line` and `column` count characters from 1; no field ever holds a secret."""

    file: str
    line: int
    column: int
    path: str  # `sources.website.verify`; empty where the file is no YAML at all
    problem: str
    hint: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}"
        said = f"{self.problem}; {self.hint}" if self.hint else self.problem
        return f"{place}: {self.path}: {said}" if self.path else f"{place}: {said}"


class ConfigProblems(ConfigError):
    """The configuration cannot be used. Its text is every problem, a line each, in the order of the file."""

    def __init__(self, problems: Sequence[Problem], *, warnings: Sequence[Problem] = ()) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
        self.warnings = tuple(warnings)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems by their place in the file, each once."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda one: (one.line, one.column, one.path, one.problem)))
