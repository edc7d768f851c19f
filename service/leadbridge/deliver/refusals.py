"""The same refusal again and again: a mistake of a route, and not of the leads that it sends."""

import re
from typing import Final, NamedTuple

ENOUGH: Final = 10  # refusals in a row that differ in nothing but their numbers
TESTED_AFTER: Final = 900.0  # seconds since the last refusal until what comes in shows whether it would be refused
_DIGITS: Final = re.compile(r"\d+")


class _Row(NamedTuple):
    words: str
    length: int
    last: str  # with its numbers
    at: float  # monotonic seconds


class Refusals:
    """Counts, for each route of a lane, the identical refusals since its last delivered lead."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}

    def refused(self, route: str, *, status: int | None, words: str, now: float) -> str | None:
        """A lead was refused for good, at `now` (monotonic seconds); why its route is to be held for it, if so."""
        said = f"{status}: {_DIGITS.sub('0', words)}"
        row = self._rows.get(route)
        count = row.length + 1 if row is not None and row.words == said else 1
        self._rows[route] = _Row(said, count, words, now)
        return self.why_held(route, now=now)

    def why_held(self, route: str, *, now: float) -> str | None:
        """Why what comes in for a route would only be refused as well; None when it may be tried.

        It is tried now and then, so that a route whose mistake was mended in the CRM goes on. What a person or a
        canary let go is not asked for here: it goes, and with its success all that comes after it.
        """
        row = self._rows.get(route)
        if row is None or row.length < ENOUGH or now - row.at >= TESTED_AFTER:
            return None
        return f"the last leads of this route were all refused alike: {row.last}"

    def delivered(self, route: str) -> None:
        """A lead of the route went through."""
        self._rows.pop(route, None)
