"""What a try left is on disk before anything else happens, in bounds, and told in one line."""

import asyncio
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from leadbridge.errors import StorageUnavailable
from leadbridge.outcome import Delivered, Fail, Hold, Outcome, Retry
from leadbridge.record import MOST_KEPT, STORAGE_PAUSE, STORAGE_SAID_EVERY, CallEnd, Recorder
from leadbridge.retry import RetryPolicy
from leadbridge.store.base import Store
from leadbridge.store.claims import Claim, TryResult
from tests.deliver.lanes import WatchedClock
from tests.support.journal import Journal
from tests.support.patience import PATIENCE
from tests.support.stored import LANE, add, claim, new_delivery

HOURS = 3_600.0  # seconds


@pytest.fixture
def recorder(store: Store, clock: WatchedClock, journal: Journal) -> Recorder:
    log: Any = journal
    return Recorder(store, clock=clock, policy=RetryPolicy(), dice=Random(1), log=log)


@pytest.fixture
async def claimed(store: Store, clock: WatchedClock) -> Claim:
    await add(store, new_delivery("email:1"), now=clock.now())
    (one,) = await claim(store, now=clock.now())
    return one


def call_end(claimed: Claim, *, status: int | None = 200, text: str | None = "{}") -> CallEnd:
    return CallEnd(
        attempt_id=claimed.attempt_id or 0, purpose="upsert lead", started=10.0, ended=10.25, status=status,
        crm_trace_id=None, response=text, error=None if status else "no answer", sent=True,
    )  # fmt: skip


async def test_a_full_disk_is_waited_for_and_the_result_is_not_lost(
    recorder: Recorder, store: Store, clock: WatchedClock, journal: Journal, claimed: Claim,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    tries: list[float] = []
    really = store.record

    async def full(lane: str, result: TryResult) -> int:
        tries.append(clock.monotonic())
        if len(tries) <= 3:
            raise StorageUnavailable("the disk is full")
        return await really(lane, result)

    monkeypatch.setattr(store, "record", full)
    ending = asyncio.create_task(
        recorder.ended(LANE, claimed, call_end(claimed), Delivered(record_id="7", created=True))
    )
    begun = clock.monotonic()
    async with asyncio.timeout(PATIENCE):
        for count in (1, 2, 3):
            while len(tries) < count or not clock._sleepers:  # noqa: ASYNC110  # the clock of the tests has no event for its sleepers
                await asyncio.sleep(0)
            assert not journal.find("delivery.attempted"), "nothing is told that is not on disk"
            clock.advance(STORAGE_PAUSE)
        await ending
    assert len(journal.find("storage.unavailable", lane=LANE, retry_in_s=STORAGE_PAUSE)) == 1
    assert tries == [begun + number * STORAGE_PAUSE for number in range(4)]
    delivery = await store.delivery(claimed.delivery.delivery_id)
    assert delivery is not None
    assert (delivery.state, delivery.record_id) == ("delivered", "7")
    assert len(journal.find("delivery.attempted", outcome="delivered")) == 1


async def test_of_an_answer_no_more_than_a_bounded_part_is_kept(
    recorder: Recorder, store: Store, claimed: Claim
) -> None:
    text = "x" * (MOST_KEPT - 1) + "yz"
    await recorder.ended(LANE, claimed, call_end(claimed, text=text), Delivered(record_id="7", created=None))
    (attempt,) = await store.attempts_of(claimed.delivery.delivery_id)
    assert attempt.response == "x" * (MOST_KEPT - 1) + "y"
    assert MOST_KEPT == 65_536


async def test_after_three_days_and_eight_tries_a_delivery_fails_with_why_and_the_last_words(
    recorder: Recorder, store: Store, clock: WatchedClock, journal: Journal, claimed: Claim
) -> None:
    for _ in range(8):
        await recorder.ended(LANE, claimed, call_end(claimed, status=503), Retry(detail="HTTP 503"))
        clock.advance(9 * HOURS)
        (claimed,) = await claim(store, now=clock.now())
    await recorder.ended(LANE, claimed, call_end(claimed, status=503), Retry(detail="HTTP 503: maintenance"))
    (line,) = journal.find("delivery.attempted", outcome="failed")
    assert line["detail"] == "given up after 9 tries in 72 hours; last: HTTP 503: maintenance"
    assert line["level"] == "warning"
    delivery = await store.delivery(claimed.delivery.delivery_id)
    assert delivery is not None
    assert (delivery.state, delivery.detail) == ("failed", line["detail"])


async def test_a_retry_says_in_how_many_seconds(
    recorder: Recorder, store: Store, clock: WatchedClock, journal: Journal, claimed: Claim
) -> None:
    update = await recorder.ended(LANE, claimed, call_end(claimed, status=429), Retry(detail="HTTP 429", after=30.0))
    (line,) = journal.find("delivery.attempted")
    assert 30.0 <= line["retry_in_s"] <= 32.0
    assert update.next_at is not None
    assert line["retry_in_s"] == pytest.approx((update.next_at - clock.now()) / 1000, abs=0.05)
    assert await store.next_due(LANE) == update.next_at
    assert (line["duration_ms"], line["status"], line["attempt"]) == (250.0, 429, 1)


@pytest.mark.parametrize(
    ("outcome", "level"),
    [
        (Delivered(record_id="7", created=True), "info"),
        (Retry(detail="later"), "info"),
        (Hold(reason="bad_credentials", detail="HTTP 401"), "warning"),
        (Fail(detail="HTTP 422"), "warning"),
    ],
    ids=["delivered", "retrying", "held", "failed"],
)
async def test_what_needs_a_person_is_a_warning_and_says_no_next_try(
    recorder: Recorder, journal: Journal, claimed: Claim, outcome: Outcome, level: str
) -> None:
    await recorder.ended(LANE, claimed, call_end(claimed), outcome)
    (line,) = journal.find("delivery.attempted")
    assert line["level"] == level
    assert ("retry_in_s" in line) == isinstance(outcome, Retry)


async def test_a_call_without_an_answer_is_kept_without_a_time_of_one(
    recorder: Recorder, store: Store, claimed: Claim
) -> None:
    end = call_end(claimed, status=None, text=None)
    await recorder.ended(LANE, claimed, end, Retry(detail="upsert lead: no answer"))
    (attempt,) = await store.attempts_of(claimed.delivery.delivery_id)
    assert (attempt.answered_at, attempt.status, attempt.error) == (None, None, "no answer")
    (span,) = await store.recent_calls(LANE, since=0)
    assert span.answered_at is None


async def test_a_full_disk_is_said_now_and_then_however_many_wait_for_it(
    recorder: Recorder, clock: WatchedClock, journal: Journal
) -> None:
    full = StorageUnavailable("the disk is full")
    for _ in range(48):
        recorder.say_unavailable(LANE, full)
    recorder.say_unavailable("another", full)
    assert [line["lane"] for line in journal.find("storage.unavailable")] == [LANE, "another"]
    clock.advance(STORAGE_SAID_EVERY - 0.1)
    recorder.say_unavailable(LANE, full)
    assert len(journal.find("storage.unavailable", lane=LANE)) == 1
    clock.advance(0.1)
    recorder.say_unavailable(LANE, full)
    assert len(journal.find("storage.unavailable", lane=LANE)) == 2


async def test_a_call_without_an_answer_that_waited_for_its_turn_counts_from_its_send(
    recorder: Recorder, store: Store, clock: WatchedClock, claimed: Claim
) -> None:
    clock.advance(600)
    sent_at = clock.now()
    end = replace(call_end(claimed, status=None, text=None), started=clock.monotonic())
    clock.advance(30)
    await recorder.ended(LANE, claimed, end, Retry(detail="upsert lead: no answer"))
    (span,) = await store.recent_calls(LANE, since=sent_at - 1)
    assert span.started_at == sent_at
