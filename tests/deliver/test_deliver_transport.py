"""The transport on a real socket: what goes out, what is made of an answer, and what of a missing one."""

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from leadbridge.crm.adapter import Call
from leadbridge.deliver.transport import MOST_ANSWER, HttpTransport
from leadbridge.outgoing.client import Unanswered
from leadbridge.outgoing.decoding import decoder
from tests.support.patience import PATIENCE
from tests.support.wire import TRACE_ID, UPSERT, Account, Crm, Request, account, crm, http, unanswered, writing


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    made = HttpTransport(deadline=PATIENCE)
    yield made
    await made.close()


async def unanswered_once_it_arrived(transport: HttpTransport, server: Crm) -> Unanswered:
    """Of a call that reached the server: with a short deadline one may end before that, which is another outcome."""
    while True:
        missing = await unanswered(transport, account(server))
        if server.requests:
            return missing


async def test_a_call_arrives_as_the_adapter_made_it(transport: HttpTransport) -> None:
    async with crm(writing(http())) as server:
        call = Call(
            purpose="upsert", method="POST", path="/contacts", body={"name": "Zoë", "id": 2**70}, query={"a": "b c"}
        )
        await transport.send(account(server, "/api/v1"), call, trace_id=TRACE_ID)
        (request,) = server.requests
        assert request.line == "POST /api/v1/contacts?a=b+c HTTP/1.1"
        assert json.loads(request.body) == {"name": "Zoë", "id": 2**70}
        assert request.headers["content-type"] == "application/json"
        assert request.headers["authorization"] == "Bearer t0ken"
        assert request.headers["version"] == "2021-07-28"
        version, trace_id, span_id, flags = request.headers["traceparent"].split("-")
        assert (version, trace_id, len(span_id), flags) == ("00", TRACE_ID, 16, "01")


async def test_a_call_without_a_body_sends_none_and_says_no_type(transport: HttpTransport) -> None:
    async with crm(writing(http())) as server:
        await transport.send(account(server), Call(purpose="ask", method="GET", path="/users/me"), trace_id=TRACE_ID)
        (request,) = server.requests
        assert request.line == "GET /users/me HTTP/1.1"
        assert request.body == b""
        assert not {"content-type", "content-length", "transfer-encoding"} & request.headers.keys()


@pytest.mark.parametrize(
    ("written", "status", "body", "text"),
    [
        pytest.param(http(b'{"id": 7}'), 200, {"id": 7}, '{"id": 7}', id="json"),
        pytest.param(
            http(b'{"id": 36893488147419103233}'), 200, {"id": 2**65 + 1}, None, id="a big integer stays exact"
        ),
        pytest.param(http(b"<html>Oops", status="502 Bad Gateway"), 502, None, "<html>Oops", id="html"),
        pytest.param(http(b'{"id": 7'), 200, None, '{"id": 7', id="half of it"),
        pytest.param(http(b'{"id": NaN}'), 200, None, None, id="NaN is no JSON"),
        pytest.param(http(b"\xff\xfe"), 200, None, "��", id="no text"),
        pytest.param(http(b""), 200, None, "", id="empty"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", 204, None, "", id="no content"),
        pytest.param(http(gzip.compress(b"[1]"), headers="Content-Encoding: gzip\r\n"), 200, [1], "[1]", id="gzip"),
        pytest.param(
            http(status="302 Found", headers="Location: /elsewhere\r\n"), 302, {}, None, id="a redirect is not followed"
        ),
    ],
)
async def test_an_answer_is_handed_on_whatever_it_holds(
    transport: HttpTransport, written: bytes, status: int, body: Any, text: str | None
) -> None:
    async with crm(writing(written)) as server:
        answer = await transport.send(account(server), UPSERT, trace_id=TRACE_ID)
        assert (answer.status, answer.body) == (status, body)
        assert text is None or answer.text == text
        assert len(server.requests) == 1


async def test_the_names_of_an_answers_headers_are_lower_cased(transport: HttpTransport) -> None:
    async with crm(writing(http(headers="X-RateLimit-Remaining: 9\r\n"))) as server:
        answer = await transport.send(account(server), UPSERT, trace_id=TRACE_ID)
        assert answer.headers["x-ratelimit-remaining"] == "9"


async def test_of_an_answer_without_an_end_a_bounded_part_is_read(transport: HttpTransport) -> None:
    pieces = 8 * MOST_ANSWER // 65536  # far more than the buffers on the way hold
    left = pieces

    async def flood(_request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while left:
            writer.write(b"x" * 65536)
            await writer.drain()
            left -= 1
        writer.close()

    async with crm(flood) as server:
        answer = await transport.send(account(server), UPSERT, trace_id=TRACE_ID)
        assert len(answer.text) == MOST_ANSWER
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait(server.at_work)
        assert left, "the client hung up"


async def test_of_what_grows_in_unpacking_a_bounded_part_is_unpacked(transport: HttpTransport) -> None:
    packed = gzip.compress(bytes(4 * MOST_ANSWER))
    async with crm(writing(http(packed, headers="Content-Encoding: gzip\r\n"))) as server:
        assert len((await transport.send(account(server), UPSERT, trace_id=TRACE_ID)).text) == MOST_ANSWER


def test_what_follows_the_end_of_a_packed_answer_is_not_kept() -> None:
    decode, mib = decoder("gzip"), 1024 * 1024
    assert decode(gzip.compress(b"[1]"), 9) == b"[1]"
    tracemalloc.start()
    try:
        assert {decode(bytes(mib), 9) for _ in range(16)} == {b""}
        assert tracemalloc.get_traced_memory()[0] < mib
    finally:
        tracemalloc.stop()


async def test_what_was_packed_twice_is_not_unpacked(transport: HttpTransport) -> None:
    packed = gzip.compress(gzip.compress(b"[1]", mtime=0), mtime=0)
    async with crm(writing(http(packed, headers="Content-Encoding: gzip, gzip\r\n"))) as server:
        answer = await transport.send(account(server), UPSERT, trace_id=TRACE_ID)
        assert (answer.body, answer.text) == (None, packed.decode(errors="replace"))


async def test_an_answer_that_drips_ends_at_the_deadline() -> None:
    async def drip(_request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:  # never quiet for as long as a read may take
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    transport = HttpTransport(deadline=0.2)
    async with crm(drip) as server:
        missing = await unanswered_once_it_arrived(transport, server)
        assert (missing.why, missing.sent) == ("no answer within 0.2 s", True)
    await transport.close()


async def test_a_silent_server_is_given_up_at_the_deadline() -> None:
    transport = HttpTransport(deadline=0.1)
    async with crm(writing()) as server:
        missing = await unanswered_once_it_arrived(transport, server)
        assert missing.sent
        assert len(server.requests) == 1
    await transport.close()


async def test_a_refused_connection_is_known_not_to_have_reached_the_crm(transport: HttpTransport) -> None:
    async with crm(writing()) as server:
        gone = account(server)
    missing = await unanswered(transport, gone)
    assert not missing.sent
    assert "Cannot connect" in missing.why


async def test_a_connection_that_breaks_under_a_put_is_not_tried_again_behind_our_back(
    transport: HttpTransport,
) -> None:
    async def once_then_break(_request: Request, writer: asyncio.StreamWriter) -> None:
        if len(server.requests) == 1:
            writer.write(http())
        else:
            writer.transport.abort()

    async with crm(once_then_break) as server:
        await transport.send(account(server), UPSERT, trace_id=TRACE_ID)
        missing = await unanswered(transport, account(server))  # on the connection that was kept
        assert missing.sent
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.7\r\n\r\n", id="no HTTP at all"),
        pytest.param(http(b"not gzip", headers="Content-Encoding: gzip\r\n"), id="no gzip"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="broken chunks"),
    ],
)
async def test_an_answer_that_cannot_be_read_is_none_after_a_send(transport: HttpTransport, written: bytes) -> None:
    async with crm(writing(written)) as server:
        assert (await unanswered(transport, account(server))).sent


async def test_a_host_that_hangs_leaves_connections_to_the_others() -> None:
    silence, asked = asyncio.Event(), asyncio.Semaphore(0)

    async def hang(_request: Request, _writer: asyncio.StreamWriter) -> None:
        asked.release()
        await silence.wait()

    transport = HttpTransport(connections=4, deadline=PATIENCE)
    async with crm(hang) as hanging, crm(writing(http())) as other:
        waiting = [asyncio.create_task(unanswered(transport, account(hanging))) for _ in range(8)]
        async with asyncio.timeout(PATIENCE):
            for _ in range(2):
                await asked.acquire()
            assert (await transport.send(account(other), UPSERT, trace_id=TRACE_ID)).status == 200
        assert len(hanging.requests) == 2
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    await transport.close()


async def test_connections_are_used_again_and_cookies_are_not_kept(transport: HttpTransport) -> None:
    async with crm(writing(http(headers="Set-Cookie: session=1; Path=/\r\n"))) as server:
        for _ in range(3):
            await transport.send(account(server), UPSERT, trace_id=TRACE_ID)
        assert server.connections == 1
        assert [request.headers.get("cookie") for request in server.requests] == [None, None, None]


@pytest.mark.parametrize("token", ["secret\n", "sécret"])
async def test_a_token_that_no_header_can_carry_is_said_and_not_shown(transport: HttpTransport, token: str) -> None:
    async with crm(writing(http())) as server:
        missing = await unanswered(transport, Account(f"http://127.0.0.1:{server.port}", token=token))
        assert not missing.sent
        assert "Authorization" in missing.why
        assert token.strip() not in missing.why
        assert server.requests == []


async def test_a_path_that_no_url_can_hold_is_never_sent(transport: HttpTransport) -> None:
    async with crm(writing(http())) as server:
        missing = await unanswered(transport, account(server), Call(purpose="ask", method="GET", path="/a\x00b"))
        assert not missing.sent
        assert server.requests == []


async def test_a_call_says_what_it_takes_unless_its_adapter_does(transport: HttpTransport) -> None:
    class Particular(Account):
        def headers(self) -> dict[str, str]:
            return {"Accept": "application/json", "User-Agent": "leadbridge/1"}

    async with crm(writing(http())) as server:
        for adapter in (account(server), Particular(f"http://127.0.0.1:{server.port}")):
            await transport.send(adapter, UPSERT, trace_id=TRACE_ID)
        plain, particular = (request.headers for request in server.requests)
        assert (plain["accept"], plain["user-agent"], plain["accept-encoding"]) == (
            "*/*",
            "leadbridge",
            "gzip",
        )
        assert (particular["accept"], particular["user-agent"]) == ("application/json", "leadbridge/1")


async def test_a_token_that_was_renewed_is_used_from_the_next_call_on(transport: HttpTransport) -> None:
    async with crm(writing(http())) as server:
        renewed = Account(f"http://127.0.0.1:{server.port}")
        for token in ("first", "first", "second"):
            renewed.token = token
            await transport.send(renewed, UPSERT, trace_id=TRACE_ID)
        sent = [request.headers["authorization"] for request in server.requests]
        assert sent == ["Bearer first", "Bearer first", "Bearer second"]
        assert len({request.headers["traceparent"] for request in server.requests}) == 3


async def test_calls_to_one_path_with_other_questions_stay_apart(transport: HttpTransport) -> None:
    asked: list[dict[str, str]] = [{"page": "1"}, {"page": "2"}, {}, {"page": "1"}]
    async with crm(writing(http())) as server:
        for query in asked:
            call = Call(purpose="ask", method="GET", path="/users", query=query)
            await transport.send(account(server), call, trace_id=TRACE_ID)
        paths = [request.line.split()[1] for request in server.requests]
        assert paths == ["/users?page=1", "/users?page=2", "/users", "/users?page=1"]


async def test_an_answers_header_that_comes_twice_is_read_whole(transport: HttpTransport) -> None:
    async with crm(writing(http(headers="Vary: A\r\nvary: B\r\nX-Town: K\u00f6ln\r\n"))) as server:
        answer = await transport.send(account(server), UPSERT, trace_id=TRACE_ID)
        assert (answer.headers["vary"], answer.headers["x-town"]) == ("A, B", "K\u00f6ln")


async def test_a_write_without_a_body_says_that_it_has_none(transport: HttpTransport) -> None:
    async with crm(writing(http())) as server:
        await transport.send(account(server), Call(purpose="ask", method="POST", path="/users"), trace_id=TRACE_ID)
        (request,) = server.requests
        assert request.headers["content-length"] == "0"


async def test_nothing_is_sent_once_it_is_closed() -> None:
    transport = HttpTransport()
    async with crm(writing(http())) as server:
        await transport.send(account(server), UPSERT, trace_id=TRACE_ID)
        await transport.close()
        with pytest.raises(RuntimeError, match="closed"):
            await transport.send(account(server), UPSERT, trace_id=TRACE_ID)
        assert len(server.requests) == 1
