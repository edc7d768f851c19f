"""What was sent and answered, on demand; found by record and time."""

from typing import Any

import httpx
import pytest

from leadbridge.events import Json
from leadbridge.sandbox import Drop, Fault, Html, SandboxOptions
from leadbridge.sandbox.history import MOST_OF_A_BODY
from tests.support.walked import walked

from .support import COPPER_HEADERS, NOW, Bench, upsert_by_email


async def bodies(bench: Bench) -> list[dict[str, Json]]:
    return [call for call in await bench.control.history(bodies=True) if "request_body" in call]


async def test_bodies_come_only_on_demand_and_as_they_were() -> None:
    bench = Bench()
    sent = upsert_by_email("a@b.test")
    answer = await bench.copper("PUT", "/leads/upsert", sent)
    await bench.leadconnector("GET", "/contacts/search/duplicate?locationId=LOC1&email=a%40b.test")

    assert not [call for call in await bench.control.history() if "request_body" in call or "query" in call]
    first, second = await bodies(bench)
    assert (first["query"], first["request_body"], first["response_body"]) == ({}, sent, answer.json())
    assert second["query"] == {"locationId": "LOC1", "email": "a@b.test"}
    assert second["request_body"] is None
    assert second["response_body"]["contact"] is None


async def test_what_is_not_json_is_text_and_what_is_long_is_cut() -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=Html(), times=1))
    long = upsert_by_email("a@b.test", details="x" * MOST_OF_A_BODY)
    await bench.copper("PUT", "/leads/upsert", long)
    await bench.client.put("/copper/developer_api/v1/leads/upsert", content=b"\xff{", headers=COPPER_HEADERS)
    first, second = await bodies(bench)

    assert first["request_body"].endswith(
        f"x… ({len(httpx.Request('PUT', 'http://x', json=long).content)} bytes in all)"
    )
    assert len(first["request_body"]) < MOST_OF_A_BODY + 50
    assert first["response_body"].startswith("<!DOCTYPE html>")
    assert second["request_body"] == "\ufffd{"


async def test_what_is_nested_too_deeply_is_text() -> None:
    bench = Bench()
    nested = "[" * 900 + "]" * 900
    await bench.client.put("/copper/developer_api/v1/leads/upsert", content=nested, headers=COPPER_HEADERS)

    assert [call["request_body"] for call in await bodies(bench)] == [nested]
    assert (await bench.client.get("/sandbox/")).status_code == 200


async def test_the_body_of_a_dropped_call_is_what_the_crm_would_have_answered() -> None:
    bench = Bench()
    await bench.control.fault(Fault(action=Drop(commit=True), times=1))
    with pytest.raises(httpx.RemoteProtocolError):
        await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test"))

    (call,) = await bodies(bench)
    assert (call["status"], call["response_body"]["id"]) == (None, int(call["record_id"]))


async def test_only_the_last_calls_keep_their_bodies() -> None:
    bench = Bench(SandboxOptions(history_bodies=2))
    for number in range(4):
        await bench.copper("GET", f"/leads/{number}")
    assert [call["path"] for call in await bodies(bench)] == ["/leads/2", "/leads/3"]

    await bench.control.options(history_bodies=1)
    assert [call["path"] for call in await bodies(bench)] == ["/leads/3"]
    await bench.control.options(history_bodies=0)
    await bench.copper("GET", "/leads/5")
    assert await bodies(bench) == []
    assert len(await bench.control.history()) == 5
    await bench.control.options(history_bodies=50, history=2)
    for number in range(3):
        await bench.copper("GET", f"/leads/{number}")
    assert [call["path"] for call in await bodies(bench)] == ["/leads/1", "/leads/2"]


async def test_no_credentials_are_kept() -> None:
    bench = Bench()
    form = {"client_id": "c1", "client_secret": "planted-secret", "refresh_token": "planted-refresh"}
    await bench.client.post("/leadconnector/oauth/token?code=planted-code", data=form)
    await bench.copper("GET", "/account", headers={**COPPER_HEADERS, "Authorization": "Bearer bad-planted"})

    for path in ("/sandbox/history?bodies=true", "/sandbox/", "/sandbox/state"):
        assert "planted" not in (await bench.client.get(path)).text


@walked(
    ("asked", "paths"),
    [
        ({"record_id": "7"}, ["/leads/7", "/leads/7"]),
        ({"record_id": "8"}, []),
        ({"since": NOW + 1000}, ["/leads/7", "/users/me"]),
        ({"since": NOW + 1001}, ["/users/me"]),
        ({"limit": 1}, ["/users/me"]),
        ({"record_id": "7", "limit": 1}, ["/leads/7"]),
        ({"account": "acme", "since": NOW + 2000}, ["/users/me"]),
        ({"crm": "leadconnector"}, []),
    ],
)
async def test_calls_are_found_by_record_and_time(asked: dict[str, Any], paths: list[str]) -> None:
    bench = Bench()
    await bench.client.post(
        "/sandbox/seed", json={"crm": "copper", "account": "acme", "leads": [{"id": 7, "name": "A"}]}
    )
    for path in ("/leads/7", "/leads/7", "/users/me"):
        await bench.copper("GET", path)
        bench.clock.elapsed += 1

    assert [call["path"] for call in await bench.control.history(**asked)] == paths
