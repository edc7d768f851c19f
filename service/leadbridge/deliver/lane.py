"""One CRM account's queue: claims what is due and may be sent, and starts a try of each."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from leadbridge.crm.adapter import Adapter, Quota
from leadbridge.deliver.account import Means, account_of
from leadbridge.deliver.attempt import Try
from leadbridge.deliver.lineup import BELIEVED, READ_AHEAD
from leadbridge.deliver.preparing import Prepared, Settled
from leadbridge.errors import StorageInDoubt, StorageUnavailable
from leadbridge.outcome import Hold
from leadbridge.record import STORAGE_PAUSE
from leadbridge.store.values import Claim
from leadbridge.supervise import keep_running

CONCURRENCY: Final = 16  # deliveries whose calls are under way at once
MOST_CLAIMED: Final = 2 * CONCURRENCY  # with those that are claimed already, so that no hand waits for a commit
MOST_AT_WORK: Final = 3 * CONCURRENCY  # with those whose outcome is still on its way to the disk
A_MOMENT: Final = 0.001  # seconds
MOST_IN_A_BURST: Final = 2  # deliveries at once while many senders wait for their answers
ANOTHERS_LANE: Final = 1.0  # seconds between two looks whether another process gave the lane back
WORTH_A_HOLD: Final = 300.0  # seconds without a place of the day's budget that are told as a hold


class Lane:
    """The queue of one account. One process runs it."""

    def __init__(
        self, name: str, adapters: Mapping[str, Adapter], *, quotas: Sequence[Quota | None], means: Means
    ) -> None:
        """`adapters` are those of the destinations on this account, by the destination's name; all `quotas` hold."""
        self.name = name
        self._store = means.store
        self._clock = means.clock
        self._log = means.log
        self._precedence = means.precedence
        self._owner = means.owner
        self._lease = means.lease
        self._wake = asyncio.Event()
        self._account_anew = partial(account_of, name, adapters, quotas=quotas, means=means, wake=self._wake.set)
        self._set_up()
        self._running: asyncio.Task[None] | None = None
        self._probing: asyncio.Task[None] | None = None
        self._at_work: dict[asyncio.Task[None], frozenset[str]] = {}  # with the records that may be written to
        self._calling = 0  # of those at work, the ones that have calls to make
        self._hands = asyncio.Semaphore(CONCURRENCY)
        self._stopping = False
        self._begun = False  # also when this lane crashes and goes on; until it is lost
        self._in_doubt = False  # whether something is claimed that nobody here knows of
        self._missed = 0  # looks in a row whose deliveries were not to be had any more

    def _set_up(self) -> None:
        self._account = account = self._account_anew()
        self._places = account.places
        self._standing = account.standing
        self._line = account.line

    async def look_for_ended_causes(self) -> None:
        """Send one ahead of those that are held one by one; a cause that has ended lets all of them go."""
        if self._begun:
            await self._account.canaries.send()
            self.wake()

    def wake(self) -> None:
        """Something may be due: look at once."""
        self._line.arrived()
        self._wake.set()

    async def look_again(self) -> None:
        """Another process may have changed the lane and what is in it; raises `StorageUnavailable`."""
        if self._begun:
            await self._standing.look_again()
        self.wake()

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
        await self._account.prober.stop()
        if self._begun:
            try:
                await self._standing.keep()
                if not self._at_work:  # else another waits until the calls that were cut off are over
                    await self._store.give_back_lane(self.name, epoch=self._standing.epoch)
            except StorageUnavailable as error:
                self._account.bench.recorder.say_unavailable(self.name, error)

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                rest = await self._look() if self._begun else await self._begin()
            except StorageUnavailable as error:
                self._account.bench.recorder.say_unavailable(self.name, error)
                rest = STORAGE_PAUSE
            if rest != 0 and not self._stopping:
                await self._rest(rest)

    async def _rest(self, seconds: float | None) -> None:
        await self._clock.wait(self._wake, seconds)

    async def _begin(self) -> float | None:
        """Become the one who sends for the account, and count what another process sent not long ago.

        Returns how long to rest.
        """
        if self._at_work:  # begun before the lane was lost: their calls are counted when they are over
            return None
        asked = self._clock.monotonic()
        ownership = await self._store.own_lane(self.name, owner=self._owner, lease=self._lease)
        if ownership is None:
            return ANOTHERS_LANE
        if self._standing.epoch:
            await self._account.prober.stop()
            self._set_up()
        self._standing.begin(ownership.epoch, ownership.state)
        self._standing.tenure.renewed(asked=asked, lasts=ownership.lasts)
        await self._recover(ownership.epoch)
        await self._account.canaries.send()
        await self._places.take_up(self._store, self.name, self._standing.state_for_the_quota())
        self._begun = True
        return 0

    async def _recover(self, epoch: int) -> None:
        """Take back what whoever had the lane before left half done."""
        recovered = await self._store.recover(self.name, epoch=epoch, now=self._clock.now())
        if recovered.again or recovered.unsure:
            self._log.warning("delivery.recovered", lane=self.name, again=recovered.again, unsure=recovered.unsure)

    async def renew(self) -> None:
        """Ask for more of the lease when it is time to; raises `StorageUnavailable`."""
        tenure = self._standing.tenure
        if not self._begun or not tenure.to_be_renewed:
            return
        was_in_doubt = not tenure.allows_a_call
        if await self._is_lost():
            self._log.warning("lane.lost", lane=self.name)
            self._wake.set()
        elif was_in_doubt:
            self._wake.set()

    async def _is_sure(self) -> bool:
        """What a claim in doubt may have taken is taken back, once nothing is under way."""
        if self._at_work:
            return False
        await self._recover(self._standing.epoch)
        self._in_doubt = False
        return True

    async def _is_lost(self) -> bool:
        """Whether another process sends for the account, or did: then this lane begins anew, as at a start."""
        asked = self._clock.monotonic()
        ownership = await self._store.own_lane(self.name, owner=self._owner, lease=self._lease)
        self._begun = ownership is not None and ownership.epoch == self._standing.epoch
        if self._begun and ownership is not None:
            self._standing.tenure.renewed(asked=asked, lasts=ownership.lasts)
        return not self._begun

    async def _look(self) -> float | None:
        """Do what can be done now; returns how long to rest: 0 for not at all, None until something happens."""
        if self._in_doubt and not await self._is_sure():
            return None
        await self._standing.keep()
        if self._standing.probe_due() and self._probing is None:
            self._probing = asyncio.create_task(self._probe(), name=f"probe {self.name}")
        before = self._standing.rest()  # beside the one afterwards: what time allows in between nobody would tell us
        rests = [await self._claim_what_is_due()]
        if self._probing is None:
            rests += [before, self._standing.rest()]
        return min((rest for rest in rests if rest is not None), default=None)

    async def _claim_what_is_due(self) -> float | None:
        """Claim and start; returns how long to rest."""
        room = self._room()
        if room <= 0:
            self._hold_for_the_budget()
            return self._rest_for_a_place()
        await self._line.read(max(room, min(READ_AHEAD, self._places.for_new())))
        room = self._room()
        busy = {record for records in self._at_work.values() for record in records}
        due = self._line.next_ones(room, free_hands=CONCURRENCY - self._calling, busy=busy)
        claims = await self._claim(due)
        by_id = {ready.delivery.delivery_id: ready for ready in due}
        for claim in claims:
            self._calling += 1
            self._standing.claimed(claim.delivery.delivery_id)
            work = self._work_on(claim, by_id[claim.delivery.delivery_id])
            task = asyncio.create_task(work, name=f"deliver {claim.delivery.delivery_id}")
            self._at_work[task] = claim.delivery.records
            task.add_done_callback(self._done)
        if len(claims) < len(due):  # something changed since it was read
            self._line.forget()
            self._missed = 0 if claims else self._missed + 1
            return 0 if self._missed < 2 or await self._is_lost() else BELIEVED
        if self._line.put_off and not due and not self._line.waits:
            return BELIEVED  # or until the end of what is under way
        if self._line.has_more:
            if due or not self._line.waits:
                return 0
            return None if room > 0 else self._rest_for_a_place()  # a create waits for a hand: its end wakes us
        next_due = await self._store.next_due(self.name)
        return None if next_due is None else max(0.001, (next_due - self._clock.now()) / 1000)

    def _room(self) -> int:
        """How many deliveries may be claimed now: one while the account's facts are still unknown."""
        most = MOST_CLAIMED if self._account.facts.complete(self._clock.monotonic()) else 1
        if self._precedence.many_wait:
            most = min(most, MOST_IN_A_BURST)
        room = min(most - self._calling, MOST_AT_WORK - len(self._at_work), self._places.for_new())
        allowed = 0 if self._account.prober.asking else self._standing.room()
        return room if allowed is None else min(room, allowed)

    def _rest_for_a_place(self) -> float | None:
        """How long to rest when nothing could be claimed; the end of a delivery, or of a hold, wakes us besides.

        A place that came free since we looked for one is nobody's end: then we look again at once, or nobody would.
        """
        wait = self._places.wait()
        return A_MOMENT if wait == 0 and self._room() > 0 else wait or None

    def _hold_for_the_budget(self) -> None:
        budget = None if self._at_work else self._places.budget()  # what is claimed has its places
        if budget is not None and budget.spent_for >= WORTH_A_HOLD:
            detail = f"the account's {budget.limit} calls of this day are made"
            self._standing.hold("daily_budget_spent", detail, seconds=budget.spent_for)

    async def _claim(self, due: Sequence[Prepared | Settled]) -> tuple[Claim, ...]:
        """Claim with the places taken beforehand, so that nobody else takes them while the commit is under way."""
        if not due:
            return ()
        starts = [(ready.delivery, ready.first_call) for ready in due]
        places = sum(call is not None for _, call in starts)
        self._places.reserve(places)
        used = 0
        try:
            claims = await self._store.claim(self.name, starts, now=self._clock.now(), epoch=self._standing.epoch)
            used = sum(claim.attempt_id is not None for claim in claims)
        except StorageInDoubt:
            self._in_doubt = True
            raise
        finally:
            self._places.give_back(places - used)
        return claims

    async def _work_on(self, claim: Claim, ready: Prepared | Settled) -> None:
        """Make the calls of a delivery; the next one may begin while the outcome is on its way to the disk."""
        if isinstance(ready, Settled):
            self._free_a_hand(claim)
            await self._account.settler.without_a_call(claim, ready.outcome)
            return
        work = Try(claim, ready, self._account.bench)
        try:
            async with self._hands:
                outcome = await work.outcome()
        except asyncio.CancelledError:  # a stop that cannot wait for it
            await work.leave()
            raise
        finally:
            self._free_a_hand(claim)
        await self._account.settler.after(work, outcome)

    async def _probe(self) -> None:
        """Ask whether a held account can be used again."""
        try:
            problem = await self._account.prober.problem()
            if problem is None:
                self._standing.release()
            else:
                self._standing.still_refused(problem.reason if isinstance(problem, Hold) else None, problem.detail)
        finally:
            self._probing = None
            self.wake()

    def _free_a_hand(self, claim: Claim) -> None:
        self._calling -= 1
        self._standing.came_to_rest(claim.delivery.delivery_id)
        if self._line.has_more:
            self._wake.set()

    def _done(self, task: asyncio.Task[None]) -> None:
        full = len(self._at_work) >= MOST_AT_WORK
        self._at_work.pop(task, None)
        if full or not self._at_work or not self._line.has_more:
            self._wake.set()  # the end of one may be what another of that person waited for
        if not task.cancelled() and (error := task.exception()) is not None:
            # Its end could not be recorded: left in `sending`, and taken up by the next start. Never silent.
            self._log.error("delivery.crashed", lane=self.name, task=task.get_name(), exc_info=error)
