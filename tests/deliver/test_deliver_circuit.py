"""A CRM that is down: nothing is sent to it but a test now and then, and nobody else notices."""

from typing import Any

import pytest

from leadbridge.crm.adapter import Answer, Call, Limits, Quota
from leadbridge.deliver.hands import CONCURRENCY
from leadbridge.deliver.health import FAILURES, FIRST_PAUSE
from leadbridge.outgoing.client import Unanswered
from leadbridge.plan import TagChange
from leadbridge.store.base import Store
from leadbridge.store.values import NewDelivery
from tests.deliver.lanes import Run, SlowClaims, WatchedClock, at_rest, row, with_plan
from tests.support.crm import PlainAdapter, ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.stored import LANE, add, new_delivery

MOST_PAUSE = 1.1 * FIRST_PAUSE
DOWN = [answer(500), answer(503), answer(408), Unanswered("no answer", sent=True), Unanswered("refused", sent=False)]


async def warm(run: Run, store: Store, journal: Journal, **options: Any) -> Any:
    """A lane that knows its account, so that it works with all hands."""
    await add(store, new_delivery("email:warm"))
    deliverer = await run(**options)
    await journal.seen("delivery.attempted", outcome="delivered")
    return deliverer


async def some(store: Store, clock: WatchedClock, count: int) -> list[NewDelivery]:
    made = [new_delivery(f"email:{number}") for number in range(count)]
    await add(store, *made, now=clock.now())
    return made


@pytest.mark.parametrize("down", DOWN, ids=["500", "503", "408", "no answer", "refused"])
async def test_five_failures_in_a_row_stop_the_lane_and_burn_no_more_tries(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    down: Answer | Unanswered,
) -> None:  # fmt: skip
    deliverer = await warm(run, store, journal)
    transport.respond = lambda _call: down
    waiting = await some(store, clock, 100)
    deliverer.wake([LANE])
    (line,) = await journal.seen("lane.circuit_opened", lane=LANE, failures=FAILURES)
    assert 0.9 * FIRST_PAUSE <= line["retry_in_s"] <= MOST_PAUSE
    await clock.looked(deliverer)
    assert len(transport.calls) <= 1 + CONCURRENCY + FAILURES, "but for those that were under way"
    await at_rest(store, waiting)
    left = [one for one in waiting if (await row(store, one)).state == "pending"]
    assert len(left) == 100 - (len(transport.calls) - 1)
    state = await store.lane(LANE)
    assert state.failures == FAILURES
    assert state.paused_until == pytest.approx(clock.now() + line["retry_in_s"] * 1000, abs=60)


async def test_one_delivery_at_a_time_is_the_test_and_a_good_one_lets_all_go(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    deliverer = await warm(run, store, journal)
    transport.respond = lambda _call: answer(503)
    await some(store, clock, 60)
    deliverer.wake([LANE])
    await journal.seen("lane.circuit_opened")
    await clock.looked(deliverer)
    sent, pause = len(transport.calls), MOST_PAUSE
    for tests in (1, 2, 3):
        clock.pass_for(deliverer, pause)
        await transport.called(sent + tests)
        await clock.looked(deliverer)
        assert len(transport.calls) == sent + tests
        pause *= 2
    assert len(journal.find("lane.circuit_opened")) == 1, "said once"
    transport.respond = lambda _call: answer()
    clock.pass_for(deliverer, pause)
    await journal.seen("lane.circuit_closed", lane=LANE)
    clock.pass_for(deliverer, 60)
    await journal.seen("delivery.attempted", outcome="delivered", count=61)
    assert (await store.lane(LANE)).failures == 0


async def test_an_open_circuit_outlives_the_process(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    transport.respond = lambda _call: answer(503)
    await some(store, clock, 30)
    deliverer = await warm_without(run, store, journal)
    await deliverer.stop()
    sent = len(transport.calls)
    again = await run()
    await clock.looked(again)
    assert len(transport.calls) == sent
    transport.respond = lambda _call: answer()
    clock.pass_for(again, MOST_PAUSE)
    await journal.seen("lane.circuit_closed")
    clock.pass_for(again, 60)
    await journal.seen("delivery.attempted", outcome="delivered", count=30)


async def warm_without(run: Run, store: Store, journal: Journal) -> Any:
    """A lane whose circuit opened."""
    deliverer = await run()
    await journal.seen("lane.circuit_opened")
    return deliverer


async def test_a_delivery_between_two_calls_waits_for_the_circuit_and_goes_on_where_it_was(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    deliverer = await warm(run, store, journal)
    transport.gate.clear()
    tagged = with_plan(new_delivery("email:tagged"), tags=TagChange(add=("vip",)))
    await add(store, *(new_delivery(f"email:{number}") for number in range(FAILURES)), tagged)
    transport.respond = lambda call: answer() if len(transport.calls) == 0 else answer(503)
    deliverer.wake([LANE])
    await transport.called(2 + FAILURES)
    first = iter([answer(503)] * FAILURES + [Unanswered("too late", sent=True)])
    transport.respond = lambda _call: next(first)
    transport.gate.set()
    await journal.seen("lane.circuit_opened")
    await clock.looked(deliverer)
    await at_rest(store, [tagged])
    assert (await row(store, tagged)).state in ("pending", "retrying")
    transport.respond = lambda _call: answer()
    clock.pass_for(deliverer, MOST_PAUSE)
    await journal.seen("delivery.attempted", outcome="delivered", delivery=tagged.delivery_id)


async def test_refusals_and_429s_are_no_failures_of_the_crm(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    kinds = [answer(422), answer(503), answer(429)]
    transport.respond = lambda _call: kinds[len(transport.calls) % 3]
    await some(store, clock, 30)
    deliverer = await run()
    for _ in range(200):
        clock.pass_for(deliverer, 60)
        await clock.looked(deliverer)
        if len(transport.calls) > 60:
            break
    assert not journal.find("lane.circuit_opened")


async def test_others_go_on_while_one_crm_hangs_and_another_is_down(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    hangs, down, well = (PlainAdapter(account=name) for name in ("hangs", "down", "well"))

    async def send(adapter: Any, _call: Call, **_named: Any) -> Answer:
        if adapter is hangs:
            await transport.gate.wait()
        return answer(503 if adapter is down else 200)

    monkeypatch.setattr(transport, "send", send)
    transport.gate.clear()
    adapters = {"hangs": hangs, "down": down, "well": well}
    deliverer = await run(adapters=adapters)
    for name in adapters:
        lane = deliverer.lane_of(name)
        await add(store, *(new_delivery(f"email:{n}", destination=name, lane=lane) for n in range(40)))
        deliverer.wake([lane])
    await journal.seen("delivery.attempted", outcome="delivered", destination="well", count=40)
    await journal.seen("lane.circuit_opened", lane=deliverer.lane_of("down"))
    assert not journal.find("delivery.attempted", destination="hangs")


class Speaking(PlainAdapter):
    """Its CRM says in each answer how it stands with the quota."""

    def limits(self, answer: Answer) -> Limits | None:
        said = answer.headers
        return Limits(
            wait=float(said["wait"]) if "wait" in said else None,
            daily_remaining=int(said["daily"]) if "daily" in said else None,
            daily_reset=float(said["reset"]) if "reset" in said else None,
        )


@pytest.mark.parametrize(
    ("headers", "quiet"),
    [({"wait": "30"}, 30.0), ({"daily": "0", "reset": "500"}, 500.0), ({"daily": "9", "reset": "500"}, 1.0),
     ({"wait": "7", "daily": "0", "reset": "500"}, 7.0), ({"retry_after": "20"}, 20.0), ({}, 1.0)],
    ids=["as asked", "the day's end", "a day that is not over", "as asked first", "as the adapter says", "a second"],
)  # fmt: skip
async def test_a_429_rests_the_lane_as_long_as_its_answer_says_also_after_a_restart(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    headers: dict[str, str], quiet: float,
) -> None:  # fmt: skip
    transport.respond = lambda _call: answer(429, headers=headers)
    await add(store, new_delivery("email:1"))
    deliverer = await run(adapter=Speaking())
    (line,) = await journal.seen("lane.paused", lane=LANE)
    assert line["retry_in_s"] == quiet
    await clock.looked(deliverer)
    assert (await store.lane(LANE)).paused_until == clock.now() + quiet * 1000
    await deliverer.stop()
    transport.respond = lambda _call: answer()
    other = new_delivery("email:2")
    await add(store, other, now=clock.now())
    again = await run(adapter=Speaking())
    clock.pass_for(again, quiet - 0.1)
    await clock.looked(again)
    assert len(transport.calls) == 1
    clock.pass_for(again, 0.2)
    await journal.seen("delivery.attempted", outcome="delivered", delivery=other.delivery_id)


async def test_a_circuit_that_opens_while_a_claim_is_being_committed_lets_none_of_it_go(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    deliverer = await warm(run, store, journal)
    transport.gate.clear()
    await some(store, clock, FAILURES)
    deliverer.wake([LANE])
    await transport.called(1 + FAILURES)
    claims = SlowClaims(store, monkeypatch)
    await add(store, *(new_delivery(f"email:x{number}") for number in range(5)), now=clock.now())
    deliverer.wake([LANE])
    await claims.begun()
    transport.respond = lambda _call: answer(503)
    transport.gate.set()
    await journal.seen("lane.circuit_opened")
    claims.go_on()
    await journal.seen("delivery.attempted", outcome="pending", count=5)
    assert len(transport.calls) == 1 + FAILURES


async def test_the_end_of_the_crms_day_is_kept_on_disk(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    transport.respond = lambda _call: answer(headers={"daily": "100", "reset": "3600"})
    await add(store, new_delivery("email:1"))
    deliverer = await run(adapter=Speaking(), quota=Quota(limit=10, window=10.0, daily=200))
    await journal.seen("delivery.attempted", outcome="delivered")
    await clock.looked(deliverer)
    assert (await store.lane(LANE)).daily_reset_at == pytest.approx(clock.now() + 3_600_000, abs=2_000)
