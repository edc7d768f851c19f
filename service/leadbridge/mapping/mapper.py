"""The map stage at work: stored submissions become deliveries, off the sender's request, again after a restart."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

from leadbridge.clock import Clock, Millis
from leadbridge.desk import Desk
from leadbridge.errors import MappingError, StorageUnavailable, Unparseable
from leadbridge.events import Event
from leadbridge.ids import new_id
from leadbridge.items import StoredEvents
from leadbridge.logs import Logger
from leadbridge.mapping import Filtered, Planned, SourceContext, map_event
from leadbridge.mapping.stage import Mapped
from leadbridge.metrics.meters import Meters
from leadbridge.plan import RecordKind
from leadbridge.precedence import Precedence
from leadbridge.record import STORAGE_PAUSE
from leadbridge.settings.route import Route
from leadbridge.store.base import Store
from leadbridge.store.values import MappedSubmission, NewDelivery, WaitingSubmission
from leadbridge.supervise import words_of

BATCH: Final = 64  # submissions mapped for one commit
CLOCK_WENT_BACK: Final = 1_000  # ms that are worth a line; less is how clocks are kept right
NO_KEY: Final = "the lead has none of the route's match keys"


@dataclass(frozen=True, kw_only=True)
class Routing:
    """The routes of one configuration and where they lead."""

    version: str
    routes: Sequence[Route]
    lane_of: Callable[[str], str]  # destination to lane
    record_of: Callable[[Route], RecordKind]

    def of(self, source: str) -> tuple[Route, ...]:
        """The routes from a source."""
        return tuple(self._by_source.get(source, ()))

    @cached_property
    def _by_source(self) -> Mapping[str, Sequence[Route]]:
        """Thousands of accounts have as many routes: none is looked at for each submission but its own."""
        routes: dict[str, list[Route]] = defaultdict(list)
        for route in self.routes:
            for source in dict.fromkeys(route.from_):
                routes[source].append(route)
        return routes


class Mapper:
    """Maps what is stored as `received`, oldest first."""

    def __init__(
        self,
        desks: Mapping[str, Desk],
        routing: Routing,
        *,
        store: Store,
        clock: Clock,
        log: Logger,
        precedence: Precedence,
        mapped: Callable[[Iterable[str]], None],
        meters: Meters | None = None,
    ) -> None:
        """`mapped` is told the lanes that got deliveries, after the commit."""
        self._desks = desks
        self._routing = routing
        self._store = store
        self._clock = clock
        self._log = log
        self._precedence = precedence
        self._mapped = mapped
        self._meters = meters or Meters()
        self._wake = asyncio.Event()
        self._clock_is_back = False
        self._events = StoredEvents()

    def wake(self) -> None:
        """Look at once for what is to be mapped."""
        self._wake.set()

    async def run(self) -> None:
        """Map until cancelled; begins with what an earlier process left."""
        while True:
            self._wake.clear()
            try:
                while await self.map_waiting():
                    pass
            except StorageUnavailable as error:
                self._log.error("storage.unavailable", problem=str(error), retry_in_s=STORAGE_PAUSE)
                await self._clock.pause(STORAGE_PAUSE)
                continue
            await self._clock.wait(self._wake, None)

    async def map_waiting(self) -> int:
        """Map one batch; returns how many submissions it held."""
        with self._precedence.working():
            waiting = await self._store.waiting(limit=BATCH)
            results: list[MappedSubmission] = []
            for item in waiting:
                results.append(self._map_safely(item))
                await asyncio.sleep(0)  # senders are served in between
            if results:
                await self._store_them(results)
                self._say(waiting, results)
                self._say_clock(waiting[-1])
                self._mapped({new.lane for result in results for new in result.deliveries if new.state == "pending"})
        await self._precedence.give_way()
        return len(waiting)

    async def _store_them(self, results: Sequence[MappedSubmission]) -> None:
        began = self._clock.monotonic()
        try:
            await self._store.map(results, now=self._clock.now())
        except StorageUnavailable:
            self._meters.not_stored("map")
            raise
        self._meters.stored("map", self._clock.monotonic() - began)

    def _map_safely(self, item: WaitingSubmission) -> MappedSubmission:
        try:
            return self._map_item(item)
        except Exception as error:  # a preset may be anyone's: its mistake must not stop the others
            self._log.exception("mapping.crashed", submission=item.submission_id, source=item.received.source)
            return self._ended(item, "failed", f"mapping: {words_of(error)}")

    def _map_item(self, item: WaitingSubmission) -> MappedSubmission:
        received = item.received
        desk = self._desks.get(received.source)
        if desk is None:
            return self._ended(item, "unrouted", f"the configuration has no source {received.source!r} any more")
        routes = self._routing.of(desk.name)
        if not routes:
            return self._ended(item, "unrouted", "no route begins at this source")
        source = SourceContext(name=desk.name, region=desk.region)
        try:
            event = self._event(desk, item)
            if item.fetched is None and desk.awaits_fetch(event):
                # It came, or was let go again, while nobody fetched for this source.
                return MappedSubmission(submission_id=item.submission_id, state="awaiting_fetch")
            # What was fetched may show that it is no lead.
            routes = routes if event.ignored is None else ()
            mapped = map_event(event, source=source, routes=routes, record_of=self._routing.record_of)
        except (Unparseable, MappingError) as error:  # the preset could read it when it came, and may not now
            why = f"unparseable: {error.detail}" if isinstance(error, Unparseable) else f"mapping: {error}"
            return self._ended(item, "failed", why)
        if ignored := event.ignored or _spam_in(mapped):
            return self._ended(item, "ignored", ignored)
        event_at = event.event_at or item.order_at
        deliveries = [self._delivery(one, event_at) for one in mapped]
        return MappedSubmission(submission_id=item.submission_id, state="mapped", deliveries=deliveries)

    def _event(self, desk: Desk, item: WaitingSubmission) -> Event:
        """The event of one item, with what was fetched for it."""
        event = self._events.of(desk, item)
        return event if item.fetched is None else desk.completed(event, item.fetched)

    def _ended(
        self, item: WaitingSubmission, state: Literal["unrouted", "failed", "ignored"], why: str
    ) -> MappedSubmission:
        storable = why.encode("utf-8", "replace").decode()  # a preset's words may hold what no database takes
        return MappedSubmission(submission_id=item.submission_id, state=state, reason=storable)

    def _say(self, waiting: Sequence[WaitingSubmission], results: Sequence[MappedSubmission]) -> None:
        """One line for each submission that goes no further, once that is on disk."""
        for item, result in zip(waiting, results, strict=True):
            self._meters.submission(item.received.source, result.state)
            for new in result.deliveries:
                self._meters.delivery(new.destination, new.state)
            facts = {
                "submission": item.submission_id,
                "trace_id": item.trace_id,
                "source": item.received.source,
            }
            match result.state:
                case "unrouted":
                    self._log.warning("submission.unrouted", **facts, problem=result.reason)
                case "failed":
                    self._log.warning("submission.failed", **facts, problem=result.reason)
                case "ignored":
                    self._log.info("submission.ignored", **facts, reason=result.reason)

    def _say_clock(self, newest: WaitingSubmission) -> None:
        """A line when the clock was set back, and none more until it has caught up."""
        behind = newest.order_at - newest.received.received_at
        if behind > CLOCK_WENT_BACK and not self._clock_is_back:
            self._log.warning("clock.went_back", by_s=behind // 1000)
        self._clock_is_back = behind > CLOCK_WENT_BACK

    def _delivery(self, mapped: Planned | Filtered, event_at: Millis) -> NewDelivery:
        blank = NewDelivery(
            delivery_id=new_id(),
            route=mapped.route,
            destination=mapped.destination,
            lane=self._routing.lane_of(mapped.destination),
            config_version=self._routing.version,
            event_at=event_at,
            state="filtered",
        )
        if isinstance(mapped, Filtered):
            return blank if mapped.spam is None else replace(blank, detail=f"spam: {mapped.spam}")
        plan = mapped.plan
        return replace(
            blank,
            plan=plan.model_dump_json(exclude_unset=True),
            keys=mapped.keys,
            state="held" if mapped.hold else "pending",
            reason=mapped.hold,
            detail=NO_KEY if mapped.hold else None,
            alone=plan.note is not None or plan.allow_duplicates or plan.match is None,
        )


def _spam_in(mapped: Sequence[Mapped]) -> str | None:
    """Why an event is spam, if no route takes it for a lead."""
    spam = next((one.spam for one in mapped if isinstance(one, Filtered) and one.spam is not None), None)
    return None if spam is None or any(isinstance(one, Planned) for one in mapped) else f"spam: {spam}"
