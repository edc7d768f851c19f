"""An account that cannot be used, and how it goes on again."""

import asyncio
from typing import Any

import pytest

from leadbridge.crm.adapter import Answer, Answers, Call, Done, Quota, Step
from leadbridge.deliver.canaries import EVERY
from leadbridge.deliver.deliverer import WATCH
from leadbridge.deliver.hands import MOST_CLAIMED
from leadbridge.deliver.health import FIRST_PROBE
from leadbridge.errors import StorageUnavailable
from leadbridge.outcome import Hold
from leadbridge.outgoing.client import Unanswered
from leadbridge.plan import Plan
from leadbridge.store.base import Store
from leadbridge.store.lanes import LaneState
from leadbridge.store.opening import Operator
from tests.deliver.lanes import Run, WatchedClock, at_rest, tries_over, with_plan
from tests.deliver.refusing import Crm, some, states
from tests.support.crm import PlainAdapter, ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.patience import PATIENCE
from tests.support.stored import LANE, START, add, new_delivery

SOON = FIRST_PROBE + 0.1
DAY = 86_400


@pytest.fixture
def crm(transport: ScriptedTransport) -> Crm:
    return Crm(transport)


async def heard(clock: WatchedClock, journal: Journal, event: str, **facts: str) -> None:
    """Let the watch over other processes look until it has seen something: no more time passes than it sleeps."""
    async with asyncio.timeout(PATIENCE):
        while not journal.find(event, **facts):
            await clock.watched(WATCH)


async def test_a_revoked_token_holds_the_lane_and_not_its_deliveries_which_drain_in_order(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    crm.account = crm.leads = 401
    waiting = await some(store, 5)
    deliverer = await run()
    (line,) = await journal.seen("lane.held", lane=LANE, reason="bad_credentials")
    assert line["detail"] == "HTTP 401: the account refuses the token"
    (ended,) = await journal.seen("delivery.attempted")
    assert ended["outcome"] == "pending"
    await clock.looked(deliverer)
    assert (crm.calls, await states(store, waiting)) == (["upsert", "probe"], ["pending"] * 5)
    state = await store.lane(LANE)
    assert (state.held, state.since, state.probe_at) == ("bad_credentials", clock.now(), clock.now() + 60_000)
    clock.pass_for(deliverer, SOON)
    await crm.transport.called(3)
    await clock.looked(deliverer)
    async with asyncio.timeout(PATIENCE):
        while (await store.lane(LANE)).probe_at == state.probe_at:
            await clock.looked(deliverer)
    assert crm.calls == ["upsert", "probe", "probe"], "nothing else while it is held"
    crm.account = crm.leads = 200
    clock.pass_for(deliverer, SOON)
    await journal.seen("lane.released", lane=LANE, reason="bad_credentials")
    await journal.seen("delivery.attempted", outcome="delivered", count=5)
    calls = [(await store.attempts_of(one.delivery_id))[-1].id for one in waiting]
    assert calls == sorted(calls), "what becomes of them is on disk in any order"
    assert await store.lane(LANE) == LaneState()


async def test_a_probe_is_an_attempt_and_takes_a_place_in_the_quota(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    crm.leads = 401
    await some(store, 1)
    deliverer = await run(quota=Quota(limit=1, window=10.0))
    await crm.transport.called(1)
    await clock.looked(deliverer)
    assert crm.calls == ["upsert"]
    clock.pass_for(deliverer, 10.1)
    await journal.seen("delivery.attempted", outcome="held")
    assert crm.calls == ["upsert", "probe"]
    assert len(await store.recent_calls(LANE, since=0)) == 2
    assert {span.answered_at is not None for span in await store.recent_calls(LANE, since=0)} == {True}


async def test_one_odd_delivery_does_not_stop_an_account_that_can_be_used(
    store: Store, run: Run, journal: Journal, crm: Crm
) -> None:
    crm.transport.respond = lambda call: answer(401 if call.body == "odd@example.com" else 200)
    odd = new_delivery("email:odd", email="odd@example.com")
    await add(store, odd)
    rest = await some(store, 3)
    await run()
    await journal.seen("delivery.attempted", outcome="delivered", count=3)
    await journal.seen("delivery.attempted", outcome="held", reason="bad_credentials", delivery=odd.delivery_id)
    assert not journal.find("lane.held")
    assert await states(store, rest) == ["delivered"] * 3


async def test_many_refusals_at_once_are_one_question(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    await some(store, 1, prefix="warm")
    deliverer = await run()
    await journal.seen("delivery.attempted", outcome="delivered")
    crm.transport.gate.clear()
    waiting = await some(store, 2 * MOST_CLAIMED)
    deliverer.wake([LANE])
    await crm.transport.called(17)
    crm.account = crm.leads = 401
    crm.transport.gate.set()
    await journal.seen("lane.held")
    await clock.looked(deliverer)
    assert crm.calls.count("probe") == 1
    assert crm.calls.count("upsert") <= 1 + MOST_CLAIMED, "nothing new is begun while the account is in doubt"
    await at_rest(store, waiting)
    assert await states(store, waiting) == ["pending"] * 2 * MOST_CLAIMED
    assert len(journal.find("lane.held")) == 1


@pytest.mark.parametrize("asked", [answer(503), Unanswered("no answer", sent=True)], ids=["503", "no answer"])
async def test_while_the_account_cannot_even_be_asked_the_delivery_is_tried_again(
    store: Store, run: Run, journal: Journal, crm: Crm, asked: Answer | Unanswered
) -> None:
    crm.transport.respond = lambda call: asked if call.purpose == "probe" else answer(401)
    await some(store, 1)
    await run()
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    assert "could not be asked" in line["detail"]
    assert not journal.find("lane.held")


async def test_an_account_is_held_only_if_none_of_its_destinations_can_use_it(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two destinations may use one account with tokens of their own."""
    refused, good = PlainAdapter(), PlainAdapter()

    async def send(adapter: Any, call: Call, **_named: Any) -> Answer:
        transport.calls.append(call)
        return answer(401 if adapter is refused else 200)

    monkeypatch.setattr(transport, "send", send)
    await add(store, new_delivery("email:1", destination="refused"), new_delivery("email:2", destination="good"))
    await run(adapters={"refused": refused, "good": good})
    await journal.seen("delivery.attempted", outcome="held", destination="refused")
    await journal.seen("delivery.attempted", outcome="delivered", destination="good")
    assert not journal.find("lane.held")


async def test_a_restart_probes_a_held_account_at_once(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    crm.account = crm.leads = 401
    await some(store, 2)
    deliverer = await run()
    await journal.seen("lane.held")
    await deliverer.stop()
    crm.account = crm.leads = 200
    crm.transport.calls.clear()
    await run()
    await journal.seen("lane.released")
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    assert crm.calls[0] == "probe"


async def test_a_kill_in_a_probe_leaves_its_place_taken_and_the_lane_held(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadbridge.deliver.deliverer.GRACE", 0.0)
    crm.account = crm.leads = 401
    await some(store, 1)
    deliverer = await run()
    await journal.seen("lane.held")
    await tries_over()
    crm.transport.gate.clear()
    clock.pass_for(deliverer, SOON)
    await crm.transport.called(3)
    await deliverer.stop()
    spans = await store.recent_calls(LANE, since=0)
    assert [span.answered_at is None for span in spans].count(True) == 1
    assert (await store.lane(LANE)).held == "bad_credentials"
    crm.transport.gate.set()


async def test_other_lanes_go_on_while_one_is_held(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, well = PlainAdapter(account="1"), PlainAdapter(account="2")

    async def send(adapter: Any, _call: Call, **_named: Any) -> Answer:
        return answer(401 if adapter is held else 200)

    monkeypatch.setattr(transport, "send", send)
    await add(store, new_delivery("email:1", destination="held"))
    deliverer = await run(adapters={"held": held, "well": well})
    await journal.seen("lane.held", lane=LANE)
    await add(store, new_delivery("email:1", destination="well", lane=deliverer.lane_of("well")))
    deliverer.wake([deliverer.lane_of("well")])
    await journal.seen("delivery.attempted", outcome="delivered", destination="well")


async def test_what_a_person_pauses_and_releases_elsewhere_is_heard_within_a_second(
    store: Store, operator: Operator, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    deliverer = await run()
    await clock.looked(deliverer)
    await operator.set_lane(LANE, LaneState(held="paused", detail="on Friday", since=START))
    await heard(clock, journal, "lane.held", reason="paused", detail="on Friday")
    waiting = await some(store, 2)
    clock.pass_for(deliverer, DAY)
    await clock.looked(deliverer)
    assert (crm.calls, await states(store, waiting)) == ([], ["pending"] * 2)
    await operator.set_lane(LANE, LaneState())
    await heard(clock, journal, "lane.released", reason="paused")
    await journal.seen("delivery.attempted", outcome="delivered", count=2)


async def test_a_day_whose_budget_is_spent_holds_the_lane_until_it_ends_and_asks_nobody(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    waiting = await some(store, 4)
    deliverer = await run(quota=Quota(limit=100, window=10.0, daily=3))
    await journal.seen("lane.held", reason="daily_budget_spent")
    assert sorted(await states(store, waiting)) == ["delivered"] * 3 + ["pending"]
    clock.pass_for(deliverer, DAY - 60)
    await clock.looked(deliverer)
    assert crm.calls == ["upsert"] * 3
    clock.pass_for(deliverer, 200)
    await journal.seen("lane.released", reason="daily_budget_spent")
    await journal.seen("delivery.attempted", outcome="delivered", count=4)


class Fields(PlainAdapter):
    """Holds what has a custom field, until the account has it."""

    known = False

    def next(self, plan: Plan, answers: Answers) -> Step:
        if plan.custom_fields and not self.known:
            return Done(outcome=Hold(reason="unknown_custom_field", detail="no such field"))
        return super().next(plan.model_copy(update={"custom_fields": {}}), answers)


async def test_of_those_held_one_by_one_one_goes_ahead_now_and_then_and_the_others_follow_it(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    held = [with_plan(new_delivery(f"email:{number}"), custom_fields={"Budget": 1}) for number in range(3)]
    await add(store, *held)
    adapter = Fields()
    deliverer = await run(adapter=adapter)
    await journal.seen("delivery.attempted", outcome="held", count=3)
    clock.advance(EVERY)
    await journal.seen("delivery.attempted", outcome="held", count=4)
    clock.advance(EVERY)
    await journal.seen("delivery.attempted", outcome="held", count=5)
    tried = [line["delivery"] for line in journal.find("delivery.attempted", outcome="held")[3:]]
    assert len(set(tried)) == 2, "another one each time: not all of them may lack the same"
    adapter.known = True
    await clock.looked(deliverer)
    clock.advance(EVERY)
    await journal.seen("delivery.attempted", outcome="delivered", count=3)
    assert journal.find("delivery.released", reason="unknown_custom_field", deliveries=2)


async def test_a_start_sends_one_ahead_too(store: Store, run: Run, journal: Journal) -> None:
    held = [with_plan(new_delivery(f"email:{number}"), custom_fields={"Budget": 1}) for number in range(3)]
    await add(store, *held)
    first = await run(adapter=Fields())
    await journal.seen("delivery.attempted", outcome="held", count=3)
    await first.stop()
    mended = Fields()
    mended.known = True
    await run(adapter=mended)
    await journal.seen("delivery.attempted", outcome="delivered", count=3)


async def test_a_disk_that_is_full_keeps_a_hold_in_mind_until_it_can_be_written(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, tries = store.set_lane, [0]

    async def full(*arguments: Any, **named: Any) -> bool:
        tries[0] += 1
        if tries[0] < 3:
            raise StorageUnavailable("full")
        return await really(*arguments, **named)

    monkeypatch.setattr(store, "set_lane", full)
    crm.account = crm.leads = 401
    await some(store, 1)
    deliverer = await run()
    await journal.seen("lane.held")
    for _ in range(4):
        clock.pass_for(deliverer, 1.1)
        await asyncio.sleep(0)
        await clock.looked(deliverer)
    assert (await store.lane(LANE)).held == "bad_credentials"
    assert crm.calls == ["upsert", "probe"]


class Dead(PlainAdapter):
    """Its probe cannot even be made."""

    def probe(self) -> Call:
        raise KeyError("no such thing")

    def next(self, plan: Plan, answers: Answers) -> Step:
        if "upsert" in answers:
            return Done(outcome=Hold(reason="missing_scope", detail="HTTP 403"))
        return super().next(plan, answers)


async def test_an_adapter_whose_probe_crashes_holds_nothing_and_leaks_no_place(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    await some(store, 1)
    deliverer = await run(adapter=Dead(), quota=Quota(limit=2, window=10.0))
    await journal.seen("delivery.attempted", outcome="retrying")
    assert journal.find("adapter.crashed")
    assert not journal.find("lane.held")
    await some(store, 1, prefix="x")
    deliverer.wake([LANE])
    await crm.transport.called(2)
