"""What a vendor's retries and batches become at the real endpoint."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, Protocol

import pytest

from leadbridge.events import Json
from leadbridge.sources.registry import BUILT_IN, PRESETS
from leadbridge.sources.samples import folder_of, samples_in
from leadbridge.store.base import Store
from tests.sources.starting import services
from tests.sources.traps import JSON, json_body
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import Running

CONFIG = """
version: 1
sources:
  here: {preset: PRESET, verify: VERIFY}
destinations:
  copper: {crm: copper, access_token: "${COPPER}", user_email: ops@example.com}
routes:
  - name: here to copper
    from: here
    to: copper
    lead: {name: "{{ fields.name or 'Nobody' }}", email: "{{ fields.email }}"}
"""
SECRET = "a-verify-token"


class Start(Protocol):
    """Starts a service whose one source, `here`, is of this preset."""

    async def __call__(self, preset: str, more: str = "verify: none") -> Running: ...


@pytest.fixture
async def start(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[Start]:
    async with services(store, clock, journal, secret=SECRET) as serve:

        async def started(preset: str, more: str = "verify: none") -> Running:
            return await serve(CONFIG.replace("PRESET", preset).replace("verify: VERIFY", more))

        yield started


def sample(preset: str, name: str) -> Json:
    """The body of one of a preset's samples."""
    (found,) = [sample for sample in samples_in(folder_of(preset)) if sample.name == name]
    return json.loads(found.body)


async def states(store: Store) -> Counter[str]:
    return Counter(row.state for row in await store.submissions(limit=100))


async def posted(service: Running, document: Json) -> Json:
    response = await service.client.post("/hooks/here", content=json_body(document), headers=JSON)
    assert 200 <= response.status_code < 300, response.text
    return response.json()


@pytest.mark.parametrize(
    ("preset", "name", "leads", "others"),
    [("hubspot", "batch", 3, 2), ("klaviyo", "batch", 2, 1), ("meta", "batch_of_pages", 2, 1)],
)
async def test_each_item_of_a_batch_is_a_submission_and_those_that_are_no_leads_are_ignored_alone(
    start: Start, store: Store, preset: str, name: str, leads: int, others: int
) -> None:
    service = await start(preset)
    await posted(service, sample(preset, name))
    found = await states(store)
    assert found["ignored"] == others
    assert found.total() == leads + others
    assert len({row.trace_id for row in await store.submissions(limit=100)}) == 1


def sent_again(preset: str, document: Any) -> Any:
    """The same event as the vendor sends it the next time."""
    match preset:
        case "hubspot":
            return [{**item, "attemptNumber": item["attemptNumber"] + 1} for item in document]
        case "klaviyo":
            return {**document, "meta": {**document["meta"], "timestamp": "2026-11-20T18:00:00.000000+00:00"}}
        case "meta":
            return {**document, "entry": [{**entry, "time": entry["time"] + 60} for entry in document["entry"]]}
        case _:
            return {**document, "delivery_attempts": 2, "delivery_status": "retry", "delivered_at": 1795183999}


@pytest.mark.parametrize(
    ("preset", "name"),
    [
        ("hubspot", "one_creation"),
        ("hubspot", "batch"),
        ("klaviyo", "subscribed"),
        ("klaviyo", "batch"),
        ("meta", "one_lead"),
        ("meta", "batch_of_pages"),
        ("intercom", "new_lead"),
    ],
)
async def test_what_is_sent_again_with_another_count_of_tries_is_a_duplicate_and_no_revision(
    start: Start, store: Store, preset: str, name: str
) -> None:
    service = await start(preset)
    document = sample(preset, name)
    await posted(service, document)
    before = await states(store)
    await posted(service, sent_again(preset, document))
    after = await states(store)
    assert after["duplicate"] == before.total() - before["ignored"]
    assert after.total() - after["duplicate"] - after["ignored"] == before.total() - before["ignored"]


async def test_an_event_that_comes_again_with_more_in_it_is_a_revision(start: Start) -> None:
    service = await start("close")
    document = sample("close", "contact_created")
    assert [(await posted(service, document))["status"] for _ in range(2)] == ["accepted", "duplicate"]
    document["event"]["data"]["title"] = "Managing director"
    assert (await posted(service, document))["status"] == "accepted"


async def test_metas_challenge_is_answered_to_whom_knows_the_verify_token(start: Start) -> None:
    service = await start("meta", 'verify: {secrets: ["${SECRET}"]}, handshake: {token: "${SECRET}"}')
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": SECRET}
    answer = await service.client.get("/hooks/here", params=asked)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    refused = await service.client.get("/hooks/here", params={**asked, "hub.verify_token": "another"})
    assert refused.status_code in (401, 403)
    assert "1158201444" not in refused.text


async def test_mailchimp_gets_200_when_it_calls_the_url(start: Start) -> None:
    service = await start("mailchimp", 'verify: {secrets: ["${SECRET}"]}')
    assert (await service.client.get("/hooks/here", params={"token": SECRET})).status_code == 200


@pytest.mark.parametrize("preset", [one.name for one in BUILT_IN if one.thin])
def test_a_preset_whose_answers_are_elsewhere_says_where_and_fetches_them(preset: str) -> None:
    thin = PRESETS[preset].thin
    assert thin
    assert "GET /" in thin
    assert PRESETS[preset].fetch is not None
    doc = (folder_of(preset) / "doc.md").read_text("utf-8")
    assert "fetch: {token:" in doc
    assert "not part of this version" not in " ".join(doc.split())
