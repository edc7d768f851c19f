"""The emulated Copper's people: what sets them apart from leads."""

import pytest

from leadbridge.events import Json
from leadbridge.sandbox import CopperSeed, Fault, LoseField, Status
from tests.support.walked import walked

from .copper_support import INVALID, person, state, switched, work
from .support import NOW, Bench

PARENT_ONLY = {"id": 501, "name": "Kept for people", "data_type": "String", "available_on": ["person"]}
LEAD_ONLY = {"id": 502, "name": "Kept for leads", "data_type": "String", "available_on": ["lead"]}
ACME = {"id": 77, "name": "Acme Inc."}
PEOPLE: tuple[dict[str, Json], ...] = (
    {"id": 1, "name": "Zoe Adams", "emails": work("zoe@b.test", "z@home.test"), "tags": ["vip"], "company_id": 77},
    {"id": 2, "name": "Ms. Ann Young", "emails": work("ann@b.test"), "contact_type_id": 451491},
    {"id": 3, "name": "Bob Young", "custom_fields": [{"custom_field_definition_id": 501, "value": "k1"}]},
)


async def seeded(bench: Bench) -> Bench:
    definitions = [{**definition, "is_filterable": True} for definition in (PARENT_ONLY, LEAD_ONLY)]
    seed = {"account": "acme", "people": PEOPLE, "companies": [ACME], "custom_field_definitions": definitions}
    await bench.control.seed(CopperSeed.model_validate(seed))
    return bench


async def refusal(bench: Bench, method: str, path: str, body: Json) -> str:
    before = await state(bench)
    answer = await bench.copper(method, path, body)
    assert (answer.status_code, answer.json()["success"]) == (422, False)
    assert await state(bench) == before
    return str(answer.json()["message"]).removeprefix(INVALID)


async def test_a_new_person_is_answered_with_every_attribute_of_a_person() -> None:
    made = await person(Bench(), "a@b.test", phone_numbers=[{"number": "415-123-4567", "category": "mobile"}])

    assert {key: made.pop(key) for key in ("id", "custom_fields")}["id"] > 0
    assert made == {
        "name": "Ann Lee", "prefix": None, "first_name": "Ann", "middle_name": None, "last_name": "Lee", "suffix": None,
        "address": None, "assignee_id": None, "company_id": None, "company_name": None, "contact_type_id": 451490,
        "details": None, "title": None, "emails": work("a@b.test"), "leads_converted_from": [],
        "phone_numbers": [{"number": "415-123-4567", "category": "mobile"}], "socials": [], "tags": [], "websites": [],
        "date_lead_created": None, "interaction_count": 0, "date_created": NOW // 1000, "date_modified": NOW // 1000,
        "date_last_contacted": None,
    }  # fmt: skip


async def test_a_person_is_fetched_updated_and_deleted_by_id() -> None:
    bench = Bench()
    made = await person(bench, "a@b.test", title="CTO", tags=["vip"])
    path = f"/people/{made['id']}"
    bench.clock.elapsed += 60
    updated = (await bench.copper("PUT", path, {"title": None, "details": "met in May"})).json()
    same = (await bench.copper("PUT", path, {})).json()

    assert updated == {**made, "title": None, "details": "met in May", "date_modified": made["date_modified"] + 60}
    assert same == updated == (await bench.copper("GET", path)).json()
    assert (await bench.copper("DELETE", path)).json() == {"id": made["id"], "is_deleted": True}
    assert (await bench.copper("GET", path)).status_code == 404
    assert (await person(bench, "a@b.test"))["id"] != made["id"]


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {"title": "T"}), ("DELETE", None)])
async def test_a_person_that_nobody_has_is_404_and_so_is_a_lead_by_its_id(method: str, body: Json) -> None:
    bench = Bench()
    lead = (await bench.copper("POST", "/leads", {"name": "A"})).json()

    for record_id in (999, lead["id"], "abc"):
        answer = await bench.copper(method, f"/people/{record_id}", body)
        assert (answer.status_code, answer.json()["message"]) == (404, "Resource not found")


async def test_an_email_of_another_person_is_refused_on_creation_and_update() -> None:
    bench = Bench()
    await person(bench, "a@b.test", "second@b.test")
    other = await person(bench, "c@b.test")
    taken = "Emails: Second@B.test has already been taken"

    assert (
        await refusal(bench, "POST", "/people", {"name": "B", "emails": work("new@b.test", "Second@B.test")}) == taken
    )
    assert await refusal(bench, "PUT", f"/people/{other['id']}", {"emails": work("Second@B.test")}) == taken
    assert await refusal(bench, "POST", "/people", {"name": "B", "emails": work("d@b.test", "D@b.test")}) == (
        "Emails: D@b.test has already been taken"
    )


async def test_an_email_is_free_again_when_its_person_gives_it_up() -> None:
    bench = Bench()
    made = await person(bench, "a@b.test")
    await bench.copper("PUT", f"/people/{made['id']}", {"emails": None})

    assert (await person(bench, "a@b.test"))["emails"] == work("a@b.test")
    assert (await bench.copper("GET", f"/people/{made['id']}")).json()["emails"] == []


async def test_a_lead_and_a_person_may_share_an_email() -> None:
    bench = Bench()
    await person(bench, "a@b.test")
    answer = await bench.copper("POST", "/leads", {"name": "A", "email": work("a@b.test")[0]})

    assert answer.status_code == 200
    assert {kind: len(records) for kind, records in (await state(bench)).items() if records} == {
        "leads": 1,
        "people": 1,
    }


@walked(
    ("attributes", "problem"),
    [
        ({"email": {"email": "a@b.test", "category": "work"}}, "Base: Unrecognized attributes specified: email"),
        ({"status": "New", "monetary_value": 5}, "Base: Unrecognized attributes specified: status, monetary_value"),
        ({"company_name": "Acme"}, "Base: Unrecognized attributes specified: company_name"),
        ({"leads_converted_from": [1]}, "Base: Unrecognized attributes specified: leads_converted_from"),
        ({"company_id": 5}, "Company Id: Invalid value for Company Id: 5"),
        (
            {"contact_type_id": 0},
            "Contact Type Id: Invalid value for Contact Type Id: IDs must be positive integers: 0",
        ),
        ({"contact_type_id": 5}, "Contact Type Id: Invalid value for Contact Type Id: 5"),
        ({"emails": {"email": "a@b.test", "category": "work"}}, "Emails: must be an array"),
        ({"emails": ["a@b.test"]}, "Emails: must be an object of email and category"),
        ({"emails": work("nobody")}, "Emails: Invalid value for Email: nobody"),
        ({"name": ""}, "Name: can't be blank"),
    ],
)
async def test_an_attribute_that_is_wrong_for_a_person_is_named_and_nothing_is_written(
    attributes: dict[str, Json], problem: str
) -> None:
    bench = await seeded(Bench())

    assert await refusal(bench, "POST", "/people", {"name": "A", **attributes}) == problem


async def test_a_person_has_the_custom_fields_of_people_alone() -> None:
    bench = await seeded(Bench())
    own = {"custom_field_definition_id": 501, "value": "k2"}
    made = await person(bench, custom_fields=[own])
    lead = (await bench.copper("POST", "/leads", {"name": "A"})).json()
    refused = await refusal(
        bench, "PUT", "/people/1", {"custom_fields": [{"custom_field_definition_id": 502, "value": ""}]}
    )

    def ids(record: dict[str, Json]) -> set[int]:
        return {entry["custom_field_definition_id"] for entry in record["custom_fields"]}

    assert own in made["custom_fields"]
    assert (ids(made) - ids(lead), ids(lead) - ids(made)) == ({501}, {502})
    assert refused == "Custom Fields: Custom Field Definition Id 502 is not available on people"


async def test_a_persons_company_is_answered_by_name_too() -> None:
    bench = await seeded(Bench())
    zoe = (await bench.copper("GET", "/people/1")).json()

    assert (zoe["company_id"], zoe["company_name"]) == (77, "Acme Inc.")


async def test_the_account_lists_its_contact_types_and_a_new_person_has_the_first() -> None:
    bench = Bench()
    listed = (await bench.copper("GET", "/contact_types")).json()

    assert listed[0] == {"id": 451490, "name": "Potential Customer"}
    assert (await person(bench))["contact_type_id"] == listed[0]["id"]


async def test_fetch_by_email_finds_any_address_of_a_person_at_once_and_nobody_is_404() -> None:
    bench = await seeded(Bench())
    made = await person(bench, "new@b.test")
    for email, found in (("Z@home.test", 1), ("new@b.test", made["id"])):
        answer = await bench.copper("POST", "/people/fetch_by_email", {"email": email})
        assert (answer.status_code, answer.json()["id"]) == (200, found)

    missed = await bench.copper("POST", "/people/fetch_by_email", {"email": "nobody@b.test"})
    assert (missed.status_code, missed.json()["message"]) == (404, "Resource not found")
    assert await refusal(bench, "POST", "/people/fetch_by_email", {"email": ""}) == "Email: can't be blank"


@walked(
    ("query", "ids"),
    [
        ({}, [2, 3, 1]),
        ({"emails": ["ANN@b.test", "z@home.test"]}, [2, 1]),
        ({"emails": []}, []),
        ({"ids": [3, 1, 9]}, [3, 1]),
        ({"name": "young"}, [2, 3]),
        ({"contact_type_ids": [451491]}, [2]),
        ({"company_ids": [77]}, [1]),
        ({"tags": ["vip"]}, [1]),
        ({"custom_fields": [{"custom_field_definition_id": 501, "value": "k1"}]}, [3]),
        ({"sort_by": "last_name", "page_size": 1}, [1]),
        ({"sort_by": "email", "sort_direction": "desc"}, [1, 2, 3]),
    ],
)
async def test_search_filters_orders_and_pages_people(query: dict[str, Json], ids: list[int]) -> None:
    bench = await seeded(Bench())
    answer = await bench.copper("POST", "/people/search", query)

    assert [found["id"] for found in answer.json()] == ids
    assert int(answer.headers["x-pw-total"]) == (3 if query.get("page_size") else len(ids))


@pytest.mark.parametrize(
    "query",
    [
        {"emails": "a@b.test"},
        {"emails": [5]},
        {"status_ids": [1]},
        {"include_converted_leads": True},
        {"custom_fields": [{"custom_field_definition_id": 502, "value": "x"}]},
    ],
)
async def test_a_query_for_leads_is_refused_for_people(query: dict[str, Json]) -> None:
    bench = await seeded(Bench())

    assert await refusal(bench, "POST", "/people/search", query)


async def test_search_shows_people_after_the_same_lag_as_leads() -> None:
    bench = switched(search_lag=10)
    made = await person(bench, "a@b.test")
    query = {"emails": ["a@b.test"]}
    assert (await bench.copper("POST", "/people/search", query)).json() == []
    bench.clock.elapsed += 10

    assert (await bench.copper("POST", "/people/search", query)).json() == [made]


@pytest.mark.parametrize("people", [(PEOPLE[1], {**PEOPLE[1], "id": 9}), (PEOPLE[1], {"name": "A", "emails": "x"})])
async def test_a_seed_with_a_person_that_cannot_be_kept_is_refused_whole(people: tuple[Json, ...]) -> None:
    bench = Bench()
    seed = {"crm": "copper", "account": "acme", "leads": [{"name": "A"}], "people": people, "companies": [ACME]}
    answer = await bench.client.post("/sandbox/seed", json=seed)

    assert answer.status_code == 400
    assert not any((await state(bench)).values())


async def test_a_seeded_person_may_replace_one_and_keep_the_email() -> None:
    bench = await seeded(Bench())
    await bench.control.seed(CopperSeed(account="acme", people=({**PEOPLE[1], "name": "Ms. Anna Young"},)))

    assert (await bench.copper("GET", "/people/2")).json()["name"] == "Ms. Anna Young"


async def test_the_history_names_the_person_a_call_was_about() -> None:
    bench = Bench()
    made = await person(bench, "a@b.test")
    await bench.copper("POST", "/people/fetch_by_email", {"email": "a@b.test"})
    await bench.copper("DELETE", f"/people/{made['id']}")

    assert [entry["record_id"] for entry in await bench.control.history()] == [str(made["id"])] * 3


@walked(
    ("method", "path", "body"),
    [
        ("POST", "/people", {"name": "B", "emails": work("x@b.test", "Zoe@b.test")}),
        ("POST", "/people/fetch_by_email", {"email": "zoe@b.test"}),
        ("POST", "/people/search", {"emails": ["zoe@b.test"]}),
        ("PUT", "/people/1", {"title": "T"}),
        ("GET", "/people/1", None),
        ("POST", "/leads/bulk_create", {"leads": [{"name": "A"}, {"name": "B", "email": work("zoe@b.test")[0]}]}),
        ("POST", "/leads/search", {"emails": "zoe@b.test"}),
        ("POST", "/people/bulk_update", {"people": [{"id": 2}, {"id": 1, "title": "T"}]}),
    ],
)
async def test_a_fault_for_an_email_strikes_the_calls_about_its_person(method: str, path: str, body: Json) -> None:
    bench = await seeded(Bench())
    await bench.control.fault(Fault(action=Status(status=503), email="zoe@b.test"))

    assert (await bench.copper(method, path, body)).status_code == 503
    assert (await bench.copper("GET", "/people/2")).status_code == 200
    assert (await bench.copper("GET", "/leads/1")).status_code == 404
    assert (await bench.copper("GET", "/users/me")).status_code == 200


async def test_a_fault_can_lose_what_a_person_is_given() -> None:
    bench = await seeded(Bench())
    await bench.control.fault(Fault(action=LoseField(field="emails")))
    answer = await bench.copper("PUT", "/people/1", {"emails": work("new@b.test"), "title": "CTO"})

    assert (answer.json()["title"], answer.json()["emails"]) == ("CTO", PEOPLE[0]["emails"])
