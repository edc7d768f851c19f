"""Every switch of the emulated Copper changes something that a client sees."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import httpx

from leadbridge.events import Json
from leadbridge.sandbox import CopperOptions, CopperSeed
from tests.support.walked import walked

from .copper_support import INVALID, person, switched, work
from .support import COPPER_HEADERS, Bench, upsert_by_email

Probe: TypeAlias = Callable[[Bench], Awaitable[Json]]
BY_KEY = {"field_name": "custom", "field_value": {"custom_field_definition_id": 100764, "value": "k1"}}


def custom_value(record: dict[str, Any], definition: int) -> Json:
    return {entry["custom_field_definition_id"]: entry["value"] for entry in record["custom_fields"]}[definition]


def form(answer: httpx.Response) -> tuple[int, str, str]:
    return answer.status_code, answer.headers["content-type"].partition(";")[0], answer.text[:18]


async def calls(bench: Bench, path: str, count: int) -> list[int]:
    return [(await bench.copper("POST", path, {"leads": []})).status_code for _ in range(count)]


async def two_calls(bench: Bench) -> Json:
    return await calls(bench, "/users/search", 1) + await calls(bench, "/leads/search", 1)


async def two_bulk_calls(bench: Bench) -> Json:
    return await calls(bench, "/leads/bulk_create", 2)


async def ambiguous_upsert(bench: Bench) -> Json:
    leads = tuple({"id": number, "name": "L", "email": work("a@b.test")[0]} for number in (1, 2))
    await bench.control.seed(CopperSeed(account="acme", leads=leads))
    body = (await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test"))).json()
    return {"numbers": [letter for letter in body.pop("message") if letter.isdigit()], **body}


async def upsert_after_conversion(bench: Bench) -> Json:
    await bench.control.seed(CopperSeed(account="acme", leads=({"id": 1, "name": "L", "email": work("a@b.test")[0]},)))
    await bench.copper("POST", "/leads/1/convert", {})
    lead = (await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test", title="CTO"))).json()
    return lead["id"] == 1, "converted_at" in lead


async def upsert_by_a_new_key(bench: Bench) -> Json:
    answer = await bench.copper("PUT", "/leads/upsert", {"properties": {"name": "A"}, "match": BY_KEY})
    return custom_value(answer.json(), 100764)


async def found_in_other_case(bench: Bench) -> Json:
    await bench.control.seed(
        CopperSeed(
            account="acme",
            leads=({"id": 1, "name": "L", "email": work("Ann@b.test")[0]},),
            people=({"id": 2, "name": "P", "emails": work("Ann@b.test")},),
        )
    )
    by_fetch = await bench.copper("POST", "/people/fetch_by_email", {"email": "ann@b.test"})
    by_search = await bench.copper("POST", "/people/search", {"emails": ["ann@b.test"]})
    lead = (await bench.copper("PUT", "/leads/upsert", upsert_by_email("ann@b.test"))).json()
    second = await bench.copper("POST", "/people", {"name": "P", "emails": work("ann@b.test")})
    return by_fetch.status_code, len(by_search.json()), lead["id"] == 1, second.status_code


async def a_dates_answer(bench: Bench) -> Json:
    field = {"custom_field_definition_id": 100769, "value": "11/29/2017"}
    return custom_value(await person(bench, custom_fields=[field]), 100769)


async def dates_written(bench: Bench) -> Json:
    fields = [{"custom_field_definition_id": 100769, "value": value} for value in ("11/29/2017", 1_511_942_400)]
    return [
        (await bench.copper("POST", "/people", {"name": "A", "custom_fields": [field]})).status_code for field in fields
    ]


async def a_taken_email(bench: Bench) -> Json:
    await person(bench, "a@b.test")
    answer = await bench.copper("POST", "/people", {"name": "B", "emails": work("A@b.test")})
    return answer.status_code, answer.json()["message"].removeprefix(INVALID)


async def another_company(bench: Bench) -> Json:
    companies = [{"id": 1, "name": "One"}, {"id": 2, "name": "Two"}]
    seed = {"account": "acme", "companies": companies, "people": [{"id": 5, "name": "P", "company_id": 1}]}
    await bench.control.seed(CopperSeed.model_validate(seed))
    same = (await bench.copper("PUT", "/people/5", {"company_id": 1, "title": "T"})).status_code
    other = await bench.copper("PUT", "/people/5", {"company_id": 2, "details": "d"})
    held = (await bench.copper("GET", "/people/5")).json()
    return same, other.status_code, held["company_id"], held["details"]


async def fetched(bench: Bench) -> Json:
    await person(bench, "a@b.test")
    return (await bench.copper("POST", "/people/fetch_by_email", {"email": "a@b.test"})).status_code


async def unauthorized(bench: Bench) -> Json:
    return form(await bench.copper("GET", "/account", headers=COPPER_HEADERS | {"X-PW-AccessToken": "bad"}))


async def too_many(bench: Bench) -> Json:
    await bench.control.options(copper={"quota": {"limit": 1, "window": 60}})
    await bench.copper("GET", "/account")
    return form(await bench.copper("GET", "/account"))


async def search_after_a_second(bench: Bench) -> Json:
    await person(bench, "a@b.test")
    bench.clock.elapsed += 1
    return len((await bench.copper("POST", "/people/search", {})).json())


JSON, TEXT, HTML = "application/json", "text/plain", "text/html"
USUAL = '{"success":false,"'
NAMED = {"success": False, "status": 422}
CASES: list[tuple[str, Probe, Json, dict[str, Json]]] = [
    ("quota", two_calls, [422, 422], {}),
    ("quota", two_calls, [422, 429], {"quota": {"limit": 1, "window": 60}}),
    ("bulk_quota", two_bulk_calls, [200, 200], {}),
    ("bulk_quota", two_bulk_calls, [200, 429], {"bulk_quota": {"limit": 1, "window": 1}}),
    ("ambiguous_ids", ambiguous_upsert, {**NAMED, "numbers": ["1", "2"]}, {}),
    ("ambiguous_ids", ambiguous_upsert, {**NAMED, "numbers": [], "ids": [1, 2]}, {"ambiguous_ids": "ids"}),
    ("ambiguous_ids", ambiguous_upsert, {**NAMED, "numbers": [], "lead_ids": [1, 2]}, {"ambiguous_ids": "lead_ids"}),
    ("ambiguous_ids", ambiguous_upsert, {**NAMED, "numbers": [], "matches": [1, 2]}, {"ambiguous_ids": "matches"}),
    ("matches_converted", upsert_after_conversion, (False, False), {}),
    ("matches_converted", upsert_after_conversion, (True, True), {"matches_converted": True}),
    ("writes_custom_match", upsert_by_a_new_key, None, {}),
    ("writes_custom_match", upsert_by_a_new_key, "k1", {"writes_custom_match": True}),
    ("email_case", found_in_other_case, (200, 1, True, 422), {}),
    ("email_case", found_in_other_case, (404, 0, False, 200), {"email_case": "exact"}),
    ("date_echo", a_dates_answer, 1_511_942_400, {}),
    ("date_echo", a_dates_answer, "11/29/2017", {"date_echo": "text"}),
    ("dates_taken", dates_written, [200, 200], {}),
    ("dates_taken", dates_written, [200, 422], {"dates_taken": "text"}),
    ("dates_taken", dates_written, [422, 200], {"dates_taken": "epoch"}),
    ("person_email_taken", a_taken_email, (422, "Emails: A@b.test has already been taken"), {}),
    (
        "person_email_taken",
        a_taken_email,
        (422, "Base: in use: A@b.test"),
        {"person_email_taken": "Base: in use: {email}"},
    ),
    ("person_company", another_company, (200, 200, 1, "d"), {}),
    ("person_company", another_company, (200, 422, 1, None), {"person_company": "refuse"}),
    ("fetch_by_email", fetched, 200, {}),
    ("fetch_by_email", fetched, 404, {"fetch_by_email": "misses"}),
    ("unauthorized_body", unauthorized, (401, JSON, USUAL), {}),
    ("unauthorized_body", unauthorized, (401, JSON, '{"error":"Unauthor'), {"unauthorized_body": "error"}),
    ("unauthorized_body", unauthorized, (401, TEXT, "Unauthorized"), {"unauthorized_body": "text"}),
    ("unauthorized_body", unauthorized, (401, HTML, "<!DOCTYPE html><ht"), {"unauthorized_body": "html"}),
    ("unauthorized_body", unauthorized, (401, TEXT, ""), {"unauthorized_body": "empty"}),
    ("rate_limit_body", too_many, (429, TEXT, "Too Many Requests"), {}),
    ("rate_limit_body", too_many, (429, JSON, USUAL), {"rate_limit_body": "message"}),
    ("rate_limit_body", too_many, (429, TEXT, ""), {"rate_limit_body": "empty"}),
    ("search_lag", search_after_a_second, 0, {}),
    ("search_lag", search_after_a_second, 1, {"search_lag": 1}),
    ("timezone", a_dates_answer, 1_511_913_600, {"timezone": "UTC"}),
    ("timezone", a_dates_answer, 1_511_942_400, {}),
]


@walked(("switch", "probe", "expected", "switches"), CASES)
async def test_a_switch_decides_what_is_answered(
    switch: str, probe: Probe, expected: Json, switches: dict[str, Json]
) -> None:
    assert set(switches) <= {switch}
    assert await probe(switched(**switches)) == expected


@walked("switch", CopperOptions.model_fields)
def test_every_switch_is_described_and_shown_to_change_something(switch: str) -> None:
    ways = [expected for name, _, expected, _ in CASES if name == switch]

    assert CopperOptions.model_fields[switch].description
    assert len(ways) > 1
    assert all(ways.count(way) == 1 for way in ways)
