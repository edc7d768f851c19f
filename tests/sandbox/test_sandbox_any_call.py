"""Whatever is sent, the emulated APIs answer it as theirs would: with a status of theirs, and never with a crash."""

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.events import Json
from leadbridge.sandbox.copper.api import Copper
from leadbridge.sandbox.copper.attributes import LEAD_ATTRIBUTES, OPPORTUNITY_ATTRIBUTES, PERSON_ATTRIBUTES
from leadbridge.sandbox.emulator import Emulator
from leadbridge.sandbox.exchange import ApiRequest
from leadbridge.sandbox.leadconnector.api import LeadConnector
from leadbridge.sandbox.leadconnector.properties import UPSERT
from leadbridge.sandbox.options import CopperOptions, SandboxOptions
from leadbridge.sandbox.seeds import CopperSeed, LeadConnectorSeed
from leadbridge.sandbox.vendors import VENDORS
from leadbridge.sandbox.vendors.api import VendorApi
from leadbridge.sandbox.world import World
from tests.support.examples import examples

from .support import StillClock

COPPER_CALLS = (
    ("PUT", "/leads/upsert"),
    ("POST", "/leads"),
    ("PUT", "/leads/7"),
    ("POST", "/leads/search"),
    ("POST", "/leads/bulk_create"),
    ("POST", "/leads/bulk_update"),
    ("POST", "/leads/7/convert"),
    ("POST", "/people"),
    ("POST", "/people/bulk_create"),
    ("POST", "/people/bulk_update"),
    ("PUT", "/people/8"),
    ("POST", "/people/search"),
    ("POST", "/people/fetch_by_email"),
    ("POST", "/activities"),
    ("POST", "/activities/search"),
)
LEADCONNECTOR_CALLS = (
    ("POST", "/contacts/upsert"),
    ("POST", "/contacts/"),
    ("PUT", "/contacts/C1"),
    ("POST", "/contacts/C1/tags"),
    ("DELETE", "/contacts/C1/tags"),
)
names = st.sampled_from(
    [
        *LEAD_ATTRIBUTES, *PERSON_ATTRIBUTES, *OPPORTUNITY_ATTRIBUTES, *UPSERT.takes,
        "properties", "match", "custom_fields", "field_name", "field_value", "value", "id",
        "custom_field_definition_id", "category", "number", "page_size", "emails", "sort_by", "key", "SMS", "status",
        "person", "company", "opportunity", "exact_match", "parent", "type", "details", "activity_types",
        "minimum_activity_date",
    ]
)  # fmt: skip
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**63), max_value=2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["email", "name", "custom", "work", "a@b.test", "+15550000001", "11/29/2017", "New", "US"]),
    st.sampled_from([100764, 100765, 100766, 100767, 100768, 100769, 2082400, 1]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
bodies = st.dictionaries(names, values, max_size=5)


def world() -> World:
    return World(clock=StillClock(), options=SandboxOptions(copper=CopperOptions(date_echo="text")))


def ask(emulator: Emulator, method: str, path: str, payload: Json) -> int:
    request = ApiRequest(
        method=method,
        path=path,
        query={},
        headers={"version": "v3"},
        body=orjson.dumps(payload),
        payload=payload,
        trace_id="t",
    )
    emulator.emails_of(request, "acme")
    reply = emulator.answer(request, "acme")
    orjson.loads(reply.body)
    return reply.status


# Bodies take longer to make than to answer: each is asked of every call.
@settings(max_examples=examples(60))
@given(body=bodies, match=values)
def test_copper_answers_any_body(body: dict[str, Json], match: Json) -> None:
    email = {"field_name": "email", "field_value": "a@b.test"}
    payloads: tuple[Json, ...] = (
        body,
        {"properties": body, "match": email},
        {"properties": {"name": "A"}, "match": match},
        {"leads": [{"id": 7, **body}, match]},
        {"people": [{"id": 8, **body}, match]},
        {"details": body},
        {"parent": {"type": "lead", "id": 7}, "type": {"category": "user", "id": 0}, "details": "Hello", **body},
        {"parent": match, "activity_types": [match]},
    )
    for method, path in COPPER_CALLS:
        copper = Copper(world())
        copper.seed(CopperSeed(account="acme", leads=({"id": 7, "name": "Ann"},), people=({"id": 8, "name": "Ann"},)))
        for payload in payloads:
            status = ask(copper, method, path, payload)
            assert status in (200, 404, 422), (method, path, payload)
        orjson.dumps(copper.state())


@settings(max_examples=examples(60))
@given(body=bodies)
def test_leadconnector_answers_any_body(body: dict[str, Json]) -> None:
    for method, path in LEADCONNECTOR_CALLS:
        leadconnector = LeadConnector(world())
        leadconnector.seed(LeadConnectorSeed(account="LOC1", contacts=({"id": "C1", "email": "a@b.test"},)))
        for payload in (body, {**body, "locationId": "LOC1", "email": "a@b.test"}):
            status = ask(leadconnector, method, path, payload)
            assert status in (200, 201, 400, 422), (method, path, payload)
        orjson.dumps(leadconnector.state())


VENDOR_PATHS = (
    "/v23.0/7",
    "/rest/leadFormResponses/7",
    "/rest/leadForms/7",
    "/v3/surveys/7/responses/7/details",
    "/v3/surveys/7/details",
    "/crm/v3/objects/contacts/7",
    "/api/profiles/7",
)


@settings(max_examples=examples(60))
@given(
    document=bodies,
    asked=st.dictionaries(st.sampled_from(["fields", "properties", "simple"]), st.text(max_size=12), max_size=3),
    token=st.text(max_size=12),
    path=st.sampled_from(VENDOR_PATHS) | st.text(max_size=20),
)
def test_the_vendors_answer_any_call_about_any_document(
    document: dict[str, Json], asked: dict[str, str], token: str, path: str
) -> None:
    for vendor in VENDORS:
        api = VendorApi(vendor, world())
        api.documents = {
            kind: {"7": {"properties": document, **document}, "7/7": document} for kind in vendor.documents
        }
        headers = {"authorization": f"{vendor.scheme} {token}", "linkedin-version": "202510", "revision": "2025-07-15"}
        for method, where in (("GET", path), ("GET", VENDOR_PATHS[0]), ("POST", path)):
            request = ApiRequest(
                method=method, path=where, query=asked, headers=headers, body=b"", payload=None, trace_id="t",
                lost_fields=frozenset(list(document)[:1]),
            )  # fmt: skip
            admitted = api.admit(request)
            reply = api.answer(request, admitted) if isinstance(admitted, str) else admitted
            api.emails_of(request, "any")
            assert isinstance(orjson.loads(reply.body), dict)
            assert reply.status in (200, 400, 401, 403, 404), (vendor.name, where)
            for status in (401, 429, 503):
                assert isinstance(orjson.loads(api.error(request, status).body), dict)
