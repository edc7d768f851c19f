"""How a source stands with its vendor: when all of it waits, and until when a lead does. Pure: times are given."""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Final, TypeAlias

from leadbridge.clock import Millis
from leadbridge.fetch.verdict import Refused
from leadbridge.retry import Decision, GiveUp, RetryPolicy
from leadbridge.sources.fetching import TroubleKind
from leadbridge.store.fetching import AS_IT_CAME, DueFetch, FetchEnd, FetchPause

IN_A_ROW: Final = 5  # leads that are refused, or without a usable answer, after which a source pauses
OFTEN: Final = 5  # tries after which a lead without a usable answer says nothing of its source any more
# Seconds of the first pause, doubled by each that follows, and of the longest.
PAUSES: Final[dict[TroubleKind, tuple[float, float]]] = {
    "credentials": (60.0, 900.0),
    "forbidden": (60.0, 60.0),  # it may be some leads alone, and others stand behind them
    "quota": (60.0, 3_600.0),
    "down": (5.0, 300.0),
}
LONGEST_ASKED: Final = 3_600.0  # seconds that a vendor's Retry-After is heeded for: it may have meant milliseconds
AT_LEAST: Final = 1.0  # seconds until a lead is asked for again
MISSING: Final = RetryPolicy(base=10.0, cap=3_600.0)  # for 72 hours: a lead may show late, or a right may be given
DOWN: Final = RetryPolicy(base=5.0, cap=600.0)
DOWN_ALONE: Final = RetryPolicy(base=5.0, cap=3_600.0)  # while others of its source are fetched
OTHERS_READ: Final = 6 * 3_600_000  # ms since another lead could be read, for which a refusal is the lead's own
_MOST_REMEMBERED: Final = 10_000  # submissions whose refusal is remembered


@dataclass(frozen=True, slots=True)
class Fetched:
    """All documents are there, as JSON."""

    documents: str


@dataclass(frozen=True, slots=True)
class Impossible:
    """Nothing can be asked for."""

    why: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The service stops: whoever comes next asks."""


Result: TypeAlias = Fetched | Refused | Impossible | Stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of one try to fetch a submission's lead, by `calls` of which the last was over `at`.

    With `pause` it was the one that was tried while all others of its source waited. It is `alone` when others could be
    read meanwhile.
    """

    due: DueFetch
    calls: int
    at: Millis
    result: Result
    pause: FetchPause | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What is to be stored of tries. `new` is whether the pause begins now."""

    ends: tuple[FetchEnd, ...]
    pause: FetchPause | None = None
    resume: bool = False
    new: bool = False


@dataclass(slots=True)
class Standing:
    """What one process knows of a source beside what is stored.

    A trouble of some leads must not stop the others again and again. So what a lead alone has pauses nothing: it takes
    several different ones in a row, and one that had it before is no news. How often a lead was tried is stored: a
    start makes nothing news that is none.
    """

    dice: Random
    _alike: TroubleKind | None = None
    _in_a_row: set[str] = field(default_factory=set)  # submissions that had this trouble, with nothing in between
    _pause_until: Millis = 0  # of the pause that this process said last
    _worked_at: Millis = -1
    _troubled_at: dict[str, Millis] = field(default_factory=dict)  # by submission

    def heard(self, tried: Tried) -> Tried:
        """Take in how a try ended; it comes back as what it means."""
        submission_id = tried.due.waiting.submission_id
        match tried.result:
            case Fetched():
                self._in_a_row.clear()
                self._worked_at = max(self._worked_at, tried.at)
                self._troubled_at.pop(submission_id, None)
            case Refused(kind="credentials", detail=detail) if self._others_worked(submission_id, tried.at):
                own = Refused(kind="forbidden", detail=f"{detail} (other leads of the source can be read)")
                return self.heard(replace(tried, result=own))
            case Refused(kind="forbidden"):
                self._row(tried, "forbidden", is_news=tried.due.tries == 0)
            case Refused(kind="down"):
                alone = tried.pause is None and self._others_worked(submission_id, tried.at)
                self._row(tried, "down", is_news=not alone and tried.due.tries < OFTEN)
                return replace(tried, alone=alone)
            case Refused(kind=kind):
                self._in_a_row.clear()
                if kind == "credentials":
                    self._troubled(tried)
            case Impossible() | Stopped():
                self._troubled_at.pop(submission_id, None)
        return tried

    def _row(self, tried: Tried, kind: TroubleKind, *, is_news: bool) -> None:
        """Count a lead that has this trouble, if it says anything of its source."""
        if self._alike != kind:
            self._alike = kind
            self._in_a_row.clear()
        if is_news:
            self._in_a_row.add(tried.due.waiting.submission_id)
        self._troubled(tried)

    def _troubled(self, tried: Tried) -> None:
        if len(self._troubled_at) >= _MOST_REMEMBERED:
            self._troubled_at.clear()
        self._troubled_at.setdefault(tried.due.waiting.submission_id, tried.at)

    def _others_worked(self, submission_id: str, at: Millis) -> bool:
        """Whether another lead could be read since this one could not be for the first time, and lately."""
        before = self._troubled_at.get(submission_id, at)
        return before < at and before <= self._worked_at and at - self._worked_at <= OTHERS_READ

    def _is_the_sources(self, tried: Tried, kind: TroubleKind) -> bool:
        """Whether a trouble that may be a lead's own is that of all."""
        paused = tried.pause is not None and (kind == "down" or tried.pause.reason.startswith(f"{kind}:"))
        return paused or (self._alike == kind and len(self._in_a_row) >= IN_A_ROW)

    def settle(self, tries: list[Tried], *, now: Millis) -> Settled:
        """How tries that were `heard` end, and whether the source pauses or goes on."""
        pause: FetchPause | None = None
        resume = False
        for tried in tries:
            found = self._pause_after(tried, now=now)
            if found is not None and (pause is None or found.until > pause.until):
                pause = found
            resume = resume or (tried.pause is not None and found is None)
        tested = any(tried.pause is not None for tried in tries)
        if pause is not None and pause.until <= self._pause_until and not tested:
            pause = None  # a call that was under way when it began: it is no longer for that
        ends = tuple(self._end(tried, now=now) for tried in tries)
        new = pause is not None and pause.until > now and (tested or self._pause_until <= now)
        return Settled(ends=ends, pause=pause, resume=resume and pause is None, new=new)

    def paused(self, pause: FetchPause | None) -> None:
        """The source pauses, or does so no more: what is known, or was stored."""
        self._pause_until = 0 if pause is None else pause.until

    def _pause_after(self, tried: Tried, *, now: Millis) -> FetchPause | None:
        before = tried.pause
        match tried.result:
            case Refused(kind="missing"):
                return None
            case Refused(kind=kind, detail=detail, after=after):
                if kind in ("down", "forbidden") and not self._is_the_sources(tried, kind):
                    return None
                again = before is not None and before.reason.startswith(f"{kind}:")
                times = before.times + 1 if before is not None and again else 1
                seconds = _pause_of(kind, times, asked=after)
                return FetchPause(until=now + round(seconds * 1000), reason=f"{kind}: {detail}", times=times)
            case Impossible() | Stopped() if before is not None:  # it showed nothing: the next one may
                return FetchPause(until=now, reason=before.reason, times=before.times)
        return None

    def _end(self, tried: Tried, *, now: Millis) -> FetchEnd:
        waiting = tried.due.waiting
        documents: str | None = None
        again_at: Millis | None = None
        reason: str | None = None
        counts = False
        match tried.result:
            case Fetched(documents=documents):
                counts = True
            case Impossible(why=why):
                reason = f"fetch: {why}"
            case Stopped():  # what was never tried loses no place to those that were
                again_at = AS_IT_CAME if tried.due.tries == 0 else now
            case Refused(kind="credentials" | "quota", detail=detail):
                # Not later: the pause may be ended before its time. And behind those that came earlier: each time it
                # is over, another one is tried.
                again_at, reason = now, f"fetch: {detail}"
            case Refused(kind="forbidden", detail=detail) if self._is_the_sources(tried, "forbidden"):
                # Counted once: from then on it is no news.
                counts, again_at, reason = tried.due.tries == 0, now, f"fetch: {detail}"
            case Refused(detail=detail) as refused:
                counts, reason = True, f"fetch: {detail}"
                decision = self._again(tried, refused, now=now)
                if isinstance(decision, GiveUp):
                    reason = f"{reason}; {decision.why}"
                else:
                    again_at = decision.when
        return FetchEnd(
            submission_id=waiting.submission_id,
            calls=tried.calls,
            answered_at=tried.at,
            documents=documents,
            again_at=again_at,
            counts=counts,
            reason=reason,
        )

    def _again(self, tried: Tried, refused: Refused, *, now: Millis) -> Decision:
        asked = None if refused.after is None else min(refused.after, LONGEST_ASKED)
        if refused.kind == "down":
            policy, since = DOWN_ALONE if tried.alone else DOWN, now
        else:
            policy, since = MISSING, tried.due.waiting.received.received_at
        return policy.after(
            tried.due.tries + 1, first_try_at=since, now=now, asked=asked, dice=self.dice, at_least=AT_LEAST
        )


def _pause_of(kind: TroubleKind, times: int, *, asked: float | None) -> float:
    """Seconds of the pause that is this many in a row. What the vendor asks for replaces the first step of ours."""
    first, longest = PAUSES[kind]
    if asked is None or kind in ("credentials", "forbidden"):
        return min(longest, first * 2.0 ** min(times - 1, 20))
    return max(min(asked, LONGEST_ASKED), min(longest, AT_LEAST * 2.0 ** min(times - 1, 20)))
