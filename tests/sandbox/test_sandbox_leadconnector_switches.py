"""Every switch of the emulated LeadConnector changes something that a caller sees."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from leadbridge.events import Json
from leadbridge.sandbox import LeadConnectorOptions, RateLimit
from tests.support.walked import walked

from .leadconnector_support import APP, bearer, granted, post_form, refreshed, token
from .support import EMAIL, LOC, Bench, switched, upsert

Look: TypeAlias = Callable[[Bench], Awaitable[Json]]


async def _answers(bench: Bench, count: int) -> Json:
    listed = [await bench.leadconnector("GET", "/locations/LOC1") for _ in range(count)]
    return [answer.status_code for answer in listed]


async def _second(bench: Bench) -> Json:
    return await _answers(bench, 2)


async def _refusal(bench: Bench) -> Json:
    await bench.control.options(leadconnector={"quota": {"limit": 1, "window": 10}})
    await _answers(bench, 1)
    refused = await bench.leadconnector("GET", "/locations/LOC1")
    kind = refused.headers["content-type"].partition(";")[0]
    return refused.status_code, kind, refused.headers.get("retry-after")


async def _upserted(bench: Bench, **values: Json) -> Json:
    answer = await bench.leadconnector("POST", "/contacts/upsert", {**EMAIL, **values})
    return answer.status_code, answer.json().get("message"), answer.json().get("contact", {}).keys() & values.keys()


def _upsert_of(**values: Json) -> Look:
    async def look(bench: Bench) -> Json:
        return await _upserted(bench, **values)

    return look


async def _tagged(bench: Bench) -> Json:
    contact_id = (await upsert(bench))["contact"]["id"]
    return (await bench.leadconnector("POST", f"/contacts/{contact_id}/tags", {"tags": ["a"]})).status_code


async def _searched(bench: Bench) -> Json:
    await upsert(bench)
    bench.clock.elapsed += 2
    return (await bench.leadconnector("POST", "/contacts/search", {**LOC, "pageLimit": 1})).json()["total"]


async def _matched(bench: Bench) -> Json:
    await upsert(bench)
    found = await bench.leadconnector("GET", "/contacts/search/duplicate?locationId=LOC1&email=a@b.test")
    return found.json()["matchingField"]


async def _of_two(bench: Bench) -> Json:
    await upsert(bench)
    await bench.leadconnector("POST", "/contacts/upsert", {**LOC, "phone": "+15550000001"})
    return "email" in (await upsert(bench, phone="+15550000001"))["contact"], await _phones(bench)


async def _phones(bench: Bench) -> Json:
    listed = (await bench.control.state())["leadconnector"]["LOC1"]["contacts"]
    return [(contact.get("email"), contact.get("phone")) for contact in listed]


async def _created_twice(bench: Bench) -> Json:
    return [(await bench.leadconnector("POST", "/contacts/", EMAIL)).status_code for _ in range(2)]


async def _country(bench: Bench) -> Json:
    return (await upsert(bench))["contact"]["country"]


async def _location(bench: Bench) -> Json:
    return (await bench.leadconnector("GET", "/locations/LOC1")).json()["location"]


async def _token_lives(bench: Bench) -> Json:
    issued = await refreshed(bench, "first:LOC1")
    bench.clock.elapsed += 60
    answer = await bench.leadconnector("GET", "/locations/LOC1", headers=bearer(issued["access_token"]))
    return issued["expires_in"], answer.status_code


async def _refreshed_late(bench: Bench) -> Json:
    issued = await refreshed(bench, "first:LOC1")
    bench.clock.elapsed += 60
    return (await token(bench, "refresh_token", refresh_token=issued["refresh_token"])).status_code


async def _refreshed_again(bench: Bench) -> Json:
    await refreshed(bench, "first:LOC1")
    bench.clock.elapsed += 20
    return (await token(bench, "refresh_token", refresh_token="first:LOC1")).status_code


async def _refreshed(bench: Bench) -> Json:
    return (await token(bench, "refresh_token", refresh_token="first:LOC1")).status_code


async def _companys(bench: Bench) -> Json:
    issued = await granted(bench, "client_credentials")
    form = {**APP, "companyId": issued["companyId"], "locationId": "LOC1"}
    headers = {"Authorization": f"Bearer {issued['access_token']}", "Version": "2021-07-28"}
    return issued["companyId"], (await post_form(bench, "/oauth/locationToken", form, **headers)).json()["companyId"]


# Each switch: another value, how to look, what is seen by default, and what with the other value.
SWITCHES: dict[str, tuple[Any, Look, Json, Json]] = {
    "quota": (RateLimit(limit=1, window=10), _second, [200, 200], [200, 429]),
    "daily": (1, _second, [200, 200], [200, 429]),
    "rate_limit_body": ("text", _refusal, (429, "application/json", None), (429, "text/plain", None)),
    "retry_after": (True, _refusal, (429, "application/json", None), (429, "application/json", "10")),
    "access_token_life": (59.5, _token_lives, (86_399, 200), (59, 401)),
    "refresh_token_life": (60, _refreshed_late, 200, 400),
    "refresh_grace": (20, _refreshed_again, 200, 400),
    "unknown_tokens": ("refuse", _refreshed, 200, 401),
    "search_lag": (2, _searched, 0, 1),
    "unknown_custom_field": (
        "refuse",
        _upsert_of(customFields=[{"id": "NOPE", "field_value": "v"}]),
        (200, None, {"customFields"}),
        (422, ["customFields.0 is not a valid custom field"], set()),
    ),
    "bad_phone": (
        "drop",
        _upsert_of(phone="555"),
        (422, ["phone must be a valid phone number"], set()),
        (200, None, set()),
    ),
    "bad_country": (
        "drop",
        _upsert_of(country="USA"),
        (422, ["country must be a valid enum value"], set()),
        (200, None, {"country"}),
    ),
    "country_refusal": (
        "country is unknown",
        _upsert_of(country="USA"),
        (422, ["country must be a valid enum value"], set()),
        (422, ["country is unknown"], set()),
    ),
    "bad_date": (
        "drop",
        _upsert_of(dateOfBirth="25 Sep 1990"),
        (422, ["dateOfBirth must be a valid date in one of the supported formats"], set()),
        (200, None, set()),
    ),
    "invalid_message": (
        "text",
        _upsert_of(city=5, state=5),
        (422, ["city must be a string", "state must be a string"], set()),
        (422, "city must be a string, state must be a string", set()),
    ),
    "duplicate_field": ("contactId", _matched, "email", "contactId"),
    "tags_status": (200, _tagged, 201, 200),
    "duplicate_priority": (
        "phone,email",
        _of_two,
        (True, [("a@b.test", None), (None, "+15550000001")]),
        (False, [("a@b.test", None), (None, "+15550000001")]),
    ),
    "allow_duplicates": (True, _created_twice, [201, 400], [201, 201]),
    "country": ("DE", _country, "US", "DE"),
    "timezone": ("Europe/Berlin", _location, {"timezone": "America/Chicago"}, {"timezone": "Europe/Berlin"}),
    "name": ("Dallas", _location, {"name": "Sandbox location"}, {"name": "Dallas"}),
    "active": (False, _refreshed, 200, 400),
    "company": ("COMP1", _companys, ("sandbox0Sandbox0Comp", "sandbox0Sandbox0Comp"), ("COMP1", "COMP1")),
}


@walked("name", SWITCHES)
async def test_a_switch_changes_what_is_seen(name: str) -> None:
    other, look, by_default, with_other = SWITCHES[name]
    for bench, expected in ((Bench(), by_default), (switched(**{name: other}), with_other)):
        seen = await look(bench)
        if isinstance(expected, dict):
            seen = {key: seen[key] for key in expected}
        assert seen == expected


def test_every_switch_is_tried() -> None:
    assert SWITCHES.keys() == LeadConnectorOptions.model_fields.keys()
    for name, (other, _, by_default, with_other) in SWITCHES.items():
        assert other != LeadConnectorOptions.model_fields[name].default
        assert by_default != with_other


@walked("name", ["name", "country", "timezone", "allow_duplicates", "duplicate_priority", "active"])
async def test_a_locations_seed_goes_before_the_switch(name: str) -> None:
    other, look, by_default, with_other = SWITCHES[name]
    bench = switched(**{name: other})
    default = LeadConnectorOptions.model_fields[name].default
    seed = {"crm": "leadconnector", "account": "LOC1", "settings": {name: default}}
    await bench.client.post("/sandbox/seed", json=seed)
    seen = await look(bench)
    if isinstance(by_default, dict):
        seen = {key: seen[key] for key in by_default}

    assert seen == by_default != with_other


@pytest.mark.parametrize(
    ("kind", "content_type", "content"),
    [
        ("json", "application/json", b'"statusCode":429'),
        ("text", "text/plain; charset=utf-8", b"Too Many Requests"),
        ("empty", "text/plain; charset=utf-8", b""),
    ],
)
async def test_the_body_of_a_429_has_three_kinds(kind: str, content_type: str, content: bytes) -> None:
    bench = switched(rate_limit_body=kind, quota={"limit": 1, "window": 10})
    await _answers(bench, 1)
    refused = await bench.leadconnector("GET", "/locations/LOC1")

    assert (refused.status_code, refused.headers["content-type"]) == (429, content_type)
    assert content in refused.content
    assert bool(refused.content) == (kind != "empty")
    assert refused.headers["x-ratelimit-remaining"] == "0"


@pytest.mark.parametrize(
    ("options", "passed", "seconds"),
    [
        ({"quota": {"limit": 1, "window": 10}}, 2.5, "8"),
        ({"quota": {"limit": 1, "window": 10}, "daily": 1}, 2.5, "86398"),
        ({"quota": None, "daily": 1}, 0.0, "86400"),
    ],
)
async def test_retry_after_tells_when_the_refused_quota_is_free_again(
    options: dict[str, Json], passed: float, seconds: str
) -> None:
    bench = switched(retry_after=True, **options)
    good = await bench.leadconnector("GET", "/locations/LOC1")
    bench.clock.elapsed += passed
    refused = await bench.leadconnector("GET", "/locations/LOC1")
    bench.clock.elapsed += int(seconds)
    later = await bench.leadconnector("GET", "/locations/LOC1")

    assert "retry-after" not in good.headers
    assert (refused.status_code, refused.headers["retry-after"], later.status_code) == (429, seconds, 200)
