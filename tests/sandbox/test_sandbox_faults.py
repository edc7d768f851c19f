"""Trouble on demand."""

from typing import Any

import httpx
import pytest

from leadbridge.errors import RequestRefused
from leadbridge.events import Json
from leadbridge.sandbox import Delay, Drop, Fault, Html, LoseField, Malformed, Status
from leadbridge.sandbox.recipes import RECIPES
from tests.support.walked import walked

from .support import Bench, upsert_by_email


async def leads(bench: Bench) -> list[dict[str, Json]]:
    listed: list[dict[str, Json]] = (await bench.control.state())["copper"].get("acme", {"leads": []})["leads"]
    return listed


async def upsert(bench: Bench, email: str = "a@b.test", **properties: Json) -> httpx.Response:
    return await bench.copper("PUT", "/leads/upsert", upsert_by_email(email, **properties))


@pytest.mark.parametrize("commit", [False, True])
async def test_a_status_can_come_with_or_without_the_work_being_done(commit: bool) -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=Status(status=503, commit=commit), times=1))
    refused, good = await upsert(bench), await upsert(bench)

    assert (refused.status_code, refused.json()["success"], good.status_code) == (503, False, 200)
    assert "x-request-id" in refused.headers
    history = await bench.control.history()
    assert [entry["record_id"] for entry in history] == [
        str(good.json()["id"]) if commit else None,
        str(good.json()["id"]),
    ]
    assert len(await leads(bench)) == 1


async def test_a_status_can_bring_its_own_body_and_headers() -> None:
    bench = Bench()
    action = Status(status=429, body={"slow": "down"}, headers={"retry-after": "7"})
    await bench.control.fault(Fault(crm="leadconnector", action=action))
    answer = await bench.leadconnector("GET", "/locations/LOC1")

    assert (answer.status_code, answer.json(), answer.headers["retry-after"]) == (429, {"slow": "down"}, "7")
    assert answer.headers["x-ratelimit-max"] == "100"


async def test_a_status_may_be_one_that_only_proxies_know() -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=Status(status=520)))

    assert (await upsert(bench)).json() == {"success": False, "status": 520, "message": "Unknown Status"}
    assert (await bench.leadconnector("GET", "/locations/LOC1")).json()["error"] == "Unknown Status"


async def test_leadconnectors_own_error_has_its_own_shape() -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=Status(status=502)))
    answer = await bench.leadconnector("GET", "/locations/LOC1")

    assert {"statusCode": 502, "error": "Bad Gateway"}.items() <= answer.json().items()


@pytest.mark.parametrize("commit", [False, True])
async def test_a_page_of_html_comes_from_in_front_of_the_crm(commit: bool) -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=Html(commit=commit), times=1))
    answer = await upsert(bench)

    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert "x-request-id" not in answer.headers
    assert len(await leads(bench)) == int(commit)


async def test_half_an_answer_is_no_json_but_the_work_is_done() -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=Malformed(), times=1))
    answer = await upsert(bench)

    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()
    assert len(await leads(bench)) == 1


@pytest.mark.parametrize("commit", [False, True])
async def test_a_dropped_connection_may_hide_work_that_was_done(commit: bool) -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=Drop(commit=commit), times=1))
    with pytest.raises(httpx.RemoteProtocolError):
        await upsert(bench)

    assert len(await leads(bench)) == int(commit)
    assert [entry["status"] for entry in await bench.control.history()] == [None]


@pytest.mark.parametrize(("commit", "done_at"), [(False, 1_750_000_005), (True, 1_750_000_000)])
async def test_a_delay_comes_before_or_after_the_work(commit: bool, done_at: int) -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=Delay(seconds=5, commit=commit)))
    answer = await upsert(bench)

    assert (answer.status_code, bench.clock.elapsed) == (200, 5)
    assert answer.json()["date_created"] == done_at


async def test_a_lost_field_is_left_as_it_was_in_silence() -> None:
    bench = Bench()
    await upsert(bench, title="Old", details="old")
    await bench.control.fault(Fault(action=LoseField(field="title")))
    answer = await upsert(bench, title="New", details="new")

    assert answer.status_code == 200
    assert (answer.json()["title"], answer.json()["details"]) == ("Old", "new")


async def test_leadconnector_can_lose_a_field_and_tags() -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=LoseField(field="city")))
    await bench.control.fault(Fault(action=LoseField(field="tags")))
    body = {"locationId": "LOC1", "email": "a@b.test", "city": "X", "state": "AL"}
    contact = (await bench.leadconnector("POST", "/contacts/upsert", body)).json()["contact"]
    tags = await bench.leadconnector("POST", f"/contacts/{contact['id']}/tags", {"tags": ["web"]})

    assert ("city" in contact, contact["state"]) == (False, "AL")
    assert (tags.status_code, tags.json()["tags"]) == (201, [])


async def test_delays_and_lost_fields_go_on_to_the_fault_that_ends_the_call() -> None:
    bench = Bench()
    for action in (Delay(seconds=2), LoseField(field="title"), Status(status=500, commit=True), Delay(seconds=9)):
        await bench.control.fault(Fault(action=action))
    answer = await upsert(bench, title="T")

    assert (answer.status_code, bench.clock.elapsed) == (500, 2)
    assert [lead["title"] for lead in await leads(bench)] == [None]
    assert [fault["struck"] for fault in await bench.control.faults()] == [1, 1, 1, 0]


@walked(
    ("fields", "struck"),
    [
        ({"crm": "copper"}, True),
        ({"crm": "leadconnector"}, False),
        ({"account": "acme"}, True),
        ({"account": "other"}, False),
        ({"method": "put"}, True),
        ({"method": "POST"}, False),
        ({"path": "/leads/upsert"}, True),
        ({"path": "/leads/*"}, True),
        ({"path": "/leads"}, False),
        ({"email": "A@b.test "}, True),
        ({"email": "c@b.test"}, False),
        ({"method": "PUT", "email": "c@b.test"}, False),
        ({"attributes": {"name": "My Lead"}}, True),
        ({"attributes": {"name": "My"}}, False),
        ({"attributes": {"match": {"field_name": "email", "field_value": "a@b.test"}, "name": "My Lead"}}, True),
        ({"attributes": {"title": None}}, False),
        ({"attributes": {}}, True),
    ],
)
async def test_a_fault_strikes_only_the_calls_it_is_about(fields: dict[str, Any], struck: bool) -> None:
    bench = Bench()
    await bench.control.fault(Fault.model_validate({"action": {"kind": "status", "status": 503}, **fields}))

    assert (await upsert(bench)).status_code == (503 if struck else 200)


async def test_a_call_about_a_record_is_known_by_the_records_email() -> None:
    bench = Bench()
    lead = (await upsert(bench)).json()
    body = {"locationId": "LOC1", "email": "a@b.test"}
    contact = (await bench.leadconnector("POST", "/contacts/upsert", body)).json()["contact"]
    await bench.control.fault(Fault(action=Status(status=503), email="a@b.test"))

    assert (await bench.copper("GET", f"/leads/{lead['id']}")).status_code == 503
    assert (await bench.leadconnector("GET", f"/contacts/{contact['id']}")).status_code == 503
    assert (await bench.copper("GET", "/account")).status_code == 200


async def test_a_fault_strikes_so_many_times_and_no_more() -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=Status(status=503), times=2))

    assert [(await upsert(bench)).status_code for _ in range(3)] == [503, 503, 200]


@pytest.mark.parametrize("body", [None, [1], "x", {"properties": 5}])
async def test_a_body_without_attributes_has_none_to_be_known_by(body: Json) -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=Status(status=503), attributes={"name": "x"}))

    assert (await bench.copper("PUT", "/leads/upsert", body)).status_code != 503


async def test_leadconnectors_attributes_stand_in_the_body_itself() -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=Status(status=503), attributes={"city": "Dallas"}))
    body = {"locationId": "LOC1", "email": "a@b.test"}

    assert (await bench.leadconnector("POST", "/contacts/upsert", {**body, "city": "Dallas"})).status_code == 503
    assert (await bench.leadconnector("POST", "/contacts/upsert", {**body, "city": "Austin"})).status_code == 200


async def test_a_fault_can_let_so_many_calls_go_well_first() -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=Status(status=503), path="/leads/upsert", after=2, times=1))
    statuses = []
    for _ in range(4):
        await bench.copper("GET", "/account")
        statuses.append((await upsert(bench)).status_code)

    assert statuses == [200, 200, 503, 200]
    (fault,) = await bench.control.faults()
    assert (fault["fitted"], fault["struck"]) == (4, 1)


async def test_a_recipe_is_a_fault_by_name_that_may_be_narrowed() -> None:
    bench = Bench()
    recipes = (await bench.client.get("/sandbox/recipes")).json()
    assert recipes["maintenance"]["fault"] == {
        "action": {"kind": "status", "status": 503, "headers": {"retry-after": "2"}},
        "times": 3,
    }
    asked = {"recipe": "maintenance", "crm": "copper", "times": 1}
    assert (await bench.client.post("/sandbox/faults", json=asked)).status_code == 201
    answers = [await upsert(bench), await upsert(bench), await bench.leadconnector("GET", "/locations/LOC1")]

    assert [answer.status_code for answer in answers] == [503, 200, 200]
    assert answers[0].headers["retry-after"] == "2"


@walked("name", RECIPES)
async def test_every_recipe_can_be_put_in_force_by_its_name(name: str) -> None:
    bench = Bench()
    assert (await bench.client.post("/sandbox/faults", json={"recipe": name})).status_code == 201
    shown = (await bench.client.get("/sandbox/recipes")).json()[name]["fault"]
    assert Fault.model_validate(shown) == RECIPES[name].fault
    (fault,) = await bench.control.faults()
    assert fault == {
        "id": "1",
        "fitted": 0,
        "struck": 0,
        **RECIPES[name].fault.model_dump(mode="json", exclude_none=True),
    }


async def test_a_probability_strikes_the_same_calls_for_the_same_seed() -> None:
    async def run(seed: int) -> list[int]:
        bench = Bench()
        await bench.control.fault(Fault(action=Status(status=503), probability=0.3, seed=seed))
        return [(await upsert(bench)).status_code for _ in range(100)]

    first = await run(1)
    assert first == await run(1)
    assert first != await run(2)
    assert 15 <= first.count(503) <= 45


async def test_a_fault_can_be_lifted_alone_or_with_all() -> None:
    bench = Bench()
    first = await bench.control.fault(Fault(action=Status(status=503)))
    await bench.control.fault(Fault(action=Status(status=500)))
    await bench.control.lift(first)
    assert (await upsert(bench)).status_code == 500
    await bench.control.lift()
    assert (await upsert(bench)).status_code == 200
    assert await bench.control.faults() == []
    with pytest.raises(RequestRefused, match="No fault has the id 1"):
        await bench.control.lift(first)


async def test_a_call_over_the_quota_uses_up_no_fault() -> None:
    bench = Bench()
    await bench.control.options(copper={"quota": {"limit": 1, "window": 60}})
    await upsert(bench)
    await bench.control.fault(Fault(action=Status(status=503), times=1))

    assert (await upsert(bench)).status_code == 429
    bench.clock.elapsed += 60
    assert (await upsert(bench)).status_code == 503
