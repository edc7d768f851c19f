"""Submissions and deliveries put into a store, for tests that begin further on."""

from collections.abc import Callable, Sequence

from leadbridge.crm.adapter import Call
from leadbridge.events import Received
from leadbridge.ids import new_id, new_trace_id
from leadbridge.lead import Lead
from leadbridge.plan import MatchKey, Plan
from leadbridge.store.base import Store
from leadbridge.store.claims import Claim, DueByUrgency, DueDelivery, Recovered
from leadbridge.store.lanes import Lease, Process
from leadbridge.store.values import MappedSubmission, NewDelivery, NewItem, NewRequest

LANE = "copper:localhost:1"
OWNER = "this process"
FOREVER = Lease(seconds=1e8, grace=0.0)  # a clock that a test advances is not the database's
START = 1_700_000_000_000


def received(*, source: str = "website", body: bytes = b"{}", at: int = START) -> Received:
    """A request as the receive stage hands it on."""
    return Received(
        source=source,
        method="POST",
        url=f"http://localhost/hooks/{source}",
        headers={"content-type": "application/json"},
        body=body,
        received_at=at,
    )


def new_request(
    *items: NewItem, source: str = "website", body: bytes = b"{}", trace_id: str | None = None, at: int = START
) -> NewRequest:
    """A request with these items, or with one that is new."""
    return NewRequest(
        request_id=new_id(),
        trace_id=trace_id or new_trace_id(),
        received=received(source=source, body=body, at=at),
        verified_by="token",
        items=items or (NewItem(submission_id=new_id()),),
    )


def plan(email: str = "ann@example.com") -> Plan:
    """A plan for one person."""
    lead = Lead(name="Ann Lee", email=email, emails=(email,))
    return Plan(record="lead", lead=lead, match=MatchKey(by="email", value=email))


def new_delivery(
    *keys: str,
    lane: str = LANE,
    destination: str = "copper",
    email: str = "ann@example.com",
    alone: bool = True,
    event_at: int = START,
) -> NewDelivery:
    """A delivery that waits; unless it is not `alone` it never goes as one call with others."""
    return NewDelivery(
        delivery_id=new_id(),
        route="website to copper",
        destination=destination,
        lane=lane,
        config_version="v1",
        event_at=event_at,
        plan=plan(email).model_dump_json(exclude_unset=True),
        keys=keys,
        alone=alone,
    )


async def add(store: Store, *deliveries: NewDelivery, now: int = START, trace_id: str | None = None) -> str:
    """Store a submission that was mapped to these deliveries; returns its id."""
    (accepted,) = await store.accept(new_request(trace_id=trace_id))
    await store.map(
        [MappedSubmission(submission_id=accepted.submission_id, state="mapped", deliveries=deliveries)], now=now
    )
    return accepted.submission_id


def upsert(_delivery: DueDelivery) -> Call:
    """A first call that may be repeated."""
    return Call(purpose="upsert lead", method="PUT", path="/leads/upsert", body={})


async def own(store: Store, lane: str = LANE, *, owner: str = OWNER) -> int:
    """Have a lane, whoever had it: all others are gone. The epoch that is the owner's."""
    epochs = await store.own_lanes([lane], owner=owner)
    if lane not in epochs:
        peers = {peer.name for peer in (await store.roll()).peers}
        for other in peers - {owner}:
            await store.leave(other)
        if owner not in peers:
            assert await store.join(Process(name=owner, accounts="all"), [lane], lease=FOREVER)
        epochs = await store.own_lanes([lane], owner=owner)
    return epochs[lane]


async def claim(
    store: Store,
    *,
    limit: int = 100,
    now: int = START,
    lane: str = LANE,
    begin: Callable[[DueDelivery], Call | None] = upsert,
) -> tuple[Claim, ...]:
    """Claim what is due, as a lane does: the most urgent first."""
    epoch = await own(store, lane)
    due = in_line(await store.due(lane, limit=limit, now=now))[:limit]
    starts = [(delivery, begin(delivery)) for delivery in due]
    return await store.claim(lane, starts, now=now, epoch=epoch)


async def recover(store: Store, *, now: int, lane: str = LANE, owner: str = OWNER) -> Recovered:
    """Take back what is claimed in a lane, as its owner does before it begins."""
    return await store.recover(lane, epoch=await own(store, lane, owner=owner), now=now)


def in_line(due: DueByUrgency) -> tuple[DueDelivery, ...]:
    """What is due, by urgency."""
    return (*due.live, *due.retry, *due.replay)


def ids(claims: Sequence[Claim]) -> list[str]:
    """The deliveries of some claims, followers among them."""
    return [name for one in claims for name in one.delivery.all_ids]
