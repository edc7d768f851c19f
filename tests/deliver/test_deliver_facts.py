"""What a lane knows of its account, how long it believes it, and whose turn it is for the places it has."""

from dataclasses import replace

import pytest

from leadbridge.crm.adapter import Answer, Answers, Call, Done, Quota, Step
from leadbridge.deliver.facts import MOST_AGE, AccountFacts
from leadbridge.outcome import Hold
from leadbridge.plan import Plan, TagChange
from leadbridge.store.base import Store
from leadbridge.store.values import NewDelivery
from tests.deliver.lanes import Run, SlowClaims, WatchedClock, row, with_plan
from tests.support.crm import PlainAdapter, ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.stored import LANE, add, new_delivery

FIELDS = Call(purpose="fields", method="GET", path="/fields", shared=True)


def budget(key: str) -> NewDelivery:
    return with_plan(new_delivery(key), custom_fields={"Budget": 5})


def knows_budget(call: Call) -> Answer:
    return answer(body={"Budget": 1}) if call.purpose == "fields" else answer()


def asked(transport: ScriptedTransport) -> int:
    return [call.purpose for call in transport.calls].count("fields")


async def test_the_account_is_asked_again_after_its_answers_grew_old(
    run: Run, store: Store, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    transport.respond = knows_budget
    await add(store, budget("email:1"))
    deliverer = await run()
    await journal.seen("delivery.attempted", outcome="delivered")
    for count, (wait, questions) in enumerate([(MOST_AGE, 1), (0.1, 2), (MOST_AGE - 1, 2), (2, 3)], start=2):
        clock.advance(wait)
        await add(store, budget(f"email:{count}"))
        deliverer.wake([LANE])
        await journal.seen("delivery.attempted", outcome="delivered", count=count)
        assert asked(transport) == questions


async def test_until_the_account_is_known_one_delivery_finds_out_for_all(
    run: Run, store: Store, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    transport.respond = knows_budget
    transport.gate.clear()
    for number in range(4):
        await add(store, budget(f"email:{number}"))
    deliverer = await run()
    await transport.called(1)
    await clock.looked(deliverer)
    assert [call.purpose for call in transport.calls] == ["fields"]
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=4)
    assert asked(transport) == 1


async def test_a_delivery_with_answers_that_grew_old_meanwhile_does_not_let_all_others_ask(
    run: Run, store: Store, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    transport.respond = knows_budget
    await add(store, budget("email:0"))
    deliverer = await run()
    await journal.seen("delivery.attempted", outcome="delivered")
    transport.gate.clear()
    await add(store, budget("email:1"))
    deliverer.wake([LANE])
    await transport.called(3)  # it is under way with the answers of the first
    clock.advance(MOST_AGE + 1)
    for number in range(2, 6):
        await add(store, budget(f"email:{number}"))
    await clock.looked(deliverer)
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=6)
    assert asked(transport) == 2


def test_a_bad_answer_and_one_about_a_lead_are_not_believed_of_the_account() -> None:
    facts = AccountFacts()
    facts.learn(FIELDS, answer(500), now=0.0)
    facts.learn(replace(FIELDS, shared=False), answer(), now=0.0)
    assert facts.known() == {}


def test_the_oldest_answer_says_when_all_are_asked_again() -> None:
    facts = AccountFacts()
    facts.learn(FIELDS, answer(), now=100.0)
    facts.learn(replace(FIELDS, purpose="users"), answer(), now=100.0 + MOST_AGE)
    facts.went_through({})
    assert facts.complete(100.0 + MOST_AGE)
    assert not facts.complete(101.0 + MOST_AGE)
    assert facts.known() == {}


async def test_after_a_write_the_account_is_not_asked_anew_for_a_missing_field(
    run: Run, store: Store, journal: Journal, transport: ScriptedTransport
) -> None:
    class Late(PlainAdapter):
        """Finds out that a field is missing when the upsert was done."""

        def next(self, plan: Plan, answers: Answers) -> Step:
            step = super().next(plan, answers)
            if isinstance(step, Done) and plan.tags.replace is not None:
                return Done(outcome=Hold(reason="unknown_custom_field", detail="no such field"))
            return step

    transport.respond = knows_budget
    await add(store, budget("email:1"))
    deliverer = await run(adapter=Late())
    await journal.seen("delivery.attempted", outcome="delivered")
    late = with_plan(new_delivery("email:2"), custom_fields={"Budget": 5}, tags=TagChange(replace=()))
    await add(store, late)
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="held", reason="unknown_custom_field")
    assert [call.purpose for call in transport.calls] == ["fields", "upsert", "upsert"]


async def test_follow_ups_of_begun_deliveries_go_before_new_ones(
    run: Run, store: Store, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    await add(store, new_delivery("email:warm"))
    deliverer = await run(quota=Quota(limit=2, window=10.0))
    await journal.seen("delivery.attempted", outcome="delivered")
    await clock.looked(deliverer)
    transport.calls.clear()
    for number in range(2):
        await add(store, with_plan(new_delivery(f"email:{number}"), tags=TagChange(add=("vip",))))
    for number in range(2, 4):
        await add(store, new_delivery(f"email:{number}"))
    clock.pass_for(deliverer, 10.1)
    await journal.seen("delivery.attempted", outcome="answered", count=2)
    for count in (3, 5):
        await clock.looked(deliverer)
        clock.advance(10.1)
        await journal.seen("delivery.attempted", outcome="delivered", count=count)
    assert [call.purpose for call in transport.calls] == ["upsert", "upsert", "tags", "tags", "upsert", "upsert"]


async def test_a_follow_up_does_not_take_the_place_of_a_claim_that_is_being_committed(
    run: Run, store: Store, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await add(store, new_delivery("email:warm"))
    deliverer = await run(quota=Quota(limit=2, window=10.0))
    await journal.seen("delivery.attempted", outcome="delivered")
    clock.advance(10.1)
    transport.calls.clear()
    transport.gate.clear()
    tagged = with_plan(new_delivery("email:1"), tags=TagChange(add=("vip",)))
    await add(store, tagged)
    deliverer.wake([LANE])
    await transport.called(1)
    claims = SlowClaims(store, monkeypatch)
    new = new_delivery("email:2")
    await add(store, new)
    deliverer.wake([LANE])
    await claims.begun()
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="answered", delivery=tagged.delivery_id)
    claims.go_on()
    await journal.seen("delivery.attempted", outcome="delivered", delivery=new.delivery_id)
    assert [call.purpose for call in transport.calls] == ["upsert", "upsert"]
    assert (await row(store, tagged)).state == "sending"
    clock.advance(10.1)
    await journal.seen("delivery.attempted", outcome="delivered", delivery=tagged.delivery_id)


async def test_once_asked_anew_the_account_is_known_to_all(
    run: Run, store: Store, journal: Journal, transport: ScriptedTransport
) -> None:
    known = {"Budget": 1}
    transport.respond = lambda call: answer(body=dict(known)) if call.purpose == "fields" else answer()
    await add(store, budget("email:1"))
    deliverer = await run()
    await journal.seen("delivery.attempted", outcome="delivered")
    known["Plan"] = 2
    await add(store, with_plan(new_delivery("email:2"), custom_fields={"Plan": "Gold"}))
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    before = len(transport.calls)
    transport.gate.clear()
    for number in range(3, 7):
        await add(store, budget(f"email:{number}"))
    deliverer.wake([LANE])
    await transport.called(before + 4)  # at once: none of them has to find out first
    assert asked(transport) == 2
