"""What a harness is, and how it says that a promise is broken."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FINDINGS: Final = Path(__file__).parent / "findings"


class BrokenPromise(Exception):
    """The code answered something that it promises never to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Harness:
    """A function of any bytes that raises when a promise is broken, and bytes to begin with."""

    name: str
    check: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    most: int = 4_096  # bytes of an input

    def findings(self) -> list[Path]:
        """The inputs that once broke a promise."""
        return sorted(path for path in (FINDINGS / self.name).glob("*") if path.is_file())


def promise(kept: object, broken: str) -> None:
    """Raise `BrokenPromise`, with what was found, unless it is kept."""
    if not kept:
        raise BrokenPromise(broken)


def first_line(data: bytes) -> tuple[str, bytes]:
    """An input's first line, as headers travel, and the rest."""
    line, _, rest = data.partition(b"\n")
    return line.decode("latin-1"), rest
