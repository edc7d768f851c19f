"""A mistake in one place stays there, and work that ended by mistake begins again, visibly."""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from leadbridge.bodies.document import Document
from leadbridge.errors import StorageUnavailable
from leadbridge.events import Event
from leadbridge.mapping import map_event
from leadbridge.mapping.mapper import BATCH
from leadbridge.record import STORAGE_PAUSE
from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import PRESETS
from leadbridge.store.base import Store
from leadbridge.store.values import MappedSubmission, WaitingSubmission
from leadbridge.supervise import CRASH_PAUSE, Crew, keep_running
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.patience import PATIENCE
from tests.support.service import CONFIG, running

LEAD = b'{"name": "Ann Lee", "email": "ann@example.com"}'
BAD = b'{"name": "Bad", "email": "bad@example.com"}'


def with_shape(monkeypatch: pytest.MonkeyPatch, shape: Callable[[Document], Iterable[Event]]) -> None:
    """Let the generic preset find its events in another way."""
    changed: dict[str, Preset] = {**PRESETS, "generic": replace(PRESETS["generic"], shape=shape)}
    monkeypatch.setattr("leadbridge.desk.PRESETS", changed)


async def asleep(clock: ManualClock) -> None:
    """Let the loop run until somebody waits for the clock alone."""
    async with asyncio.timeout(PATIENCE):
        while not any(until < float("inf") for until, _ in clock._sleepers):  # noqa: ASYNC110  # no event tells it
            await asyncio.sleep(0)


@pytest.mark.parametrize("words", ["a mistake", "a lone \ud800 surrogate"])
async def test_a_preset_that_crashes_fails_its_submission_alone(
    store: Store, clock: ManualClock, journal: Journal, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    stored: set[bytes] = set()  # a shape is called when a request comes, and again when it is mapped

    def clumsy(document: Document) -> Iterable[Event]:
        said = json.dumps(document.value).encode()
        if b"Bad" in said and said in stored:
            raise RuntimeError(words)
        stored.add(said)
        return PRESETS["generic"].shape(document)

    with_shape(monkeypatch, clumsy)
    async with running(store, clock, journal) as service:
        bad = (await service.post(BAD)).json()["id"]
        good = (await service.post(LEAD)).json()["id"]
        await journal.seen("delivery.attempted", submission=good, outcome="delivered")
        (line,) = await journal.seen("submission.failed", submission=bad)
        assert "leadbridge crashed on it: RuntimeError" in line["problem"]
        assert journal.find("mapping.crashed", submission=bad)
    row = await store.submission(bad)
    assert row is not None
    assert (row.state, "RuntimeError" in (row.reason or "")) == ("failed", True)


async def test_a_mapping_that_crashes_fails_its_submission_alone(
    store: Store, clock: ManualClock, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clumsy(event: Event, **named: Any) -> Any:
        if event.fields["name"] == "Bad":
            raise RuntimeError("a mistake")
        return map_event(event, **named)

    monkeypatch.setattr("leadbridge.mapping.mapper.map_event", clumsy)
    async with running(store, clock, journal) as service:
        two = (await service.post(b"[" + BAD + b"," + LEAD + b"]")).json()["submissions"]
        await journal.seen("delivery.attempted", submission=two[1]["id"], outcome="delivered")
    rows = {row.id: row for row in await store.submissions(limit=10)}
    assert [rows[one["id"]].state for one in two] == ["failed", "mapped"]
    assert rows[two[0]["id"]].reason == "mapping: leadbridge crashed on it: RuntimeError: a mistake"


@pytest.mark.parametrize("method", ["waiting", "map"])
async def test_mapping_goes_on_when_the_store_is_back(
    store: Store, clock: ManualClock, journal: Journal, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    really, away = getattr(store, method), [True, True]

    async def full(*arguments: Any, **named: Any) -> Any:
        if away and (method == "map" or await store.submissions(limit=1)):
            away.pop()
            raise StorageUnavailable("the disk is full")
        return await really(*arguments, **named)

    monkeypatch.setattr(store, method, full)
    async with running(store, clock, journal) as service:
        submission_id = (await service.post(LEAD)).json()["id"]
        for count in (1, 2):
            await journal.seen("storage.unavailable", retry_in_s=STORAGE_PAUSE, count=count)
            await asleep(clock)
            assert (await service.client.get("/readyz")).status_code == 200
            clock.advance(STORAGE_PAUSE)
        await journal.seen("delivery.attempted", submission=submission_id, outcome="delivered")
        assert not journal.find("stage.crashed"), "an absent store is no mistake of ours"


async def test_mapping_that_crashed_begins_again_and_says_so(
    store: Store, clock: ManualClock, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, crashes = store.waiting, [RuntimeError("a mistake")]

    async def clumsy(*, limit: int) -> tuple[WaitingSubmission, ...]:
        if crashes:
            raise crashes.pop()
        return await really(limit=limit)

    monkeypatch.setattr(store, "waiting", clumsy)
    async with running(store, clock, journal) as service:
        await journal.seen("stage.crashed", stage="mapper", level="exception", retry_in_s=CRASH_PAUSE)
        await asleep(clock)
        submission_id = (await service.post(LEAD)).json()["id"]
        clock.advance(CRASH_PAUSE)
        await journal.seen("delivery.attempted", submission=submission_id, outcome="delivered")


async def test_a_request_with_many_items_is_parsed_once_and_mapped_in_bounded_batches(
    store: Store, clock: ManualClock, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[int] = []
    batches: list[int] = []
    turns = [0]
    seen_at: list[int] = []
    really = store.map
    first_batch, go = asyncio.Event(), asyncio.Event()

    def counting(document: Document) -> Iterable[Event]:
        events = list(PRESETS["generic"].shape(document))
        parsed.append(len(events))
        return events

    async def slow(mapped: Sequence[MappedSubmission], *, now: int) -> None:
        batches.append(len(mapped))
        first_batch.set()
        await go.wait()
        await really(mapped, now=now)

    def mapping(event: Event, **named: Any) -> Any:
        seen_at.append(turns[0])
        return map_event(event, **named)

    def turn() -> None:
        turns[0] += 1
        ticking[0] = asyncio.get_running_loop().call_soon(turn)

    ticking = [asyncio.get_running_loop().call_soon(turn)]
    with_shape(monkeypatch, counting)
    monkeypatch.setattr(store, "map", slow)
    monkeypatch.setattr("leadbridge.mapping.mapper.map_event", mapping)
    many = json.dumps([{"email": f"{number}@example.com", "interest": "support"} for number in range(2_000)]).encode()
    async with running(store, clock, journal, config=CONFIG.replace("10KiB", "1MiB")) as service:
        assert (await service.post(many)).status_code == 202
        async with asyncio.timeout(PATIENCE):
            await first_batch.wait()
        assert len(set(seen_at)) == BATCH, "the loop turned between any two items"
        ticking[0].cancel()
        assert (await service.post(LEAD)).status_code == 202, "a sender is answered meanwhile"
        go.set()
        await journal.seen("delivery.attempted", outcome="delivered")
    assert sorted(parsed) == [1, 1, 2_000, 2_000], "each once when it came, once to be mapped"
    assert max(batches) == BATCH
    assert sum(batches) == 2_001


async def test_a_service_whose_mapping_is_gone_is_not_ready(store: Store, clock: ManualClock, journal: Journal) -> None:
    async with running(store, clock, journal) as service:
        assert (await service.client.get("/readyz")).status_code == 200
        (mapping,) = [task for task in asyncio.all_tasks() if task.get_name() == "mapper"]
        mapping.cancel()
        await asyncio.gather(mapping, return_exceptions=True)
        response = await service.client.get("/readyz")
        assert (response.status_code, response.headers["content-type"]) == (503, "application/problem+json")
        assert (await service.client.get("/healthz")).status_code == 200


async def test_a_service_that_stopped_is_not_ready(store: Store, clock: ManualClock, journal: Journal) -> None:
    async with running(store, clock, journal) as service:
        await service.service.stop()
        assert (await service.client.get("/readyz")).status_code == 503


async def test_crashed_work_is_told_and_run_again_after_a_rest_until_it_returns(journal: Journal) -> None:
    log: Any = journal
    ends: list[Exception | None] = [ValueError("one"), OSError("two"), None, None]
    rests: list[float] = []

    async def work() -> None:
        if (error := ends.pop(0)) is not None:
            raise error

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        assert len(rests) < 9, "it goes on for ever"

    await keep_running(work, name="a stage", rest=rest, log=log)
    assert len(ends) == 1, "what returned is not run again"
    assert rests == [CRASH_PAUSE, CRASH_PAUSE]
    assert journal.lines == [
        {"event": "stage.crashed", "level": "exception", "stage": "a stage", "retry_in_s": CRASH_PAUSE}
    ] * 2  # fmt: skip


async def test_work_that_is_cancelled_is_not_run_again(journal: Journal) -> None:
    log: Any = journal
    begun: list[asyncio.Event] = []

    async def work() -> None:
        begun.append(asyncio.Event())
        await begun[-1].wait()

    async def rest(_seconds: float) -> None:
        raise AssertionError("a cancelled stage has no rest")

    task = asyncio.create_task(keep_running(work, name="a stage", rest=rest, log=log))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (task.cancelled(), len(begun), journal.lines) == (True, 1, [])


async def test_a_crew_has_what_goes_on_and_nothing_once_it_was_stopped(journal: Journal) -> None:
    log: Any = journal
    looked, ended = asyncio.Event(), asyncio.Event()

    async def rest(_seconds: float) -> None:
        raise AssertionError("nothing crashed")

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def at_once() -> None:
        looked.set()

    crew = Crew(rest=rest, log=log)
    assert not crew.has("mapper")
    crew.start("mapper", for_ever)
    crew.start("look", at_once)
    async with asyncio.timeout(PATIENCE):
        await looked.wait()
    assert (crew.has("look"), crew.has("mapper")) == (False, True)
    await crew.stop()
    assert ended.is_set()
    assert not crew.has("mapper")
    assert journal.lines == []
