"""Many small cases in one test, where a test for each would take longer than what it looks at."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest

Test = Callable[..., Any]
LONGEST = 60  # letters of a value in a case's name


class Failed(ExceptionGroup[Exception]):
    """Every case that failed."""


class _Walk:
    """What became of the cases so far."""

    def __init__(self) -> None:
        self._failed: list[Exception] = []

    @contextmanager
    def case(self, name: str) -> Iterator[None]:
        """Go on when it fails."""
        try:
            yield
        except (Exception, pytest.fail.Exception) as wrong:
            each = wrong.exceptions if isinstance(wrong, Failed) else [wrong]  # of a walk within this one
            self._failed += [AssertionError(f"[{name}] {one}").with_traceback(one.__traceback__) for one in each]

    def end(self) -> None:
        """Fail, if a case did."""
        if self._failed:
            raise Failed("what failed of the cases", self._failed)


def walked(
    names: str | Sequence[str],
    cases: Iterable[Any],
    *,
    ids: Callable[[Any], Any] | Iterable[str] = lambda value: f"{value!r:.{LONGEST}}",
) -> Callable[[Test], Test]:
    """As `pytest.mark.parametrize`, in one test: it walks all cases, and says of each that failed what was wrong.

    Fixtures, and what another `parametrize` gives, are the same for all cases.
    """
    of_one = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    given = [case if hasattr(case, "marks") else pytest.param(*(case if len(of_one) > 1 else [case])) for case in cases]
    if callable(ids):
        told = [str(case.id or "-".join(str(ids(value)) for value in case.values)) for case in given]
    else:
        told = list(ids)
    each = [(name, dict(zip(of_one, case.values, strict=True))) for name, case in zip(told, given, strict=True)]

    def make(test: Test) -> Test:
        asked = inspect.signature(test)

        @wraps(test)
        def walk(**fixtures: Any) -> None:
            assert each, "there is no case to walk"
            walk = _Walk()
            for name, case in each:
                with walk.case(name):
                    test(**fixtures, **case)
            walk.end()

        @wraps(test)
        async def walk_async(**fixtures: Any) -> None:
            assert each, "there is no case to walk"
            walk = _Walk()
            for name, case in each:
                with walk.case(name):
                    await test(**fixtures, **case)
            walk.end()

        made: Any = walk_async if inspect.iscoroutinefunction(test) else walk
        rest = [parameter for name, parameter in asked.parameters.items() if name not in of_one]
        made.__signature__ = asked.replace(parameters=rest)  # what pytest has to give
        return made  # type: ignore[no-any-return]

    return make
