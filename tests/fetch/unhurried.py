"""`leadbridge serve` whose calls and claims do not run out in a test: `python -m tests.fetch.unhurried serve …`."""

from leadbridge.cli import main
from leadbridge.fetch import source, transport
from tests.support.patience import PATIENCE

HOUR = 3_600.0  # seconds


def take_time() -> None:
    """From now on a call has as long as a test waits for anything, and a claim lasts longer than any test."""
    setattr(transport, "DEADLINE", PATIENCE)  # noqa: B010  # a constant to everybody else
    setattr(source, "MARGIN", HOUR)  # noqa: B010


if __name__ == "__main__":
    take_time()
    main()
