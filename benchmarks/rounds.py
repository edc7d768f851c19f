"""Rounds: what is compared is measured once in each, and rounds that other work disturbed are left out."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Generic, TypeVar

from benchmarks.usage import usage

T = TypeVar("T")
QUIET: Final = 0.05  # the share of the machine that others may use in a quiet round
MOST: Final = 2  # times as many rounds as are wanted, until as many were quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds(Generic[T]):
    """The rounds that count, in their order."""

    results: Sequence[T]
    others: float | None  # share of the machine that others used in the median round; None: nobody tells
    left_out: int

    @property
    def note(self) -> str:
        """How quiet it was."""
        if self.others is None:
            return ""
        said = f"others used {self.others:.0%} of the machine"
        return f"{said}; rounds left out, in which they used more: {self.left_out}" if self.left_out else said


async def in_quiet(measure: Callable[[int], Awaitable[T]], *, rounds: int) -> Rounds[T]:
    """Measure in so many rounds, and in more while some were not quiet; those count in which others did the least.

    A round holds both halves of each ratio, and what it measured has no say in whether it counts. `measure` is given
    the round's number.
    """
    done: list[tuple[float, int, T]] = []
    known = True
    while len(done) < rounds or (known and len(done) < MOST * rounds and _quiet(done) < rounds):
        before = usage()
        result = await measure(len(done))
        after = usage()
        known = before is not None and after is not None
        others = before.others_until(after) if before is not None and after is not None else 0.0
        done.append((others, len(done), result))
    counting = sorted(sorted(done, key=_others)[:rounds], key=_number)
    return Rounds(
        results=[result for *_, result in counting],
        others=median(others for others, *_ in counting) if known else None,
        left_out=len(done) - len(counting),
    )


def _quiet(done: Sequence[tuple[float, int, object]]) -> int:
    return sum(others <= QUIET for others, *_ in done)


def _others(one: tuple[float, int, object]) -> float:
    return one[0]


def _number(one: tuple[float, int, object]) -> int:
    return one[1]
