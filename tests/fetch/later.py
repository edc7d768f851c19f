"""`leadbridge serve` a day from now, when every claim has run out: `python -m tests.fetch.later serve …`."""

from leadbridge.cli import main
from leadbridge.clock import Millis, SystemClock
from tests.fetch import unhurried

DAY = 86_400_000  # ms

_now = SystemClock.now


def tomorrow(clock: SystemClock) -> Millis:
    """Wall time, a day ahead."""
    return _now(clock) + DAY


if __name__ == "__main__":
    unhurried.take_time()
    setattr(SystemClock, "now", tomorrow)  # noqa: B010  # a constant to everybody else
    main()
