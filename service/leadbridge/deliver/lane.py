"""One CRM account's queue: claims what is due and may be sent, and starts a try of each."""

import asyncio
from collections.abc import Mapping
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
from leadbridge.record import STORAGE_PAUSE, Recorder
from leadbridge.store.base import Claim, DueDelivery, Store
from leadbridge.supervise import keep_running, words_of

CONCURRENCY: Final = 16  # deliveries under way at once
PAUSE_WITHOUT_QUOTA: Final = 1.0  # seconds of quiet after a 429 that says nothing, where we keep no quota


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What every lane works with."""

    store: Store
    transport: Transport
    recorder: Recorder
    clock: Clock
    log: Logger


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
                self._log.error("storage.unavailable", lane=self.name, problem=str(error), retry_in_s=STORAGE_PAUSE)
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
        room = min(self._free_hands(), self._places.for_new())
        if room <= 0:
            return self._places.wait() or None
        due = await self._store.due(self.name, limit=room, now=self._clock.now())
        prepared = {delivery.delivery_id: self._prepare(delivery) for delivery in due}
        for claim in await self._claim(due, prepared):
            work = self._work_on(claim, prepared[claim.delivery.delivery_id])
            task = asyncio.create_task(work, name=f"deliver {claim.delivery.delivery_id}")
            self._at_work.add(task)
            task.add_done_callback(self._done)
        if len(due) == room:
            return 0
        next_due = await self._store.next_due(self.name)
        return None if next_due is None else max(0.001, (next_due - self._clock.now()) / 1000)

    async def _claim(self, due: tuple[DueDelivery, ...], prepared: Mapping[str, Prepared | Done]) -> tuple[Claim, ...]:
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

    def _free_hands(self) -> int:
        """How many more deliveries may be under way: one at a time while the account's facts are still unknown."""
        return (CONCURRENCY if self._facts.complete(self._clock.monotonic()) else 1) - len(self._at_work)

    async def _work_on(self, claim: Claim, prepared: Prepared | Done) -> None:
        if isinstance(prepared, Prepared):
            await Try(claim, prepared, self._bench).run()
        else:
            await self._bench.recorder.ended(self.name, claim, None, prepared.outcome)

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
        self._at_work.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # Its end could not be recorded: left in `sending`, and taken up by the next start. Never silent.
            self._log.error("delivery.crashed", lane=self.name, task=task.get_name(), exc_info=error)


def _first_call(prepared: Prepared | Done) -> Call | None:
    step = prepared.step if isinstance(prepared, Prepared) else prepared
    return step if isinstance(step, Call) else None
