"""How a vendor is asked, on a real socket."""

from collections.abc import AsyncIterator

import pytest

from leadbridge.fetch.transport import MOST_ANSWER, HttpFetchTransport
from leadbridge.outgoing.client import Unanswered
from tests.support.wire import TRACE_ID, crm, http, writing


@pytest.fixture
async def transport() -> AsyncIterator[HttpFetchTransport]:
    made = HttpFetchTransport()
    yield made
    await made.close()


async def test_a_call_is_a_get_with_what_was_given(transport: HttpFetchTransport) -> None:
    async with crm(writing(http(b'{"id": 7}', headers="X-Request-Id: r1\r\n"))) as server:
        answered = await transport.get(
            f"http://127.0.0.1:{server.port}/v24.0/7",
            query={"fields": "id,field_data"},
            headers={"authorization": "Bearer t0ken"},
            trace_id=TRACE_ID,
        )
        (request,) = server.requests
    assert request.line == "GET /v24.0/7?fields=id,field_data HTTP/1.1"
    assert request.headers["authorization"] == "Bearer t0ken"
    assert request.headers["traceparent"].split("-")[1] == TRACE_ID
    assert (answered.status, answered.content, answered.whole) == (200, b'{"id": 7}', True)
    assert answered.headers["x-request-id"] == "r1"


async def test_a_redirect_is_not_followed(transport: HttpFetchTransport) -> None:
    """It would take the token to somebody else."""
    async with crm(writing(http(status="302 Found", headers="Location: /elsewhere\r\n"))) as server:
        answered = await transport.get(
            f"http://127.0.0.1:{server.port}/7", query={}, headers={"authorization": "Bearer t"}, trace_id=TRACE_ID
        )
        assert len(server.requests) == 1
    assert answered.status == 302


async def test_of_an_answer_without_end_a_mebibyte_is_read(transport: HttpFetchTransport) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
    async with crm(writing(head, *(b" " * 65_536 for _ in range(64)))) as server:
        answered = await transport.get(f"http://127.0.0.1:{server.port}/7", query={}, headers={}, trace_id=TRACE_ID)
    assert (len(answered.content), answered.whole) == (MOST_ANSWER, False)


async def test_a_token_that_no_header_can_hold_is_not_repeated(transport: HttpFetchTransport) -> None:
    with pytest.raises(Unanswered) as raised:
        await transport.get(
            "http://127.0.0.1:9/7", query={}, headers={"authorization": "Bearer secret\nx"}, trace_id=TRACE_ID
        )
    assert not raised.value.sent
    assert "secret" not in raised.value.why
