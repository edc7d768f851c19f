"""Finding what a person named in the configuration among what the account has."""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """The one that has the name."""

    item: T


@dataclass(frozen=True, slots=True)
class Unfound:
    """Why there is not exactly one, as the end of a sentence about it."""

    why: str


def folded(text: str) -> str:
    """`text` as names are compared: without regard to case and spacing."""
    return " ".join(text.split()).casefold()


class Names(Generic[T]):
    """Items by their names, to be found in again and again. An item may stand under several names."""

    def __init__(self, named: Iterable[tuple[str, T]]) -> None:
        self._pairs = [(name, item) for name, item in named if name.strip()]
        self._exactly = _items_by(self._pairs)
        self._roughly = _items_by([(folded(name), item) for name, item in self._pairs])

    def find(self, wanted: str) -> Found[T] | Unfound:
        """The item called `wanted`: exactly so, else without regard to case and spacing.

        `Unfound` names the nearest ones, or says how many share the name.
        """
        hits = self._exactly.get(wanted) or self._roughly.get(folded(wanted), [])
        if len(hits) == 1:
            return Found(hits[0])
        return Unfound(f"{len(hits)} have that name") if hits else self._nearest(wanted)

    def _nearest(self, wanted: str) -> Unfound:
        spelled = {folded(name): (name, item) for name, item in reversed(self._pairs)}
        near = [spelled[name] for name in difflib.get_close_matches(folded(wanted), spelled, n=6, cutoff=0.6)]
        if near:
            return Unfound("did you mean " + " or ".join(_one_name_each(near)[:3]) + "?")
        some = ", ".join(_one_name_each(self._pairs)[:10])
        return Unfound(f"there are {some}" if some else "there are none")


def find(wanted: str, named: Iterable[tuple[str, T]]) -> Found[T] | Unfound:
    """The item called `wanted`, when the names are looked through only once."""
    return Names(named).find(wanted)


def _items_by(pairs: Iterable[tuple[str, T]]) -> Mapping[str, list[T]]:
    """The items under each name, equal ones once."""
    items: dict[str, list[T]] = defaultdict(list)
    for name, item in pairs:
        if item not in items[name]:
            items[name].append(item)
    return items


def _one_name_each(pairs: Iterable[tuple[str, T]]) -> list[str]:
    names: list[str] = []
    items: list[T] = []
    for name, item in pairs:
        if item not in items:
            names.append(f"`{name}`")
            items.append(item)
    return names
