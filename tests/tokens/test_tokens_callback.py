"""The local page: only the visit that brings back what was sent out counts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import httpx
import pytest

from leadbridge.commands.callback import Callback
from leadbridge.errors import LeadbridgeError
from leadbridge.http.server import listen, url_of
from tests.support.walked import walked

STATE = "a-state-that-nobody-guesses"


@asynccontextmanager
async def visited() -> AsyncIterator[tuple[Callback, httpx.AsyncClient]]:
    callback = Callback(STATE)
    with listen("127.0.0.1", 0) as listener:
        async with (
            httpx.AsyncClient(base_url=url_of(listener), timeout=30, trust_env=False) as client,
            callback.served(listener),
        ):
            yield callback, client


@walked(
    "wrong",
    [
        {},
        {"code": "C"},
        {"code": "C", "state": "x"},
        {"code": "C", "state": STATE[:-1]},
        {"state": STATE},
        {"state": "é"},
    ],
    ids=str,
)
async def test_what_brings_another_state_or_no_code_is_refused_and_waited_on(wrong: dict[str, str]) -> None:
    async with visited() as (callback, client):
        answer = await client.get("/callback", params=wrong)
        assert answer.status_code == 400
        assert "not the answer to the link" in answer.text
        going = asyncio.create_task(client.get("/callback", params={"code": "right", "state": STATE}))
        assert await callback.code(within=60) == "right"
        callback.tell("<Done>")
        assert "&lt;Done&gt;" in (await going).text


async def test_the_visitor_is_told_what_came_of_it_before_the_page_goes() -> None:
    async with visited() as (callback, client):
        visit = asyncio.create_task(client.get(f"/any?{urlencode({'code': 'C', 'state': STATE})}"))
        await callback.code(within=60)
        callback.tell("Not connected: no.")
        answer = await visit
    assert (answer.status_code, "Not connected: no." in answer.text) == (200, True)
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_person_who_does_not_allow_it_ends_the_wait() -> None:
    async with visited() as (callback, client):
        refused = {"error": "access_denied", "error_description": "<b>No</b>", "state": STATE}
        answer = await client.get("/callback", params=refused)
        assert answer.status_code == 400
        assert "&lt;b&gt;No" in answer.text
        with pytest.raises(LeadbridgeError, match="the access was not allowed: <b>No</b>"):
            await callback.code(within=60)


async def test_nobody_is_waited_for_for_ever() -> None:
    async with visited() as (callback, _):
        with pytest.raises(LeadbridgeError, match="nobody came back from the page within 0 minutes"):
            await callback.code(within=0)


async def test_a_visitor_who_still_waits_when_leadbridge_stops_is_told_so() -> None:
    callback = Callback(STATE)
    with listen("127.0.0.1", 0) as listener:
        async with httpx.AsyncClient(base_url=url_of(listener), timeout=60, trust_env=False) as client:
            async with callback.served(listener):
                visit = asyncio.create_task(client.get("/callback", params={"code": "C", "state": STATE}))
                await callback.code(within=60)
            assert "leadbridge was stopped." in (await visit).text
