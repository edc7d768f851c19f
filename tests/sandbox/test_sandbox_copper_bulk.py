"""The emulated Copper's bulk calls."""

from typing import Any

import pytest

from leadbridge.events import Json
from leadbridge.sandbox import CopperSeed, Fault, LoseField

from .copper_support import INVALID, state, switched, work
from .support import Bench

LEADS: tuple[dict[str, Json], ...] = ({"id": 1, "name": "Ann", "title": "CTO"}, {"id": 2, "name": "Bob"})


async def bulk(bench: Bench, verb: str, *leads: Json) -> list[dict[str, Any]]:
    answer = await bench.copper("POST", f"/leads/bulk_{verb}", {"leads": leads})
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()
    return listed


async def test_each_lead_is_created_or_refused_by_itself_and_the_order_is_kept() -> None:
    bench = Bench()
    email = work("a@b.test")[0]
    first, nameless, wrong, no_object, last = await bulk(
        bench,
        "create",
        {"name": "Ann", "email": email},
        {"email": email},
        {"name": "B", "id": 7, "tags": 5},
        "C",
        {"name": "D"},
    )

    assert (first["name"], first["email"], last["name"]) == ("Ann", email, "D")
    assert nameless == {"success": False, "message": {"name": [{"error": "invalid"}]}}
    assert wrong == {"success": False, "message": {"base": [{"error": "invalid"}], "tags": [{"error": "invalid"}]}}
    assert no_object == {"success": False, "message": {"base": [{"error": "invalid"}]}}
    assert [lead["id"] for lead in (await state(bench))["leads"]] == [first["id"], last["id"]]


async def test_each_lead_is_updated_in_part_or_refused_with_its_id() -> None:
    bench = Bench()
    await bench.control.seed(CopperSeed(account="acme", leads=LEADS))
    second, unknown, nameless, first, again, no_id = await bulk(
        bench,
        "update",
        {"id": 2, "details": "x"},
        {"id": 9, "details": "x"},
        {"id": 1, "name": None, "customer_source_id": "web"},
        {"id": 1, "details": "y"},
        {"id": 1, "tags": ["vip"]},
        {"details": "z"},
    )

    assert (second["id"], second["details"]) == (2, "x")
    assert unknown == {"success": False, "message": {"id": [{"error": "invalid"}]}, "id": 9}
    assert nameless == {"success": False, "message": {"customer_source_id": [{"error": "invalid"}]}, "id": 1}
    assert (first["title"], first["details"]) == ("CTO", "y")
    assert again == {**first, "tags": ["vip"]}
    assert no_id == {"success": False, "message": {"id": [{"error": "invalid"}]}}


async def test_ten_leads_are_taken_and_none_too() -> None:
    bench = Bench()

    assert len(await bulk(bench, "create", *({"name": f"Lead {number}"} for number in range(10)))) == 10
    assert await bulk(bench, "create") == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "Leads: must be an array"),
        ({"leads": {}}, "Leads: must be an array"),
        ({"leads": [], "people": []}, "Base: Unrecognized attributes specified: people"),
    ],
)
async def test_a_body_that_is_no_list_of_leads_is_refused(body: Json, problem: str) -> None:
    answer = await Bench().copper("POST", "/leads/bulk_update", body)

    assert (answer.status_code, answer.json()["message"]) == (422, INVALID + problem)


async def test_people_can_be_written_in_bulk_too_and_their_emails_stay_unique() -> None:
    bench = Bench()
    people = [{"name": "Ann", "emails": work("a@b.test")}, {"name": "Bob", "emails": work("A@b.test")}]
    ann, bob = (await bench.copper("POST", "/people/bulk_create", {"people": people})).json()
    changes = [{"id": ann["id"], "emails": work("new@b.test")}, {"id": ann["id"] + 1, "title": "T"}]
    changed, unknown = (await bench.copper("POST", "/people/bulk_update", {"people": changes})).json()

    assert bob == {"success": False, "message": {"emails": [{"error": "invalid"}]}}
    assert changed == {**ann, "emails": work("new@b.test")}
    assert unknown == {"success": False, "message": {"id": [{"error": "invalid"}]}, "id": ann["id"] + 1}
    assert (await state(bench))["people"] == [changed]


async def test_a_fault_can_lose_a_field_of_every_lead() -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=LoseField(field="title")))
    made = await bulk(bench, "create", {"name": "A", "title": "T"}, {"name": "B", "title": "T", "details": "d"})

    assert [(lead["title"], lead["details"]) for lead in made] == [(None, None), (None, "d")]


async def statuses(bench: Bench, *paths: str) -> list[int]:
    return [(await bench.copper("POST", path, {"leads": []})).status_code for path in paths]


async def test_three_bulk_calls_are_taken_in_any_second_and_other_calls_are_not_counted() -> None:
    bench = Bench()
    create, update = "/leads/bulk_create", "/leads/bulk_update"
    assert await statuses(bench, create, update, create, update) == [200, 200, 200, 429]
    assert (await bench.copper("GET", "/account")).status_code == 200
    bench.clock.elapsed += 0.99
    assert await statuses(bench, create) == [429]
    bench.clock.elapsed += 0.01
    assert await statuses(bench, create, create, create, create) == [200, 200, 200, 429]


async def test_a_refused_bulk_call_takes_no_place_and_a_good_one_takes_one_in_both_windows() -> None:
    bench = switched(quota={"limit": 5, "window": 60}, bulk_quota={"limit": 2, "window": 1})
    path = "/leads/bulk_create"
    assert await statuses(bench, path, path, path, path, path) == [200, 200, 429, 429, 429]
    bench.clock.elapsed += 1
    assert await statuses(bench, path, path) == [200, 200]
    assert (await bench.copper("GET", "/account")).status_code == 200
    assert (await bench.copper("GET", "/account")).status_code == 429
