"""The leads of one source: claimed as the quota allows, fetched some at once, stored together."""

import asyncio
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from leadbridge.clock import Clock, Millis
from leadbridge.desk import Desk, FetchAccount
from leadbridge.errors import StorageUnavailable
from leadbridge.fetch.caller import Caller
from leadbridge.fetch.standing import Settled, Standing, Tried
from leadbridge.fetch.transport import DEADLINE, FetchTransport
from leadbridge.logs import Logger
from leadbridge.metrics.meters import Meters
from leadbridge.record import STORAGE_PAUSE, STORAGE_SAID_EVERY
from leadbridge.sources.fetching import mend_token
from leadbridge.store.base import Store
from leadbridge.store.fetching import ClaimedFetches, FetchPause

AT_ONCE: Final = 8  # submissions of a source that are fetched at once
MARGIN: Final = 20.0  # seconds that a claim lasts beyond the calls' deadlines: until the end is stored
_OF_THE_TOKEN: Final = ("credentials:", "forbidden:")  # pauses that another token may end
SOONEST: Final = 0.1  # seconds until a store that gave nothing is asked again


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchMeans:
    """What fetching works with. `fetched` is told when submissions came to be ready for mapping."""

    store: Store
    transport: FetchTransport
    clock: Clock
    log: Logger
    meters: Meters
    dice: Random
    fetched: Callable[[], None]


class SourceFetcher:
    """Fetches for one source, beside all other processes that do."""

    def __init__(self, desk: Desk, account: FetchAccount, means: FetchMeans) -> None:
        self._source = desk.name
        self._account = account
        self._means = means
        self._log = means.log
        self._standing = Standing(dice=means.dice)
        self._caller = Caller(
            desk, account, transport=means.transport, clock=means.clock, now=self._now, log=means.log,
            meters=means.meters,
        )  # fmt: skip
        self._calls_each = len(account.known.steps)
        self._lasts = self._calls_each * DEADLINE + MARGIN  # seconds of a claim
        self._wake = asyncio.Event()
        self._leaving = False
        self._begun = False
        self._said_unavailable_at: float | None = None  # monotonic seconds
        self._ahead: Millis = 0  # of our clock, the one that all processes share
        self._under_way: set[asyncio.Task[Tried]] = set()
        self._over: list[Tried] = []  # what is still to be stored

    def wake(self) -> None:
        """There may be something to fetch."""
        self._wake.set()

    def leave(self) -> None:
        """Begin no more: `run` returns when the calls under way are over and what came of them is stored."""
        self._leaving = True
        self._wake.set()

    async def run(self) -> None:
        """Fetch what is announced until `leave`, through every trouble of the vendor and the database."""
        while True:
            self._wake.clear()
            try:
                if not self._begun:
                    await self._try_mended_credentials()
                await self._store_what_is_over()
                rest = None if self._leaving else await self._begin_more()
            except StorageUnavailable as error:
                self._say_unavailable(error)
                if self._leaving and not self._under_way:
                    return  # nobody waits for a disk at a stop: the claims run out
                await self._means.clock.pause(STORAGE_PAUSE)
                continue
            if self._leaving and not self._under_way:
                return
            if rest != 0.0:
                await self._means.clock.wait(self._wake, rest)

    async def close(self) -> None:
        """Break off what is under way; its claims run out."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _now(self) -> Millis:
        return self._means.clock.now() + self._ahead

    async def _try_mended_credentials(self) -> None:
        """The token may be another one than before the start: what paused for it is tried at once."""
        now = await self._shared_now()
        for backlog in await self._means.store.fetch_backlogs():
            pause = backlog.pause
            if backlog.source == self._source and pause is not None and pause.reason.startswith(_OF_THE_TOKEN):
                await self._means.store.store_fetched(self._source, (), now=now, pause=replace(pause, until=now))
        self._begun = True

    async def _begin_more(self) -> float | None:
        """Claim what there is room for; seconds until there may be more, None for when this is woken."""
        room = AT_ONCE - len(self._under_way)
        if room == 0:
            return None
        # A process that stood still past its claim must not ask: another one may have it. The clock of the machine runs
        # on meanwhile, whatever wall time does.
        begin_before = self._means.clock.monotonic() + self._lasts - DEADLINE
        now = await self._shared_now()
        claimed = await self._claim(room, now=now)
        self._standing.paused(claimed.pause)
        for due in claimed.due:
            fetching = self._caller.fetch(
                due, pause=claimed.pause, leaving=lambda: self._leaving, begin_before=begin_before
            )
            task = asyncio.create_task(fetching, name=f"fetch {self._source}")
            task.add_done_callback(lambda _task: self._wake.set())
            self._under_way.add(task)
        if claimed.next_at is None or len(claimed.due) == room:
            return None
        rest = (claimed.next_at - self._now()) / 1000
        return max(0.0 if claimed.next_at > now else SOONEST, rest)

    async def _shared_now(self) -> Millis:
        """Wall time by the clock that all processes share: the quota's window is counted by it."""
        shared = await self._means.store.time()
        self._ahead = 0 if shared is None else shared - self._means.clock.now()
        return self._now()

    async def _claim(self, room: int, *, now: Millis) -> ClaimedFetches:
        return await self._means.store.claim_fetches(
            self._source,
            quota=self._account.quota,
            calls_each=self._calls_each,
            limit=room,
            now=now,
            until=now + round(self._lasts * 1000),
        )

    async def _store_what_is_over(self) -> None:
        over = {task for task in self._under_way if task.done()}
        self._under_way -= over
        self._over += [self._standing.heard(task.result()) for task in over]
        if not self._over:
            return
        settled = self._standing.settle(self._over, now=self._now())
        began = self._means.clock.monotonic()
        try:
            taken = await self._means.store.store_fetched(
                self._source, settled.ends, now=self._now(), pause=settled.pause, resume=settled.resume
            )
        except StorageUnavailable:
            self._means.meters.not_stored("fetch")
            raise
        self._means.meters.stored("fetch", self._means.clock.monotonic() - began)
        tries, self._over = self._over, []
        if settled.pause is not None or settled.resume:
            self._standing.paused(settled.pause)
        self._say(settled, tries, taken=taken)
        if any(end.documents is not None for end in settled.ends):
            self._means.fetched()

    def _say_unavailable(self, error: StorageUnavailable) -> None:
        """Now and then: a line for each try would fill the disk that is full."""
        now = self._means.clock.monotonic()
        if self._said_unavailable_at is None or now - self._said_unavailable_at >= STORAGE_SAID_EVERY:
            self._said_unavailable_at = now
            self._log.error("storage.unavailable", source=self._source, problem=str(error), retry_in_s=STORAGE_PAUSE)

    def _say(self, settled: Settled, tries: Sequence[Tried], *, taken: Set[str]) -> None:
        log, meters = self._log, self._means.meters
        for end, tried in zip(settled.ends, tries, strict=True):
            if end.submission_id not in taken:
                continue  # another process was quicker
            if end.documents is not None:
                meters.submission(self._source, "received")
            elif end.again_at is None:
                meters.submission(self._source, "failed")
                facts = {"submission": end.submission_id, "trace_id": tried.due.waiting.trace_id}
                log.warning("fetch.failed", source=self._source, **facts, problem=end.reason)
        if settled.pause is not None and settled.new:
            self._say_paused(settled.pause)
        if settled.resume:
            log.info("fetch.resumed", source=self._source)

    def _say_paused(self, pause: FetchPause) -> None:
        kind, _, problem = pause.reason.partition(": ")
        seconds = round((pause.until - self._now()) / 1000)
        of_the_token = pause.reason.startswith(_OF_THE_TOKEN)
        facts = {"to_do": mend_token(self._account.known.renewal)} if of_the_token else {}
        self._log.warning(
            "fetch.paused", source=self._source, reason=kind, problem=problem, retry_in_s=seconds, **facts
        )
