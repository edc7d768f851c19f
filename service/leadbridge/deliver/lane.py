"""One CRM account's queue: claims what is due and may be sent, and starts a try of each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from leadbridge.crm.adapter import Adapter, Quota
from leadbridge.deliver.account import Means, account_of
from leadbridge.deliver.hands import MOST_CLAIMED, Hands
from leadbridge.deliver.lineup import BELIEVED, READ_AHEAD
from leadbridge.deliver.preparing import Prepared, Settled
from leadbridge.errors import StorageInDoubt, StorageUnavailable
from leadbridge.record import STORAGE_PAUSE
from leadbridge.store.claims import Claim
from leadbridge.store.lanes import LaneState
from leadbridge.supervise import keep_running

A_MOMENT: Final = 0.001  # seconds
MOST_IN_A_BURST: Final = 2  # deliveries at once while many senders wait for their answers
LOST: Final = 5.0  # seconds in which what was under way in a lane that we lost, and have again, may be written down
WORTH_A_HOLD: Final = 300.0  # seconds without a place of the day's budget that are told as a hold


class Lane:
    """The queue of one account, for as long as it is this process's."""

    def __init__(
        self, name: str, adapters: Mapping[str, Adapter], *, quotas: Sequence[Quota | None], means: Means, epoch: int,
        before: "Lane | None" = None, doubted: Callable[[], Awaitable[None]],
    ) -> None:  # fmt: skip
        """`adapters` are those of the destinations on this account, by the destination's name; all `quotas` hold.

        `before` is the same lane in an earlier epoch of ours, which must be over. `doubted` looks whether it is ours.
        """
        self.name = name
        self._epoch = epoch
        self._before = before
        self._doubted = doubted
        self._store = means.store
        self._clock = means.clock
        self._log = means.log
        self._precedence = means.precedence
        self._wake = asyncio.Event()
        self._account = account = account_of(
            name, adapters, quotas=quotas, means=means, epoch=epoch, wake=self._wake.set
        )
        self._places = account.places
        self._standing = account.standing
        self._line = account.line
        self._running: asyncio.Task[None] | None = None
        self._probing: asyncio.Task[None] | None = None
        self._hands = Hands(name, account, log=means.log, wake=self._wake.set)
        self._stopping = False
        self._looking = False
        self._begun = False  # also when this lane crashes and goes on
        self._in_doubt = False  # whether something is claimed that nobody here knows of
        self._missed = 0  # looks in a row whose deliveries were not to be had any more

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return self._hands.idle and not (self._looking or self._probing or self._account.prober.asking)

    async def look_for_ended_causes(self) -> None:
        """Send one ahead of those that are held one by one; a cause that has ended lets all of them go."""
        await self._account.canaries.send()
        self.wake()

    def wake(self) -> None:
        """Something may be due: look at once."""
        self._line.arrived()
        self._wake.set()

    async def look_again(self, held: LaneState | None) -> None:
        """Another process may have held or released the lane, of which this was read; raises `StorageUnavailable`."""
        if self._begun and self._standing.differs(held):
            await self._standing.look_again()
            self.wake()

    def start(self) -> None:
        """Work until `leave`, or until it is lost."""
        work = keep_running(self._run, name=f"lane {self.name}", rest=self._rest, log=self._log)
        self._running = asyncio.create_task(work, name=f"lane {self.name}")

    def lose(self) -> None:
        """Another process sends for the account, or will: no call begins any more, and what was answered is kept."""
        self._standing.lose()
        self._stopping = True
        self._wake.set()

    async def leave(self, *, grace: float) -> bool:
        """Claim no more, and finish what is under way within `grace` seconds; False when a call was cut off.

        What was not finished stays on disk. Who was cancelled while it waited may ask again.
        """
        self._stopping = True
        self._wake.set()
        if self._running is not None:
            await asyncio.wait((self._running,))  # a claim whose commit is under way still starts its tries
        await self._hands.finish(grace=grace)
        await self._account.prober.stop()
        if self._before is not None:
            await self._before.leave(grace=0.0)
        if self._begun:
            try:
                await self._standing.keep()
            except StorageUnavailable as error:
                self._account.bench.recorder.say_unavailable(self.name, error)
        return not self._hands.cut_off

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self._looking = True
            try:
                rest = await self._look() if self._begun else await self._begin()
            except StorageUnavailable as error:
                self._account.bench.recorder.say_unavailable(self.name, error)
                rest = STORAGE_PAUSE
            finally:
                self._looking = False
            if rest != 0 and not self._stopping:
                await self._rest(rest)

    async def _rest(self, seconds: float | None) -> None:
        await self._clock.wait(self._wake, seconds)

    async def _begin(self) -> float:
        """Take up what whoever had the lane before left, and count what was sent not long ago.

        Returns how long to rest: not at all.
        """
        if self._before is not None:  # its calls are counted when they are over
            await self._before.leave(grace=LOST)
            self._before = None
        self._standing.begin(await self._store.lane(self.name))
        await self._recover()
        await self._places.take_up(self._store, self.name, self._standing.state_for_the_quota())
        self._begun = True
        return 0

    async def _recover(self) -> None:
        """Take back what whoever had the lane before left half done."""
        recovered = await self._store.recover(self.name, epoch=self._epoch, now=self._clock.now())
        if recovered.again or recovered.unsure:
            self._log.warning("delivery.recovered", lane=self.name, again=recovered.again, unsure=recovered.unsure)

    async def _is_sure(self) -> bool:
        """What a claim in doubt may have taken is taken back, once nothing is under way."""
        if not self._hands.idle:
            return False
        await self._recover()
        self._in_doubt = False
        return True

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
        due = self._line.next_ones(room, free_hands=self._hands.free, busy=self._hands.records)
        claims = await self._claim(due)
        by_id = {ready.delivery.delivery_id: ready for ready in due}
        for claim in claims:
            self._hands.begin(claim, by_id[claim.delivery.delivery_id])
        if len(claims) < len(due):  # something changed since it was read
            self._line.forget()
            return await self._after_a_miss(all_of_them=not claims)
        if self._line.put_off and not due and not self._line.waits:
            return BELIEVED  # or until the end of what is under way
        if self._line.has_more:
            if due or not self._line.waits:
                return 0
            return None if room > 0 else self._rest_for_a_place()  # a create waits for a hand: its end wakes us
        next_due = await self._store.next_due(self.name)
        return None if next_due is None else max(0.001, (next_due - self._clock.now()) / 1000)

    async def _after_a_miss(self, *, all_of_them: bool) -> float:
        self._missed = self._missed + 1 if all_of_them else 0
        if self._missed < 2:
            return 0
        await self._doubted()
        return BELIEVED

    def _room(self) -> int:
        """How many deliveries may be claimed now: one while the account's facts are still unknown."""
        most = MOST_CLAIMED if self._account.facts.complete(self._clock.monotonic()) else 1
        if self._precedence.many_wait:
            most = min(most, MOST_IN_A_BURST)
        room = min(self._hands.room(most), self._places.for_new())
        allowed = 0 if self._account.prober.asking else self._standing.room()
        return room if allowed is None else min(room, allowed)

    def _rest_for_a_place(self) -> float | None:
        """How long to rest when nothing could be claimed; the end of a delivery, or of a hold, wakes us besides.

        A place that came free since we looked for one is nobody's end: then we look again at once, or nobody would.
        """
        wait = self._places.wait()
        return A_MOMENT if wait == 0 and self._room() > 0 else wait or None

    def _hold_for_the_budget(self) -> None:
        budget = self._places.budget() if self._hands.idle else None  # what is claimed has its places
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
            claims = await self._store.claim(self.name, starts, now=self._clock.now(), epoch=self._epoch)
            used = sum(claim.attempt_id is not None for claim in claims)
        except StorageInDoubt:
            self._in_doubt = True
            raise
        finally:
            self._places.give_back(places - used)
        return claims

    async def _probe(self) -> None:
        """Ask whether a held account can be used again."""
        try:
            self._standing.probed(await self._account.prober.problem())
        finally:
            self._probing = None
            self.wake()
