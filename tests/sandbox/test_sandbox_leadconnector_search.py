"""`POST /contacts/search` of the emulated LeadConnector: filters, order, pages, and the time until a write shows."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.events import Json
from leadbridge.sandbox import LeadConnectorSeed
from leadbridge.sandbox.leadconnector.contacts import Contact
from leadbridge.sandbox.leadconnector.search import search
from tests.support.walked import walked

from .leadconnector_support import said
from .support import EMAIL, LOC, Bench, switched, upsert

PEOPLE: list[dict[str, Json]] = [
    {
        "id": "ann", "email": "ann@b.test", "firstName": "Ann", "lastName": "Lee", "tags": ["vip", "web"], "dnd": True,
        "customFields": [{"id": "budget0Sandbox0Fld02", "field_value": 500}],
    },
    {"id": "bob", "email": "Bob@b.test", "phone": "+15550000001", "firstName": "Bob", "city": "Dallas"},
    {"id": "cy", "phone": "+15550000002", "firstName": "Cy", "companyName": "Ann's", "tags": ["web"]},
]  # fmt: skip


async def people() -> Bench:
    bench = Bench()
    for person in PEOPLE:
        await bench.control.seed(LeadConnectorSeed.model_validate({"account": "LOC1", "contacts": [person]}))
        bench.clock.elapsed += 1
    return bench


async def found(bench: Bench, **query: Json) -> list[str]:
    answer = await bench.leadconnector("POST", "/contacts/search", {**LOC, "pageLimit": 20, **query})
    assert answer.status_code == 200, answer.text
    return [contact["id"] for contact in answer.json()["contacts"]]


def where(field: str, operator: str, value: Json = None) -> dict[str, Json]:
    return {"field": field, "operator": operator} | ({} if value is None else {"value": value})


@walked(
    ("filters", "ids"),
    [
        ([], ["cy", "bob", "ann"]),
        ([where("email", "eq", "BOB@b.test")], ["bob"]),
        ([where("phone", "eq", "+15550000002")], ["cy"]),
        ([where("tags", "eq", "web")], ["cy", "ann"]),
        ([where("tags", "eq", ["vip", "gone"])], ["ann"]),
        ([where("tags", "not_eq", "vip")], ["cy", "bob"]),
        ([where("email", "contains", "B.TEST")], ["bob", "ann"]),
        ([where("email", "not_contains", "ob@")], ["cy", "ann"]),
        ([where("email", "exists")], ["bob", "ann"]),
        ([where("city", "not_exists")], ["cy", "ann"]),
        ([where("dnd", "eq", True)], ["ann"]),
        ([where("customFields.budget0Sandbox0Fld02", "range", {"gte": 500, "lt": 501})], ["ann"]),
        ([where("customFields.budget0Sandbox0Fld02", "range", {"gt": 500})], []),
        ([where("customFields.budget0Sandbox0Fld02", "range", {"lte": "many"})], []),
        ([where("dateAdded", "range", {"gte": "2025-06-15T15:06:41"})], ["cy", "bob"]),
        ([where("tags", "eq", "web"), where("email", "exists")], ["ann"]),
        (
            [{"group": "OR", "filters": [where("city", "eq", "dallas"), where("firstNameLowerCase", "eq", "cy")]}],
            ["cy", "bob"],
        ),
        (
            [{"group": "AND", "filters": [where("tags", "eq", "web"), {"group": "OR", "filters": []}]}],
            [],
        ),
    ],
)
async def test_filters_find_what_they_say(filters: list[Json], ids: list[str]) -> None:
    assert await found(await people(), filters=filters) == ids


@pytest.mark.parametrize(
    ("query", "ids"), [("ann", ["cy", "ann"]), ("555000", ["cy", "bob"]), ("NOBODY", []), ("", ["cy", "bob", "ann"])]
)
async def test_a_query_looks_into_names_email_phone_and_company(query: str, ids: list[str]) -> None:
    assert await found(await people(), query=query) == ids


async def test_the_order_is_newest_first_unless_it_is_said() -> None:
    bench = await people()
    by_name = [{"field": "firstNameLowerCase", "direction": "asc"}]

    assert await found(bench) == ["cy", "bob", "ann"]
    assert await found(bench, sort=by_name) == ["ann", "bob", "cy"]
    tags_first = [{"field": "type", "direction": "asc"}, {"field": "firstNameLowerCase", "direction": "desc"}]
    assert await found(bench, sort=tags_first) == ["cy", "bob", "ann"]


async def test_pages_hold_everybody_once_by_number_and_by_cursor() -> None:
    bench = await people()
    by_number = [await found(bench, pageLimit=2, page=page) for page in (1, 2, 3)]
    first = (await bench.leadconnector("POST", "/contacts/search", {**LOC, "pageLimit": 2})).json()
    rest = await found(bench, pageLimit=2, searchAfter=first["contacts"][-1]["searchAfter"])

    assert by_number == [["cy", "bob"], ["ann"], []]
    assert (first["total"], rest) == (3, ["ann"])


@walked(
    ("query", "message"),
    [
        ({"pageLimit": 501}, "pageLimit must be from 1 to 500"),
        ({"pageLimit": 0}, "pageLimit must be from 1 to 500"),
        ({"pageLimit": None}, "pageLimit must be a number"),
        ({"pageLimit": True}, "pageLimit must be a number"),
        ({"pageLimit": 500, "page": 21}, "page and pageLimit reach 10000 contacts; searchAfter reaches further"),
        ({"page": 1, "searchAfter": ["x", "y"]}, "page and searchAfter cannot be given together"),
        ({"searchAfter": ["x", "y"]}, "searchAfter must be that of a contact of this search"),
        ({"query": "x" * 76}, "query must be a string of at most 75 characters"),
        ({"sort": [{"field": "shoe", "direction": "asc"}]}, "sort by shoe is not supported"),
        ({"sort": [{"field": "email", "direction": "up"}]}, "direction must be one of the following values: asc, desc"),
        ({"sort": "email"}, "sort must be an array of objects"),
        ({"filters": [{"field": "shoe", "operator": "eq"}]}, "filter by shoe is not supported"),
        ({"filters": [{"group": "XOR", "filters": []}]}, "group must be one of the following values: AND, OR"),
        ({"filters": [where("email", "contains", 5)]}, "value must be a string"),
        ({"filters": [where("email", "range", {"near": 5})]}, "value must be an object of gte, gt, lte, lt"),
        ({"limit": 5}, "property limit should not exist"),
        ({"locationId": None}, "locationId can't be undefined"),
    ],
)
async def test_a_search_that_is_wrong_is_400(query: dict[str, Json], message: str) -> None:
    answer = await Bench().leadconnector("POST", "/contacts/search", {**LOC, "pageLimit": 20, **query})

    assert said(answer) == (400, message)


async def test_an_unknown_operator_is_told_the_known_ones() -> None:
    answer = await Bench().leadconnector(
        "POST", "/contacts/search", {**LOC, "pageLimit": 1, "filters": [where("email", "like", "x")]}
    )

    assert answer.status_code == 400
    assert "not_exists, range" in answer.json()["message"]


async def test_groups_nested_without_end_are_refused() -> None:
    nested: dict[str, Json] = {"group": "AND", "filters": []}
    for _ in range(50):
        nested = {"group": "AND", "filters": [nested]}
    answer = await Bench().leadconnector("POST", "/contacts/search", {**LOC, "pageLimit": 1, "filters": [nested]})

    assert answer.status_code == 400


async def test_a_write_shows_in_search_a_little_later_than_everywhere_else() -> None:
    bench = Bench()
    await upsert(bench, city="Austin")
    duplicate = await bench.leadconnector("GET", "/contacts/search/duplicate?locationId=LOC1&email=a@b.test")
    assert (len(await found(bench)), duplicate.json()["contact"]["email"]) == (0, "a@b.test")
    bench.clock.elapsed += 3
    assert len(await found(bench)) == 1

    austin = [where("city", "eq", "Austin")]
    await upsert(bench, city="Dallas")
    bench.clock.elapsed += 2
    await upsert(bench, city="Houston")
    assert len(await found(bench, filters=austin)) == 1
    bench.clock.elapsed += 3
    assert len(await found(bench, filters=austin)) == 0


async def test_a_later_write_hides_nothing_that_search_had_learned() -> None:
    bench = Bench()
    await upsert(bench, city="Austin")
    bench.clock.elapsed += 3
    await upsert(bench, city="Dallas")

    assert len(await found(bench, filters=[where("city", "eq", "Austin")])) == 1


async def test_a_deleted_contact_leaves_search_at_once() -> None:
    bench = switched(search_lag=0)
    contact_id = (await upsert(bench))["contact"]["id"]
    assert await found(bench) == [contact_id]
    await bench.leadconnector("DELETE", f"/contacts/{contact_id}")

    assert await found(bench) == []


async def test_a_search_stays_in_its_location() -> None:
    bench = switched(search_lag=0)
    await bench.leadconnector("POST", "/contacts/upsert", {**EMAIL, "locationId": "LOC2"})

    assert await found(bench) == []


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["a", "b", ""])), max_size=15),
    st.integers(min_value=1, max_value=4),
    st.sampled_from(["asc", "desc"]),
)
def test_pages_of_any_size_and_order_hold_everybody_once(
    people: list[tuple[int, str]], size: int, direction: str
) -> None:
    contacts = [
        Contact(id=f"c{number}", location_id="LOC1", values={"city": city}, added=added, updated=added)
        for number, (added, city) in enumerate(people)
    ]
    query: dict[str, Any] = {"pageLimit": size, "sort": [{"field": "city", "direction": direction}]}
    by_cursor: list[str] = []
    while page := search(contacts, query).page:
        by_cursor += [answer["id"] for answer in page]
        query["searchAfter"] = page[-1]["searchAfter"]
    del query["sort"]
    query.pop("searchAfter", None)
    pages = range(1, len(contacts) // size + 2)
    by_number = [answer["id"] for page in pages for answer in search(contacts, {**query, "page": page}).page]

    assert sorted(by_cursor) == sorted(by_number) == sorted(contact.id for contact in contacts)
    cities = [next(contact.values["city"] for contact in contacts if contact.id == each) for each in by_cursor]
    assert cities == sorted(cities, reverse=direction == "desc")
