"""Seeds, state, history, options and reset."""

import json

import httpx
import pytest
from pydantic import ValidationError

from leadbridge.errors import RequestRefused
from leadbridge.events import Json
from leadbridge.sandbox import CopperSeed, Fault, LeadConnectorSeed, Sandbox, SandboxControl, SandboxOptions, Status
from tests.support.walked import walked

from .support import NOW, Bench, StillClock, upsert_by_email

THREE = CopperSeed(
    account="acme",
    leads=tuple({"name": "L", "email": {"email": "a@b.test", "category": "work"}} for _ in range(3)),
)


async def test_a_seed_is_kept_outside_every_quota_and_can_choose_ids_and_dates() -> None:
    bench = Bench()
    lead: dict[str, Json] = {"id": 7, "name": "L", "date_created": 100, "date_modified": 200}
    ids = await bench.control.seed(CopperSeed(account="acme", leads=(lead,)))
    contact: dict[str, Json] = {"id": "C1", "email": "a@b.test", "additionalPhones": ["+15550000001"]}
    more = await bench.control.seed(LeadConnectorSeed(account="LOC1", contacts=(contact,)))

    got = (await bench.copper("GET", "/leads/7")).json()
    assert (ids, more, got["date_created"], got["date_modified"]) == (["7"], ["C1"], 100, 200)
    assert (await bench.leadconnector("GET", "/contacts/C1")).json()["contact"]["additionalPhones"] == ["+15550000001"]
    assert [entry["path"] for entry in await bench.control.history()] == ["/leads/7", "/contacts/C1"]


async def test_a_seed_sets_an_accounts_lists() -> None:
    bench = Bench()
    seed = {
        "account": "acme",
        "custom_field_definitions": [
            {"id": 5, "name": "Company size", "data_type": "Float", "available_on": ["person"]}
        ],
        "lead_statuses": [{"id": 6, "name": "Fresh", "is_default": True}, {"id": 208231, "name": "New"}],
        "customer_sources": [{"id": 8, "name": "Fair"}],
        "users": [{"id": 9, "name": "Owner", "email": "owner@example.test"}],
    }
    await bench.control.seed(CopperSeed.model_validate(seed))
    lead = (await bench.copper("POST", "/leads", {"name": "A", "customer_source_id": 8, "assignee_id": 9})).json()

    assert (lead["status"], lead["status_id"]) == ("Fresh", 6)
    assert (await bench.copper("GET", "/users/me")).json()["id"] == 9
    assert 5 not in [field["custom_field_definition_id"] for field in lead["custom_fields"]]
    refused = {"custom_field_definition_id": 5, "value": 1}
    assert (await bench.copper("POST", "/leads", {"name": "A", "custom_fields": [refused]})).status_code == 422


async def test_a_location_can_differ_from_the_options() -> None:
    bench = Bench()
    settings = {"name": "Dallas", "country": "CA", "timezone": "America/Toronto", "duplicate_priority": "phone,email"}
    await bench.control.seed(LeadConnectorSeed.model_validate({"account": "LOC1", "settings": settings}))
    location = (await bench.leadconnector("GET", "/locations/LOC1")).json()["location"]
    other = (await bench.leadconnector("GET", "/locations/LOC2")).json()["location"]

    assert (location["name"], location["country"], location["timezone"]) == ("Dallas", "CA", "America/Toronto")
    assert (other["name"], other["country"], other["timezone"]) == ("Sandbox location", "US", "America/Chicago")


@walked(
    "seed",
    [
        {"crm": "copper", "account": "acme", "leads": [{"name": "A"}, {"shoe_size": 5}]},
        {"crm": "copper", "account": "acme", "leads": [{"name": "A", "id": "x"}]},
        {"crm": "leadconnector", "account": "LOC1", "contacts": [{"email": "a@b.test"}, {"email": "nobody"}]},
        {"crm": "leadconnector", "account": "LOC1", "contacts": [{"additionalEmails": "a@b.test"}]},
        {"crm": "leadconnector", "account": "LOC1", "contacts": [{"id": 5}]},
        {"crm": "hubspot", "account": "x"},
        {"crm": "copper", "leads": []},
    ],
)
async def test_a_seed_that_cannot_be_kept_is_refused_whole(seed: Json) -> None:
    bench = Bench()
    answer = await bench.client.post("/sandbox/seed", json=seed)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    kept = [account for accounts in bench.sandbox.state().values() for account in accounts.values()]
    assert not [record for account in kept for kind in ("leads", "contacts") for record in account.get(kind, ())]


async def test_the_state_is_the_same_text_for_the_same_records() -> None:
    texts = set()
    for _ in range(2):
        bench = Bench()
        await bench.control.seed(THREE)
        await bench.copper("PUT", "/leads/upsert", upsert_by_email("c@b.test"))
        await bench.leadconnector("POST", "/contacts/upsert", {"locationId": "LOC1", "email": "a@b.test"})
        texts.add((await bench.client.get("/sandbox/state")).text)

    assert len(texts) == 1
    state = json.loads(texts.pop())
    assert {crm: list(accounts) for crm, accounts in state.items()} == {"copper": ["acme"], "leadconnector": ["LOC1"]}
    assert len(state["copper"]["acme"]["leads"]) == 4


async def test_the_state_can_be_asked_for_one_crm_and_not_for_an_unknown_one() -> None:
    bench = Bench()

    assert await bench.control.state("copper") == {"copper": {}}
    assert (await bench.client.get("/sandbox/state?crm=hubspot")).status_code == 400


async def test_the_history_says_who_called_what_and_what_came_of_it() -> None:
    bench = Bench()
    lead = await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test"))
    bench.clock.elapsed += 1.5
    answer = await bench.leadconnector("GET", "/contacts/search/duplicate?locationId=LOC1&email=a%40b.test")
    await bench.copper("GET", "/account", headers={"Authorization": "Bearer bad"})

    history = await bench.control.history()
    assert history[0] == {
        "at": NOW,
        "ended_at": NOW,
        "crm": "copper",
        "vendor": None,
        "account": "acme",
        "method": "PUT",
        "path": "/leads/upsert",
        "status": 200,
        "record_id": str(lead.json()["id"]),
        "crm_trace_id": lead.headers["x-request-id"],
        "faults": [],
    }
    assert (history[1]["at"], history[1]["path"]) == (NOW + 1500, "/contacts/search/duplicate")
    assert history[1]["crm_trace_id"] == answer.json()["traceId"]
    assert (history[2]["account"], history[2]["status"]) == (None, 401)
    assert await bench.control.history(crm="leadconnector") == [history[1]]
    assert await bench.control.history(account="acme") == [history[0]]


async def test_the_state_can_be_asked_for_one_account() -> None:
    bench = Bench()
    await bench.control.seed(THREE)
    await bench.leadconnector("POST", "/contacts/upsert", {"locationId": "LOC1", "email": "a@b.test"})

    state = await bench.control.state(account="LOC1")
    assert (state["copper"], list(state["leadconnector"])) == ({}, ["LOC1"])
    assert await bench.control.state("copper", account="nobody") == {"copper": {}}


async def test_the_quotas_say_how_full_they_are() -> None:
    bench = Bench(SandboxOptions(time_scale=10))
    assert await bench.control.quotas() == {"copper": {}, "leadconnector": {}}
    for _ in range(2):
        await bench.copper("GET", "/account")
        await bench.leadconnector("GET", "/locations/LOC1")

    assert await bench.control.quotas() == {
        "copper": {"acme": [{"window": 6, "limit": 180, "used": 2}]},
        "leadconnector": {
            "LOC1": [{"window": 1, "limit": 100, "used": 2}, {"window": 8640, "limit": 200_000, "used": 2}]
        },
    }
    bench.clock.elapsed += 1
    assert (await bench.control.quotas())["leadconnector"]["LOC1"][0]["used"] == 0
    bench.clock.elapsed += 8640
    assert (await bench.control.quotas())["leadconnector"]["LOC1"][1]["used"] == 0
    await bench.control.options(quotas=False)
    assert await bench.control.quotas() == {"copper": {}, "leadconnector": {}}


async def test_the_history_forgets_the_oldest_of_too_many() -> None:
    bench = Bench(SandboxOptions(history=3))
    for number in range(5):
        await bench.copper("GET", f"/leads/{number}")

    assert [entry["path"] for entry in await bench.control.history()] == ["/leads/2", "/leads/3", "/leads/4"]
    await bench.control.options(history=1)
    assert [entry["path"] for entry in await bench.control.history()] == ["/leads/4"]


async def test_a_reset_brings_back_the_start_with_its_seeds() -> None:
    bench = Bench(SandboxOptions(seeds=(THREE,)))
    await bench.copper("PUT", "/leads/upsert", upsert_by_email("c@b.test"))
    await bench.leadconnector("POST", "/contacts/upsert", {"locationId": "LOC1", "email": "a@b.test"})
    await bench.control.fault(Fault(action=Status(status=503)))
    await bench.control.options(quotas=False)
    await bench.control.reset()

    assert len((await bench.control.state())["copper"]["acme"]["leads"]) == 3
    assert (await bench.control.state())["leadconnector"] == {}
    assert (await bench.control.faults(), await bench.control.history()) == ([], [])
    assert (await bench.control.options())["quotas"] is True


async def test_options_change_key_by_key() -> None:
    bench = Bench()
    changed = await bench.control.options(copper={"search_lag": 3})

    assert (changed["copper"]["search_lag"], changed["copper"]["quota"]) == (3, {"limit": 180, "window": 60})
    assert (await bench.client.get("/sandbox/options")).json() == changed


@pytest.mark.parametrize(
    "changes", [{"quota": False}, {"copper": {"search_lag": -1}}, {"copper": {"timezone": "Mars/Olympus"}}, [1]]
)
async def test_an_option_that_does_not_exist_changes_nothing(changes: Json) -> None:
    bench = Bench()
    before = bench.sandbox.options

    assert (await bench.client.post("/sandbox/options", json=changes)).status_code == 400
    assert bench.sandbox.options == before


async def test_the_client_raises_the_sandboxs_words() -> None:
    bench = Bench()
    with pytest.raises(RequestRefused, match="quota_: unknown; did you mean `quotas`"):
        await bench.control.options(quota_=1)


async def test_the_client_says_when_there_is_no_sandbox() -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(502))) as client:
        with pytest.raises(RequestRefused, match="GET /state: HTTP 502"):
            await SandboxControl("http://nowhere.test", client).state()


def test_a_seed_in_the_options_that_cannot_be_kept_stops_the_start() -> None:
    options = SandboxOptions(seeds=(CopperSeed(account="acme", leads=({"shoe_size": 5},)),))
    with pytest.raises(RequestRefused, match="shoe_size"):
        Sandbox(options, StillClock())


def test_an_account_needs_a_name() -> None:
    with pytest.raises(ValidationError):
        CopperSeed(account="")
