"""Senders first: the work behind them gives way while many wait, and goes on all the same."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from leadbridge.precedence import LONGEST_REST, MANY, SHARE, SLICE, Precedence
from leadbridge.store.base import Store
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import TOKEN, Running, running

LEAD = b'{"name": "Ann Lee", "email": "ann@example.com"}'


class Resting:
    """A clock on which work takes as long as a test says, and which notes every rest."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.rests: list[float] = []

    def now(self) -> int:
        return 0

    def monotonic(self) -> float:
        return self.elapsed

    async def pause(self, seconds: float) -> None:
        self.rests.append(seconds)


def work(precedence: Precedence, clock: Resting, seconds: float) -> None:
    with precedence.working():
        clock.elapsed += seconds


async def test_with_few_senders_work_goes_on_without_a_rest() -> None:
    clock = Resting()
    precedence = Precedence(clock)
    for _ in range(MANY - 1):
        precedence.came()
    work(precedence, clock, 1.0)
    await precedence.give_way()
    assert (clock.rests, precedence.many_wait) == ([], False)


async def test_during_a_burst_work_takes_its_share_of_the_time_and_no_more() -> None:
    clock = Resting()
    precedence = Precedence(clock)
    for _ in range(MANY):
        precedence.came()
    for _ in range(100):
        work(precedence, clock, SLICE * 0.6)
        await precedence.give_way()
    worked = 100 * SLICE * 0.6
    assert worked / (worked + sum(clock.rests)) == pytest.approx(SHARE)
    assert len(clock.rests) == 50, "it rests after a slice and not after every piece"


async def test_after_the_burst_there_is_no_rest() -> None:
    clock = Resting()
    precedence = Precedence(clock)
    for _ in range(MANY):
        precedence.came()
    precedence.went()
    work(precedence, clock, 1.0)
    await precedence.give_way()
    assert clock.rests == []


async def test_work_that_fails_is_counted_too() -> None:
    clock = Resting()
    precedence = Precedence(clock)
    for _ in range(MANY):
        precedence.came()

    def broken() -> None:
        with precedence.working():
            clock.elapsed += 1.0
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        broken()
    await precedence.give_way()
    assert clock.rests == [LONGEST_REST]


@pytest.fixture
async def service(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[Running]:
    async with running(store, clock, journal) as started:
        yield started


async def test_no_sender_is_counted_once_all_are_answered_whatever_the_answer(service: Running) -> None:
    answers = await asyncio.gather(
        *(service.post(LEAD) for _ in range(2 * MANY)),
        service.post(LEAD, token="wrong"),
        service.post(b"not json {"),
        service.client.get("/hooks/website"),
    )
    assert {answer.status_code for answer in answers} == {202, 401, 400, 405}
    assert service.service.precedence.many_wait is False


async def test_a_burst_is_mapped_and_delivered_while_it_lasts_and_after(service: Running) -> None:
    await asyncio.gather(*(service.post(LEAD.replace(b"ann@", b"a%d@" % one)) for one in range(50)))
    assert len(await service.journal.seen("delivery.attempted", outcome="delivered", count=50)) == 50


async def test_senders_who_take_their_time_slow_nobody_down(service: Running) -> None:
    begun = [asyncio.Event() for _ in range(2 * MANY)]
    finish = asyncio.Event()

    async def slowly(started: asyncio.Event) -> AsyncIterator[bytes]:
        yield LEAD[:10]
        started.set()
        await finish.wait()
        yield LEAD[10:]

    headers = {"content-type": "application/json", "x-webhook-token": TOKEN}
    slow = [
        asyncio.create_task(service.client.post("/hooks/website", content=slowly(one), headers=headers))
        for one in begun
    ]
    await asyncio.gather(*(one.wait() for one in begun))
    assert service.service.precedence.many_wait is False
    finish.set()
    assert {answer.status_code for answer in await asyncio.gather(*slow)} == {202}
