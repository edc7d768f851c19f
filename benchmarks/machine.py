"""What the figures were measured on, without saying whose machine it is."""

import os
import platform
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, Final

import apsw
from rich.console import Console

_LIBRARIES: Final = (
    "apsw",
    "uvicorn",
    "uvloop",
    "httptools",
    "starlette",
    "httpx",
    "httpx-aiohttp",
    "aiohttp",
    "orjson",
)
_BLOCK: Final = b"\0" * 4096  # a page of SQLite's


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Facts that a reader needs to compare figures."""

    cores: int  # that this process may use
    memory_gib: float
    fsync_us: float  # median of one appended and synced page, where the databases of this run are
    load_before: float  # the one-minute load average when the run began: other work makes the figures worthless
    system: str
    python: str
    libraries: dict[str, str]

    def document(self) -> dict[str, Any]:
        """The machine as JSON."""
        return asdict(self)


def look(folder: Path, *, syncs: int) -> Machine:
    """Look at this machine, and at the disk under `folder`."""
    return Machine(
        cores=_cores(),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        fsync_us=round(_fsync(folder / "fsync", syncs), 1),
        load_before=round(os.getloadavg()[0], 2),
        system=f"{platform.system()} {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        libraries={"sqlite": apsw.sqlite_lib_version(), **{name: version(name) for name in _LIBRARIES}},
    )


def print_machine(console: Console, machine: Machine) -> None:
    """Two lines above the table."""
    console.print(
        f"{machine.cores} cores, {machine.memory_gib} GiB, {machine.system}, {machine.python}; "
        f"fsync of a page {machine.fsync_us:.0f} µs; load before the run {machine.load_before}"
    )
    console.print(", ".join(f"{name} {number}" for name, number in machine.libraries.items()), style="dim")


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _fsync(path: Path, syncs: int) -> float:
    """Microseconds, the median of many."""
    taken = []
    with path.open("wb", buffering=0) as file:
        for _ in range(syncs):
            began = time.perf_counter()
            file.write(_BLOCK)
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - began) * 1e6)
    path.unlink()
    return median(taken)
