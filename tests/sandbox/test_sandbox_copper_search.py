"""The emulated Copper's search, and what it shows late."""

from leadbridge.events import Json
from leadbridge.sandbox import CopperOptions, CopperSeed, SandboxOptions
from leadbridge.sandbox.copper.catalog import Definition
from tests.support.walked import walked

from .support import Bench, upsert_by_email

LEADS: tuple[dict[str, Json], ...] = (
    {"id": 1, "name": "Ann Lee", "email": {"email": "Ann@b.test", "category": "work"}, "tags": ["vip", "web"]},
    {"id": 2, "name": "Bob Lee", "phone_numbers": [{"number": "415-123-4567", "category": "work"}], "tags": ["web"]},
    {
        "id": 3,
        "name": "Cy Day",
        "date_created": 1_400_000_000,
        "status_id": 208233,
        "custom_fields": [
            {"custom_field_definition_id": 100764, "value": "k1"},
            {"custom_field_definition_id": 100766, "value": [2082400]},
        ],
    },
)


async def found(bench: Bench, query: dict[str, Json]) -> list[int]:
    answer = await bench.copper("POST", "/leads/search", query)
    assert answer.status_code == 200, answer.text
    return [lead["id"] for lead in answer.json()]


@walked(
    ("query", "ids"),
    [
        ({}, [1, 2, 3]),
        ({"emails": "ann@B.test"}, [1]),
        ({"name": "lee"}, [1, 2]),
        ({"phone_number": "4151234"}, [2]),
        ({"tags": ["vip"]}, [1]),
        ({"tags": "web", "name": "Bob"}, [2]),
        ({"status_ids": [208233]}, [3]),
        ({"ids": [3, 1]}, [1, 3]),
        ({"custom_fields": [{"custom_field_definition_id": 100764, "value": "k1"}]}, [3]),
        ({"custom_fields": [{"custom_field_definition_id": 100766, "value": [2082400, 2082401]}]}, [3]),
        ({"custom_fields": [{"custom_field_definition_id": 100764, "value": "k2"}]}, []),
        ({"sort_by": "date_created"}, [3, 1, 2]),
        ({"sort_by": "name", "sort_direction": "desc", "page_size": 2}, [3, 2]),
        ({"page_size": 2, "page_number": 2}, [3]),
        ({"page_size": 2, "page_number": 3}, []),
    ],
)
async def test_search_filters_orders_and_pages(query: dict[str, Json], ids: list[int]) -> None:
    bench = Bench()
    await bench.control.seed(CopperSeed(account="acme", leads=LEADS))

    assert await found(bench, query) == ids


@walked(
    "query",
    [
        {"pageSize": 5},
        {"page_size": 201},
        {"page_number": 0},
        {"emails": ["a@b.test"]},
        {"tags": 5},
        {"sort_by": "shoe_size"},
        {"sort_direction": "up"},
        {"status_ids": 1},
        {"custom_fields": [{"custom_field_definition_id": 999, "value": 1}]},
        {"custom_fields": {"custom_field_definition_id": 100764}},
        {"custom_fields": [{"custom_field_definition_id": 55, "value": "x"}]},
        {"custom_fields": [{"custom_field_definition_id": 56, "value": "x"}]},
        {"custom_fields": [{"custom_field_definition_id": 55}]},
    ],
)
async def test_a_query_that_the_api_does_not_take_is_refused(query: dict[str, Json]) -> None:
    bench = Bench()
    definitions = (
        Definition(id=55, name="Kept out of filters", data_type="String"),
        Definition(id=56, name="Notes", data_type="Text", is_filterable=True),
    )
    await bench.control.seed(CopperSeed(account="acme", custom_field_definitions=definitions))

    assert (await bench.copper("POST", "/leads/search", query)).status_code == 422


async def test_search_shows_a_write_after_its_lag_and_until_then_what_was_before() -> None:
    bench = Bench(SandboxOptions(copper=CopperOptions(search_lag=10)))
    lead = (await bench.copper("PUT", "/leads/upsert", upsert_by_email("old@b.test"))).json()
    bench.clock.elapsed += 9.9
    assert await found(bench, {}) == []
    bench.clock.elapsed += 0.1
    assert await found(bench, {"emails": "old@b.test"}) == [lead["id"]]

    await bench.copper("PUT", f"/leads/{lead['id']}", {"email": {"email": "new@b.test", "category": "work"}})
    assert await found(bench, {"emails": "old@b.test"}) == [lead["id"]]
    assert await found(bench, {"emails": "new@b.test"}) == []
    bench.clock.elapsed += 10
    assert await found(bench, {"emails": "old@b.test"}) == []
    assert await found(bench, {"emails": "new@b.test"}) == [lead["id"]]


async def test_a_second_write_does_not_show_the_first_before_its_time() -> None:
    bench = Bench(SandboxOptions(copper=CopperOptions(search_lag=10)))
    lead = (await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test"))).json()
    await bench.copper("PUT", f"/leads/{lead['id']}", {"title": "CTO"})
    assert await found(bench, {}) == []
    bench.clock.elapsed += 10
    assert await found(bench, {}) == [lead["id"]]


async def test_the_lag_follows_the_time_scale_and_can_be_none() -> None:
    for options, seconds in (
        (SandboxOptions(time_scale=10, copper=CopperOptions(search_lag=10)), 1.0),
        (SandboxOptions(copper=CopperOptions(search_lag=0)), 0.0),
    ):
        bench = Bench(options)
        lead = (await bench.copper("POST", "/leads", {"name": "A"})).json()
        bench.clock.elapsed += seconds
        assert await found(bench, {}) == [lead["id"]]


async def test_a_write_without_a_lag_shows_what_an_earlier_one_still_hid() -> None:
    bench = Bench(SandboxOptions(copper=CopperOptions(search_lag=10)))
    await bench.control.seed(CopperSeed(account="acme", leads=LEADS))
    await bench.copper("PUT", "/leads/1", {"name": "Old Name"})
    await bench.control.seed(CopperSeed(account="acme", leads=({**LEADS[0], "name": "New Name"},)))

    assert await found(bench, {"name": "New Name"}) == [1]


async def test_seeded_leads_are_searchable_at_once_and_deleted_ones_no_more() -> None:
    bench = Bench()
    await bench.control.seed(CopperSeed(account="acme", leads=LEADS))
    await bench.copper("DELETE", "/leads/2")

    assert await found(bench, {}) == [1, 3]
