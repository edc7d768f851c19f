"""A filter as a declared value: the engine, the checks at load and the documentation read the same one."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from leadbridge.events import Json
from leadbridge.expressions.context import CURRENT, Report
from leadbridge.expressions.errors import Unreadable
from leadbridge.expressions.values import plain, viewed


@dataclass(frozen=True)
class Filter:
    """One filter: `{{ value | name(…) }}`.

    `function` takes the value and then the arguments; it raises Unreadable for a value it cannot normalise, which
    is then kept as it came and reported. Unless `takes_all`, it is not asked about absent values (they stay absent)
    and is applied to each item of a list. `checks` look at arguments that are written out, when the configuration
    is read. `examples` are (expression, result).
    """

    name: str
    summary: str
    examples: tuple[tuple[str, Json], ...]
    function: Callable[..., Json]
    takes_all: bool = False
    checks: Mapping[str, Callable[[str], object]] = field(default_factory=dict)

    @cached_property
    def parameters(self) -> tuple[inspect.Parameter, ...]:
        """What may be written in the brackets."""
        return tuple(inspect.signature(self.function).parameters.values())[1:]

    def __call__(self, value: Any = None, *arguments: Any, **named: Any) -> Any:
        """What the engine calls; the value and the result are as the engine sees them."""
        if isinstance(value, str) and not value and not self.takes_all:
            return ""
        values = [plain(argument) for argument in arguments]
        by_name = {name: plain(argument) for name, argument in named.items()}
        return viewed(self._applied(plain(value), values, by_name))

    def _applied(self, value: Json, arguments: list[Json], named: dict[str, Json]) -> Json:
        if not self.takes_all:
            if value is None or (isinstance(value, str) and not value.strip()):
                return ""
            if isinstance(value, list):
                return [self._applied(item, arguments, named) for item in value]
        try:
            return self.function(value, *arguments, **named)
        except Unreadable as problem:
            CURRENT.evaluation.reports.append(Report(str(problem), value))
            return value
