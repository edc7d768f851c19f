"""One request with many leads: many submissions under one trace, each with its own id, in one commit, all or none."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from leadbridge.ids import new_id
from leadbridge.sources.preset import Ignore, Moment, Path, Preset
from leadbridge.sources.registry import PRESETS
from leadbridge.sources.shapes import each, event, flat_at
from leadbridge.store.base import Store
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import CONFIG, Running, running

ACME = Preset(
    name="acme",
    title="Acme",
    description="Acme's forms.",
    shape=each("leads", event(flat_at("leads", leave_out=("at",)))),
    dedupe=(Path("leads.id"),),
    event_at=Moment("leads.at", unit="s"),
    ignore=(Ignore(path="leads.test", present=True, reason="a test"),),
)


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> str:
    """A configuration whose open source is of a preset that takes batches."""
    monkeypatch.setattr("leadbridge.desk.PRESETS", {**PRESETS, "generic": ACME})
    return CONFIG


@pytest.fixture
async def service(acme: str, store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[Running]:
    async with running(store, clock, journal, config=acme) as started:
        yield started


def lead(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"lead-{number}", "email": f"person{number}@example.com", **more}


def batch(*leads: Any) -> bytes:
    return json.dumps({"leads": leads}).encode()


async def test_each_lead_is_a_submission_of_its_own_under_one_trace(service: Running, store: Store) -> None:
    reply = (await service.post(batch(*(lead(number) for number in range(20))))).json()
    assert [one["status"] for one in reply["submissions"]] == ["accepted"] * 20
    rows = await store.submissions(limit=100)
    assert {row.trace_id for row in rows} == {reply["trace_id"]}
    assert len({row.request_id for row in rows}) == 1
    assert {row.dedupe_key for row in rows} == {f"lead-{number}" for number in range(20)}
    lines = await service.journal.seen("delivery.attempted", count=20)
    assert {line["submission"] for line in lines} == {row.id for row in rows}


async def test_what_is_no_lead_is_kept_with_its_reason_and_the_others_are_delivered(
    service: Running, store: Store
) -> None:
    """The middle one is left out, so that a number that moved would deliver somebody else."""
    reply = (await service.post(batch(lead(1), lead(2, test=True), lead(3)))).json()
    assert reply["status"] == "accepted"
    assert [one["status"] for one in reply["submissions"]] == ["accepted", "ignored", "accepted"]
    ignored = await store.submission(reply["submissions"][1]["id"])
    assert ignored is not None
    assert (ignored.state, ignored.reason) == ("ignored", "a test")
    await service.journal.seen("delivery.attempted", count=2)
    sent = json.dumps([call.body for call in service.transport.calls])
    assert ("person1@" in sent, "person2@" in sent, "person3@" in sent) == (True, False, True)
    (line,) = service.journal.find("submission.ignored")
    assert (line["submission"], line["reason"]) == (ignored.id, "a test")


async def test_a_batch_of_nothing_but_tests_is_ignored(service: Running, store: Store) -> None:
    reply = (await service.post(batch(lead(1, test=1), lead(2, test=1)))).json()
    assert (reply["status"], [one["status"] for one in reply["submissions"]]) == ("ignored", ["ignored", "ignored"])


async def test_what_is_sent_again_is_a_duplicate_item_by_item(service: Running, store: Store) -> None:
    first = (await service.post(batch(lead(1), lead(2)))).json()
    again = (await service.post(batch(lead(2), lead(3), lead(1, city="Rome")))).json()
    assert [one["status"] for one in again["submissions"]] == ["duplicate", "accepted", "accepted"]
    assert again["submissions"][0]["id"] == first["submissions"][1]["id"]
    revision = await store.submission(again["submissions"][2]["id"])
    assert revision is not None
    assert revision.revision == 2


async def test_one_lead_twice_in_a_batch_is_taken_once(service: Running) -> None:
    reply = (await service.post(batch(lead(1), lead(1)))).json()
    assert [one["status"] for one in reply["submissions"]] == ["accepted", "duplicate"]
    assert reply["submissions"][0]["id"] == reply["submissions"][1]["id"]


async def test_a_batch_with_one_item_that_cannot_be_read_is_kept_whole_as_unparseable(
    service: Running, store: Store
) -> None:
    response = await service.post(batch(lead(1), "odd", lead(3)))
    assert response.status_code == 400
    assert "leads[1]" in response.json()["detail"]
    (row,) = await store.submissions(limit=10)
    assert (row.state, row.id) == ("failed", response.json()["id"])


async def test_a_batch_of_which_one_item_cannot_be_stored_is_stored_in_no_part(
    service: Running, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one gets the id of the first: no database takes it, after it took the others."""
    made = new_id()
    ids = iter([made, new_id(), made, new_id()])
    monkeypatch.setattr("leadbridge.items.new_id", lambda: next(ids))
    response = await service.post(batch(lead(1), lead(2), lead(3)))
    assert response.status_code >= 500
    monkeypatch.undo()
    assert await store.submissions(limit=10) == ()
    reply = (await service.post(batch(lead(1), lead(2), lead(3)))).json()
    assert [one["status"] for one in reply["submissions"]] == ["accepted"] * 3
