"""What the stages need of a database. One behaviour suite runs on every engine.

What people do to it and read of it stands in `operated`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from typing import Protocol

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.outcome import HoldReason
from leadbridge.store.claims import CallSpan, Claim, DueByUrgency, DueDelivery, FinishedCall, Recovered, TryResult
from leadbridge.store.fetching import ClaimedFetches, FetchBacklog, FetchEnd, FetchPause, FetchQuota
from leadbridge.store.lanes import Backlog, LaneState, Lease, Process, Roll
from leadbridge.store.operated import Operated
from leadbridge.store.retaining import AT_ONCE, BEGIN, Fold, Pruned, PruneFrom
from leadbridge.store.values import Accepted, MappedSubmission, NewRequest, WaitingSubmission


class Store(Operated, Protocol):
    """The durable state of one leadbridge.

    Every method that changes something returns after its commit. All raise `errors.StorageUnavailable` when nothing
    can be made durable, and then nothing was changed; but `StorageInDoubt`, when that is not known.
    """

    def check(self) -> None:
        """Raise `StorageUnavailable` when it is plain that nothing could be stored now. Cheap."""

    async def accept(self, request: NewRequest) -> tuple[Accepted, ...]:
        """Store a request and its items, told apart from what came before by source, key and digest."""

    async def waiting(self, *, limit: int) -> tuple[WaitingSubmission, ...]:
        """The submissions that are to be mapped, in the order of their arrival; fewer when they are large."""

    async def claim_fetches(
        self, source: str, *, quota: FetchQuota, calls_each: int, limit: int, now: Millis, until: Millis
    ) -> ClaimedFetches:
        """What may be fetched for a source now, at most `limit` submissions.

        Three parts are of what just came and one of what is tried again, each the longest due first.
        Each is taken until `until`: then it is due again for anybody, unless its end was stored. For each `calls_each`
        calls are reserved in the quota, which must hold as many; until its end is stored they count as made at `until`.
        After a pause a single submission is given, and the pause lasts until `until`: see `ClaimedFetches`.
        """

    async def store_fetched(
        self,
        source: str,
        ends: Sequence[FetchEnd],
        *,
        now: Millis,
        pause: FetchPause | None = None,
        resume: bool = False,
    ) -> Set[str]:
        """Store how fetching ended, and that its source pauses or goes on; the submissions whose end this was.

        The calls that were made take the place of the reserved ones. A submission that does not wait any more is left
        alone: it was fetched, or failed, meanwhile.
        """

    async def fetch_backlogs(self) -> tuple[FetchBacklog, ...]:
        """What waits to be fetched for each source, and the sources that pause."""

    async def map(self, mapped: Sequence[MappedSubmission], *, now: Millis) -> None:
        """Store what mapping made; a submission that is no longer `received` is left alone."""

    async def due(self, lane: str, *, limit: int, now: Millis) -> DueByUrgency:
        """What may be claimed in a lane now, at most `limit` of each urgency, the longest due first.

        Never two of one person, but as leader and followers.
        """

    async def claim(
        self, lane: str, starts: Sequence[tuple[DueDelivery, Call | None]], *, now: Millis, epoch: int
    ) -> tuple[Claim, ...]:
        """Claim due deliveries with their followers, each with its first call.

        The call's attempt is stored as started in the same commit. Left out, with all that follows it, is what is not
        due any more, has lost a follower, or was overtaken since it was read (its `newer` would be another): read it
        again. Nothing is claimed when `epoch` is not the lane's any more.
        """

    async def record(self, lane: str, result: TryResult) -> int:
        """Store the outcome of a call; returns the attempt id of `next_call`, 0 when there is none.

        An update reaches all that were claimed together, while they are `sending`: the first made the record if one was
        made, and `progress` is its own. Of a try that was taken back meanwhile (see `recover`) no more is stored than
        how its call ended and which record it led to. `retrying` and `pending` keep their place; `pending` keeps the
        urgency, and the time of trying begins anew. With a record, every key of the delivery has led to it from this
        commit on.
        """

    async def next_due(self, lane: str) -> Millis | None:
        """When the lane's next delivery is due; None when none waits."""

    async def lanes_waiting(self) -> Mapping[str, Millis | None]:
        """The lanes in which a delivery may be claimed, with when the next is due: 0 for one that came in.

        None stands for lanes in which nothing waits, and something is claimed.
        """

    async def lanes_holding(self) -> Set[tuple[str, HoldReason]]:
        """The lanes with deliveries that are held one by one, and why they are."""

    async def lanes_held(self) -> Mapping[str, LaneState]:
        """The lanes that are held as a whole."""

    async def recent_calls(self, lane: str, *, since: Millis) -> tuple[CallSpan, ...]:
        """Calls answered after `since`, and those without an answer that may have been sent after it."""

    async def keys_of_record(self, lane: str, record_id: str, *, but: str) -> tuple[tuple[str, ...], ...]:
        """The keys of the newest deliveries that wrote a record, without the delivery `but`."""

    async def longest_held(self, lane: str, *, reason: HoldReason) -> str | None:
        """The delivery of a lane that came to be held for this reason the longest ago."""

    async def recover(self, lane: str, *, epoch: int, now: Millis) -> Recovered:
        """Take back what an earlier owner of a lane left in `sending`: again at once if a repeat is safe.

        Else the purposes of the calls that may have been done become `unsure` in its progress, and it is due when what
        they did shows. A call whose end is not stored counts as sent `now`, however long ago it was started. Nothing is
        taken back when `epoch` is not the lane's any more. For an owner that has nothing under way itself.
        """

    async def join(self, process: Process, lanes: Collection[str], *, lease: Lease) -> bool:
        """Begin to serve these lanes; False while another alone may. The lease is counted by the database's clock."""

    async def renew(self, name: str) -> float | None:
        """Prolong a process's lease: for how many seconds from when that was asked for.

        Infinite where the database itself ends it with the process. None when the process was buried: nothing is its
        own any more, and it may join with another name.
        """

    async def leave(self, name: str) -> None:
        """A process serves no more: all of its lanes are anybody's at once."""

    async def roll(self) -> Roll:
        """Who serves, and the lanes that nobody has."""

    async def bury(self, silent: Mapping[str, int]) -> Set[str]:
        """End processes that are late and made no beat after this one; returns those. Their lanes are anybody's."""

    async def own_lanes(self, lanes: Collection[str], *, owner: str) -> Mapping[str, int]:
        """Become the one who sends for lanes that nobody has; the epoch of each that is the owner's now.

        Every claim names the epoch: another owner counts it up. A process that was buried owns nothing.
        """

    async def lanes_of(self, owner: str) -> Mapping[str, int]:
        """The lanes that a process has, each with its epoch."""

    async def give_back_lanes(self, lanes: Mapping[str, int]) -> None:
        """Let others have lanes at once, each if the epoch is still the lane's; nothing of them is under way."""

    async def set_lane(
        self, lane: str, state: LaneState, *, epoch: int | None = None, seen: HoldReason | None = None
    ) -> bool:
        """Store a lane's state; False when `epoch` is given and is not the lane's any more.

        With an `epoch` (its owner's) the hold is stored only while the lane is held as the owner has `seen` or stored
        it last: what a person held or released since then stands. All else is stored.
        """

    async def lane(self, lane: str) -> LaneState:
        """A lane's state; the usual one for a lane that was never heard of."""

    async def lanes(self) -> Mapping[str, LaneState]:
        """The states of all lanes that were ever owned or held."""

    async def changed_elsewhere(self) -> bool:
        """Whether another connection changed anything since this was last asked, or the store was opened. Cheap.

        It writes nothing. True also after a commit of this process that did not go through this store.
        """

    def call_when_due(self, tell: Callable[[Collection[str]], None]) -> None:
        """Call this, in the loop, when another process put something into lanes of ours; it may miss some."""

    async def record_probe(
        self, lane: str, call: Call, finished: FinishedCall | None, *, attempt_id: int | None, now: Millis
    ) -> int:
        """Store the start of a call that carries no delivery, then (with its `attempt_id`) its end; returns the id."""

    async def count_calls(self, lane: str, *, since: Collection[Millis]) -> Mapping[Millis, int]:
        """How many calls of a lane may count in a budget that began at each of these times."""

    async def calls_per_lead(self, lane: str, *, last: int) -> float | None:
        """Calls for each lead that came to rest, over the last so many calls of a lane; None when there is none."""

    async def backlogs(self) -> tuple[Backlog, ...]:
        """What waits and what is held in each lane."""

    async def time(self) -> Millis | None:
        """Wall time by the clock that all processes share; None when that is our own."""

    async def make_ready(self) -> None:
        """Make room for what comes in the next weeks, where an engine keeps it by weeks; cheap when that is done."""

    async def prune(self, before: Millis, *, fold: Fold, since: PruneFrom = BEGIN, limit: int = AT_ONCE) -> Pruned:
        """Take some of what is finished and did not change since `before` out for good; a step, in one commit.

        At most about `limit` rows are looked at. A submission goes with all of its deliveries, or stays; what a request
        or a call held goes with the last of them, at once or with all others of its week. The counts go to the other
        side of the ledger. What was received once stays known: a repetition is a duplicate, and an older event puts no
        old value back (`fold` says what has to be kept for that). Only what is known by its content alone is forgotten:
        `before` is earlier than any time for which that counts.
        """

    async def pruned_before(self) -> Millis | None:
        """What is finished and did not change since then may have been pruned; None while nothing ever was."""

    async def close(self) -> None:
        """Finish what was begun and let the files go."""
