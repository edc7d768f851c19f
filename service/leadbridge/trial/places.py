"""Where the rules of a configuration stand, and how they are written there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from leadbridge.events import Json
from leadbridge.settings.positions import Document
from leadbridge.settings.problem import Path

_INDEX: Final = re.compile(r"\[([0-9]+)\]$")


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The routes of one configuration file, as read."""

    document: Document

    def find(self, route: int, path: str) -> tuple[str, Json] | None:
        """`file:line:col` of the rule at `path` in the route of this index, and the rule as written.

        Variables stand there by their names. None for what the file does not say.
        """
        for candidate in _candidates(path):
            whole = ("routes", route, *candidate)
            place = self.document.places.get(whole)
            if place is not None:
                return f"{self.document.file}:{place.value.line}:{place.value.column}", self._written(whole)
        return None

    def target(self, route: int, path: str) -> str:
        """What the rule at `path` fills: `email`, `address.city`, `custom_fields.Budget`, `tags.add`."""
        head, _, rest = path.partition(".")
        if head == "custom_fields" and ("routes", route, head, rest) in self.document.places:
            return path  # also of a field whose name ends like an index
        return _INDEX.sub("", path).removeprefix("lead.")

    def _written(self, path: Path) -> Json:
        at: Json = self.document.data
        for step in path:
            at = at[step]
        return at


def _candidates(path: str) -> Iterator[Path]:
    """The places that a path of the mapping may mean: a list may be written as one value, `tags: {add}` as a list."""
    found = _INDEX.search(path)
    bare = path if found is None else path[: found.start()]
    index = () if found is None else (int(found[1]),)
    head, _, rest = bare.partition(".")
    named: Path = (head, rest) if head == "custom_fields" else tuple(bare.split("."))
    yield (*named, *index)
    yield named
    if head == "custom_fields":
        yield (head, path.partition(".")[2])  # a field whose name ends like an index
    if head == "tags":
        yield ("tags", *index)
        yield ("tags",)
