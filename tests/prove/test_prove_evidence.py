"""What the sandbox shows, read: by the real sandbox's own state and history."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from leadbridge.clock import SystemClock
from leadbridge.prove import ground, history
from leadbridge.prove.evidence import calls_in, records_in
from leadbridge.prove.history import Historian, HistoryOutran, news
from leadbridge.sandbox.app import Sandbox
from leadbridge.sandbox.client import SandboxControl
from leadbridge.sandbox.options import SandboxOptions
from tests.support.patience import PATIENCE

KNOWN = "known@example.com"
COPPER = {
    "x-pw-accesstoken": ground.ENVIRON["LEADS_TOKEN"], "x-pw-application": "developer_api",
    "x-pw-useremail": "ops@example.com",
}  # fmt: skip
DALLAS = {"authorization": f"Bearer {ground.ENVIRON['DALLAS_TOKEN']}", "version": "2021-07-28"}


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(SandboxOptions(seeds=ground.seeds([KNOWN]), history_bodies=100), SystemClock())


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=sandbox.app), base_url="http://crms") as client:
        yield client


async def upsert_lead(client: httpx.AsyncClient, serial: int, email: str = KNOWN) -> None:
    properties = {
        "name": "Ann Lee",
        "email": {"email": email, "category": "work"},
        "company_name": "Lee Homes",
        "custom_fields": [
            {"custom_field_definition_id": ground.SERIAL, "value": serial},
            {"custom_field_definition_id": ground.SCORE, "value": 7},
        ],
    }
    body = {"properties": properties, "match": {"field_name": "email", "field_value": email}}
    answer = await client.put("/copper/developer_api/v1/leads/upsert", json=body, headers=COPPER)
    assert answer.status_code == 200, answer.text


async def upsert_contact(client: httpx.AsyncClient, serial: int) -> None:
    body = {
        "locationId": "prove-dallas", "email": KNOWN.upper(), "phone": "+14155550100", "companyName": "Lee Homes",
        "customFields": [{"id": str(ground.SERIAL), "field_value": serial}],
    }  # fmt: skip
    answer = await client.post("/leadconnector/contacts/upsert", json=body, headers=DALLAS)
    assert answer.status_code == 200, answer.text


async def test_records_are_read_alike_from_both_crms(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    await upsert_lead(client, 12)
    await upsert_contact(client, 13)
    found = {record.destination: record for record in records_in(sandbox.state())}
    assert set(found) == {"leads", "people", "dallas", "houston"}
    lead, contact, untouched = found["leads"], found["dallas"], found["people"]
    assert (lead.email, lead.serial, lead.company, lead.score) == (KNOWN, 12, "Lee Homes", 7)
    assert (contact.email, contact.serial, contact.company, contact.score) == (KNOWN, 13, "Lee Homes", None)
    assert contact.phones == {"14155550100"}
    assert lead.tags == contact.tags == untouched.tags == {ground.FOREIGN_TAG}
    assert (untouched.email, untouched.serial) == (KNOWN, None)


async def test_notes_are_read_from_both_crms(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    before = {record.destination: record for record in records_in(sandbox.state())}
    note = {
        "parent": {"type": "person", "id": int(before["people"].id)}, "type": {"category": "user", "id": 0},
        "details": "Submission 1.",
    }  # fmt: skip
    person = {**COPPER, "x-pw-accesstoken": ground.ENVIRON["PEOPLE_TOKEN"]}
    assert (await client.post("/copper/developer_api/v1/activities", json=note, headers=person)).status_code == 200
    place = f"/leadconnector/contacts/{before['dallas'].id}/notes"
    assert (await client.post(place, json={"body": "Submission 2."}, headers=DALLAS)).status_code == 201
    after = {record.destination: record.notes for record in records_in(sandbox.state())}
    assert after == {"leads": (), "people": ("Submission 1.",), "dallas": ("Submission 2.",), "houston": ()}


async def test_calls_are_read_with_what_they_wrote(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    await upsert_lead(client, 12)
    await upsert_contact(client, 13)
    await client.get("/copper/developer_api/v1/users/me", headers=COPPER)
    first, second, third = calls_in(sandbox.history.listed(bodies=True))
    assert (first.destination, first.serial, first.email, first.status, first.writes) == (
        "leads",
        12,
        KNOWN,
        200,
        True,
    )
    assert (second.destination, second.serial, second.email, second.writes) == ("dallas", 13, KNOWN, True)
    assert first.record_id
    assert (third.serial, third.writes) == (None, False)
    assert not first.faulted


async def test_the_history_is_put_together_from_looks_at_its_end(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    sandbox.change_options({"history": 4, "history_bodies": 4})
    historian = Historian(SandboxControl("http://crms", client))
    await historian.look()
    for serial in range(1, 10):
        await upsert_lead(client, serial)
        if serial % 3 == 0:
            await historian.look()
            await historian.look()
    assert [call.serial for call in calls_in(historian.entries)] == list(range(1, 10))


async def test_a_history_that_forgot_calls_is_no_proof(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    sandbox.change_options({"history": 4, "history_bodies": 4})
    historian = Historian(SandboxControl("http://crms", client))
    await upsert_lead(client, 1)
    await historian.look()
    for serial in range(2, 8):
        await upsert_lead(client, serial)
    with pytest.raises(HistoryOutran):
        await historian.look()


async def test_a_drain_of_more_calls_than_the_sandbox_remembers_is_looked_at_all_along(
    sandbox: Sandbox, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "OFTEN", 0.0)
    sandbox.change_options({"history": 4, "history_bodies": 4})
    historian = Historian(SandboxControl("http://crms", client))
    async with historian.looking_on(), asyncio.timeout(PATIENCE):
        for serial in range(1, 10):
            await upsert_lead(client, serial)
            while len(historian.entries) < serial:  # noqa: ASYNC110  # looks have no event to set
                await asyncio.sleep(0)
    await historian.look()
    assert [call.serial for call in calls_in(historian.entries)] == list(range(1, 10))


async def test_looking_on_hides_no_gap(
    sandbox: Sandbox, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "OFTEN", 3600.0)
    sandbox.change_options({"history": 4, "history_bodies": 4})
    historian = Historian(SandboxControl("http://crms", client))
    await upsert_lead(client, 1)
    await historian.look()
    async with historian.looking_on():
        for serial in range(2, 8):
            await upsert_lead(client, serial)
    with pytest.raises(HistoryOutran):
        await historian.look()


def test_looks_that_do_not_meet_are_told_from_those_that_do() -> None:
    def entries(*numbers: int) -> list[dict[str, int]]:
        return [{"number": number} for number in numbers]

    assert news([], entries(1, 2)) == entries(1, 2)
    assert news(entries(1, 2, 3), entries(2, 3, 4, 5)) == entries(4, 5)
    assert news(entries(1, 2, 3), entries(2, 3)) == []
    assert news(entries(1, 2, 3, 3), entries(3, 3, 3)) == entries(3)
    assert news(entries(1, 2), entries(3, 4)) is None
