"""A route whose leads are all refused alike, and how it goes on again."""

from dataclasses import replace

import pytest

from leadbridge.crm.adapter import Quota
from leadbridge.deliver.canaries import EVERY
from leadbridge.deliver.deliverer import Deliverer
from leadbridge.deliver.refusals import ENOUGH, TESTED_AFTER, Refusals
from leadbridge.outcome import HoldReason
from leadbridge.store.base import Store
from leadbridge.store.values import Selection
from tests.deliver.lanes import Run, WatchedClock, row, tries_over
from tests.deliver.refusing import Crm, some, states
from tests.support.crm import ScriptedTransport
from tests.support.journal import Journal
from tests.support.stored import LANE, add, new_delivery
from tests.support.walked import walked


@pytest.fixture
def crm(transport: ScriptedTransport) -> Crm:
    return Crm(transport)


@pytest.mark.parametrize("count", [ENOUGH - 1, ENOUGH])
def test_ten_refusals_that_differ_in_their_numbers_alone_are_the_routes_mistake(count: int) -> None:
    refusals = Refusals()
    said = [
        refusals.refused("a", status=422, words=f"line {number}: no such status", now=0.0) for number in range(count)
    ]
    why = f"the last leads of this route were all refused alike: line {ENOUGH - 1}: no such status"
    assert said[-1] == (why if count == ENOUGH else None)
    assert refusals.refused("b", status=422, words="line 1: no such status", now=0.0) is None, "a row of its own"


@pytest.mark.parametrize("between", ["other words", "another status", "delivered"])
def test_anything_else_in_between_begins_the_row_anew(between: str) -> None:
    refusals = Refusals()
    for _ in range(ENOUGH - 1):
        refusals.refused("a", status=422, words="no such status", now=0.0)
    if between == "delivered":
        refusals.delivered("a")
    elif between == "other words":
        refusals.refused("a", status=422, words="no e-mail", now=0.0)
    else:
        refusals.refused("a", status=400, words="no such status", now=0.0)
    assert refusals.refused("a", status=422, words="no such status", now=0.0) is None


@walked(
    ("refused_at", "tried", "held"),
    [
        ([0.0] * ENOUGH, 0.0, True),
        ([0.0] * ENOUGH, TESTED_AFTER - 1, True),
        ([0.0] * ENOUGH, TESTED_AFTER, False),  # it may have been mended
        ([*[0.0] * ENOUGH, TESTED_AFTER], TESTED_AFTER + 1, True),  # it was not
        ([*[0.0] * ENOUGH, TESTED_AFTER], 2 * TESTED_AFTER, False),
        ([0.0] * (ENOUGH - 1), 0.0, False),
    ],
)
def test_a_route_is_held_for_what_comes_in_until_it_is_time_for_a_test(
    refused_at: list[float], tried: float, held: bool
) -> None:
    refusals = Refusals()
    for now in refused_at:
        refusals.refused("a", status=422, words="no such status", now=now)
    assert (refusals.why_held("a", now=tried) is not None) == held
    assert refusals.why_held("b", now=tried) is None


async def test_a_route_whose_leads_are_all_refused_is_held_until_a_person_lets_it_go(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    crm.leads = 422
    waiting = await some(store, ENOUGH + 5)
    other = replace(new_delivery("email:other", email="other@example.com"), route="another")
    later = [replace(new_delivery("email:1"), route="another") for _ in range(2)]
    deliverer = await run(quota=Quota(limit=1, window=10.0))
    for number in range(1, ENOUGH + 1):
        await journal.seen("delivery.attempted", outcome="failed", count=number)
        if number < ENOUGH:
            clock.pass_for(deliverer, 10.1)
    (line,) = await journal.seen("route.held", lane=LANE, route="website to copper")
    assert (line["deliveries"], "HTTP 422" in line["detail"]) == (5, True)
    assert await states(store, waiting) == ["failed"] * ENOUGH + ["held"] * 5
    assert {(await row(store, one)).reason for one in waiting[ENOUGH:]} == {"repeated_failure"}
    crm.leads = 200
    await add(store, other, *later, now=clock.now())
    for number in range(1, 4):
        clock.pass_for(deliverer, 10.1)
        await journal.seen("delivery.attempted", outcome="delivered", count=number)
    assert await states(store, waiting[ENOUGH:]) == ["held"] * 5
    await store.release(Selection(reasons=("repeated_failure",)), now=clock.now())
    for number in range(4, 9):
        clock.pass_for(deliverer, 10.1)
        await journal.seen("delivery.attempted", outcome="delivered", count=number)


async def refused_alike(store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm) -> Deliverer:
    """A lane with a route that is held because its leads are all refused; nothing waits."""
    crm.leads = 422
    await some(store, ENOUGH, prefix="refused ")
    deliverer = await run()
    await journal.seen("delivery.attempted", outcome="failed", count=ENOUGH)
    await tries_over()
    await clock.looked(deliverer)
    return deliverer


async def test_what_comes_in_for_a_held_route_makes_no_call_and_goes_after_a_release(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    deliverer = await refused_alike(store, run, clock, journal, crm)
    await add(store, *(later := [new_delivery(f"email:{number}") for number in range(3)]), now=clock.now())
    clock.pass_for(deliverer, 0.1)
    held = await journal.seen("delivery.attempted", outcome="held", count=3)
    assert {line["reason"] for line in held} == {"repeated_failure"}
    assert all("HTTP 422" in line["detail"] for line in held)
    assert len(crm.calls) == ENOUGH
    crm.leads = 200
    clock.advance(1.0)
    assert await store.release(Selection(reasons=("repeated_failure",)), now=clock.now()) == 3
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered", count=3)
    assert await states(store, later) == ["delivered"] * 3
    (after,) = await some(store, 1, prefix="after ")
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered", count=4)
    assert await states(store, [after]) == ["delivered"], "the first that goes through ends it for all"


@pytest.mark.parametrize("kind", ["never tried", "a canary", "a retry"])
async def test_what_waited_before_or_is_let_go_is_tried_whatever_its_route_is_held_for(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm, kind: str
) -> None:
    """Of a release the service may hear a second later, and what was let go must not be held again meanwhile."""
    deliverer = await refused_alike(store, run, clock, journal, crm)
    crm.leads = 503 if kind == "a retry" else 200
    released = new_delivery("email:released")
    this = Selection(ids=(released.delivery_id,))
    await add(store, released, now=clock.now())
    reason: HoldReason = "bad_credentials" if kind == "a canary" else "repeated_failure"
    await store.hold(this, reason=reason, detail="", now=clock.now())
    await clock.watched(1.0)
    if kind == "a canary":
        await clock.watched(EVERY)
    else:
        await store.release(this, now=clock.now())
        deliverer.wake([LANE])
    if kind == "a retry":
        await journal.seen("delivery.attempted", outcome="retrying")
        crm.leads = 200
        clock.pass_for(deliverer, 5)
    await journal.seen("delivery.attempted", outcome="delivered", delivery=released.delivery_id)


async def test_now_and_then_what_comes_in_shows_whether_a_held_route_was_mended(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    deliverer = await refused_alike(store, run, clock, journal, crm)
    for number, crm.leads in enumerate((422, 200), start=1):
        clock.advance(TESTED_AFTER)
        await add(store, new_delivery(f"email:{number}"), now=clock.now())
        deliverer.wake([LANE])
        await crm.transport.called(ENOUGH + number)
        await journal.seen("delivery.attempted", outcome="failed", count=ENOUGH + 1)
        await tries_over()
        await clock.looked(deliverer)
    await journal.seen("delivery.attempted", outcome="delivered", count=1)
