"""Leads of any age, and a store that is pruned to its end, for the tests of pruning."""

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Literal

from leadbridge.deliver.marks import marks_of
from leadbridge.ids import first_id, new_trace_id
from leadbridge.store.base import Store
from leadbridge.store.claims import Claim, DeliveryUpdate, FinishedCall, TryResult
from leadbridge.store.retaining import BEGIN, Pruned, PruneFrom
from leadbridge.store.values import MappedSubmission, NewDelivery, NewItem, NewRequest
from tests.support.stored import LANE, claim, new_delivery, received

DAY = 86_400_000
# A Tuesday: the databases of tests have the machine's clock, and make their weeks by it.
NOW = (time.time_ns() // 1_000_000 - 4 * DAY) // (7 * DAY) * 7 * DAY + 5 * DAY
OLD, YOUNG = NOW - 100 * DAY, NOW - 10 * DAY
BEFORE = NOW - 90 * DAY
_numbers = count(1)


def id_of(at: int) -> str:
    """An id as one is made at this time."""
    return f"{first_id(at)}-7000-8000-{next(_numbers):012x}"


async def arrive(
    store: Store,
    *,
    at: int,
    key: str | None = None,
    digest: bytes = b"same",
    items: int = 1,
    source: str = "website",
    state: Literal["received", "awaiting_fetch"] = "received",
) -> list[str]:
    """Submissions of one request, received at this time; what became of each: its id, or the first one's."""
    made = [NewItem(submission_id=id_of(at), state=state, dedupe_key=key, digest=digest) for _ in range(items)]
    request = NewRequest(
        request_id=id_of(at), trace_id=new_trace_id(), received=received(at=at, source=source), verified_by="token",
        items=made,
    )  # fmt: skip
    return [one.submission_id for one in await store.accept(request)]


async def mapped(store: Store, submission_id: str, *deliveries: NewDelivery, at: int) -> None:
    await store.map([MappedSubmission(submission_id=submission_id, state="mapped", deliveries=deliveries)], now=at)


async def ended(store: Store, claimed: Claim, update: DeliveryUpdate, *, at: int) -> None:
    status = 200 if update.state == "delivered" else 500
    finished = FinishedCall(attempt_id=claimed.attempt_id or 0, answered_at=at, outcome=update.state, status=status)
    await store.record(LANE, TryResult(claim=claimed, at=at, finished=finished, update=update))


async def lead(
    store: Store,
    *keys: str,
    at: int,
    update: DeliveryUpdate | None = None,
    record_id: str | None = None,
    **changes: Any,
) -> tuple[str, str]:
    """A lead that came, and was sent, at this time; its submission and its delivery. It waits without `update`."""
    (submission,) = await arrive(store, at=at)
    delivery = replace(new_delivery(*keys, event_at=changes.pop("event_at", at), **changes), delivery_id=id_of(at))
    await mapped(store, submission, delivery, at=at)
    if record_id is not None:
        update = DeliveryUpdate(state="delivered", record_id=record_id, created=True)
    if update is not None:
        for claimed in await claim(store, now=at):  # what waits of others is put back
            mine = claimed.delivery.delivery_id == delivery.delivery_id
            put_back = DeliveryUpdate(state="pending", next_at=at)
            await ended(store, claimed, update if mine else put_back, at=at)
    return submission, delivery.delivery_id


async def steps(store: Store, before: int = BEFORE, *, limit: int = 100) -> list[Pruned]:
    """Prune to the end; every step. The books balance after each."""
    made: list[Pruned] = []
    since: PruneFrom | None = BEGIN
    while since is not None:
        made.append(await store.prune(before, fold=marks_of, since=since, limit=limit))
        assert (await store.ledger()).balances
        since = made[-1].then
        assert len(made) < 1_000, "it ends"
    return made


def total(made: Sequence[Pruned], what: str) -> int:
    return sum(getattr(step, what) for step in made)


async def states(store: Store, kind: str = "deliveries") -> dict[str, int]:
    """How many there ever were, by state: those that were pruned among them."""
    accounts = [one for one in (await store.ledger()).accounts if one.kind == kind]
    assert len(accounts) == 1
    return dict(accounts[0].states)
