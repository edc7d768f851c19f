"""Finding records by what they hold, without looking through all of them."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Id = TypeVar("Id", bound=Hashable)


class Index(Generic[Id]):
    """Which records hold a key, in the order in which they came to hold it."""

    def __init__(self) -> None:
        self._ids: dict[Hashable, dict[Id, None]] = {}

    def ids(self, key: Hashable) -> tuple[Id, ...]:
        """The records that hold `key`."""
        return tuple(self._ids.get(key, ()))

    def move(self, record: Id, *, before: Iterable[Hashable], after: Iterable[Hashable]) -> None:
        """`record` held the keys `before` and now holds those of `after`."""
        gone, new = dict.fromkeys(before), dict.fromkeys(after)
        for key in gone:
            if key not in new:
                self._remove(key, record)
        for key in new:
            if key not in gone:
                self._ids.setdefault(key, {})[record] = None

    def _remove(self, key: Hashable, record: Id) -> None:
        holders = self._ids[key]
        del holders[record]
        if not holders:
            del self._ids[key]
