"""The same refusal again and again: a mistake of a route, and not of the leads that it sends."""

import re
from typing import Final, NamedTuple

ENOUGH: Final = 10  # refusals in a row that differ in nothing but their numbers
_DIGITS: Final = re.compile(r"\d+")


class _Row(NamedTuple):
    words: str
    length: int


class Refusals:
    """Counts, for each route of a lane, the identical refusals since its last delivered lead."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}

    def refused(self, route: str, *, status: int | None, words: str) -> bool:
        """A lead was refused for good; True when the route is to be held for it."""
        said = f"{status}: {_DIGITS.sub('0', words)}"
        row = self._rows.get(route)
        count = row.length + 1 if row is not None and row.words == said else 1
        self._rows[route] = _Row(said, count)
        return count >= ENOUGH

    def delivered(self, route: str) -> None:
        """A lead of the route went through."""
        self._rows.pop(route, None)
