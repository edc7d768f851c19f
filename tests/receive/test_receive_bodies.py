"""Bodies that come late, in part, or with a length that lies; and items that come again."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from starlette.types import Message

from leadbridge.store.base import Store
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.patience import PATIENCE
from tests.support.service import CONFIG, ENVIRON, Running, running

LEAD = b'{"name": "Ann Lee", "email": "ann@example.com"}'
DEDUPE = CONFIG.replace("  open:\n    preset: generic\n", '  open:\n    preset: generic\n    dedupe: "{{ raw.id }}"\n')


@pytest.fixture
async def service(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[Running]:
    async with running(store, clock, journal, config=DEDUPE) as started:
        yield started


async def post_in_pieces(
    service: Running, messages: Sequence[Message], *, length: str | None = None
) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Post as a server hands a body on, piece by piece; after the last message nothing comes any more."""
    headers = {"content-type": "application/json", "x-webhook-token": ENVIRON["TOKEN"]}
    if length is not None:
        headers["content-length"] = length
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/hooks/website", "raw_path": b"/hooks/website", "query_string": b"", "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 5000), "server": ("leads.test", 80),
    }  # fmt: skip
    waiting, sent = list(messages), list[Message]()

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async with asyncio.timeout(PATIENCE):
        await service.service.asgi(scope, receive, send)
    start, *rest = sent
    told = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], told, json.loads(b"".join(piece.get("body", b"") for piece in rest))


def piece(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_in_pieces_is_put_together(service: Running, store: Store) -> None:
    status, _, reply = await post_in_pieces(service, [piece(LEAD[:9]), piece(b""), piece(LEAD[9:], more=False)])
    assert status == 202
    row = await store.submission(reply["id"])
    assert row is not None
    request = await store.request(row.request_id)
    assert request is not None
    assert request.body == LEAD


@pytest.mark.parametrize("begun", [LEAD, LEAD[:20]], ids=["whole so far", "half a body"])
async def test_a_body_that_was_cut_off_is_not_taken(service: Running, store: Store, begun: bytes) -> None:
    status, _, problem = await post_in_pieces(service, [piece(begun), {"type": "http.disconnect"}])
    assert (status, "before the body was complete" in problem["detail"]) == (400, True)
    assert await store.submissions(limit=10) == ()


async def test_a_body_that_does_not_come_in_time_is_not_taken(
    service: Running, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadbridge.inbound.BODY_TIME", 0.0)
    status, headers, problem = await post_in_pieces(service, [piece(LEAD)])
    assert (status, headers["connection"]) == (408, "close")
    assert "did not arrive within" in problem["detail"]
    assert await store.submissions(limit=10) == ()


@pytest.mark.parametrize("length", ["10241", "9" * 30, "1" + "0" * 5_000], ids=["one too many", "30 digits", "5,001"])
async def test_a_length_that_is_too_large_is_refused_before_the_body_is_read(
    service: Running, store: Store, length: str
) -> None:
    status, _, problem = await post_in_pieces(service, [], length=length)
    assert (status, "larger than 10240 bytes" in problem["detail"]) == (413, True)
    assert await store.submissions(limit=10) == ()


@pytest.mark.parametrize("length", ["5", "0", "-1", "+7", "²", "", "many"])
async def test_a_length_that_lies_does_not_let_a_larger_body_in(service: Running, store: Store, length: str) -> None:
    large = [piece(b"x" * 1_024) for _ in range(10)]
    status, _, _ = await post_in_pieces(service, [*large, piece(b"x", more=False)], length=length)
    assert status == 413
    assert await store.submissions(limit=10) == ()


async def test_a_body_of_just_the_allowed_size_is_taken(service: Running) -> None:
    body = json.dumps({"email": "ann@example.com", "note": ""}).encode()
    body = body.replace(b'""', b'"' + b"x" * (10_240 - len(body)) + b'"')
    assert len(body) == 10_240
    status, _, _ = await post_in_pieces(service, [piece(body, more=False)], length=str(len(body)))
    assert status == 202


async def test_items_of_a_batch_are_known_again_by_what_they_say(service: Running, store: Store) -> None:
    async def send(*items: dict[str, object]) -> list[str]:
        reply = (await service.post(json.dumps(items).encode(), source="open")).json()
        return [one["status"] for one in reply["submissions"]]

    ann = {"id": 1, "email": "ann@example.com", "name": "Ann"}
    bo = {"id": 2, "email": "bo@example.com", "name": "Bo"}
    assert await send(ann, bo) == ["accepted", "accepted"]
    assert await send({**bo, "name": "Bob"}, ann) == ["accepted", "duplicate"]
    assert await send(dict(reversed(ann.items())), dict(reversed(bo.items()))) == ["duplicate", "duplicate"]
    rows = await store.submissions(limit=10)
    assert sorted((row.dedupe_key, row.revision, row.state == "duplicate") for row in rows) == [
        ("1", 1, False), ("1", 1, True), ("1", 1, True), ("2", 1, False), ("2", 1, True), ("2", 2, False),
    ]  # fmt: skip


async def test_the_same_new_item_twice_in_one_batch_is_taken_once(service: Running) -> None:
    ann: dict[str, object] = {"id": 1, "email": "ann@example.com"}
    body = json.dumps([ann, {**ann, "email": "other@example.com"}, ann]).encode()
    reply = (await service.post(body, source="open")).json()
    assert [one["status"] for one in reply["submissions"]] == ["accepted", "accepted", "duplicate"]
    lines = await service.journal.seen("delivery.attempted", outcome="delivered", count=2)
    assert len({line["submission"] for line in lines}) == 2
