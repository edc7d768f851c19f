"""What a run says: one row for each budget, with what was measured, the target, and whether it is met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import median
from typing import Any, Final, Literal, TypeAlias

from rich.console import Console
from rich.table import Table

Unit: TypeAlias = Literal["ratio", "µs", "ms", "s", "MB", "calls", "slots", "429s"]
_LIMIT: Final = {"at least": "≥", "at most": "≤", "exactly": "="}
_DECIMALS: Final = {"ratio": 2, "µs": 0, "ms": 1, "s": 2, "MB": 0, "calls": 2, "slots": 2, "429s": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the design asks for."""

    limit: Literal["at least", "at most", "exactly"]
    value: float

    def met(self, measured: float) -> bool:
        """Whether a figure is good enough; judged as it was measured, not as it is printed."""
        match self.limit:
            case "at least":
                return measured >= self.value
            case "at most":
                return measured <= self.value
            case _:
                return measured == self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `ratio` compares two measurements of this run; every other unit is an absolute value of this machine.

    Without a target it is printed for comparison alone. `about` holds the absolute figures behind it, `samples` the
    rounds it is the median of.
    """

    key: str
    what: str
    value: float
    unit: Unit
    target: Target | None = None
    about: Mapping[str, float] = field(default_factory=dict)
    samples: Sequence[float] = ()
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        return None if self.target is None else self.target.met(self.value)

    def document(self) -> dict[str, Any]:
        """The row as JSON."""
        target = None if self.target is None else {"limit": self.target.limit, "value": self.target.value}
        return {
            "key": self.key,
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "absolute": self.unit != "ratio",
            "target": target,
            "met": self.met,
            "about": dict(self.about),
            "samples": list(self.samples),
            "note": self.note,
        }


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least `share` of all samples do not exceed (nearest rank)."""
    ordered = sorted(samples)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def ratios(ours: Sequence[float], bare: Sequence[float]) -> list[float]:
    """Round by round, so that a slow moment of the machine is in both halves of its ratio."""
    return [one / other for one, other in zip(ours, bare, strict=True)]


def median_row(key: str, what: str, *, samples: Sequence[float], unit: Unit = "ratio", **more: Any) -> Row:
    """A row whose figure is the median of its rounds."""
    return Row(key=key, what=what, value=median(samples), unit=unit, samples=samples, **more)


def print_rows(console: Console, rows: Sequence[Row]) -> None:
    """The table."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("what", overflow="fold")
    for heading in ("measured", "target"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("met", no_wrap=True)
    table.add_column("behind it", overflow="fold", style="dim")
    for row in rows:
        table.add_row(row.what, figure(row), wanted(row), verdict(row), behind(row))
    console.print(table)


def figure(row: Row) -> str:
    """The figure with its unit; `×` marks a ratio."""
    said = f"{row.value:.{_DECIMALS[row.unit]}f}"
    return f"× {said}" if row.unit == "ratio" else f"{said} {row.unit}"


def wanted(row: Row) -> str:
    """The target."""
    return "" if row.target is None else f"{_LIMIT[row.target.limit]} {row.target.value:g}"


def verdict(row: Row) -> str:
    """Whether it is met."""
    return {True: "yes", False: "NO", None: "–"}[row.met]


def behind(row: Row) -> str:
    """The absolute figures, and how far the rounds of a ratio lie apart."""
    parts = [f"{name} {value:,.{_places(value)}f}" for name, value in row.about.items()]
    if len(row.samples) > 1 and row.unit == "ratio":
        first, last = percentile(row.samples, 0.25), percentile(row.samples, 0.75)
        parts.append(f"half from {first:.2f} to {last:.2f}, all from {min(row.samples):.2f} to {max(row.samples):.2f}")
    return "; ".join([*parts, *([row.note] if row.note else [])])


def _places(value: float) -> int:
    return 0 if value >= 100 or value == int(value) else 2
