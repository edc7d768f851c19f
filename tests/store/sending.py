"""Deliveries as tests of sending end them, and the lane they are on."""

from leadbridge.store.base import Store
from leadbridge.store.claims import Claim, DeliveryUpdate, FinishedCall, TryResult
from tests.support.stored import (
    LANE,
    START,
    own,
)

DELIVERED = DeliveryUpdate(state="delivered", record_id="7", created=True)


async def finish(
    store: Store, claimed: Claim, update: DeliveryUpdate = DELIVERED, *, now: int = START, lane: str = LANE
) -> None:
    finished = None
    if claimed.attempt_id is not None:
        finished = FinishedCall(attempt_id=claimed.attempt_id, answered_at=now, outcome=update.state, status=200)
    await store.record(lane, TryResult(claim=claimed, at=now, finished=finished, update=update))


async def owned(store: Store, lane: str = LANE) -> int:
    return await own(store, lane)
