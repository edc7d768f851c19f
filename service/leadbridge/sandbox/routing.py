"""From a method and path to the handler."""

from collections.abc import Iterable
from typing import Final, Generic, TypeVar

Handler = TypeVar("Handler")
_ID: Final = "{id}"


class Routes(Generic[Handler]):
    """A table of routes whose patterns may hold `{id}`; a pattern without one goes before those with."""

    def __init__(self, routes: Iterable[tuple[str, str, Handler]]) -> None:
        self._exact: dict[tuple[str, str], Handler] = {}
        self._by_length: dict[tuple[str, int], list[tuple[list[str], Handler]]] = {}
        self.listed: list[tuple[str, str]] = []  # every method and pattern, in the order given
        for method, pattern, handler in routes:
            self.listed.append((method, pattern))
            if _ID not in pattern:
                self._exact[method, pattern] = handler
                continue
            segments = pattern.split("/")
            self._by_length.setdefault((method, len(segments)), []).append((segments, handler))

    def find(self, method: str, path: str) -> tuple[Handler, str] | None:
        """The handler and the first record id in the path (empty without one); None when there is no such route."""
        found = self.find_all(method, path)
        return None if found is None else (found[0], found[1][0] if found[1] else "")

    def find_all(self, method: str, path: str) -> tuple[Handler, tuple[str, ...]] | None:
        """The handler and every record id in the path, in order; None when there is no such route."""
        handler = self._exact.get((method, path))
        if handler is not None:
            return handler, ()
        segments = path.split("/")
        for pattern, handler in self._by_length.get((method, len(segments)), ()):
            if all(
                part == segment or (part == _ID and segment) for part, segment in zip(pattern, segments, strict=True)
            ):
                return handler, tuple(segment for part, segment in zip(pattern, segments, strict=True) if part == _ID)
        return None
