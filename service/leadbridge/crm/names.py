"""Finding what a person named in the configuration among what the account has."""

import difflib
from collections.abc import Iterable
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


def find(wanted: str, named: Iterable[tuple[str, T]]) -> Found[T] | Unfound:
    """The item called `wanted`: exactly so, else without regard to case and spacing.

    An item may stand under several names. `Unfound` names the nearest ones, or says how many share the name.
    """
    pairs = [(name, item) for name, item in named if name.strip()]
    for same in (lambda name: name == wanted, lambda name: folded(name) == folded(wanted)):
        hits: list[T] = []
        hits.extend(item for name, item in pairs if same(name) and item not in hits)
        if len(hits) == 1:
            return Found(hits[0])
        if hits:
            return Unfound(f"{len(hits)} have that name")
    spelled = {folded(name): (name, item) for name, item in reversed(pairs)}
    near = [spelled[name] for name in difflib.get_close_matches(folded(wanted), spelled, n=6, cutoff=0.6)]
    if near:
        return Unfound("did you mean " + " or ".join(_one_name_each(near)[:3]) + "?")
    some = ", ".join(_one_name_each(pairs)[:10])
    return Unfound(f"there are {some}" if some else "there are none")


def _one_name_each(pairs: Iterable[tuple[str, T]]) -> list[str]:
    names: list[str] = []
    items: list[T] = []
    for name, item in pairs:
        if item not in items:
            names.append(f"`{name}`")
            items.append(item)
    return names
