"""Who uses the machine: this run's own processes, or others that have nothing to do with it."""

import os
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_OF_THE_KERNEL: Final = 2  # the process that its own threads belong to: what they write back may be ours
_BUSY: Final = (0, 1, 2, 7)  # in the first line of `/proc/stat`: user, nice, system, and what other guests took


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Processor time that was used until a moment, in seconds."""

    at: float  # monotonic seconds
    everybody: float
    ours: float

    def others_until(self, later: "Usage") -> float:
        """The share of all cores that others used from here to a later moment."""
        others = (later.everybody - self.everybody) - (later.ours - self.ours)
        return max(0.0, others / ((later.at - self.at) * (os.cpu_count() or 1)))


def usage() -> Usage | None:
    """What was used until now; None where the system does not tell."""
    try:
        line = (_PROC / "stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    except OSError:
        return None
    everybody = sum(int(line[place]) for place in _BUSY) / os.sysconf("SC_CLK_TCK")
    return Usage(at=time.monotonic(), everybody=everybody, ours=used_by(os.getpid(), _OF_THE_KERNEL) or 0.0)


def each(before: float | None, after: float | None, many: int) -> float | None:
    """Microseconds for each of so many, from processor seconds before and after; None where one is not known."""
    return None if before is None or after is None else (after - before) / many * 1e6


def used_by(*firsts: int) -> float | None:
    """Processor seconds of processes with all that they started, also of what ended; None where nobody tells."""
    children: dict[int, list[int]] = defaultdict(list)
    ticks: dict[int, int] = {}
    for number, parent, used in _processes():
        children[parent].append(number)
        ticks[number] = used
    if not ticks:
        return None
    total, left = 0, list(firsts)
    while left:
        number = left.pop()
        total += ticks.get(number, 0)
        left += children[number]
    return total / os.sysconf("SC_CLK_TCK")


def _processes() -> Iterator[tuple[int, int, int]]:
    """Each process with its parent and its ticks: its own, and those of its children that ended."""
    for path in _PROC.glob("[0-9]*"):
        try:
            stat = (path / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        yield int(path.name), int(stat[1]), sum(map(int, stat[11:15]))
