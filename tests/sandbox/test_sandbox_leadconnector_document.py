"""The emulated LeadConnector against the vendor's official document, from both sides.

`cases_leadconnector.json` is walked against it too, in `test_sandbox_cases.py`.
"""

from collections.abc import Iterator

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.events import Json
from leadbridge.sandbox.exchange import ApiReply, ApiRequest
from leadbridge.sandbox.leadconnector.api import LeadConnector
from leadbridge.sandbox.leadconnector.routes import ROUTES
from leadbridge.sandbox.options import SandboxOptions
from leadbridge.sandbox.seeds import LeadConnectorSeed
from leadbridge.sandbox.world import World
from tests.openapi.contract import FILES, VERSION, check_answer, check_request, documented, read
from tests.support.examples import examples
from tests.support.walked import walked

from .support import EMAIL, LOC, Bench, StillClock, switched

NOTE, CONTACT, WORKFLOW = "NOTE1", "contact1", "wrkflwNew0Sandbox001"
FIELDS = [
    {"id": "plan0Sandbox0Field04", "field_value": "Growth"},
    {"id": "budget0Sandbox0Fld02", "field_value": 12.5},
    {"id": "intrsts0Sandbox0Fld3", "field_value": ["Buying", "Renting"]},
]
SEED = LeadConnectorSeed.model_validate(
    {"account": "LOC1", "contacts": [{"id": CONTACT, "email": "a@b.test", "phone": "+15550000001"}]}
)
WITH_BODY = (
    ("POST", "/contacts/upsert"),
    ("POST", "/contacts/"),
    ("POST", "/contacts/search"),
    ("PUT", f"/contacts/{CONTACT}"),
    ("POST", f"/contacts/{CONTACT}/tags"),
    ("DELETE", f"/contacts/{CONTACT}/tags"),
    ("POST", f"/contacts/{CONTACT}/notes"),
    ("POST", f"/contacts/{CONTACT}/workflow/{WORKFLOW}"),
    ("DELETE", f"/contacts/{CONTACT}/workflow/{WORKFLOW}"),
)
names = st.sampled_from(
    [
        "email", "phone", "firstName", "name", "tags", "customFields", "dndSettings", "dateOfBirth", "country", "dnd",
        "id", "key", "field_value", "fieldValue", "SMS", "status", "body", "title", "pinned", "userId", "pageLimit",
        "page", "searchAfter", "filters", "sort", "query", "field", "operator", "value", "group", "direction",
        "eventStartTime", "createNewIfDuplicateAllowed", "gte",
    ]
)  # fmt: skip
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**63), max_value=2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        ["a@b.test", "+15550000001", "US", "1990-09-25", "active", "eq", "range", "AND", "email", "asc", 1]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
bodies = st.dictionaries(names, values, max_size=6)


def ask(leadconnector: LeadConnector, method: str, path: str, payload: Json, *, version: str = VERSION) -> ApiReply:
    body = b"" if payload is None else orjson.dumps(payload)
    request = ApiRequest(
        method=method,
        path=path.partition("?")[0],
        query=dict(httpx.QueryParams(path.partition("?")[2])),
        headers={"version": version, "authorization": "Bearer token-1"},
        body=body,
        payload=payload,
        trace_id="t",
    )
    admitted = leadconnector.admit(request)
    return leadconnector.answer(request, admitted) if isinstance(admitted, str) else admitted


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@settings(deadline=None, max_examples=examples(30))
@given(body=bodies, version=st.sampled_from([VERSION, "v3"]))
def test_any_body_is_answered_as_the_document_says(method: str, path: str, body: dict[str, Json], version: str) -> None:
    leadconnector = LeadConnector(World(clock=StillClock(), options=SandboxOptions()))
    leadconnector.seed(SEED)
    whole = {"locationId": "LOC1", "pageLimit": 3, "email": "a@b.test", "body": "x", "tags": ["a"]}
    for payload in (body, {**body, **LOC}, {**whole, **body}):
        reply = ask(leadconnector, method, path, payload, version=version)
        assert reply.status in (200, 201, 400, 422)
        answered = check_answer(method, path, status=reply.status, body=orjson.loads(reply.body), version=version)
        assert answered or path == "/contacts/search"
    orjson.dumps(leadconnector.state())


# A good call of every route, in an order in which each finds what it needs.
CALLS: tuple[tuple[str, str, Json], ...] = (
    ("POST", "/contacts/upsert", {**EMAIL, "dateOfBirth": "1990-09-25", "tags": ["a"], "dnd": True, "city": None}),
    ("POST", "/contacts/", {**LOC, "email": "c@b.test", "customFields": FIELDS}),
    ("POST", "/contacts/search", {**LOC, "pageLimit": 20, "filters": [], "sort": []}),
    ("GET", "/contacts/search/duplicate?locationId=LOC1&email=a%40b.test", None),
    ("GET", f"/contacts/{CONTACT}", None),
    ("PUT", f"/contacts/{CONTACT}", {"lastName": "Lee"}),
    ("POST", f"/contacts/{CONTACT}/tags", {"tags": ["b"]}),
    ("DELETE", f"/contacts/{CONTACT}/tags", {"tags": ["b"]}),
    ("POST", f"/contacts/{CONTACT}/notes", {"body": "Called", "title": "Call", "pinned": True}),
    ("GET", f"/contacts/{CONTACT}/notes", None),
    ("GET", f"/contacts/{CONTACT}/notes/{NOTE}", None),
    ("PUT", f"/contacts/{CONTACT}/notes/{NOTE}", {"body": "Called twice"}),
    ("DELETE", f"/contacts/{CONTACT}/notes/{NOTE}", None),
    ("POST", f"/contacts/{CONTACT}/workflow/{WORKFLOW}", {"eventStartTime": "2021-06-23T03:30:00+01:00"}),
    ("DELETE", f"/contacts/{CONTACT}/workflow/{WORKFLOW}", {}),
    ("GET", "/locations/LOC1", None),
    ("GET", "/locations/LOC1/customFields?model=contact", None),
    ("GET", "/locations/LOC1/tags", None),
    ("DELETE", f"/contacts/{CONTACT}", None),
)  # fmt: skip


async def test_a_good_call_of_every_route_and_its_answer_are_as_the_document_says() -> None:
    bench = Bench()
    await bench.control.seed(SEED)
    note_id = ""
    for method, path, body in CALLS:
        check_request(method, path, body)
        answer = await bench.leadconnector(method, path.replace(NOTE, note_id), body)
        assert answer.is_success, answer.text
        note_id = answer.json().get("note", {}).get("id", note_id)
        answered = check_answer(method, path, status=answer.status_code, body=answer.json())
        assert answered or path.startswith("/contacts/search")
        assert answer.json()["traceId"]


def test_every_operation_of_the_document_is_answered_and_called_here() -> None:
    for file in FILES[VERSION]:
        for pattern, operations in read(file)["paths"].items():
            for method in operations:
                path = pattern.replace("{", "x").replace("}", "")
                if not pattern.startswith("/oauth/"):
                    assert ROUTES.find_all(method.upper(), path), f"{method} {pattern}"
    for method, path, _ in CALLS:
        assert documented(method, path.partition("?")[0])
        assert ROUTES.find_all(method, path.partition("?")[0])


def refusals() -> Iterator[tuple[str, str, dict[str, str], int]]:
    for method, path, _ in CALLS:
        if path.startswith("/contacts/search"):
            continue
        yield method, path, {"Authorization": "Bearer bad"}, 401
        yield method, path, {"Authorization": "Bearer noscope"}, 401
        yield method, path, {"Version": ""}, 401
        if CONTACT in path:
            yield method, path.replace(CONTACT, "NOPE"), {}, 400


@walked(("method", "path", "headers", "status"), list(refusals()))
async def test_a_refusal_is_as_the_document_says(method: str, path: str, headers: dict[str, str], status: int) -> None:
    bench = Bench()
    url = f"/leadconnector{path}"
    standing = {"Authorization": "Bearer token-1", "Version": VERSION}
    answer = await bench.client.request(method, url, headers=standing | headers)

    assert answer.status_code == status
    assert check_answer(method, path, status=status, body=answer.json())


@pytest.mark.parametrize("invalid_message", ["list", "text"])
async def test_both_kinds_of_a_422_are_as_the_document_says_with_its_gaps_mended(invalid_message: str) -> None:
    bench = switched(invalid_message=invalid_message)
    answer = await bench.leadconnector("POST", "/contacts/upsert", {**EMAIL, "shoe": 43})

    assert answer.status_code == 422
    assert check_answer("POST", "/contacts/upsert", status=422, body=answer.json())
