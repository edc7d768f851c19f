"""What is under way in a lane: every claimed delivery, from its claim until its outcome is on the disk."""

import asyncio
from collections.abc import Callable, Set
from typing import Final

from leadbridge.deliver.account import Account
from leadbridge.deliver.attempt import Try
from leadbridge.deliver.preparing import Prepared, Settled
from leadbridge.logs import Logger
from leadbridge.store.claims import Claim

CONCURRENCY: Final = 16  # deliveries whose calls are under way at once
MOST_CLAIMED: Final = 2 * CONCURRENCY  # with those that are claimed already, so that no hand waits for a commit
MOST_AT_WORK: Final = 3 * CONCURRENCY  # with those whose outcome is still on its way to the disk


class Hands:
    """Those that work for one account in one epoch."""

    def __init__(self, lane: str, account: Account, *, log: Logger, wake: Callable[[], None]) -> None:
        """`wake` is told when an end may let the lane claim more."""
        self._lane = lane
        self._account = account
        self._line = account.line
        self._log = log
        self._wake = wake
        self._at_work: dict[asyncio.Task[None], frozenset[str]] = {}  # with the records that may be written to
        self._calling = 0  # of those at work, the ones that have calls to make
        self._turns = asyncio.Semaphore(CONCURRENCY)
        self.cut_off = False  # a call was, that the CRM may be at work on

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._at_work

    @property
    def free(self) -> int:
        """How many calls may begin at once; less than none while deliveries wait for a hand."""
        return CONCURRENCY - self._calling

    @property
    def records(self) -> Set[str]:
        """The records that may be written to."""
        return {record for records in self._at_work.values() for record in records}

    def room(self, most: int) -> int:
        """How many more may be claimed when `most` may have calls to make."""
        return min(most - self._calling, MOST_AT_WORK - len(self._at_work))

    def begin(self, claim: Claim, ready: Prepared | Settled) -> None:
        """Take up what was claimed."""
        self._calling += 1
        self._account.standing.claimed(claim.delivery.delivery_id)
        task = asyncio.create_task(self._work_on(claim, ready), name=f"deliver {claim.delivery.delivery_id}")
        self._at_work[task] = claim.delivery.records
        task.add_done_callback(self._done)

    async def finish(self, *, grace: float) -> None:
        """Wait `grace` seconds for the ends, and cut off what is not finished then: it stays on disk."""
        if not self._at_work:
            return
        _, unfinished = await asyncio.wait(self._at_work, timeout=grace)
        self.cut_off = self.cut_off or self._account.caller.under_way > 0
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    async def _work_on(self, claim: Claim, ready: Prepared | Settled) -> None:
        """Make the calls of a delivery; the next one may begin while the outcome is on its way to the disk."""
        if isinstance(ready, Settled):
            self._let_go(claim)
            await self._account.settler.without_a_call(claim, ready.outcome)
            return
        work = Try(claim, ready, self._account.bench)
        try:
            async with self._turns:
                outcome = await work.outcome()
        except asyncio.CancelledError:  # a stop that cannot wait for it
            await work.leave()
            raise
        finally:
            self._let_go(claim)
        await self._account.settler.after(work, outcome)

    def _let_go(self, claim: Claim) -> None:
        self._calling -= 1
        self._account.standing.came_to_rest(claim.delivery.delivery_id)
        if self._line.has_more:
            self._wake()

    def _done(self, task: asyncio.Task[None]) -> None:
        full = len(self._at_work) >= MOST_AT_WORK
        self._at_work.pop(task, None)
        if full or not self._at_work or not self._line.has_more:
            self._wake()  # the end of one may be what another of that person waited for
        if not task.cancelled() and (error := task.exception()) is not None:
            # Its end could not be recorded: left in `sending`, and taken up by the next start. Never silent.
            self._log.error("delivery.crashed", lane=self._lane, task=task.get_name(), exc_info=error)
