"""The values that go into a store and come out of it while leads are fetched that were only announced."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from leadbridge.clock import Millis
from leadbridge.store.values import WaitingSubmission

AS_IT_CAME: Final[Millis] = 0  # when what just came is due: it has a line of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchQuota:
    """At most `limit` calls for a source within any `window`, over all processes together."""

    limit: int
    window: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPause:
    """Until when nothing is fetched for a source, and why: its credentials, its quota, a vendor that is down.

    `times` is how often in a row that was so: who makes each pause longer than the one before counts it.
    """

    until: Millis
    reason: str
    times: int = 1

    def one_more(self) -> "FetchPause":
        """As it is while one is tried: should nobody say how that ended, it counts, and another one is next."""
        return replace(self, times=self.times + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFetch:
    """A submission whose lead is to be fetched; `tries` were made before this one."""

    waiting: WaitingSubmission
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedFetches:
    """What one process may fetch for a source now.

    While there is a `pause` nothing is `due`; when it is over a single one is, to see whether the trouble has ended,
    and the pause goes on for all others until that is stored. `next_at` is when it is worth to ask again (a place in
    the quota, the end of the pause, the next one that is due; at once where `limit` alone left some out); None when
    nothing waits.
    """

    due: tuple[DueFetch, ...] = ()
    next_at: Millis | None = None
    pause: FetchPause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchEnd:
    """How fetching a submission's lead ended, this time.

    With `documents` (JSON: the vendor's answers by the name of their step) it may be mapped. With `again_at` it waits
    until then, and with `AS_IT_CAME` among what just came; `counts` is whether that was a try of its own, or its
    source's trouble. With neither it has failed, and `reason` says why. `calls` were made, the last of them answered at
    `answered_at`: they occupy the quota from then.
    """

    submission_id: str
    calls: int
    answered_at: Millis
    documents: str | None = None
    again_at: Millis | None = None
    counts: bool = True
    reason: str | None = None

    @property
    def state(self) -> Literal["received", "awaiting_fetch", "failed"]:
        """Where its submission stands."""
        if self.documents is not None:
            return "received"
        return "failed" if self.again_at is None else "awaiting_fetch"

    @property
    def due_at(self) -> Millis | None:
        """When it is due again; None when it is not."""
        return None if self.state != "awaiting_fetch" else self.again_at


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchBacklog:
    """What waits to be fetched for a source: how many, when the oldest arrived, and whether all of it is paused.

    A source is paused though nothing of it waits until a call shows that the trouble has ended.
    """

    source: str
    waiting: int
    oldest: Millis | None
    pause: FetchPause | None = None
