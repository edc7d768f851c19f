"""A clock that moves only when a test says so."""

import asyncio
from dataclasses import dataclass, field


@dataclass
class ManualClock:
    """Wall time and monotonic time; `advance` moves both and wakes whoever waited long enough.

    Who waits for an event waits for it at once, as with the real clock: one that is set for a moment is not missed.
    """

    wall: int = 1_700_000_000_000  # milliseconds
    elapsed: float = 1_000.0  # seconds
    _sleepers: list[tuple[float, asyncio.Timeout]] = field(default_factory=list)

    def now(self) -> int:
        return self.wall

    def monotonic(self) -> float:
        return self.elapsed

    def advance(self, seconds: float) -> None:
        self.wall += round(seconds * 1000)
        self.elapsed += seconds
        for entry in [entry for entry in self._sleepers if entry[0] <= self.elapsed]:
            self._sleepers.remove(entry)
            entry[1].reschedule(asyncio.get_running_loop().time())

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        entry = None
        try:
            async with asyncio.timeout(None) as alarm:
                entry = (self.elapsed + (seconds if seconds is not None else float("inf")), alarm)
                self._sleepers.append(entry)
                return await event.wait()
        except TimeoutError:
            return False
        finally:
            if entry in self._sleepers:
                self._sleepers.remove(entry)

    async def pause(self, seconds: float) -> None:
        await self.wait(asyncio.Event(), seconds)
