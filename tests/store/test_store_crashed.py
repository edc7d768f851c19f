"""What a process left when it died: nothing is lost, nothing is done twice, and every call counts in its quota."""

from dataclasses import replace

import pytest

from leadbridge.crm.adapter import Call
from leadbridge.plan import Plan
from leadbridge.store.base import Store
from leadbridge.store.claims import CallSpan, DeliveryUpdate, DueDelivery, FinishedCall, TryResult
from tests.store.sending import finish
from tests.support.stored import (
    LANE,
    START,
    add,
    claim,
    ids,
    new_delivery,
    recover,
)


async def test_what_a_crash_left_is_sent_again_unless_a_repeat_could_double_a_record(store: Store) -> None:
    safe, unsafe = new_delivery("email:1"), new_delivery("email:2")
    await add(store, safe, unsafe)

    def begin(delivery: DueDelivery) -> Call:
        repeatable = delivery.delivery_id == safe.delivery_id
        return Call(purpose="create lead", method="POST", path="/leads", body={}, safe_to_repeat=repeatable)

    await claim(store, begin=begin)
    recovered = await recover(store, now=START + 1)
    assert (recovered.again, recovered.unsure) == (1, 1)
    (attempt,) = await store.attempts_of(safe.delivery_id)
    assert (attempt.outcome, attempt.answered_at) == ("unknown", None)
    assert ids(await claim(store, now=START + 1)) == [safe.delivery_id, unsafe.delivery_id]
    row = await store.delivery(unsafe.delivery_id)
    assert row is not None
    assert row.progress == {"unsure": {"create lead": START}}, "it looks before it makes another"


async def test_a_crash_keeps_when_a_call_was_sent_whose_answer_says_if_the_record_is_new(store: Store) -> None:
    minding, other = new_delivery("email:1"), new_delivery("email:2")
    plan = Plan.model_validate_json(minding.plan or "").model_copy(update={"write": {"source": "on_create"}})
    await add(store, replace(minding, plan=plan.model_dump_json(exclude_unset=True)), other)
    await claim(store, now=START + 5)
    await recover(store, now=START + 9)
    rows = [await store.delivery(one.delivery_id) for one in (minding, other)]
    assert [row and row.progress for row in rows] == [{"unsure": {"upsert lead": START + 5}}, None]
    assert ids(await claim(store, now=START + 9)) == [minding.delivery_id, other.delivery_id]


async def test_a_crash_after_a_create_was_answered_does_not_make_another(store: Store) -> None:
    delivery = new_delivery("email:1")
    await add(store, delivery)
    create = Call(purpose="create lead", method="POST", path="/leads", body={}, safe_to_repeat=False)
    (claimed,) = await claim(store, begin=lambda _due: create)
    answered = FinishedCall(attempt_id=claimed.attempt_id or 0, answered_at=START, outcome="answered", status=200)
    tags = Call(purpose="add tags", method="POST", path="/tags", body={})
    await store.record(LANE, TryResult(claim=claimed, at=START, finished=answered, next_call=tags))
    recovered = await recover(store, now=START + 1)
    assert (recovered.again, recovered.unsure) == (0, 1)


async def test_calls_for_a_quota_window_are_those_that_may_still_count(store: Store) -> None:
    for number in range(3):
        await add(store, new_delivery(f"email:{number}"))
    old, recent, _open = await claim(store, now=START)
    await finish(store, old, now=START + 1)
    await finish(store, recent, now=START + 500)
    spans = await store.recent_calls(LANE, since=START + 100)
    assert [span.answered_at for span in spans] == [START + 500]
    assert sorted(span.answered_at or 0 for span in await store.recent_calls(LANE, since=START - 1)) == [
        0, START + 1, START + 500,
    ]  # fmt: skip


async def test_the_attempts_of_an_earlier_try_do_not_make_a_later_one_unsure(store: Store) -> None:
    delivery = new_delivery("email:1")
    await add(store, delivery)
    create = Call(purpose="create lead", method="POST", path="/leads", body={}, safe_to_repeat=False)
    (claimed,) = await claim(store, begin=lambda _due: create)
    unsent = FinishedCall(
        attempt_id=claimed.attempt_id or 0, answered_at=None, outcome="retrying", sent=False, error="refused"
    )
    again = DeliveryUpdate(state="retrying", next_at=START + 1)
    await store.record(LANE, TryResult(claim=claimed, at=START, finished=unsent, update=again))
    await claim(store, now=START + 1)
    recovered = await recover(store, now=START + 2)
    assert (recovered.again, recovered.unsure) == (1, 0)


@pytest.mark.parametrize(
    ("status", "unsure"),
    [(201, 1), (302, 1), (500, 1), (502, 1), (504, 1), (520, 1), (404, 0), (408, 0), (422, 0), (429, 0), (503, 0)],
)
async def test_a_crash_after_the_answer_to_a_create_looks_for_what_may_have_been_done(
    store: Store, status: int, unsure: int
) -> None:
    await add(store, new_delivery("email:1"))
    create = Call(purpose="create lead", method="POST", path="/leads", body={}, safe_to_repeat=False)
    (claimed,) = await claim(store, begin=lambda _due: create)
    answered = FinishedCall(attempt_id=claimed.attempt_id or 0, answered_at=START, outcome="answered", status=status)
    look = Call(purpose="find lead", method="GET", path="/leads")
    await store.record(LANE, TryResult(claim=claimed, at=START, finished=answered, next_call=look))
    recovered = await recover(store, now=START + 1)
    assert (recovered.again, recovered.unsure) == (1 - unsure, unsure)


async def test_a_call_that_never_left_does_not_count_and_an_unanswered_one_counts_from_its_start(
    store: Store,
) -> None:
    unsent, lost = new_delivery("email:1"), new_delivery("email:2")
    await add(store, unsent, lost)
    for one, sent in zip(await claim(store), (False, True), strict=True):
        ended = FinishedCall(
            attempt_id=one.attempt_id or 0, answered_at=None, outcome="failed", sent=sent, error="broken"
        )
        update = DeliveryUpdate(state="failed")
        await store.record(LANE, TryResult(claim=one, at=START + 900, finished=ended, update=update))
    assert await store.recent_calls(LANE, since=START - 1) == (CallSpan(started_at=START, answered_at=None),)
    assert await store.recent_calls(LANE, since=START) == ()
    (attempt,) = await store.attempts_of(lost.delivery_id)
    assert (attempt.answered_at, attempt.error) == (None, "broken")


async def test_a_call_that_waited_after_its_start_counts_from_its_send(store: Store) -> None:
    await add(store, new_delivery("email:1"))
    (claimed,) = await claim(store)
    sent_at = START + 600_000
    ended = FinishedCall(
        attempt_id=claimed.attempt_id or 0, answered_at=None, outcome="retrying", sent_at=sent_at, error="broken"
    )
    update = DeliveryUpdate(state="failed")
    await store.record(LANE, TryResult(claim=claimed, at=sent_at + 100, finished=ended, update=update))
    assert await store.recent_calls(LANE, since=sent_at - 1) == (CallSpan(started_at=sent_at, answered_at=None),)
    assert await store.recent_calls(LANE, since=sent_at) == ()


async def test_what_was_open_when_a_process_died_counts_as_sent_at_its_recovery(store: Store) -> None:
    await add(store, new_delivery("email:1"), new_delivery("email:2"))
    lost, unsent = await claim(store)
    never = FinishedCall(attempt_id=unsent.attempt_id or 0, answered_at=None, outcome="retrying", sent=False)
    again = DeliveryUpdate(state="retrying", next_at=START)
    await store.record(LANE, TryResult(claim=unsent, at=START, finished=never, update=again))
    died, later = START + 86_400_000, START + 86_500_000
    await recover(store, now=died)
    await recover(store, now=later)  # another crash at once: this one found nothing open
    assert await store.recent_calls(LANE, since=died - 1) == (CallSpan(started_at=died, answered_at=None),)
    (attempt,) = await store.attempts_of(lost.delivery.delivery_id)
    assert attempt.started_at == START, "what is shown stays true"


async def test_a_call_that_never_left_leaves_its_delivery_sure(store: Store) -> None:
    await add(store, new_delivery("email:1"))
    create = Call(purpose="create lead", method="POST", path="/leads", body={}, safe_to_repeat=False)
    (claimed,) = await claim(store, begin=lambda _due: create)
    never = FinishedCall(attempt_id=claimed.attempt_id or 0, answered_at=None, outcome="answered", sent=False)
    await store.record(LANE, TryResult(claim=claimed, at=START, finished=never))
    recovered = await recover(store, now=START + 1)
    assert (recovered.again, recovered.unsure) == (1, 0)
