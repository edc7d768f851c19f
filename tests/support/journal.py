"""A logger that remembers, and lets a test wait for what it is to see."""

import asyncio
from typing import Any

from tests.support.patience import PATIENCE


class Journal:
    """Stands where a structlog logger stands."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self._written = asyncio.Event()

    def _write(self, level: str, event: str, **facts: Any) -> None:
        self.lines.append({"event": event, "level": level, **facts})
        self._written.set()

    def debug(self, event: str, **facts: Any) -> None:
        self._write("debug", event, **facts)

    def info(self, event: str, **facts: Any) -> None:
        self._write("info", event, **facts)

    def warning(self, event: str, **facts: Any) -> None:
        self._write("warning", event, **facts)

    def error(self, event: str, **facts: Any) -> None:
        self._write("error", event, **facts)

    def exception(self, event: str, **facts: Any) -> None:
        self._write("exception", event, **facts)

    def find(self, event: str, **facts: Any) -> list[dict[str, Any]]:
        """The lines of this event with these facts."""
        return [
            line
            for line in self.lines
            if line["event"] == event and all(line.get(name) == value for name, value in facts.items())
        ]

    async def seen(self, event: str, *, count: int = 1, **facts: Any) -> list[dict[str, Any]]:
        """Wait until at least `count` such lines are written (10 s at the most, so that a broken test ends)."""
        async with asyncio.timeout(PATIENCE):
            while len(found := self.find(event, **facts)) < count:
                self._written.clear()
                await self._written.wait()
        return found
