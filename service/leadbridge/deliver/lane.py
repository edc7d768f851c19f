"""One CRM account's queue: claims what is due and may be sent, and starts a try of each."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from pydantic_core import to_json

from leadbridge.clock import Clock
from leadbridge.crm.adapter import Adapter, Call, Done, Quota
from leadbridge.deliver.attempt import Bench, Prepared, Try
from leadbridge.deliver.facts import AccountFacts
from leadbridge.deliver.places import Places
from leadbridge.deliver.quota import Window
from leadbridge.deliver.transport import DEADLINE, Transport
from leadbridge.errors import StorageUnavailable
from leadbridge.logs import Logger
from leadbridge.outcome import Fail, Hold
from leadbridge.plan import Plan
from leadbridge.precedence import Precedence
from leadbridge.record import STORAGE_PAUSE, Recorder
from leadbridge.store.base import Claim, DueDelivery, Store
from leadbridge.supervise import keep_running, words_of

CONCURRENCY: Final = 16  # deliveries whose calls are under way at once
MOST_CLAIMED: Final = 2 * CONCURRENCY  # with those that are claimed already, so that no hand waits for a commit
MOST_AT_WORK: Final = 3 * CONCURRENCY  # with those whose outcome is still on its way to the disk
MOST_IN_A_BURST: Final = 2  # deliveries at once while many senders wait for their answers
READ_AHEAD: Final = 64  # due deliveries read at once
BELIEVED: Final = 1.0  # seconds what was read ahead is taken for what is on disk; a claim looks again in any case
PAUSE_WITHOUT_QUOTA: Final = 1.0  # seconds of quiet after a 429 that says nothing, where we keep no quota


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What every lane works with."""

    store: Store
    transport: Transport
    recorder: Recorder
    clock: Clock
    log: Logger
    precedence: Precedence


class Lane:
    """The queue of one account. One process runs it."""

    def __init__(self, name: str, adapters: Mapping[str, Adapter], *, quota: Quota | None, means: Means) -> None:
        """`adapters` are those of the destinations on this account, by the destination's name."""
        self.name = name
        self._adapters = adapters
        self._quota = quota
        self._store = means.store
        self._clock = means.clock
        self._log = means.log
        self._precedence = means.precedence
        self._window = Window(quota, deadline=DEADLINE)
        self._facts = AccountFacts()
        self._places = Places(self._window, means.clock)
        self._bench = Bench(
            lane=name,
            transport=means.transport,
            recorder=means.recorder,
            places=self._places,
            facts=self._facts,
            store=means.store,
            clock=means.clock,
            log=means.log,
            pause_at_429=quota.window if quota else PAUSE_WITHOUT_QUOTA,
        )
        self._running: asyncio.Task[None] | None = None
        self._at_work: set[asyncio.Task[None]] = set()
        self._calling = 0  # of those at work, the ones that have calls to make
        self._hands = asyncio.Semaphore(CONCURRENCY)
        self._ahead: deque[DueDelivery] = deque()  # read, and not claimed yet
        self._read_at = 0.0  # monotonic seconds
        self._more = False  # more may be due than was read
        self._wake = asyncio.Event()
        self._stopping = False
        self._counted = False  # the earlier calls: once, also when this lane crashes and goes on

    def wake(self) -> None:
        """Something may be due: look at once."""
        self._wake.set()

    def start(self) -> None:
        """Work until `stop`."""
        work = keep_running(self._run, name=f"lane {self.name}", rest=self._rest, log=self._log)
        self._running = asyncio.create_task(work, name=f"lane {self.name}")

    async def stop(self, *, grace: float) -> None:
        """Claim no more, finish what is under way within `grace` seconds, leave the rest to the next start."""
        self._stopping = True
        self._wake.set()
        if self._running is not None:
            await self._running  # a claim whose commit is under way still starts its tries
        if self._at_work:
            _, unfinished = await asyncio.wait(self._at_work, timeout=grace)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    async def _run(self) -> None:
        self._wake.clear()  # else a crash before the first look would begin anew without its rest
        if not self._stopping:
            await self._count_earlier_calls()
        while not self._stopping:
            self._wake.clear()
            try:
                rest = await self._claim_what_is_due()
            except StorageUnavailable as error:
                self._bench.recorder.say_unavailable(self.name, error)
                rest = STORAGE_PAUSE
            if rest != 0 and not self._stopping:
                await self._rest(rest)

    async def _rest(self, seconds: float | None) -> None:
        await self._clock.wait(self._wake, seconds)

    async def _count_earlier_calls(self) -> None:
        """Fill the window with what another process, or this one before a crash, sent not long ago."""
        if self._quota is None or self._counted:
            return
        now = self._clock.now()
        span = int((self._quota.window + DEADLINE) * 1000)
        spans = await self._store.recent_calls(self.name, since=now - span)
        self._window.seed(spans, wall=now, now=self._clock.monotonic())
        self._counted = True

    async def _claim_what_is_due(self) -> float | None:
        """Claim and start; returns how long to rest: 0 for not at all, None until something happens."""
        if self._room() <= 0:
            return self._places.wait() or None
        await self._read_ahead()
        due, prepared = self._next_ones()
        for claim in await self._claim(due, prepared):
            self._calling += 1
            work = self._work_on(claim, prepared[claim.delivery.delivery_id])
            task = asyncio.create_task(work, name=f"deliver {claim.delivery.delivery_id}")
            self._at_work.add(task)
            task.add_done_callback(self._done)
        if self._has_more():
            return 0 if due or not self._ahead else self._places.wait() or None
        next_due = await self._store.next_due(self.name)
        return None if next_due is None else max(0.001, (next_due - self._clock.now()) / 1000)

    def _next_ones(self) -> tuple[Sequence[DueDelivery], Mapping[str, Prepared | Done]]:
        """What to claim now, in its order, each with its first step.

        A call that must not be repeated is claimed only for a free hand: a crash in between would hold its delivery.
        """
        due: list[DueDelivery] = []
        prepared: dict[str, Prepared | Done] = {}
        for delivery in list(self._ahead)[: max(0, self._room())]:
            ready = self._prepare(delivery)
            call = _first_call(ready)
            if call is not None and not call.safe_to_repeat and self._calling + len(due) >= CONCURRENCY:
                break
            due.append(self._ahead.popleft())
            prepared[delivery.delivery_id] = ready
        return due, prepared

    def _room(self) -> int:
        """How many deliveries may be claimed now: one while the account's facts are still unknown."""
        most = MOST_CLAIMED if self._facts.complete(self._clock.monotonic()) else 1
        if self._precedence.many_wait:
            most = min(most, MOST_IN_A_BURST)
        return min(most - self._calling, MOST_AT_WORK - len(self._at_work), self._places.for_new())

    def _has_more(self) -> bool:
        """Whether something may be due that no hand was free for."""
        return bool(self._ahead) or self._more

    async def _read_ahead(self) -> None:
        """Have something to claim at hand, no more than there are places for."""
        now = self._clock.monotonic()
        if self._ahead and now - self._read_at < BELIEVED:
            return
        limit = max(self._room(), min(READ_AHEAD, self._places.for_new()))
        self._ahead = deque(await self._store.due(self.name, limit=limit, now=self._clock.now()))
        self._read_at = now
        self._more = len(self._ahead) == limit

    async def _claim(self, due: Sequence[DueDelivery], prepared: Mapping[str, Prepared | Done]) -> tuple[Claim, ...]:
        """Claim with the places taken beforehand, so that nobody else takes them while the commit is under way."""
        if not due:
            return ()
        starts = [(delivery, _first_call(prepared[delivery.delivery_id])) for delivery in due]
        places = sum(call is not None for _, call in starts)
        self._places.reserve(places)
        used = 0
        try:
            claims = await self._store.claim(self.name, starts, now=self._clock.now())
            used = sum(claim.attempt_id is not None for claim in claims)
        finally:
            self._places.give_back(places - used)
        return claims

    async def _work_on(self, claim: Claim, prepared: Prepared | Done) -> None:
        """Make the calls of a delivery; the next one may begin while the outcome is on its way to the disk."""
        if not isinstance(prepared, Prepared):
            self._free_a_hand()
            await self._bench.recorder.ended(self.name, claim, None, prepared.outcome)
            return
        work = Try(claim, prepared, self._bench)
        try:
            async with self._hands:
                outcome = await work.outcome()
        except asyncio.CancelledError:  # a stop that cannot wait for it
            await work.leave()
            raise
        finally:
            self._free_a_hand()
        await work.record(outcome)

    def _free_a_hand(self) -> None:
        self._calling -= 1
        if self._has_more():
            self._wake.set()

    def _prepare(self, delivery: DueDelivery) -> Prepared | Done:
        """Read a delivery and think its first step through, before it is claimed; `Done` when it cannot be begun."""
        answers = self._facts.known()
        adapter = self._adapters.get(delivery.destination)
        try:
            plan = Plan.model_validate_json(delivery.plan)
        except ValidationError as error:
            reason = f"its stored plan cannot be read by this version: {error.error_count()} problems"
            return Done(outcome=Fail(detail=reason))
        if adapter is None:
            detail = f"the configuration has no destination {delivery.destination!r} on this account any more"
            return Done(outcome=Hold(reason="destination_removed", detail=detail))
        try:
            step = adapter.next(plan, answers)
            if isinstance(step, Call):
                to_json(step.body)  # what cannot be written down must not come as far as the claim of all
        except Exception as error:  # an adapter may be anyone's: its mistake must not stop the lane
            self._log.exception("adapter.crashed", lane=self.name, destination=delivery.destination)
            return Done(outcome=Fail(detail=words_of(error)))
        return Prepared(plan=plan, adapter=adapter, answers=answers, step=step)

    def _done(self, task: asyncio.Task[None]) -> None:
        if not self._has_more() or len(self._at_work) >= MOST_AT_WORK:
            self._wake.set()  # the end of one may be what another of that person waited for
        self._at_work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Its end could not be recorded: left in `sending`, and taken up by the next start. Never silent.
            self._log.error("delivery.crashed", lane=self.name, task=task.get_name(), exc_info=error)


def _first_call(prepared: Prepared | Done) -> Call | None:
    step = prepared.step if isinstance(prepared, Prepared) else prepared
    return step if isinstance(step, Call) else None
