"""The vendors whose leads are fetched: what they answer, and in which words they refuse."""

from typing import Any

import pytest

from leadbridge.errors import RequestRefused
from leadbridge.sandbox import VENDORS_PATH, SandboxOptions
from leadbridge.sandbox.refusals import ControlRefused
from leadbridge.sandbox.vendor_options import LinkedInOptions, MetaOptions

from .support import Bench

LEAD = {
    "created_time": "2026-11-20T14:05:21+0000",
    "id": "444",
    "form_id": "555",
    "platform": "fb",
    "field_data": [{"name": "email", "values": ["ann@b.test"]}],
}
RESPONSE = {"id": "r-1", "versionedLeadGenFormUrn": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:9,1)"}
SURVEYED = {"id": "2", "pages": [{"questions": [{"answers": [{"text": "Ann", "simple_text": "Ann"}]}]}]}
CONTACT = {"id": "7", "properties": {"email": "ann@b.test", "city": "Rome", "createdate": "2026-11-20T14:05:21Z"}}
PROFILE = {"data": {"type": "profile", "id": "01P", "attributes": {"email": "Ann@B.test"}}}
DOCUMENTS = {
    "meta": {"lead": {"444": LEAD}},
    "linkedin": {"response": {"r-1": RESPONSE}, "form": {"9": {"id": 9}}},
    "surveymonkey": {"response": {"1/2": SURVEYED}, "survey": {"1": {"id": "1", "title": "Quotes"}}},
    "hubspot": {"contact": {"7": CONTACT}},
    "klaviyo": {"profile": {"01P": PROFILE}},
}
# One document of each: its path, and a path of the same form where nothing is.
PATHS = {
    "meta": ("/v23.0/444", "/v23.0/445"),
    "linkedin": ("/rest/leadFormResponses/r-1", "/rest/leadFormResponses/r-2"),
    "surveymonkey": ("/v3/surveys/1/responses/2/details", "/v3/surveys/2/responses/1/details"),
    "hubspot": ("/crm/v3/objects/contacts/7", "/crm/v3/objects/contacts/8"),
    "klaviyo": ("/api/profiles/01P", "/api/profiles/01Q"),
}
# What tells a refusal apart, by the beginning of the token: the status, and a place in the body with its value.
REFUSALS: dict[str, dict[str, tuple[int, str, Any]]] = {
    "meta": {
        "": (400, "error.code", 2500),
        "bad": (400, "error.code", 190),
        "expired": (400, "error.error_subcode", 463),
        "noscope": (403, "error.code", 200),
        "unknown": (400, "error.error_subcode", 33),
        "nowhere": (400, "error.message", "Unknown path components"),
    },
    "linkedin": {
        "": (401, "message", "Empty oauth2_access_token"),
        "bad": (401, "serviceErrorCode", 65600),
        "expired": (401, "code", "EXPIRED_ACCESS_TOKEN"),
        "noscope": (403, "message", "Not enough permissions to access: GET /rest/leadFormResponses/r-1"),
        "unknown": (404, "status", 404),
        "nowhere": (404, "code", "RESOURCE_NOT_FOUND"),
    },
    "surveymonkey": {
        "": (401, "error.id", "1010"),
        "bad": (401, "error.id", "1011"),
        "expired": (401, "error.id", "1012"),
        "noscope": (403, "error.id", "1014"),
        "unknown": (404, "error.id", "1020"),
        "nowhere": (404, "error.http_status_code", 404),
    },
    "hubspot": {
        "": (401, "category", "INVALID_AUTHENTICATION"),
        "bad": (401, "category", "INVALID_AUTHENTICATION"),
        "expired": (401, "category", "EXPIRED_AUTHENTICATION"),
        "noscope": (403, "category", "MISSING_SCOPES"),
        "unknown": (404, "category", "OBJECT_NOT_FOUND"),
        "nowhere": (404, "message", "resource not found"),
    },
    "klaviyo": {
        "": (401, "errors.0.title", "Authentication credentials were not provided."),
        "bad": (401, "errors.0.detail", "Invalid API key."),
        "expired": (401, "errors.0.code", "not_authenticated"),
        "noscope": (403, "errors.0.code", "permission_denied"),
        "unknown": (404, "errors.0.detail", "A profile with id 01Q does not exist."),
        "nowhere": (404, "errors.0.detail", "The requested resource does not exist."),
    },
}


def at(body: Any, place: str) -> Any:
    for part in place.split("."):
        body = body[int(part) if isinstance(body, list) else part]
    return body


async def filled(options: SandboxOptions | None = None) -> Bench:
    bench = Bench(options or SandboxOptions())
    await bench.control.put_documents(DOCUMENTS)
    return bench


@pytest.mark.parametrize("why", ["", "bad", "expired", "noscope", "unknown", "nowhere"])
@pytest.mark.parametrize("vendor", REFUSALS)
async def test_each_refuses_in_its_own_words(vendor: str, why: str) -> None:
    bench = await filled()
    path = {"unknown": PATHS[vendor][1], "nowhere": "/v1/elsewhere/1/2/3"}.get(why, PATHS[vendor][0])
    token = "good" if why in {"unknown", "nowhere"} else f"{why}-token" if why else ""
    answer = await bench.vendor(vendor, path, token=token)

    status, place, said = REFUSALS[vendor][why]
    assert (answer.status_code, at(answer.json(), place)) == (status, said)


@pytest.mark.parametrize("vendor", PATHS)
async def test_what_was_put_in_is_answered_and_nothing_is_written(vendor: str) -> None:
    bench = await filled()
    good = await bench.vendor(vendor, PATHS[vendor][0])
    assert good.status_code == 200, good.text
    before = await bench.control.documents()
    for method in ("POST", "PUT", "DELETE"):
        assert (await bench.vendor(vendor, PATHS[vendor][0], method=method)).status_code >= 400
    assert await bench.control.documents() == before


async def test_another_scheme_is_no_token() -> None:
    bench = await filled()
    for vendor, scheme in (("meta", "Klaviyo-API-Key"), ("klaviyo", "Bearer")):
        headers = {"Authorization": f"{scheme} shop", "revision": "2025-07-15"}
        answer = await bench.client.get(f"{VENDORS_PATH}/{vendor}{PATHS[vendor][0]}", headers=headers)
        status, place, said = REFUSALS[vendor][""]
        assert (answer.status_code, at(answer.json(), place)) == (status, said)


async def test_the_graph_api_answers_the_fields_that_are_asked_for() -> None:
    bench = await filled()
    usual = await bench.vendor("meta", "/v23.0/444")
    asked = await bench.vendor("meta", "/v19.0/444", fields="form_id,ad_id,field_data")
    wrong = await bench.vendor("meta", "/v23.0/444", fields="form_id,answers")

    assert usual.json() == {name: LEAD[name] for name in ("created_time", "id", "field_data")}
    assert asked.json() == {"id": "444", "form_id": "555", "field_data": LEAD["field_data"]}
    assert wrong.status_code == 400
    assert wrong.json()["error"]["message"] == "(#100) Tried accessing nonexisting field (answers) on node type (Lead)"
    assert usual.headers["x-fb-trace-id"] != asked.headers["x-fb-trace-id"]
    assert wrong.json()["error"]["fbtrace_id"] == wrong.headers["x-fb-trace-id"]


async def test_hubspot_answers_the_properties_that_are_asked_for_and_null_for_others() -> None:
    bench = await filled()
    usual = await bench.vendor("hubspot", PATHS["hubspot"][0])
    asked = await bench.vendor("hubspot", PATHS["hubspot"][0], properties="city,phone")

    created = CONTACT["properties"]["createdate"]  # type: ignore[index]
    assert usual.json()["properties"] == {
        "createdate": created,
        "email": "ann@b.test",
        "firstname": None,
        "lastname": None,
    }
    assert asked.json()["properties"] == {"createdate": created, "city": "Rome", "phone": None}
    await bench.control.put_documents({"hubspot": {"contact": {"8": {"id": "8"}}}})
    assert (await bench.vendor("hubspot", PATHS["hubspot"][1])).json() == {"id": "8"}


async def test_surveymonkeys_simple_texts_come_when_asked_for() -> None:
    bench = await filled()
    assert (await bench.vendor("surveymonkey", PATHS["surveymonkey"][0], simple="true")).json() == SURVEYED
    bare = (await bench.vendor("surveymonkey", PATHS["surveymonkey"][0])).json()
    assert bare["pages"][0]["questions"][0]["answers"] == [{"text": "Ann"}]
    assert (await bench.vendor("surveymonkey", "/v3/surveys/1/details")).json() == {"id": "1", "title": "Quotes"}


@pytest.mark.parametrize(
    ("version", "active", "status"),
    [
        ("202510", None, 200),
        ("202510", ("202511", "202510"), 200),
        ("202510", ("202511",), 426),
        ("202513", None, 426),
        ("2025-10", None, 426),
        ("", None, 400),
    ],
)
async def test_linkedin_wants_an_active_version(version: str, active: tuple[str, ...] | None, status: int) -> None:
    bench = await filled(SandboxOptions(linkedin=LinkedInOptions(versions=active)))
    headers = {"Authorization": "Bearer shop", "LinkedIn-Version": version}
    path = f"{VENDORS_PATH}/linkedin/rest/leadForms/9"
    answer = await bench.client.get(path, headers=headers if version else {"Authorization": "Bearer shop"})

    assert answer.status_code == status
    if status == 426:
        assert answer.json()["message"] == f"Requested version {version} is not active"
    if status == 400:
        assert answer.json()["code"] == "VERSION_MISSING"


@pytest.mark.parametrize(
    ("revision", "status"), [("2025-07-15", 200), ("2025-07-15.pre", 200), ("v2025-07-15", 400), ("", 400)]
)
async def test_klaviyo_wants_a_revision(revision: str, status: int) -> None:
    bench = await filled()
    headers = {"Authorization": "Klaviyo-API-Key shop", "revision": revision}
    answer = await bench.client.get(f"{VENDORS_PATH}/klaviyo/api/profiles/01P/", headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize("status", [400, 401])
async def test_the_status_of_a_token_that_meta_refuses_is_a_switch(status: Any) -> None:
    bench = Bench(SandboxOptions(meta=MetaOptions(unauthorized_status=status)))
    answer = await bench.vendor("meta", "/v23.0/444", token="bad")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, 190)


async def test_what_is_taken_away_is_unknown_and_a_reset_brings_back_the_start() -> None:
    bench = Bench()
    start = await bench.control.documents()
    (known, *_) = start["meta"]["lead"]
    await bench.control.put_documents({"meta": {"lead": {known: None, "444": LEAD}}})
    assert (await bench.vendor("meta", f"/v23.0/{known}")).status_code == 400
    assert (await bench.vendor("meta", "/v23.0/444")).status_code == 200
    assert "444" in (await bench.control.documents("meta"))["meta"]["lead"]
    assert list(await bench.control.documents("meta")) == ["meta"]
    await bench.control.reset()
    assert await bench.control.documents() == start


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"facebook": {}}, "facebook: unknown; known: "),
        ({"meat": {}}, "meat: unknown; did you mean `meta`?"),
        ({"meta": []}, "meta: must be an object of kinds; known: lead"),
        ({"linkedin": {"forms": {}}}, "linkedin.forms: unknown; did you mean `form`?"),
        ({"meta": {"lead": [LEAD]}}, "meta.lead: must be an object of documents by their ids"),
        ({"meta": {"lead": {"1/2": LEAD}}}, "meta.lead.1/2: no such id can be; write ID"),
        ({"surveymonkey": {"response": {"1": {}}}}, "surveymonkey.response.1: no such id can be; write ID/ID"),
        ({"meta": {"lead": {"1": "Ann"}}}, "meta.lead.1: must be an object, or null to take it away"),
        ({"meta": {"lead": {"1": LEAD}}}, "meta.lead.1.id: must be its id, 1; the vendor's answer repeats it"),
        ({"linkedin": {"response": {"r-1": {}}}}, "linkedin.response.r-1.id: must be its id, r-1;"),
        ({"linkedin": {"form": {"9": {"id": True}}}}, "linkedin.form.9.id: must be its id, 9;"),
        ({"surveymonkey": {"response": {"1/2": {"id": "1"}}}}, "surveymonkey.response.1/2.id: must be its id, 2;"),
        ({"klaviyo": {"profile": {"01P": {"id": "01P"}}}}, "klaviyo.profile.01P.data.id: must be its id, 01P;"),
        ([], "must be an object; write"),
    ],
)
async def test_what_cannot_be_kept_is_told_and_nothing_of_it_is_kept(changes: Any, problem: str) -> None:
    bench = Bench()
    before = await bench.control.documents()
    asked = {"hubspot": {"contact": {"7": CONTACT}}, **changes} if isinstance(changes, dict) else changes
    with pytest.raises(RequestRefused) as refusal:
        await bench.control.put_documents(asked)
    assert refusal.value.detail.startswith(problem)
    assert await bench.control.documents() == before


def test_every_problem_of_several_documents_is_told_at_once() -> None:
    with pytest.raises(ControlRefused) as refusal:
        Bench().sandbox.put_documents({"meta": {"lead": {"1": 1, "2": 2}}, "x": {}})
    assert [problem.path for problem in refusal.value.problems] == ["meta.lead.1", "meta.lead.2", "x"]
