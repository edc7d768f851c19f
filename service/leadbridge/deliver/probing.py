"""Asking an account whether it can be used at all, without side effects and without any lead."""

import asyncio
from collections.abc import Callable, Collection
from typing import Final

from leadbridge.clock import Clock
from leadbridge.crm.adapter import Adapter, Call
from leadbridge.deliver.calling import Caller, Exchange
from leadbridge.deliver.places import Places
from leadbridge.errors import StorageUnavailable
from leadbridge.ids import new_trace_id
from leadbridge.logs import Logger
from leadbridge.outcome import Hold, HoldReason, Retry
from leadbridge.record import finished_call
from leadbridge.store.base import Store
from leadbridge.supervise import words_of

ACCOUNT_REASONS: Final[frozenset[HoldReason]] = frozenset({"bad_credentials", "missing_scope", "reconnect"})


class Prober:
    """Probes the account of one lane; everybody who asks meanwhile gets the same answer."""

    def __init__(
        self, lane: str, adapters: Collection[Adapter], *, store: Store, caller: Caller, places: Places, clock: Clock,
        log: Logger, answered: Callable[[], None],
    ) -> None:  # fmt: skip
        """`answered` is told when the account is not in doubt any more."""
        self._lane = lane
        self._adapters = adapters
        self._store = store
        self._caller = caller
        self._places = places
        self._clock = clock
        self._log = log
        self._answered = answered
        self._asking: asyncio.Task[Retry | Hold | None] | None = None
        self._listening = 0  # who asked and has not heard the answer yet

    @property
    def asking(self) -> bool:
        """Whether the account is in doubt just now: nothing new is begun meanwhile."""
        return self._asking is not None or self._listening > 0

    async def problem(self) -> Retry | Hold | None:
        """Why the account cannot be used; None when it can, by one of its destinations' credentials at least."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_all(), name=f"probe {self._lane}")
            self._asking.add_done_callback(self._forget)
        self._listening += 1
        try:
            return await asyncio.shield(self._asking)
        finally:  # it acts on the answer at once: no other task comes in between
            self._listening -= 1
            self._answered()

    async def stop(self) -> None:
        """Wait for no answer any more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _forget(self, _done: asyncio.Task[Retry | Hold | None]) -> None:
        self._asking = None
        self._answered()

    async def _ask_all(self) -> Retry | Hold | None:
        """Two destinations may use one account with different tokens: it is only held when none of them works."""
        problems = []
        for adapter in self._adapters:
            try:
                problem = await self._ask(adapter)
            except StorageUnavailable as error:
                problem = Retry(detail=f"the account could not be probed: {error}")
            except Exception as error:  # an adapter may be anyone's: without a probe nobody knows
                self._log.exception("adapter.crashed", lane=self._lane, destination=adapter.crm)
                problem = Retry(detail=words_of(error))
            if problem is None:
                return None
            problems.append(problem)
        return next((problem for problem in problems if isinstance(problem, Retry)), problems[0])

    async def _ask(self, adapter: Adapter) -> Retry | Hold | None:
        exchange = await self._send(adapter, adapter.probe())
        if exchange.token is not None and exchange.answer is not None and adapter.token_refused(exchange.answer):
            obstacle = (
                None if adapter.grant is None else await self._caller.renew(adapter.grant, refused=exchange.token)
            )
            if obstacle is not None:
                return obstacle
            exchange = await self._send(adapter, adapter.probe())
        if exchange.answer is None:
            return exchange.obstacle or Retry(detail=f"{exchange.end.purpose}: {exchange.end.error}")
        return adapter.probed(exchange.answer)

    async def _send(self, adapter: Adapter, call: Call) -> Exchange:
        """Make a probe: an attempt of its own, and a place in the quota."""
        await self._places.take()
        try:
            now = self._clock.now()
            attempt_id = await self._store.record_probe(self._lane, call, None, attempt_id=None, now=now)
        except Exception:  # nothing was sent
            self._places.give_back(1)
            raise
        exchange = await self._caller.send(
            adapter, call, attempt_id=attempt_id, trace_id=new_trace_id(), delivery_id=None
        )
        now, elapsed = self._clock.now(), self._clock.monotonic()
        finished = finished_call(exchange.end, outcome="probed", now=now, elapsed=elapsed)
        await self._store.record_probe(self._lane, call, finished, attempt_id=attempt_id, now=now)
        return exchange
