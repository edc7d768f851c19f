"""A lane at work: quota, order, retries, shared facts, unknown outcomes, stop and pick-up, with a CRM on a string."""

from typing import Any

import pytest

from leadbridge.crm.adapter import Call, Quota
from leadbridge.deliver.hands import CONCURRENCY
from leadbridge.plan import FieldWarning, Plan, TagChange
from leadbridge.store.base import Store
from tests.deliver.lanes import Run, WatchedClock, row, with_plan
from tests.support.crm import PlainAdapter, ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.stored import LANE, add, new_delivery


async def test_a_delivery_is_sent_recorded_and_told_in_one_line(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport
) -> None:
    transport.respond = lambda _call: answer(headers={"x-request-id": "crm-1"})
    delivery = new_delivery("email:1")
    submission_id = await add(store, delivery)
    await run()
    (line,) = await journal.seen("delivery.attempted")
    assert line == {
        "event": "delivery.attempted", "level": "info", "submission": submission_id, "delivery": delivery.delivery_id,
        "trace_id": (await row(store, delivery)).trace_id, "destination": "copper", "lane": LANE, "attempt": 1,
        "call": "upsert", "outcome": "delivered", "status": 200, "duration_ms": 0.0, "crm_trace_id": "crm-1",
        "record": "7",
    }  # fmt: skip
    (attempt,) = await store.attempts_of(delivery.delivery_id)
    assert (attempt.status, attempt.outcome, attempt.crm_trace_id) == (200, "delivered", "crm-1")
    assert (await row(store, delivery)).state == "delivered"


async def test_never_more_calls_in_a_window_than_the_quota_allows(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    for number in range(7):
        await add(store, new_delivery(f"email:{number}"))
    await run(quota=Quota(limit=3, window=10.0))
    for done in (3, 6):
        await journal.seen("delivery.attempted", count=done)
        assert len(transport.calls) == done
        clock.advance(10.1)
    await journal.seen("delivery.attempted", count=7)


async def test_a_new_process_counts_the_calls_of_the_one_before(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    for number in range(4):
        await add(store, new_delivery(f"email:{number}"))
    first = await run(quota=Quota(limit=3, window=10.0))
    await journal.seen("delivery.attempted", count=3)
    await first.stop()
    clock.advance(5)
    second = await run(quota=Quota(limit=3, window=10.0))
    await clock.looked(second)
    assert len(transport.calls) == 3
    clock.advance(5.1)
    await journal.seen("delivery.attempted", count=4)


async def test_a_follow_up_call_takes_its_place_before_new_deliveries(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    tagged = with_plan(new_delivery("email:1"), tags=TagChange(add=("vip",)))
    await add(store, tagged)
    await add(store, new_delivery("email:2"))
    await run(quota=Quota(limit=1, window=10.0))
    await journal.seen("delivery.attempted", outcome="answered")
    clock.advance(10.1)
    await journal.seen("delivery.attempted", outcome="delivered")
    assert [call.purpose for call in transport.calls] == ["upsert", "tags"]
    assert [attempt.purpose for attempt in await store.attempts_of(tagged.delivery_id)] == ["upsert", "tags"]
    clock.advance(10.1)
    await journal.seen("delivery.attempted", outcome="delivered", count=2)


async def test_a_server_error_is_tried_again_and_the_retry_after_of_a_429_closes_the_lane(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    answers = [answer(503), answer(429, headers={"retry_after": "30"}), answer()]
    transport.respond = lambda _call: answers.pop(0)
    delivery = new_delivery("email:1")
    await add(store, delivery)
    deliverer = await run()
    (line,) = await journal.seen("delivery.attempted", outcome="retrying", status=503)
    clock.advance(line["retry_in_s"] + 0.1)
    (line,) = await journal.seen("delivery.attempted", outcome="retrying", status=429)
    assert line["retry_in_s"] >= 30
    other = new_delivery("email:2")
    await add(store, other)
    clock.advance(29)
    await clock.looked(deliverer)
    assert len(transport.calls) == 2, "nothing is sent while the CRM asks for quiet"
    assert (await row(store, other)).state == "pending"
    transport.respond = lambda _call: answer()
    clock.advance(line["retry_in_s"])
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    assert (await row(store, delivery)).tries == 3


async def test_a_refused_lead_fails_at_once_and_the_next_of_that_person_goes_on(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport
) -> None:
    answers = [answer(422), answer()]
    transport.respond = lambda _call: answers.pop(0)
    refused, following = new_delivery("email:1"), new_delivery("email:1")
    await add(store, refused)
    await add(store, following)
    await run()
    await journal.seen("delivery.attempted", count=2)
    assert (await row(store, refused)).state == "failed"
    assert (await row(store, following)).state == "delivered"


async def test_the_account_is_asked_for_its_fields_once_for_all_deliveries(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport
) -> None:
    transport.respond = lambda call: answer(body={"Budget": 1}) if call.purpose == "fields" else answer()
    for number in range(5):
        await add(store, with_plan(new_delivery(f"email:{number}"), custom_fields={"Budget": 5}))
    await run()
    await journal.seen("delivery.attempted", outcome="delivered", count=5)
    assert [call.purpose for call in transport.calls].count("fields") == 1


async def test_a_field_made_a_moment_ago_is_found_without_a_restart(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport
) -> None:
    known: dict[str, int] = {"Budget": 1}
    transport.respond = lambda call: answer(body=dict(known)) if call.purpose == "fields" else answer()
    await add(store, with_plan(new_delivery("email:1"), custom_fields={"Budget": 5}))
    deliverer = await run()
    await journal.seen("delivery.attempted", outcome="delivered")
    known["Plan"] = 2
    await add(store, with_plan(new_delivery("email:2"), custom_fields={"Plan": "Gold"}))
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    unknown = with_plan(new_delivery("email:3"), custom_fields={"Nope": 1})
    await add(store, unknown)
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="held", reason="unknown_custom_field")


async def test_a_stop_finishes_what_is_under_way_and_leaves_the_rest_on_disk(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport
) -> None:
    await add(store, new_delivery("email:0"))
    deliverer = await run()
    await journal.seen("delivery.attempted", outcome="delivered")  # the lane is warm
    transport.gate.clear()
    for number in range(1, CONCURRENCY + 3):
        await add(store, new_delivery(f"email:{number}"))
    deliverer.wake([LANE])
    await transport.called(CONCURRENCY + 1)
    transport.gate.set()
    await deliverer.stop()
    states = [(await store.deliveries_of([one.id]))[one.id][0].state for one in await store.submissions(limit=50)]
    assert states.count("sending") == 0
    assert states.count("delivered") + states.count("pending") == CONCURRENCY + 3


async def test_deliveries_of_a_removed_destination_are_held_and_released_when_it_is_back(
    store: Store, run: Run, journal: Journal
) -> None:
    orphan = new_delivery("email:1", lane="copper:localhost:gone")
    await add(store, orphan)
    deliverer = await run()
    await journal.seen("lane.held", reason="destination_removed")
    assert (await row(store, orphan)).reason == "destination_removed"
    await deliverer.stop()
    await run(adapter=PlainAdapter(account="gone"))
    await journal.seen("delivery.attempted", outcome="delivered")


async def test_an_adapter_that_crashes_fails_its_delivery_and_not_the_lane(
    store: Store, run: Run, journal: Journal
) -> None:
    class Broken(PlainAdapter):
        def next(self, plan: Plan, answers: Any) -> Any:
            if plan.lead.email == "bad@example.com":
                raise KeyError("oops")
            return super().next(plan, answers)

    bad, good = new_delivery("email:1", email="bad@example.com"), new_delivery("email:2")
    await add(store, bad)
    await add(store, good)
    await run(adapter=Broken())
    await journal.seen("delivery.attempted", outcome="delivered")
    assert (await row(store, bad)).state == "failed"
    assert journal.find("adapter.crashed")


async def test_what_mapping_could_not_read_is_a_warning_of_the_delivery_too(
    store: Store, run: Run, journal: Journal
) -> None:
    unread = FieldWarning(field="phone", problem="is no phone number", got="call me")
    delivery = with_plan(new_delivery("email:1"), warnings=(unread,))
    await add(store, delivery)
    await run()
    await journal.seen("delivery.attempted", outcome="delivered_with_warnings")
    (warning,) = (await row(store, delivery)).warnings
    assert (warning.field, warning.sent, warning.cause) == ("phone", "call me", "is no phone number")


async def test_a_call_that_cannot_be_written_down_fails_its_delivery_and_not_the_lane(
    store: Store, run: Run, journal: Journal
) -> None:
    class Broken(PlainAdapter):
        def next(self, plan: Plan, answers: Any) -> Any:
            if plan.lead.email == "bad@example.com":
                return Call(purpose="upsert", method="PUT", path="/upsert", body={"x": object()})
            return super().next(plan, answers)

    bad, good = new_delivery("email:1", email="bad@example.com"), new_delivery("email:2")
    await add(store, bad)
    await add(store, good)
    await run(adapter=Broken())
    await journal.seen("delivery.attempted", outcome="delivered")
    assert (await row(store, bad)).state == "failed"


async def test_a_record_that_was_written_for_another_person_before_is_a_warning(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport
) -> None:
    """As LeadConnector does with two people who share a phone number."""
    new = iter([True, False, False])
    transport.respond = lambda _call: answer(body={"id": 7, "new": next(new)})
    taro, again, jiro = (new_delivery(key, "phone:1") for key in ("email:taro", "email:taro", "email:jiro"))
    for delivery in (taro, again, jiro):
        await add(store, delivery)
    await run()
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    await journal.seen("delivery.attempted", outcome="delivered_with_warnings")
    (warning,) = (await row(store, jiro)).warnings
    assert warning.field == "match"
    assert "for another email" in warning.cause


async def test_a_delivery_without_a_key_of_its_match_asks_nobody_whose_record_it_was(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def keys_of_record(_lane: str, record_id: str, *, but: str) -> tuple[tuple[str, ...], ...]:
        asked.append(but)
        return ()

    monkeypatch.setattr(store, "keys_of_record", keys_of_record)
    transport.respond = lambda _call: answer(body={"id": 7, "new": False})
    without, with_it = new_delivery("phone:1"), new_delivery("email:1")
    await add(store, without, with_it)
    await run()
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    assert asked == [with_it.delivery_id]


async def test_creates_that_wait_for_a_free_hand_are_not_looked_at_again_and_again(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    class Patient(PlainAdapter):
        """Ends what would go round and round without a rest."""

        looks = 0

        def next(self, plan: Plan, answers: Any) -> Any:
            self.looks += 1
            if self.looks > 100 * CONCURRENCY:
                raise RecursionError("again and again")
            return super().next(plan, answers)

    await add(store, new_delivery("email:first"))
    deliverer = await run(adapter=Patient(safe=False))
    await journal.seen("delivery.attempted", outcome="delivered")
    transport.gate.clear()
    await add(store, *(new_delivery(f"email:{number}") for number in range(CONCURRENCY + 1)))
    deliverer.wake([LANE])
    await transport.called(1 + CONCURRENCY)
    await clock.looked(deliverer)
    assert clock.rest_of() is None, "the end of one of those under way wakes it, and no time"
    assert not journal.find("adapter.crashed")
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=2 + CONCURRENCY)
