"""The stage at work in a whole service: what was announced is fetched, and mapped once with its answers."""

from typing import Any

import orjson
import pytest

from leadbridge.desk import desks
from leadbridge.fetch.source import AT_ONCE
from leadbridge.fetch.standing import IN_A_ROW
from leadbridge.items import items_of
from leadbridge.outgoing.client import Answered, Unanswered
from leadbridge.schemes import Unsigned
from leadbridge.settings.loading import load_text
from leadbridge.store.base import Store
from leadbridge.store.values import Selection
from leadbridge.verify import verify
from tests.admin.scraped import scrape
from tests.fetch.vendor import (
    CONFIG,
    ENVIRON,
    NO_SUCH_LEAD,
    TOKEN,
    FakeVendor,
    announce,
    announcement,
    answered,
    document,
    email_of,
    lead,
    refused,
    until,
)
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import running
from tests.support.stored import received

HOUR = 3_600.0


@pytest.fixture
def vendor() -> FakeVendor:
    return FakeVendor()


class Site:
    """What `running` needs, in one place."""

    def __init__(self, store: Store, clock: ManualClock, journal: Journal, vendor: FakeVendor) -> None:
        self.store, self.clock, self.journal, self.vendor = store, clock, journal, vendor

    def running(self, config: str = CONFIG) -> Any:
        return running(self.store, self.clock, self.journal, config=config, environ=ENVIRON, vendors=self.vendor)

    async def states(self) -> list[str]:
        return [row.state for row in await self.store.submissions(limit=1_000)]


@pytest.fixture
def site(store: Store, clock: ManualClock, journal: Journal, vendor: FakeVendor) -> Site:
    return Site(store, clock, journal, vendor)


async def test_an_announced_lead_is_fetched_and_delivered_with_its_answers(site: Site) -> None:
    async with site.running() as service:
        await announce(service, 7)
        await site.journal.seen("delivery.attempted", outcome="delivered")
    (call,) = service.transport.calls
    assert email_of(7) in str(call.body)
    (row,) = await site.store.submissions(limit=10)
    assert row.state == "mapped"
    assert row.fetched is not None
    assert orjson.loads(row.fetched) == {"lead": document(7)}
    assert site.vendor.addresses == ["https://graph.facebook.com/v24.0/7"]
    assert site.vendor.headers[0]["authorization"] == f"Bearer {TOKEN}"


async def test_what_comes_later_is_fetched_at_once_too(site: Site) -> None:
    async with site.running() as service:
        for count, one in enumerate((7, 8, 9), start=1):
            await announce(service, one)
            await site.journal.seen("delivery.attempted", count=count)


async def test_the_sender_is_answered_before_anything_is_fetched(site: Site) -> None:
    site.vendor.gate.clear()
    async with site.running() as service:
        await announce(service, 7)
        assert await site.states() == ["awaiting_fetch"]
        site.vendor.gate.set()
        await site.journal.seen("delivery.attempted")


async def test_each_call_has_its_line_without_the_token(site: Site) -> None:
    site.vendor.respond = lambda one: answered(200, document(one), x_fb_trace_id="Fz1")
    async with site.running() as service:
        await announce(service, 7)
        (line,) = await site.journal.seen("fetch.attempted")
    (row,) = await site.store.submissions(limit=10)
    said = {"source": "ads", "submission": row.id, "attempt": 1, "call": "lead", "outcome": "fetched"}
    assert said.items() <= line.items()
    assert (line["status"], line["vendor_trace_id"], line["trace_id"]) == (200, "Fz1", row.trace_id)
    assert TOKEN not in str(site.journal.lines)


async def test_without_fetch_in_the_configuration_a_lead_is_what_was_announced(site: Site) -> None:
    config = CONFIG.replace('    fetch: {token: "${META_TOKEN}", quota: {limit: 200, window: 1h}}\n', "")
    assert config != CONFIG
    async with site.running(config) as service:
        await announce(service, 7)
        await site.journal.seen("submission.accepted")
    assert site.vendor.calls == []


async def test_a_test_lead_is_ignored_when_its_answers_show_it(site: Site) -> None:
    dummy = {"id": "7", "field_data": [{"name": "full_name", "values": ["<test lead: dummy data for full_name>"]}]}
    site.vendor.respond = lambda _lead: answered(200, dummy)
    async with site.running() as service:
        await announce(service, 7)
        await site.journal.seen("submission.ignored")
    assert await site.states() == ["ignored"]


async def test_many_are_fetched_at_once_and_no_more_than_that(site: Site) -> None:
    site.vendor.gate.clear()
    async with site.running() as service:
        await announce(service, *range(1, 21))
        await site.vendor.called(AT_ONCE)
        await announce(service, *range(21, 31))
        await site.states()
        site.vendor.gate.set()
        await site.journal.seen("fetch.attempted", count=30)
        await site.journal.seen("delivery.attempted", count=30)
    assert sorted(site.vendor.calls, key=int) == [str(one) for one in range(1, 31)]
    assert site.vendor.most_at_once == AT_ONCE
    assert await site.states() == ["mapped"] * 30


async def test_the_quota_is_kept_and_used(site: Site) -> None:
    config = CONFIG.replace("limit: 200, window: 1h", "limit: 3, window: 1m")
    async with site.running(config) as service:
        await announce(service, 1, 2, 3, 4, 5)
        await site.journal.seen("fetch.attempted", count=3)
        await announce(service, 6)
        assert len(site.vendor.calls) == 3
        site.clock.advance(59)
        await announce(service, 7)
        assert len(site.vendor.calls) == 3
        site.clock.advance(2)
        await site.journal.seen("fetch.attempted", count=6)
        site.clock.advance(61)
        await site.journal.seen("delivery.attempted", count=7)


async def test_refused_credentials_pause_the_source_until_one_lead_shows_that_they_are_good(site: Site) -> None:
    site.vendor.respond = refused
    async with site.running() as service:
        await announce(service, 1)
        (line,) = await site.journal.seen("fetch.paused")
        assert (line["reason"], line["retry_in_s"], line["source"]) == ("credentials", 60, "ads")
        assert line["to_do"].startswith("put a token that works into `fetch.token` of the source, and restart; Meta's")
        assert TOKEN not in str(site.journal.lines)
        await announce(service, 2, 3, 4)
        site.clock.advance(59)
        assert len(site.vendor.calls) == 1
        site.clock.advance(2)
        await site.journal.seen("fetch.paused", count=2)
        assert len(site.vendor.calls) == 2, "one lead alone is tried"
        site.vendor.respond = lead
        site.clock.advance(121)
        await site.journal.seen("fetch.resumed")
        await site.journal.seen("delivery.attempted", count=4)
    assert await site.states() == ["mapped"] * 4
    assert {row.fetch_tries for row in await site.store.submissions(limit=10)} <= {0, 1}


async def test_at_a_start_credentials_are_tried_at_once(site: Site) -> None:
    site.vendor.respond = refused
    async with site.running() as service:
        await announce(service, 1)
        await site.journal.seen("fetch.paused")
    site.vendor.respond = lead
    async with site.running():
        await site.journal.seen("fetch.resumed")
        await site.journal.seen("delivery.attempted")


async def test_at_a_start_what_the_token_may_not_read_is_tried_at_once_too(site: Site) -> None:
    """It may be a token with more rights, or the right was given meanwhile."""
    site.vendor.respond = lambda _lead: answered(403, {})
    async with site.running() as service:
        await announce(service, *range(1, IN_A_ROW + 1))
        (line,) = await site.journal.seen("fetch.paused")
        assert line["reason"] == "forbidden"
    site.vendor.respond = lead
    async with site.running() as service:
        await announce(service, 99)
        await site.journal.seen("fetch.resumed")
        await site.journal.seen("delivery.attempted")
    assert "99" in site.vendor.calls


async def test_a_pause_for_the_quota_outlives_a_start(site: Site) -> None:
    site.vendor.respond = lambda _lead: answered(429, {}, retry_after="600")
    async with site.running() as service:
        await announce(service, 1)
        (line,) = await site.journal.seen("fetch.paused")
        assert (line["reason"], line["retry_in_s"]) == ("quota", 600)
        assert "to_do" not in line, "time alone helps"
    site.vendor.respond = lead
    async with site.running() as service:
        await announce(service, 2)
        site.clock.advance(599)
        await service.client.get("/readyz")
        assert site.vendor.calls == ["1"]
        site.clock.advance(2)
        await site.journal.seen("delivery.attempted", count=2)


async def test_a_lead_that_the_vendor_does_not_have_fails_in_the_end_and_can_be_replayed(site: Site) -> None:
    site.vendor.respond = lambda _lead: answered(400, NO_SUCH_LEAD)
    async with site.running() as service:
        await announce(service, 7)
        tries = 0
        while tries < 200 and not site.journal.find("fetch.failed"):
            tries += 1
            await site.journal.seen("fetch.attempted", count=tries, outcome="missing")
            await stored(site, tries)
            site.clock.advance(HOUR)
        (line,) = site.journal.find("fetch.failed")
        assert "Unsupported get request" in line["problem"]
        assert tries > 72
        (row,) = await site.store.submissions(limit=10)
        assert (row.state, row.reason) == ("failed", line["problem"])
        site.vendor.respond = lead
        replayed = await site.store.replay(Selection(ids=(row.id,)), now=site.clock.now())
        assert replayed.submissions == 1
        site.clock.advance(16)  # whoever replays is another process: it is looked for
        await site.journal.seen("delivery.attempted")
    assert await site.states() == ["mapped"]


async def stored(site: Site, tries: int) -> None:
    """Until the end of a try is in the store."""

    async def is_stored() -> bool:
        (row,) = await site.store.submissions(limit=10)
        return row.state != "awaiting_fetch" or row.fetch_tries >= tries

    await until(is_stored)


async def test_a_vendor_that_is_down_is_asked_again(site: Site) -> None:
    replies: list[Answered | Unanswered] = [
        answered(503, {}), Unanswered("no connection", sent=False), answered(200, {"id": "7"}), lead("7"),
    ]  # fmt: skip
    site.vendor.respond = lambda _lead: replies.pop(0)
    async with site.running() as service:
        await announce(service, 7)
        for tries, outcome in enumerate(("down", "down", "fetched"), start=1):
            await site.journal.seen("fetch.attempted", attempt=tries, outcome=outcome)
            await stored(site, tries)
            site.clock.advance(600)
        await site.journal.seen("delivery.attempted")
    assert await site.states() == ["mapped"]


async def test_answers_that_the_preset_cannot_complete_are_not_there_yet(site: Site) -> None:
    """A token that lacks a right gets a lead without answers; no half of a lead is mapped."""
    site.vendor.respond = lambda one: answered(200, {"id": one})
    async with site.running() as service:
        await announce(service, 7)
        await site.journal.seen("fetch.attempted")
        await stored(site, 1)
        (row,) = await site.store.submissions(limit=10)
    assert row.state == "awaiting_fetch"
    assert row.reason is not None
    assert "leads_retrieval" in row.reason


async def test_a_preset_that_crashes_fails_its_lead_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def respond(one: str) -> Answered:
        if one == "1":
            raise RuntimeError("a mistake")
        return lead(one)

    site.vendor.respond = respond
    async with site.running() as service:
        await announce(service, 1, 2)
        (line,) = await site.journal.seen("fetch.failed")
        assert line["problem"] == "fetch: leadbridge crashed on it: RuntimeError: a mistake"
        assert len(site.journal.find("fetch.crashed")) == 1
        await site.journal.seen("delivery.attempted")
    assert sorted(await site.states()) == ["failed", "mapped"]


async def test_a_stop_finishes_the_call_under_way_and_stores_it(site: Site) -> None:
    site.vendor.gate.clear()
    async with site.running() as service:
        await announce(service, 7)
        await site.vendor.called(1)
        site.vendor.gate.set()
    (row,) = await site.store.submissions(limit=10)
    assert row.fetched is not None


async def test_what_waits_for_a_source_that_fetches_no_more_is_said(site: Site) -> None:
    site.vendor.respond = refused
    async with site.running() as service:
        await announce(service, 1, 2)
        await site.journal.seen("fetch.paused")
    config = CONFIG.replace('    fetch: {token: "${META_TOKEN}", quota: {limit: 200, window: 1h}}\n', "")
    async with site.running(config):
        (line,) = await site.journal.seen("fetch.stranded")
        assert (line["source"], line["submissions"]) == ("ads", 2)
    assert await site.states() == ["awaiting_fetch"] * 2


async def test_the_metrics_tell_of_it(site: Site) -> None:
    site.vendor.respond = lambda one: answered(404, {}) if one == "1" else lead(one)
    async with site.running() as service:
        await announce(service, 1, 2)
        await site.journal.seen("delivery.attempted")

        async def both_tried() -> bool:
            return sum(row.fetch_tries for row in await site.store.submissions(limit=10)) == 2

        await until(both_tried)
        found = await scrape(service.service.admin())
    assert found["leadbridge_submissions_total{source=ads,state=awaiting_fetch}"] == 2
    assert found["leadbridge_submissions_total{source=ads,state=received}"] == 1
    assert found["leadbridge_fetch_calls_total{outcome=fetched,source=ads}"] == 1
    assert found["leadbridge_fetch_calls_total{outcome=missing,source=ads}"] == 1
    assert found["leadbridge_fetch_backlog_submissions{source=ads}"] == 1
    assert found["leadbridge_store_seconds_count{operation=fetch}"] >= 1


async def test_what_is_taken_in_from_the_quarantine_waits_for_its_answers_too(site: Site) -> None:
    """Whatever brings a request in asks the source's desk."""
    (desk,) = desks(load_text(CONFIG, "tests.yaml", ENVIRON).settings).values()
    request = received(source="ads", body=announcement(7, 8))
    verified = verify(Unsigned(), request, now=request.received_at)
    items = items_of(desk, verified, desk.parse(verified))
    assert [item.state for item in items] == ["awaiting_fetch"] * 2
