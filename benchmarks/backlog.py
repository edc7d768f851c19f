"""Deliveries that wait: mapped as the service maps, or made in bulk where only their number matters."""

import asyncio
from collections.abc import Iterator
from itertools import islice

import structlog

from benchmarks.ground import TOKEN, Site, body
from leadbridge.clock import Millis, SystemClock
from leadbridge.configured import adapters, lane_name, record_of
from leadbridge.crm.adapter import Adapter
from leadbridge.desk import desks
from leadbridge.events import Received
from leadbridge.ids import new_id, new_trace_id
from leadbridge.lead import Address, Lead
from leadbridge.mapping.keys import flight_keys
from leadbridge.mapping.mapper import Mapper, Routing
from leadbridge.plan import MatchKey, Plan
from leadbridge.precedence import Precedence
from leadbridge.store.opening import ServingStore
from leadbridge.store.values import MappedSubmission, NewDelivery, NewItem, NewRequest

_AT_ONCE = 1_000  # deliveries of one commit


def adapter_of(site: Site) -> Adapter:
    """The adapter that the backlog goes through."""
    return adapters(site.loaded.settings)["copper"]


def lane_of(site: Site) -> str:
    """The lane that the backlog waits in."""
    return lane_name(adapter_of(site))


async def submit(site: Site, people: Iterator[int]) -> None:
    """Accept and map submissions of these people with no service running, one delivery to Copper each."""
    store, clock = site.store(), SystemClock()
    settings = site.loaded.settings
    routing = Routing(
        version=site.loaded.version,
        routes=settings.routes,
        lane_of=lambda _destination: lane_of(site),
        record_of=lambda route: record_of(route, adapters(settings)),
    )
    mapper = Mapper(
        desks(settings),
        routing,
        store=store,
        clock=clock,
        log=structlog.get_logger(),
        precedence=Precedence(clock),
        mapped=lambda _lanes: None,
    )
    while some := list(islice(people, _AT_ONCE)):
        await asyncio.gather(*(store.accept(_request(body(person), clock.now())) for person in some))
    while await mapper.map_waiting():
        pass
    await store.close()


async def fill(store: ServingStore, site: Site, people: Iterator[int], *, lane: str | None = None) -> None:
    """Make deliveries that wait, all in one lane (Copper's unless given), without receiving and mapping them."""
    now, lane = SystemClock().now(), lane or lane_of(site)
    while some := list(islice(people, _AT_ONCE)):
        items = [NewItem(submission_id=new_id()) for _ in some]
        await store.accept(_request(b"[]", now, items=items))
        mapped = [
            MappedSubmission(
                submission_id=item.submission_id,
                state="mapped",
                deliveries=[_delivery(person, lane=lane, version=site.loaded.version, now=now)],
            )
            for item, person in zip(items, some, strict=True)
        ]
        await store.map(mapped, now=now)


def _request(content: bytes, now: Millis, *, items: list[NewItem] | None = None) -> NewRequest:
    received = Received(
        source="website",
        method="POST",
        url="http://localhost/hooks/website",
        headers={"content-type": "application/json", "x-webhook-token": TOKEN},
        body=content,
        received_at=now,
    )
    return NewRequest(
        request_id=new_id(),
        trace_id=new_trace_id(),
        received=received,
        verified_by="token",
        items=items or [NewItem(submission_id=new_id())],
    )


def _delivery(person: int, *, lane: str, version: str, now: Millis) -> NewDelivery:
    email = f"person{person}@example.com"
    lead = Lead(
        name=f"Ann Person {person}",
        email=email,
        company=f"Company {person % 100}",
        address=Address(city="Oakland", country="US"),
        source="Website",
    )
    match = MatchKey(by="email", value=email)
    return NewDelivery(
        delivery_id=new_id(),
        route="one call",
        destination="copper",
        lane=lane,
        config_version=version,
        event_at=now,
        plan=Plan(record="lead", lead=lead, match=match).model_dump_json(exclude_unset=True),
        keys=flight_keys(lead, match),
    )
