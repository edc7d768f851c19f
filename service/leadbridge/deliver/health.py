"""Whether a lane may send: the circuit that opens when its CRM is down, and the hold of an account that cannot be used.

Nothing here waits, calls or writes: times are given, and what happened comes back as a value.
"""

from dataclasses import dataclass, replace
from random import Random
from typing import Final, NamedTuple, TypeAlias

from leadbridge.clock import Millis
from leadbridge.outcome import HoldReason
from leadbridge.store.lanes import LaneState

FAILURES: Final = 5  # calls in a row without a usable answer that open the circuit
FIRST_PAUSE: Final = 5.0  # seconds, doubled by every test that fails
LONGEST_PAUSE: Final = 300.0  # seconds
JITTER: Final = 0.1  # of a pause, either way: accounts of one CRM must not come back at once
FIRST_PROBE: Final = 60.0  # seconds from a hold to its first probe; later ones wait as long as it has lasted
LONGEST_PROBE: Final = 900.0  # seconds between two probes
LONGEST_QUIET: Final = 3_600.0  # seconds until a CRM that asked for more is asked again: it may have meant milliseconds
LONGEST_DAY: Final = 86_400.0  # seconds that a day's budget can be spent for; a clock that jumped makes it no longer

_WITHOUT_PROBE: Final = frozenset({"paused", "daily_budget_spent"})


class Instant(NamedTuple):
    """One moment on both clocks: what is stored is wall time, what is waited for is not."""

    wall: Millis
    elapsed: float  # monotonic seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The circuit is open: nothing is sent for some seconds, then one delivery as a test."""

    seconds: float
    failures: int
    detail: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The CRM answers again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Nothing is sent until the account can be used again."""

    reason: HoldReason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """The cause of the hold has ended."""

    reason: HoldReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """The CRM asked for a rest."""

    seconds: float


Change: TypeAlias = Opened | Closed | Held | Released | Quiet


class Health:
    """The state of one lane."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._state = LaneState()
        self._open_until = 0.0  # monotonic seconds; a test may go from then on
        self._test: str | None = None  # the delivery that is the test
        self._quiet_until = 0.0
        self._probe_at = 0.0

    @property
    def state(self) -> LaneState:
        """What is to be kept on disk."""
        return self._state

    @property
    def held(self) -> HoldReason | None:
        """Why nothing may be sent, if so."""
        return self._state.held

    @property
    def open(self) -> bool:
        """Whether the circuit is open."""
        return self._state.failures >= FAILURES

    def adopt(self, state: LaneState, at: Instant, *, start: bool = False) -> Change | None:
        """Go on from what is on disk. At a start an account that may have been mended is probed at once."""
        before, self._state = self._state, state
        left = min(max(0.0, ((state.paused_until or 0) - at.wall) / 1000), LONGEST_QUIET)
        if self.open:
            left = min(left, LONGEST_PAUSE * (1 + JITTER))
            self._open_until = at.elapsed + left
        else:
            self._quiet_until = at.elapsed + left
        if state.held is not None:
            longest = LONGEST_DAY if state.held in _WITHOUT_PROBE else LONGEST_PROBE
            wait = 0.0 if start and state.held not in _WITHOUT_PROBE else ((state.probe_at or 0) - at.wall) / 1000
            self._probe_at = at.elapsed + min(max(0.0, wait), longest)
        if state.held == before.held:
            return None
        if state.held is not None:
            return Held(reason=state.held, detail=state.detail or "")
        return None if before.held is None else Released(reason=before.held)

    def may_send(self, delivery_id: str) -> bool:
        """Whether a call of a claimed delivery may still go."""
        return self.held is None and (not self.open or self._test == delivery_id)

    def room(self, at: Instant) -> int | None:
        """How many deliveries may be claimed; None when the lane is well."""
        if self.held is not None:
            return 0
        if not self.open:
            return None
        return 1 if self._test is None and at.elapsed >= self._open_until else 0

    def rest(self, at: Instant) -> float | None:
        """Seconds until time itself allows something again; None when it does not, or nothing is in the way."""
        if self.held is not None:
            return None if self.held == "paused" else max(0.0, self._probe_at - at.elapsed)
        if self.open and self._test is None and at.elapsed < self._open_until:
            return self._open_until - at.elapsed
        return None

    def test_with(self, delivery_id: str) -> None:
        """This delivery shows whether the CRM answers again."""
        self._test = delivery_id

    def test_over(self, delivery_id: str) -> None:
        """The delivery came to rest; if it was the test and showed nothing, another one is."""
        if self._test == delivery_id:
            self._test = None

    def failed(self, at: Instant, delivery_id: str | None, detail: str) -> Opened | None:
        """A call had no answer, or one that says that the CRM is not well."""
        if self.open and delivery_id != self._test:
            return None  # it was sent before the circuit opened
        first, self._test = not self.open, None
        failures = self._state.failures + 1
        self._state = replace(self._state, failures=failures)
        if failures < FAILURES:
            return None
        seconds = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - FAILURES, 20))
        seconds *= self._dice.uniform(1 - JITTER, 1 + JITTER)
        self._open_until = at.elapsed + seconds
        self._state = replace(self._state, paused_until=at.wall + round(seconds * 1000))
        return Opened(seconds=seconds, failures=failures, detail=detail) if first else None

    def worked(self) -> Closed | None:
        """A call was answered: nothing has failed in a row any more; `Closed` when calls were stopped until now."""
        if not self._state.failures:
            return None
        was_open, self._test = self.open, None
        paused_until = None if was_open else self._state.paused_until
        self._state = replace(self._state, failures=0, paused_until=paused_until)
        return Closed() if was_open else None

    def asked_for_quiet(self, at: Instant, seconds: float) -> Quiet | None:
        """The CRM wants a rest (429). Said once for all the calls that were under way."""
        seconds = min(seconds, LONGEST_QUIET)
        said = self._quiet_until > at.elapsed
        self._quiet_until = max(self._quiet_until, at.elapsed + seconds)
        until = at.wall + round(seconds * 1000)
        if not self.open:
            self._state = replace(self._state, paused_until=max(until, self._state.paused_until or 0))
        return None if said else Quiet(seconds=seconds)

    def hold(self, reason: HoldReason, detail: str, at: Instant, *, seconds: float = FIRST_PROBE) -> Held | None:
        """The account cannot be used; the first probe, or the end of the budget's day, is in some seconds."""
        if self.held is not None:
            return None
        self._probe_at = at.elapsed + seconds
        probe_at = at.wall + round(seconds * 1000)
        self._state = replace(self._state, held=reason, detail=detail, since=at.wall, probe_at=probe_at)
        return Held(reason=reason, detail=detail)

    def over_by_time(self, at: Instant) -> Released | None:
        """The end of a hold that needs no probe."""
        due = self.held == "daily_budget_spent" and at.elapsed >= self._probe_at
        return self.release() if due else None

    def probe_due(self, at: Instant) -> bool:
        """Whether the account is to be probed now."""
        return self.held is not None and self.held not in _WITHOUT_PROBE and at.elapsed >= self._probe_at

    def still_refused(self, at: Instant, reason: HoldReason | None, detail: str) -> None:
        """A probe found the account as it was, or in a worse way: the next one waits twice as long."""
        if self.held is None or self.held in _WITHOUT_PROBE:
            return
        lasted = (at.wall - (self._state.since or at.wall)) / 1000
        seconds = min(max(lasted, FIRST_PROBE), LONGEST_PROBE)
        self._probe_at = at.elapsed + seconds
        probe_at = at.wall + round(seconds * 1000)
        self._state = replace(self._state, held=reason or self.held, detail=detail, probe_at=probe_at)

    def release(self) -> Released | None:
        """The account can be used again."""
        reason = self.held
        if reason is None:
            return None
        self._state = replace(self._state, held=None, detail=None, since=None, probe_at=None)
        return Released(reason=reason)
