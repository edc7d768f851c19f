"""A clock that moves only when a test says so."""

import asyncio
from dataclasses import dataclass, field


@dataclass
class ManualClock:
    """Wall time and monotonic time; `advance` moves both and wakes whoever waited long enough."""

    wall: int = 1_700_000_000_000  # milliseconds
    elapsed: float = 1_000.0  # seconds
    _sleepers: list[tuple[float, asyncio.Event]] = field(default_factory=list)

    def now(self) -> int:
        return self.wall

    def monotonic(self) -> float:
        return self.elapsed

    def advance(self, seconds: float) -> None:
        self.wall += round(seconds * 1000)
        self.elapsed += seconds
        for until, alarm in self._sleepers:
            if until <= self.elapsed:
                alarm.set()

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        alarm = asyncio.Event()
        entry = (self.elapsed + (seconds if seconds is not None else float("inf")), alarm)
        self._sleepers.append(entry)
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(alarm.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return waits[0].done()
        finally:
            self._sleepers.remove(entry)
            for waiting in waits:
                waiting.cancel()

    async def pause(self, seconds: float) -> None:
        await self.wait(asyncio.Event(), seconds)
