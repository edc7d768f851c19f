"""A family of numbers, and how it grows.

Plain dictionaries without locks: everything is counted on the thread of the event loop. The locks and look-ups of a
library's counters would be a tenth of what an accept costs (docs/decisions/0013-metrics.md).
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Labels: TypeAlias = tuple[str, ...]
Kind: TypeAlias = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What Prometheus calls a metric: its name, what its labels are called, and what it tells."""

    name: str
    kind: Kind
    about: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()  # of a histogram's buckets, upper ones, rising


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How many fell under each bound, the last one being infinite, and their sum."""

    counts: tuple[int, ...]
    total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A family as it was at one moment; labels stand in its order. Histograms have spreads, all others numbers."""

    family: Family
    numbers: Mapping[Labels, float]
    spreads: Mapping[Labels, Spread]


Snapshots: TypeAlias = Sequence[Snapshot]


class Counter:
    """Counts how often something happened."""

    def __init__(self, family: Family, *, known: Iterable[Labels] = ()) -> None:
        """`known` labels are shown from the start: of a series that begins with 1, no increase is seen."""
        self._family = family
        self._values: dict[Labels, int] = dict.fromkeys(known, 0)

    def add(self, *labels: str) -> None:
        """It happened once more, under these labels."""
        self._values[labels] = self._values.get(labels, 0) + 1

    def snapshot(self) -> Snapshot:
        """The numbers of this moment; what is counted later does not change them."""
        return Snapshot(family=self._family, numbers=dict(self._values), spreads={})


class Histogram:
    """Counts how long something took."""

    def __init__(self, family: Family, *, known: Iterable[Labels] = ()) -> None:
        """`known` labels are shown from the start."""
        self._family = family
        self._bounds = family.bounds
        self._counts: dict[Labels, list[int]] = {}
        self._totals: dict[Labels, float] = {}
        for labels in known:
            self._begin(labels)

    def add(self, seconds: float, *labels: str) -> None:
        """It took so long, under these labels."""
        counts = self._counts.get(labels) or self._begin(labels)
        counts[bisect_left(self._bounds, seconds)] += 1
        self._totals[labels] += seconds

    def snapshot(self) -> Snapshot:
        """The numbers of this moment; what is counted later does not change them."""
        spreads = {
            labels: Spread(counts=tuple(counts), total=self._totals[labels]) for labels, counts in self._counts.items()
        }
        return Snapshot(family=self._family, numbers={}, spreads=spreads)

    def _begin(self, labels: Labels) -> list[int]:
        counts = self._counts[labels] = [0] * (len(self._bounds) + 1)
        self._totals[labels] = 0.0
        return counts


def gauge(family: Family, numbers: Mapping[Labels, float]) -> Snapshot:
    """Numbers that were just looked at."""
    return Snapshot(family=family, numbers=numbers, spreads={})
