"""What was worked out before and cannot have changed since: an adapter is asked for step after step of one plan."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, TypeVarTuple

Given = TypeVarTuple("Given")
R = TypeVar("R")


def remembering(most: int) -> Callable[[Callable[[*Given], R]], Callable[[*Given], R]]:
    """Keep the last `most` results of a pure function by the identity of its arguments, which live as long.

    Plans and answers are values that nobody writes to, but they hold dicts, so that `functools.lru_cache` cannot take
    them. The results are shared: they must not be written to either.
    """

    def decorated(function: Callable[[*Given], R]) -> Callable[[*Given], R]:
        kept: dict[tuple[int, ...], tuple[tuple[*Given], R]] = {}

        @wraps(function)
        def remembered(*given: *Given) -> R:
            key = tuple(map(id, given))
            known = kept.get(key)
            if known is not None:
                return known[1]
            made = function(*given)
            if len(kept) >= most:
                del kept[next(iter(kept))]
            kept[key] = given, made
            return made

        return remembered

    return decorated
