"""How long a lane is ours: what keeps two processes from sending for one account at once.

HTTP cannot be fenced: a call that was begun reaches its CRM though another process has the lane by then. So none is
begun unless it must be over before the lease is.
"""

from leadbridge.clock import Clock


class Tenure:
    """The lease of one lane, in this process's monotonic time."""

    def __init__(self, clock: Clock, *, deadline: float) -> None:
        """No call takes longer than `deadline` seconds."""
        self._clock = clock
        self._deadline = deadline
        self._lasts: float | None = None
        self._ends: float | None = None

    def renewed(self, *, asked: float, lasts: float | None) -> None:
        """The lane is ours for `lasts` seconds since it was `asked` for (monotonic); None: as long as we live."""
        self._lasts = lasts
        self._ends = None if lasts is None else asked + lasts

    @property
    def allows_a_call(self) -> bool:
        """Whether a call that is begun now ends within the lease, however long it takes."""
        return self._ends is None or self._ends - self._clock.monotonic() >= self._deadline

    @property
    def to_be_renewed(self) -> bool:
        """Whether it is time to ask for more: long before no call is allowed any more."""
        if self._ends is None or self._lasts is None:
            return False
        left = self._ends - self._clock.monotonic()
        return left < self._deadline + (self._lasts - self._deadline) * 0.75
