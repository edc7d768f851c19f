"""What a client sees of each fault, on a real connection to the server that the sandbox ships with."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from leadbridge.sandbox import COPPER_PATH, Delay, Drip, Drop, Fault, Html, Huge, LoseField, Malformed, Status
from leadbridge.sandbox.client import SandboxControl
from leadbridge.sandbox.faults import Action
from tests.support.patience import PATIENCE

from .serving import served
from .support import COPPER_HEADERS, upsert_by_email


@pytest.fixture
async def sandbox() -> AsyncIterator[tuple[httpx.AsyncClient, SandboxControl]]:
    async with served() as both:
        yield both


async def upsert(client: httpx.AsyncClient, **given: Any) -> httpx.Response:
    body = upsert_by_email("a@b.test", title="CEO")
    return await client.put(f"{COPPER_PATH}/leads/upsert", json=body, headers=COPPER_HEADERS, **given)


async def records(control: SandboxControl) -> int:
    return len((await control.state("copper"))["copper"].get("acme", {"leads": []})["leads"])


def is_whole(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and answer.json()["title"] == "CEO"


ANSWERS: dict[str, tuple[Action, Any, int]] = {  # what is done, what is to be seen, how many records there are then
    "delay": (Delay(seconds=0.01), is_whole, 1),
    "delay of the answer": (Delay(seconds=0.01, commit=True), is_whole, 1),
    "lost field": (LoseField(field="title"), lambda answer: answer.json()["title"] is None, 1),
    "status": (Status(status=503), lambda answer: answer.json()["status"] == 503, 0),
    "status, done": (Status(status=422, commit=True), lambda answer: answer.status_code == 422, 1),
    "status with a body": (Status(status=402, body=["pay"]), lambda answer: answer.json() == ["pay"], 0),
    "status without a body": (Status(status=204), lambda answer: (answer.status_code, answer.content) == (204, b""), 0),
    "status with its own type": (
        Status(status=500, body={}, headers={"Content-Type": "application/problem+json"}),
        lambda answer: answer.headers["content-type"] == "application/problem+json",
        0,
    ),
    "page": (Html(status=504), lambda answer: (answer.status_code, answer.text[:9]) == (504, "<!DOCTYPE"), 0),
    "page, done": (Html(commit=True), lambda answer: "html" in answer.headers["content-type"], 1),
    "half": (Malformed(), lambda answer: answer.text.startswith("{") and not answer.text.endswith("}"), 1),
    "empty": (Malformed(shape="empty"), lambda answer: answer.content == b"", 1),
    "null": (Malformed(shape="null"), lambda answer: answer.json() is None, 1),
    "text": (Malformed(shape="text"), lambda answer: answer.text == "OK", 1),
    "drip": (Drip(piece=100, pause=0.001), is_whole, 1),
    "huge": (
        Huge(size=3_000_000),
        lambda answer: is_whole(answer) and len(answer.content) > 3_000_000 and answer.text[:2_999_999].isspace(),
        1,
    ),
}


@pytest.mark.parametrize(("action", "seen", "kept"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_a_fault_shows_in_the_answer_and_the_next_call_is_well(
    sandbox: tuple[httpx.AsyncClient, SandboxControl], action: Action, seen: Any, kept: int
) -> None:
    client, control = sandbox
    await control.fault(Fault(action=action, times=1))
    answer = await upsert(client)

    assert seen(answer), answer.text[:500]
    assert await records(control) == kept
    assert is_whole(await upsert(client))
    assert await records(control) == 1


BROKEN: dict[str, tuple[Action, int]] = {
    "drop": (Drop(), 0),
    "drop, done": (Drop(commit=True), 1),
    "closed before the body": (Drip(stop_after=0, close=True), 1),
    "closed in the middle": (Drip(piece=7, pause=0, stop_after=20, close=True), 1),
}


@pytest.mark.parametrize(("action", "kept"), BROKEN.values(), ids=BROKEN.keys())
async def test_a_connection_breaks_without_a_word_in_the_log(
    sandbox: tuple[httpx.AsyncClient, SandboxControl], action: Action, kept: int, caplog: pytest.LogCaptureFixture
) -> None:
    client, control = sandbox
    await control.fault(Fault(action=action, times=1))
    with pytest.raises(httpx.RemoteProtocolError):
        await upsert(client)

    assert await records(control) == kept
    assert is_whole(await upsert(client))
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_gzip_that_is_none_cannot_be_read(sandbox: tuple[httpx.AsyncClient, SandboxControl]) -> None:
    client, control = sandbox
    await control.fault(Fault(action=Malformed(shape="not_gzip"), times=1))
    with pytest.raises(httpx.DecodingError):
        await upsert(client)

    assert await records(control) == 1


async def test_bytes_come_one_by_one(sandbox: tuple[httpx.AsyncClient, SandboxControl]) -> None:
    client, control = sandbox
    await control.fault(Fault(action=Drip(pause=0.0005)))
    body = upsert_by_email("a@b.test")
    url = f"{COPPER_PATH}/leads/upsert"
    async with client.stream("PUT", url, json=body, headers=COPPER_HEADERS) as answer:
        pieces = [piece async for piece in answer.aiter_raw()]

    assert len(b"".join(pieces)) == int(answer.headers["content-length"])
    assert len(pieces) > 20


@pytest.mark.parametrize("stop_after", [0, 20])
async def test_an_answer_that_stops_leaves_the_connection_open_until_the_client_goes(
    sandbox: tuple[httpx.AsyncClient, SandboxControl], stop_after: int
) -> None:
    client, control = sandbox
    await control.fault(Fault(action=Drip(piece=20, pause=0, stop_after=stop_after), times=1))
    came = bytearray()
    all_came = asyncio.Event()
    body, url = upsert_by_email("a@b.test"), f"{COPPER_PATH}/leads/upsert"

    async def read() -> None:
        async with client.stream("PUT", url, json=body, headers=COPPER_HEADERS) as answer:
            assert answer.status_code == 200
            if not stop_after:
                all_came.set()
            async for piece in answer.aiter_raw():
                came.extend(piece)
                if len(came) >= stop_after:
                    all_came.set()

    reading = asyncio.create_task(read())
    async with asyncio.timeout(PATIENCE):
        await all_came.wait()
    ended, _ = await asyncio.wait([reading], timeout=0.05)
    assert not ended, "nothing more comes, and no end"
    reading.cancel()
    await asyncio.wait([reading])
    assert len(came) == stop_after
    assert await records(control) == 1


@pytest.mark.parametrize("action", [Drip(pause=0.05), Drip(pause=3600), Drip(stop_after=0)])
async def test_a_client_that_goes_in_the_middle_does_not_keep_the_server_from_stopping(action: Drip) -> None:
    body, url = upsert_by_email("a@b.test"), f"{COPPER_PATH}/leads/upsert"
    async with asyncio.timeout(PATIENCE), served() as (client, control):
        await control.fault(Fault(action=action))
        async with client.stream("PUT", url, json=body, headers=COPPER_HEADERS) as answer:
            assert answer.status_code == 200


async def test_a_client_that_does_not_wait_for_a_late_answer_does_not_keep_the_server_from_stopping() -> None:
    async with asyncio.timeout(PATIENCE), served() as (client, control):
        await control.fault(Fault(action=Delay(seconds=3600, commit=True)))
        waiting = asyncio.create_task(upsert(client))
        while not await records(control):  # noqa: ASYNC110  # what the server did has no event to set
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_the_history_says_what_was_done_and_which_fault_struck(
    sandbox: tuple[httpx.AsyncClient, SandboxControl],
) -> None:
    client, control = sandbox
    lead_id = str((await upsert(client)).json()["id"])
    for action in (Drop(commit=True), Drip(piece=20, pause=0, stop_after=20, close=True), Html()):
        await control.fault(Fault(action=action, times=1))
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            await upsert(client)
    await upsert(client)

    history = await control.history()
    assert [(call["status"], call["record_id"], call["faults"]) for call in history] == [
        (200, lead_id, []),
        (None, lead_id, ["1"]),
        (200, lead_id, ["2"]),
        (502, None, ["3"]),
    ]
