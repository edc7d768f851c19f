"""What `/metrics` says of a service that works: each number after something that makes it."""

import re
from typing import Any

import pytest

from leadbridge.errors import StorageUnavailable
from leadbridge.metrics.families import FAMILIES
from leadbridge.outgoing.client import Unanswered
from leadbridge.record import STORAGE_PAUSE
from leadbridge.store.base import Store
from tests.admin.scraped import kinds, page, scrape
from tests.support.clock import ManualClock
from tests.support.crm import answer
from tests.support.journal import Journal
from tests.support.service import CONFIG, running

LEAD = b'{"name": "Ann Lee", "email": "ann@example.com"}'
DONE = {"accept": 1, "map": 1, "record": 1}
COPPER = "crm=copper,destination=copper"


async def test_requests_are_counted_by_source_and_status_and_strangers_make_one_series(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    async with running(store, clock, journal) as service:
        await service.post(LEAD)
        await service.post(LEAD, token="wrong")
        await service.post(b"{", source="open")
        for stranger in ("a", "b", "c" * 500):
            await service.post(LEAD, source=stranger)
        said = await scrape(service.service.admin())
    assert {name: number for name, number in said.items() if name.startswith("leadbridge_requests")} == {
        "leadbridge_requests_total{source=website,status=202}": 1,
        "leadbridge_requests_total{source=website,status=401}": 1,
        "leadbridge_requests_total{source=open,status=400}": 1,
        "leadbridge_requests_total{source=(unknown),status=404}": 3,
    }
    assert said["leadbridge_signatures_refused_total{reason=wrong_token,source=website}"] == 1
    assert said["leadbridge_accept_seconds_count"] == 2  # what was refused was not stored
    assert said["leadbridge_store_seconds_count{operation=accept}"] == 2


async def test_a_lead_is_counted_in_every_state_it_comes_into(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    async with running(store, clock, journal) as service:
        service.transport.respond = lambda call: answer(500)
        await service.post(b'{"name": "Bo", "email": "bo@example.com", "interest": "support"}')
        await service.post(b"{", source="open")
        await service.post(b"{", source="open")
        await service.post(b'{"name": "Bo"}')
        await service.post(LEAD)  # the last one: what came before it is mapped before it
        await journal.seen("delivery.attempted", outcome="retrying")
        said = await scrape(service.service.admin())
    assert {name: number for name, number in said.items() if name.startswith("leadbridge_submissions")} == {
        "leadbridge_submissions_total{source=website,state=received}": 3,
        "leadbridge_submissions_total{source=website,state=mapped}": 3,
        "leadbridge_submissions_total{source=open,state=failed}": 1,
        "leadbridge_submissions_total{source=open,state=duplicate}": 1,
    }
    assert {name: number for name, number in said.items() if name.startswith("leadbridge_deliveries")} == {
        f"leadbridge_deliveries_total{{{COPPER},state=pending}}": 1,
        f"leadbridge_deliveries_total{{{COPPER},state=retrying}}": 1,
        f"leadbridge_deliveries_total{{{COPPER},state=filtered}}": 1,
        f"leadbridge_deliveries_total{{{COPPER},state=held}}": 1,
    }


async def test_calls_are_counted_by_the_class_of_their_answer_and_timed(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    async with running(store, clock, journal) as service:
        admin = service.service.admin()
        assert (await scrape(admin))[f"leadbridge_calls_total{{{COPPER},status=429}}"] == 0  # before there is any
        service.transport.respond = lambda call: answer(429)
        await service.post(LEAD)
        await journal.seen("delivery.attempted", outcome="retrying")
        said = await scrape(admin)
    assert said[f"leadbridge_calls_total{{{COPPER},status=429}}"] == 1
    assert said["leadbridge_call_seconds_count{crm=copper}"] == 1


@pytest.mark.parametrize(("sent", "status"), [(True, "none"), (False, "not_sent")])
async def test_a_call_without_an_answer_says_whether_it_reached_the_crm(
    store: Store, clock: ManualClock, journal: Journal, *, sent: bool, status: str
) -> None:
    async with running(store, clock, journal) as service:
        service.transport.respond = lambda call: Unanswered("the line is dead", sent=sent)
        await service.post(LEAD)
        await journal.seen("delivery.attempted", outcome="retrying")
        said = await scrape(service.service.admin())
    assert said[f"leadbridge_calls_total{{{COPPER},status={status}}}"] == 1
    assert said["leadbridge_call_seconds_count{crm=copper}"] == 1


@pytest.mark.parametrize("operation", ["accept", "map", "record"])
async def test_what_cannot_be_stored_is_counted(
    store: Store, clock: ManualClock, journal: Journal, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    async def full(*_arguments: Any, **_options: Any) -> None:
        raise StorageUnavailable("the disk is full")

    async with running(store, clock, journal) as service:
        admin = service.service.admin()
        assert (await scrape(admin))[f"leadbridge_store_failures_total{{operation={operation}}}"] == 0
        monkeypatch.setattr(store, operation, full)
        await service.post(LEAD)
        await journal.seen("storage.unavailable")
        said = await scrape(admin)
        monkeypatch.undo()
        clock.advance(STORAGE_PAUSE)
    assert said[f"leadbridge_store_failures_total{{operation={operation}}}"] == 1
    assert said[f"leadbridge_store_seconds_count{{operation={operation}}}"] == 0
    assert said["leadbridge_accept_seconds_count"] == (operation != "accept")


async def test_what_waits_and_what_is_held_are_shown_for_their_account(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    async with running(store, clock, journal) as service:
        service.transport.respond = lambda call: answer(500)
        await service.post(LEAD)
        await journal.seen("delivery.attempted", outcome="retrying")
        clock.wall += 90_000
        said = await scrape(service.service.admin())
    waiting = {name.split("urgency=")[1]: said[name] for name in said if "backlog_deliveries" in name}
    assert waiting == {"live}": 0, "retry}": 1, "replay}": 0, "sending}": 0}
    assert said[f"leadbridge_backlog_oldest_seconds{{{COPPER}}}"] == 90
    assert said["leadbridge_backlog_looked_at_seconds"] == 0


async def test_it_says_what_runs_whether_it_is_ready_and_whose_accounts_it_has(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    async with running(store, clock, journal) as service:
        admin = service.service.admin()
        await service.post(LEAD)
        await journal.seen("delivery.attempted")
        said = await scrape(admin)
        assert (said["leadbridge_ready"], said["leadbridge_lanes{state=owned}"]) == (1, 1)
        assert said["leadbridge_lanes{state=configured}"] == 1
        assert {
            operation: said[f"leadbridge_store_seconds_count{{operation={operation}}}"] for operation in DONE
        } == DONE
        service.service.leave()
        assert (await scrape(admin))["leadbridge_ready"] == 0
    (build,) = (name for name in said if name.startswith("leadbridge_build_info"))
    assert re.fullmatch(r"leadbridge_build_info\{config=\w+,python=3\.\d+\.\d+,version=\d+\.\d+\.\d+\w*\}", build)
    assert said["process_resident_memory_bytes"] > 0
    assert said["process_open_fds"] > 0


async def test_every_family_is_there_from_the_start_with_its_type(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    async with running(store, clock, journal) as service:
        shown = kinds(await page(service.service.admin()))
    assert {name: kind for name, kind in shown.items() if name.startswith("leadbridge_")} == {
        family.name: family.kind for family in FAMILIES
    }


async def test_nothing_of_a_person_and_no_secret_is_among_the_labels(
    store: Store, clock: ManualClock, journal: Journal
) -> None:
    """A lane is named by its Copper user's address, a record by the CRM, a source by whoever calls."""
    async with running(store, clock, journal, config=CONFIG) as service:
        await service.post(LEAD)
        await journal.seen("delivery.attempted")
        await service.post(LEAD, source="ann@example.com")
        text = await page(service.service.admin())
    for private in ("ops@example.com", "ann@", "Ann", "Lee", "c" * 32, "copper:"):
        assert private not in text, private
