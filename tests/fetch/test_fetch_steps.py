"""A lead that takes several calls: each after the other, what is the same for many asked for once."""

from typing import Any

import orjson

from leadbridge.desk import desks
from leadbridge.errors import StorageUnavailable
from leadbridge.outgoing.client import Answered
from leadbridge.settings.loading import load_text
from leadbridge.store.base import Store
from tests.fetch.staged import CONFIG, ENVIRON, Stage, announcement, documents, respond
from tests.fetch.vendor import answered
from tests.support.clock import ManualClock
from tests.support.journal import Journal

HOUR = 3_600.0


async def test_the_calls_go_one_after_the_other_and_all_documents_are_kept(stage: Stage) -> None:
    stage.start()
    await stage.announced("a", announcement(1))
    await stage.all_fetched("a")
    assert stage.vendor.addresses == [
        "https://api.linkedin.com/rest/leadFormResponses/r1",
        "https://api.linkedin.com/rest/leadForms/7234",
    ]
    assert stage.vendor.headers[0]["LinkedIn-Version"] == "202601"
    row = await stage.store.submission("a")
    assert row is not None
    assert orjson.loads(row.fetched or "") == documents("r1")


async def test_a_form_is_asked_for_once_in_an_hour_and_a_new_version_of_it_at_once(stage: Stage) -> None:
    stage.start()
    for name, number, form in (
        ("a", 1, "(urn:li:leadGenForm:7234,1)"),
        ("b", 2, "(urn:li:leadGenForm:7234,1)"),
        ("c", 3, "(urn:li:leadGenForm:7234,2)"),
    ):
        await stage.announced(name, announcement(number, form=form))
        await stage.all_fetched(name)
    assert stage.vendor.calls == ["r1", "7234", "r2", "r3", "7234"]
    stage.clock.advance(HOUR)
    await stage.announced("d", announcement(4))
    await stage.all_fetched("d")
    assert stage.vendor.calls[-2:] == ["r4", "7234"]


async def test_a_lead_whose_second_call_fails_is_asked_for_again_whole(stage: Stage) -> None:
    stage.vendor.respond = lambda asked: respond(asked) if asked.startswith("r") else answered(503, {})
    stage.start()
    await stage.announced("a", announcement(1))
    await stage.journal.seen("fetch.attempted", outcome="down")
    await stage.tried("a", 1)
    assert await stage.state("a") == "awaiting_fetch"
    stage.vendor.respond = respond
    stage.clock.advance(60)
    await stage.all_fetched("a")
    assert stage.vendor.calls == ["r1", "7234", "r1", "7234"]


async def test_an_announcement_without_an_id_fails_without_a_call(stage: Stage) -> None:
    stage.start()
    await stage.announced("a", announcement(1, form="none"))
    (line,) = await stage.journal.seen("fetch.failed")
    assert line["problem"] == "fetch: the announcement has no id at `leadGenForm`"
    assert await stage.state("a") == "failed"


async def test_a_stop_makes_no_further_call_and_the_lead_is_due_at_the_next_start(stage: Stage) -> None:
    stage.vendor.gate.clear()
    stage.start()
    await stage.announced("a", announcement(1))
    await stage.vendor.called(1)
    stage.leave()
    stage.vendor.gate.set()
    await stage.stop()
    assert stage.vendor.calls == ["r1"]
    stage.start()
    await stage.all_fetched("a")
    row = await stage.store.submission("a")
    assert row is not None
    assert row.fetch_tries == 1


async def test_what_a_killed_process_had_claimed_is_fetched_when_its_claim_is_over(
    stage: Stage, store: Store, clock: ManualClock, journal: Journal
) -> None:
    frozen, other = stage, Stage(store, clock, journal)
    frozen.vendor.gate.clear()
    frozen.start()
    await frozen.announced("a", announcement(1))
    await frozen.vendor.called(1)
    frozen.leave()  # it claims no more
    other.start()
    clock.advance(39)
    await other.state("a")
    assert other.vendor.calls == []
    clock.advance(16)
    await other.all_fetched("a")
    assert other.vendor.calls == ["r1", "7234"]
    frozen.vendor.respond = crash  # and if it was no kill, but a long sleep: the first end is the one that counts
    frozen.vendor.gate.set()
    await journal.seen("fetch.crashed")
    await other.stop()
    await frozen.stop()
    assert journal.find("fetch.failed") == []
    assert await other.state("a") == "received"


def crash(_asked: str) -> Answered:
    raise RuntimeError("a mistake")


class Full:
    """A store whose disk is full when the end of a fetch is to be stored."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.full = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def store_fetched(self, *given: Any, **named: Any) -> Any:
        if self.full:
            raise StorageUnavailable("the disk is full")
        return await self._store.store_fetched(*given, **named)


async def test_what_was_fetched_while_the_disk_is_full_is_stored_when_it_is_not(stage: Stage) -> None:
    full: Any = Full(stage.store)
    stage.start(store=full)
    await stage.announced("a", announcement(1))
    for _ in range(12):
        await stage.journal.seen("storage.unavailable")
        assert await stage.state("a") == "awaiting_fetch"
        stage.clock.advance(1)
    full.full = False
    stage.clock.advance(1)
    await stage.all_fetched("a")
    assert stage.vendor.calls == ["r1", "7234"]
    assert len(stage.journal.find("storage.unavailable")) <= 3, "it is said every ten seconds"


async def test_a_token_in_the_vendors_words_is_not_repeated(stage: Stage) -> None:
    stage.vendor.respond = lambda _asked: answered(401, {"message": f"invalid token {ENVIRON['TOKEN']}"})
    stage.start()
    await stage.announced("a", announcement(1))
    await stage.journal.seen("fetch.paused")
    row = await stage.store.submission("a")
    assert row is not None
    assert row.reason == "fetch: the vendor answered 401: invalid token ***"
    assert ENVIRON["TOKEN"] not in str(stage.journal.lines)
    (backlog,) = await stage.store.fetch_backlogs()
    assert backlog.pause is not None
    assert ENVIRON["TOKEN"] not in backlog.pause.reason
    (desk,) = desks(load_text(CONFIG, "tests.yaml", ENVIRON).settings).values()
    assert ENVIRON["TOKEN"] not in repr(desk), "nor by a traceback that shows what is at work"
