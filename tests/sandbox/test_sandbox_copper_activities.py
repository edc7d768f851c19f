"""Notes on Copper's leads and people: added, found late, and never kept from being there twice."""

from typing import Any

from leadbridge.events import Json
from leadbridge.sandbox.faults import Fault, LoseField, Status
from tests.support.walked import walked

from .copper_support import INVALID, person, state, switched
from .support import NOW, Bench, upsert_by_email

NOTE = {"category": "user", "id": 0}


async def on_lead(bench: Bench) -> dict[str, Any]:
    """Who a note is for: a new lead."""
    lead = (await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test"))).json()
    return {"type": "lead", "id": lead["id"]}


async def add(bench: Bench, parent: Json, details: Json = "Hello", **more: Json) -> dict[str, Any]:
    answer = await bench.copper("POST", "/activities", {"parent": parent, "type": NOTE, "details": details, **more})
    return {"status": answer.status_code, **answer.json()}


async def found(bench: Bench, **query: Json) -> list[str]:
    answer = await bench.copper("POST", "/activities/search", query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-pw-total"]
    return [one["details"] for one in answer.json()]


async def test_a_note_is_answered_as_documented_and_stands_on_its_record() -> None:
    bench = Bench()
    parent = await on_lead(bench)
    made = await add(bench, parent)

    assert made["parent"] == parent
    assert (made["type"], made["details"], made["activity_date"]) == (NOTE, "Hello", NOW // 1000)
    assert [one["id"] for one in (await state(bench))["activities"]] == [made["id"]]
    history = await bench.control.history()
    assert history[-1]["record_id"] == str(parent["id"])


async def test_the_same_note_twice_is_there_twice() -> None:
    bench = switched(search_lag=0)
    parent = await on_lead(bench)
    await add(bench, parent)
    await add(bench, parent)

    assert await found(bench, parent=parent) == ["Hello", "Hello"]


async def test_search_shows_a_note_late_and_by_what_it_is_asked_for() -> None:
    bench = switched(search_lag=20)
    lead, one = await on_lead(bench), {"type": "person", "id": (await person(bench, "p@b.test"))["id"]}
    await add(bench, lead, "on the lead", activity_date=NOW // 1000 - 600)
    await add(bench, one, "on the person", type={"category": "user", "id": 190711})
    assert await found(bench) == []
    bench.clock.elapsed += 20

    assert await found(bench) == ["on the person", "on the lead"]
    assert await found(bench, page_size=1, page_number=2) == ["on the lead"]
    assert await found(bench, parent=one) == ["on the person"]
    assert await found(bench, activity_types=[NOTE]) == ["on the lead"]
    assert await found(bench, minimum_activity_date=NOW // 1000 - 60) == ["on the person"]
    assert await found(bench, maximum_activity_date=NOW // 1000 - 60) == ["on the lead"]


@walked(
    ("change", "problem"),
    [
        ({"details": " "}, "Details: can't be blank"),
        ({"parent": {"type": "lead", "id": 1}}, "Parent: Invalid value for Parent: 1"),
        ({"parent": {"type": "deal", "id": 1}}, "Parent: must be an object of type and id"),
        ({"type": {"category": "user", "id": 99}}, "Type: Invalid value for Type"),
        ({"type": {"category": "system", "id": 1}}, "Type: only user activities can be created"),
        ({"activity_date": "today"}, "Activity Date: must be a whole number"),
        ({"subject": "x"}, "Base: Unrecognized attributes specified: subject"),
    ],
)
async def test_what_copper_would_not_take_is_refused_and_adds_nothing(change: dict[str, Json], problem: str) -> None:
    bench = Bench()
    body: dict[str, Json] = {"parent": await on_lead(bench), "type": NOTE, "details": "Hello", **change}
    answer = await bench.copper("POST", "/activities", body)

    assert (answer.status_code, answer.json()["message"]) == (422, INVALID + problem)
    assert (await state(bench))["activities"] == []


async def test_an_unknown_filter_is_refused() -> None:
    answer = await Bench().copper("POST", "/activities/search", {"sort_by": "activity_date"})
    assert (answer.status_code, answer.json()["message"]) == (
        422,
        f"{INVALID}Base: Unrecognized attributes specified: sort_by",
    )


async def test_the_type_of_a_note_has_the_same_id_in_every_account() -> None:
    types = (await Bench().copper("GET", "/activity_types")).json()
    assert [one["name"] for one in types if (one["id"], one["category"]) == (0, "user")] == ["Note"]


async def test_a_fault_for_one_person_also_strikes_the_notes_on_her_record() -> None:
    bench = Bench()
    parent = await on_lead(bench)
    await bench.control.fault(Fault(action=Status(status=503), email="a@b.test"))

    assert (await add(bench, parent))["status"] == 503


async def test_a_fault_can_lose_the_text() -> None:
    bench = Bench()
    parent = await on_lead(bench)
    await bench.control.fault(Fault(action=LoseField(field="details")))

    assert (await add(bench, parent))["details"] is None
