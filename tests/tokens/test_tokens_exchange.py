"""What a token endpoint says is read for what it means; no answer of any kind is taken for more."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.commands.granting import CONNECTIONS
from leadbridge.crm.adapter import Grant
from leadbridge.outgoing.ways import Ways
from leadbridge.tokens import Exchange, Issued, Refusal
from tests.support.patience import PATIENCE
from tests.support.walked import walked

from .vendors import SECRET, agency_grant, grant

GOOD = {
    "access_token": "planted-access",
    "refresh_token": "planted-refresh-2",
    "expires_in": 86_399,
    "locationId": "LOC1",
    "companyId": "COMP1",
    "userType": "Location",
}


class Endpoint(httpx.AsyncBaseTransport):
    """Answers as a test says, and remembers what it was asked."""

    def __init__(self, answer: httpx.Response | Exception) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def asked(answer: httpx.Response | Exception) -> Issued | Refusal:
    return await Exchange(Endpoint(answer)).refresh(grant(), "planted-refresh-1")


def said(status: int, body: Any, **headers: str) -> httpx.Response:
    return httpx.Response(status, content=orjson.dumps(body), headers=headers)


async def test_a_refresh_is_a_form_with_the_apps_keys_and_a_real_user_agent() -> None:
    endpoint = Endpoint(said(200, GOOD))
    issued = await Exchange(endpoint).refresh(grant(), "a/b+c=")

    assert issued == Issued(
        access_token="planted-access",
        refresh_token="planted-refresh-2",
        life=86_399,
        location_id="LOC1",
        company_id="COMP1",
    )
    (request,) = endpoint.requests
    assert (request.method, str(request.url)) == ("POST", grant().token_url)
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["user-agent"].startswith("leadbridge/")
    assert request.content == (
        b"client_id=app1&client_secret=planted-client-secret&grant_type=refresh_token&refresh_token=a%2Fb%2Bc%3D"
        b"&user_type=Location"
    )


async def test_a_code_is_redeemed_with_the_address_it_came_back_to() -> None:
    endpoint = Endpoint(said(200, GOOD))
    await Exchange(endpoint).redeem(agency_grant(), "the code", redirect_url="http://127.0.0.1:1/callback")

    assert endpoint.requests[0].content == (
        b"client_id=app1&client_secret=planted-client-secret&grant_type=authorization_code&code=the+code"
        b"&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback&user_type=Company"
    )


async def test_a_locations_token_is_asked_for_with_the_agencys_and_a_version() -> None:
    endpoint = Endpoint(said(201, {"access_token": "x"}))
    issued = await Exchange(endpoint).location_token(agency_grant("LOC7"), "company-token")

    assert issued == Issued(access_token="x", refresh_token=None, life=3600)
    (request,) = endpoint.requests
    assert request.headers["authorization"] == "Bearer company-token"
    assert request.headers["version"] == "2021-07-28"
    assert request.content == b"companyId=COMP1&locationId=LOC7"


@walked(
    ("life", "seconds"),
    [
        (86_399, 86_399),
        (0.5, 0.5),
        (None, 3600),
        (0, 3600),
        (-1, 3600),
        ("86399", 3600),
        (True, 3600),
        (1e30, 31_536_000),
    ],
)
async def test_a_life_that_is_none_is_an_hour(life: Any, seconds: float) -> None:
    issued = await asked(said(200, {**GOOD, "expires_in": life}))
    assert isinstance(issued, Issued)
    assert issued.life == seconds


@walked(
    ("status", "body", "cause"),
    [
        (400, {"statusCode": 400, "message": "Invalid grant: refresh token is invalid"}, "spent"),
        (401, {"statusCode": 401, "message": "Invalid grant: refresh token is invalid"}, "spent"),
        (400, {"error": "invalid_grant", "error_description": "This refresh token is invalid"}, "spent"),
        (400, {"error": "invalid_grant"}, "spent"),
        (400, {"error": {"code": "invalid_grant", "message": "spent"}}, "spent"),
        (400, {"message": ["Refresh token expired"]}, "spent"),
        (401, {"message": "Refresh token has been revoked."}, "spent"),
        (401, {"message": "Invalid refresh token"}, "spent"),
        (400, {"message": "The refresh token is not valid"}, "spent"),
        (400, {"message": "Invalid grant: authorization code is invalid"}, "spent"),
        (400, {"statusCode": 400, "message": "Location is not active"}, "inactive"),
        (401, {"statusCode": 401, "message": "Invalid client: client credentials are invalid"}, "client"),
        (400, {"error": "invalid_client"}, "client"),
        (401, {"message": "Invalid JWT"}, "bearer"),
        (403, {"message": "The token does not have access to this location."}, "elsewhere"),
        (400, {"message": "Missing parameter: refresh_token"}, "refused"),
        (422, {"message": ["refresh token is invalid"]}, "refused"),  # a form that it does not take
        (404, {"message": "Cannot POST /oauth/token"}, "refused"),
        (429, {"message": "Invalid grant: refresh token is invalid"}, "busy"),
        (500, {"message": "Invalid grant: refresh token is invalid"}, "unsure"),
        (503, None, "unsure"),
        (302, None, "unsure"),
        (408, {"message": "invalid_grant"}, "unsure"),
        (200, {}, "unsure"),
        (200, [], "unsure"),
        (200, {**GOOD, "access_token": ""}, "unsure"),
        (200, {**GOOD, "access_token": "line\nbreak"}, "unsure"),
        (200, {**GOOD, "access_token": 7}, "unsure"),
        (200, {**GOOD, "refresh_token": "line\nbreak"}, "unsure"),
        (200, {**GOOD, "refresh_token": {"a": 1}}, "unsure"),
    ],
)
async def test_a_refusal_is_read_by_status_and_words(status: int, body: Any, cause: str) -> None:
    refusal = await asked(said(status, body))
    assert isinstance(refusal, Refusal)
    assert refusal.cause == cause


async def test_a_location_that_is_refused_is_no_spent_refresh_token() -> None:
    answer = said(400, {"message": "Invalid grant: refresh token is invalid"})
    refusal = await Exchange(Endpoint(answer)).location_token(agency_grant(), "company-token")
    assert isinstance(refusal, Refusal)
    assert refusal.cause == "refused"


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("no"),
        httpx.ReadError(""),
        httpx.RemoteProtocolError("odd"),
        OSError("gone"),
        ValueError("no HTTP"),
    ],
    ids=repr,
)
async def test_without_an_answer_it_may_have_been_done(error: Exception) -> None:
    refusal = await asked(error)
    assert isinstance(refusal, Refusal)
    assert (refusal.cause, refusal.after) == ("unsure", None)
    assert refusal.detail.startswith("crm.test/leadconnector/oauth/token cannot be reached (")


@walked("status", [200, 201, 302, 400, 401, 500])
@walked(
    "body",
    [
        b'{"access_token": "planted-access", "refresh_token": 7}',
        b'{"access_token": "planted-access", "refresh_token": "planted-ref',  # half of an answer
        b'  {"access_token": "planted-access",',
        b'{"data": {"access_token": "planted-access"}}',
        b'{"message": {}, "accessToken": "planted-access"}',
        b'["planted-access"]',
        b'"planted-access"',
    ],
)
async def test_tokens_in_an_answer_that_cannot_be_read_are_not_repeated(status: int, body: bytes) -> None:
    refusal = await asked(httpx.Response(status, content=body))
    assert isinstance(refusal, Refusal)
    assert "planted" not in refusal.detail


async def test_a_page_of_a_firewall_is_quoted() -> None:
    refusal = await asked(httpx.Response(502, content=b"<html><h1>502 Bad gateway</h1></html>"))
    assert isinstance(refusal, Refusal)
    assert refusal.detail == "crm.test/leadconnector/oauth/token answered 502: 502 Bad gateway"


@pytest.mark.parametrize("echo", ["planted/refresh+1", "planted%2Frefresh%2B1", "planted/refresh%2B1"])
async def test_a_secret_that_is_echoed_is_masked_in_whatever_form(echo: str) -> None:
    endpoint = Endpoint(said(400, {"message": f"no good: refresh_token={echo}&x"}))
    refusal = await Exchange(endpoint).refresh(grant(), "planted/refresh+1")
    assert isinstance(refusal, Refusal)
    assert refusal.detail.endswith("no good: refresh_token=•••&x")


async def test_an_answer_that_never_comes_is_not_waited_for() -> None:
    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise TimeoutError

    refusal = await Exchange(Silent(), deadline=3).refresh(grant(), "planted-refresh-1")
    assert refusal == Refusal(cause="unsure", detail="crm.test/leadconnector/oauth/token did not answer within 3 s")


async def test_endpoints_that_hang_keep_no_other_waiting() -> None:
    asked = asyncio.Semaphore(0)

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.release()
        await reader.read()
        writer.close()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = orjson.dumps(GOOD)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b" % (len(body), body))
        writer.close()

    async with (
        asyncio.timeout(PATIENCE),
        await asyncio.start_server(hang, "127.0.0.1", 0) as silent,
        await asyncio.start_server(answer, "127.0.0.1", 0) as well,
    ):
        exchange = Exchange(Ways(CONNECTIONS), deadline=3_600)
        waiting = [asyncio.create_task(exchange.refresh(at(silent), "planted-refresh-1")) for _ in range(20)]
        for _ in waiting:
            await asked.acquire()
        assert isinstance(await exchange.refresh(at(well), "planted-refresh-1"), Issued)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await exchange.close()


def at(server: asyncio.Server) -> Grant:
    host, port = server.sockets[0].getsockname()
    return grant(token_url=f"http://{host}:{port}/oauth/token")


async def test_it_waits_as_long_as_the_answer_asks() -> None:
    refusal = await asked(said(503, None, **{"retry-after": "120"}))
    assert isinstance(refusal, Refusal)
    assert refusal.after == 120


bodies = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from([*GOOD, "message", "error"]), inner, max_size=4)
        ),
        max_leaves=12,
    ).map(
        lambda value: orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_SUBCLASS, default=str) if small(value) else b"1"
    ),
)


def small(value: object) -> bool:
    """Whether orjson can write it."""
    match value:
        case int():
            return -(2**63) <= value < 2**63
        case list():
            return all(map(small, value))
        case dict():
            return all(map(small, value.values()))
    return True


@given(status=st.integers(min_value=200, max_value=599), content=bodies)
async def test_any_answer_is_tokens_or_a_refusal_and_only_two_statuses_end_a_grant(status: int, content: bytes) -> None:
    answer = await asked(httpx.Response(status, content=content))
    if isinstance(answer, Issued):
        assert status < 300
        assert answer.access_token.isprintable()
        assert answer.life > 0
        return
    assert (answer.cause == "spent") <= (status in (400, 401))
    assert (answer.cause == "unsure") == (
        status < 400 or status >= 500 or status not in (400, 401, 403, 404, 405, 413, 415, 422, 429)
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda echoed: said(400, {"message": f"what is {echoed}?"}),
        lambda echoed: httpx.ConnectError(f"no way to {echoed}"),
        lambda echoed: httpx.Response(502, text=f"<p>{echoed}</p>"),
    ],
    ids=["refusal", "error", "page"],
)
async def test_no_secret_comes_back_in_words(make: Callable[[str], Any]) -> None:
    for echoed in ("planted-refresh-1", SECRET):
        refusal = await asked(make(echoed))
        assert isinstance(refusal, Refusal)
        assert echoed not in refusal.detail
        assert "•••" in refusal.detail


def test_tokens_are_in_no_representation() -> None:
    values: Mapping[str, Any] = {"access_token": "planted-a", "refresh_token": "planted-r", "life": 1.0}
    assert "planted" not in repr(Issued(**values))
