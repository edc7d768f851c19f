"""From a method and path to the handler, in one look-up."""

from collections.abc import Iterable
from typing import Generic, TypeVar

Handler = TypeVar("Handler")


class Routes(Generic[Handler]):
    """A table of routes whose patterns hold at most one `{id}`; a pattern without one goes before those with."""

    def __init__(self, routes: Iterable[tuple[str, str, Handler]]) -> None:
        self._exact: dict[tuple[str, str], Handler] = {}
        self._by_shape: dict[tuple[str, str, str], Handler] = {}
        for method, pattern, handler in routes:
            head, mark, tail = pattern.partition("{id}")
            if mark:
                self._by_shape[method, head, tail] = handler
            else:
                self._exact[method, pattern] = handler

    def find(self, method: str, path: str) -> tuple[Handler, str] | None:
        """The handler and the record id in the path (empty without one); None when there is no such route."""
        handler = self._exact.get((method, path))
        if handler is not None:
            return handler, ""
        segments = path.split("/")
        for place in range(2, len(segments)):
            if not segments[place]:
                continue
            head = "/".join(segments[:place]) + "/"
            tail = "".join(f"/{segment}" for segment in segments[place + 1 :])
            handler = self._by_shape.get((method, head, tail))
            if handler is not None:
                return handler, segments[place]
        return None
