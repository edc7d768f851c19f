"""The composition root: from a loaded configuration to a running service. Concrete classes are picked here alone."""

import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random, SystemRandom

from starlette.applications import Starlette
from starlette.types import ASGIApp

import leadbridge
from leadbridge.admin.application import admin_app, application
from leadbridge.admin.backlog import BacklogGauges
from leadbridge.clock import Clock, SystemClock
from leadbridge.configured import adapters, door, record_of
from leadbridge.deliver.account import LEASE, Means
from leadbridge.deliver.deliverer import Deliverer
from leadbridge.deliver.marks import marks_of
from leadbridge.deliver.metered import MeteredTransport
from leadbridge.deliver.tenure import Tenure
from leadbridge.deliver.transport import HttpTransport, Transport
from leadbridge.desk import desks
from leadbridge.errors import StorageUnavailable
from leadbridge.fetch.fetcher import Fetcher
from leadbridge.fetch.source import FetchMeans
from leadbridge.fetch.transport import FetchTransport, HttpFetchTransport
from leadbridge.front import Front, crashed, probes
from leadbridge.logs import Logger, logger
from leadbridge.mapping.mapper import Mapper, Routing
from leadbridge.metrics import families
from leadbridge.metrics.meters import Meters
from leadbridge.metrics.series import Labels, Snapshots, gauge
from leadbridge.precedence import Precedence
from leadbridge.quarantine import Leftovers, Quarantine
from leadbridge.receive import Receiver
from leadbridge.record import Recorder
from leadbridge.retention import Retention, kept_for
from leadbridge.retry import RetryPolicy
from leadbridge.settings.loading import Loaded
from leadbridge.store.base import Store
from leadbridge.store.lanes import Lease
from leadbridge.supervise import Crew
from leadbridge.tokens import TokenKeeper


class Service:
    """One leadbridge: its HTTP application, and the work behind it."""

    def __init__(  # noqa: PLR0913 - its parts, most of them with a default
        self,
        loaded: Loaded,
        store: Store,
        *,
        clock: Clock | None = None,
        transport: Transport | None = None,
        dice: Random | None = None,
        tokens: TokenKeeper | None = None,
        log: Logger | None = None,
        lease: Lease = LEASE,
        quarantine: Quarantine | Leftovers | None = None,
        vendors: FetchTransport | None = None,
    ) -> None:
        """Wire the stages together; nothing runs before `start`, or before the application's lifespan."""
        clock = clock or SystemClock()
        log = log or logger().bind()
        settings = loaded.settings
        self._store = store
        self._tokens = tokens
        self._quarantine = quarantine
        self._clock = clock
        self._log = log
        self._ready = False
        self.precedence = precedence = Precedence(clock)
        sources = desks(settings, aside=quarantine if isinstance(quarantine, Quarantine) else None)
        self.adapters = crm_adapters = adapters(settings)
        self._version = loaded.version
        self._meters = meters = Meters(
            sources=sources, destinations={name: adapter.crm for name, adapter in crm_adapters.items()}
        )
        dice = dice or SystemRandom()
        tenure = Tenure(clock, lease)
        recorder = Recorder(store, clock=clock, policy=RetryPolicy(), dice=dice, log=log, meters=meters)
        self._deliverer = Deliverer(
            crm_adapters,
            quotas={
                name: destination.quota_of(crm_adapters[name].official_quota)
                for name, destination in settings.destinations.items()
            },
            means=Means(
                store=store,
                transport=MeteredTransport(
                    transport or HttpTransport(may_send=lambda: tenure.allows_a_call),
                    meters=meters,
                    clock=clock,
                    adapters=crm_adapters,
                ),
                recorder=recorder,
                clock=clock,
                log=log,
                precedence=precedence,
                tenure=tenure,
                tokens=tokens,
                dice=dice,
                lease=lease,
            ),
        )
        if any(route.recognise for route in settings.routes):
            from leadbridge.recognise import default_tables  # noqa: PLC0415  # as long as half of a start without

            default_tables()  # now, and not while the first submission waits
        self._mapper = Mapper(
            sources,
            Routing(
                version=loaded.version,
                routes=settings.routes,
                lane_of=self._deliverer.lane_of,
                record_of=lambda route: record_of(route, crm_adapters),
            ),
            store=store,
            clock=clock,
            log=log,
            precedence=precedence,
            mapped=self._deliverer.wake,
            meters=meters,
        )
        self._fetcher = Fetcher(
            sources,
            FetchMeans(
                store=store,
                transport=vendors or HttpFetchTransport(),
                clock=clock,
                log=log,
                meters=meters,
                dice=dice,
                fetched=self._mapper.wake,
            ),
        )
        self._fetching = {
            name: meters.source_label(name) for name, desk in sources.items() if desk.fetching is not None
        }
        receiver = Receiver(
            sources,
            door=door(settings),
            store=store,
            clock=clock,
            log=log,
            precedence=precedence,
            stored=self._stored,
            meters=meters,
        )
        self._retention = Retention(
            store,
            keep=kept_for(settings.defaults.retention, [desk.dedupe_window for desk in sources.values()]),
            fold=marks_of,
            clock=clock,
            dice=SystemRandom(),
            log=log,
            also=quarantine.forget if quarantine is not None else None,
        )
        self._crew = Crew(rest=clock.pause, log=log)
        self._probes = probes(self._why_not_ready)
        self._crashed = crashed(log)
        others = application(
            self._probes,
            nothing_here="There is nothing here; submissions go to /hooks/NAME.",
            crashed=self._crashed,
            lifespan=self._lifespan,
        )
        self.asgi = Front(receiver, others)

    def admin(self) -> ASGIApp:
        """What is served where operators are, and senders are not."""
        lane_of, labels_of = self._deliverer.lane_of, self._meters.labels_of
        # Of several destinations on one account the first by name stands for it.
        lanes = {lane_of(name): labels_of(name) for name in sorted(self.adapters, reverse=True)}
        backlog = BacklogGauges(self._store, clock=self._clock, log=self._log, lanes=lanes, fetching=self._fetching)
        return admin_app(probes=self._probes, counted=self._counted, backlog=backlog, crashed=self._crashed)

    def _counted(self) -> Snapshots:
        lanes: dict[Labels, float] = {
            ("configured",): self._deliverer.lanes_known,
            ("owned",): self._deliverer.lanes_owned,
        }
        build = (leadbridge.__version__, platform.python_version(), self._version)
        return (
            *self._meters.snapshots(),
            gauge(families.LANES, lanes),
            gauge(families.READY, {(): float(self._why_not_ready() is None)}),
            gauge(families.BUILD, {build: 1.0}),
        )

    async def start(self) -> None:
        """Take up what an earlier process left, and begin to work."""
        await self._deliverer.start(changed=self._changed_elsewhere)
        self._fetcher.start()
        self._crew.start("mapper", self._mapper.run)
        if (tokens := self._tokens) is not None:
            grants = [adapter.grant for adapter in self.adapters.values() if adapter.grant is not None]
            self._crew.start("tokens", lambda: tokens.keep_alive(grants))
        self._crew.start("retention", self._retention.run)
        self._ready = True
        self._log.info("service.started")
        if self._quarantine is not None:
            try:
                await self._quarantine.tell()
            except StorageUnavailable as error:  # no reason not to start: who waits there waits on
                self._log.error("storage.unavailable", problem=str(error))

    def leave(self) -> None:
        """Say on /readyz that no more should be sent here; what is sent all the same is taken until `stop`."""
        self._ready = False
        self._log.info("service.leaving")

    async def stop(self) -> None:
        """Finish what is under way within a bound; everything else stays on disk."""
        self._ready = False
        await self._crew.stop()
        await self._fetcher.stop()
        await self._deliverer.stop()
        if self._tokens is not None:
            await self._tokens.close()
        if self._quarantine is not None:
            await self._quarantine.close()
        self._log.info("service.stopped")

    def _stored(self, source: str) -> None:
        self._mapper.wake()
        self._fetcher.wake(source)

    def _changed_elsewhere(self) -> None:
        self._mapper.wake()
        self._fetcher.look_again()

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        await self.start()
        yield
        await self.stop()

    def _why_not_ready(self) -> str | None:
        if not self._ready or not self._crew.has("mapper"):
            return "The service is starting or stopping."
        try:
            self._store.check()
        except StorageUnavailable as error:
            return f"Nothing can be stored: {error}."
        return None
