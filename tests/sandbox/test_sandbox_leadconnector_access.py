"""Which location and which calls a token of the emulated LeadConnector reaches."""

import pytest

from leadbridge.events import Json
from leadbridge.sandbox import LEADCONNECTOR_PATH, LeadConnectorOptions, LeadConnectorSeed, SandboxOptions
from leadbridge.sandbox.leadconnector.apps import COMPANY_SCOPES, LOCATION_SCOPES, scope_of
from tests.openapi.contract import FILES, read
from tests.support.walked import walked

from .leadconnector_support import AGENCY_APP, INSTALLED, bearer, granted, install, post_form, refreshed, said, token
from .support import EMAIL, Bench, switched

ELSEWHERE = (403, "The token does not have access to this location.")
ELSEWHERE_PRIVATE = (401, "This location is not accessible from this token!")
NO_SCOPE = (401, "The token is not authorized for this scope.")
UPSERT = "/contacts/upsert"


async def seeded_contact(bench: Bench, location: str) -> str:
    seed = LeadConnectorSeed.model_validate({"account": location, "contacts": [{"email": "a@b.test"}]})
    (contact_id,) = await bench.control.seed(seed)
    return contact_id


@pytest.mark.parametrize(("private", "refusal"), [(False, ELSEWHERE), (True, ELSEWHERE_PRIVATE)])
async def test_a_token_reaches_its_own_location_and_no_other(private: bool, refusal: tuple[int, str]) -> None:
    bench = Bench()
    await install(bench, tokens=["pit-1234"])
    headers = bearer("pit-1234" if private else (await refreshed(bench))["access_token"])
    own, other = await seeded_contact(bench, "LOC1"), await seeded_contact(bench, "LOC2")
    reached: list[tuple[str, str, Json]] = [
        ("GET", "/locations/LOC1", None),
        ("GET", f"/contacts/{own}", None),
        ("POST", UPSERT, EMAIL),
        ("GET", "/contacts/search/duplicate?locationId=LOC1&email=x@y.test", None),
    ]
    refused: list[tuple[str, str, Json]] = [
        ("GET", "/locations/LOC2/customFields", None),
        ("GET", f"/contacts/{other}", None),
        ("POST", f"/contacts/{other}/tags", {"tags": ["a"]}),
        ("POST", UPSERT, {**EMAIL, "locationId": "LOC2"}),
        ("GET", "/contacts/search/duplicate?locationId=LOC2&email=x@y.test", None),
    ]

    for method, path, body in reached:
        assert (await bench.leadconnector(method, path, body, headers=headers)).status_code == 200
    for method, path, body in refused:
        assert said(await bench.leadconnector(method, path, body, headers=headers)) == refusal
    state = (await bench.control.state())["leadconnector"]
    assert [contact["tags"] for contact in state["LOC2"]["contacts"]] == [[]]
    history = await bench.control.history("leadconnector")
    assert {entry["account"] for entry in history if entry["method"] == "GET"} == {"LOC1", None}


async def test_a_call_that_names_nothing_known_is_of_the_tokens_location() -> None:
    bench = Bench()
    await install(bench)
    headers = bearer((await refreshed(bench))["access_token"])
    answer = await bench.leadconnector("GET", "/contacts/NOPE", headers=headers)

    assert said(answer) == (400, "Contact with id NOPE not found")
    assert (await bench.control.history("leadconnector"))[-1]["account"] == "LOC1"


@walked(
    ("scopes", "method", "path", "good"),
    [
        (["contacts.write"], "POST", UPSERT, True),
        (["contacts.readonly"], "POST", UPSERT, False),
        (["contacts.readonly"], "GET", "/contacts/search/duplicate?locationId=LOC1&email=x@y.test", True),
        (["contacts.readonly"], "POST", "/contacts/search", True),
        (["contacts.write"], "POST", "/contacts/search", False),
        (["contacts.write"], "GET", "/locations/LOC1/customFields", False),
        (["locations/customFields.readonly"], "GET", "/locations/LOC1/customFields", True),
        (["locations.readonly"], "GET", "/locations/LOC1", True),
        ([], "GET", "/locations/LOC1", False),
    ],
)
async def test_a_token_reaches_what_its_scopes_name(scopes: list[str], method: str, path: str, good: bool) -> None:
    bench = Bench()
    await install(bench, apps=[{**INSTALLED, "scopes": scopes}])
    issued = await refreshed(bench)
    body = None if method == "GET" else {**EMAIL, "pageLimit": 1} if path != UPSERT else EMAIL
    body = {"locationId": "LOC1", "pageLimit": 1} if path == "/contacts/search" else body
    answer = await bench.leadconnector(method, path, body, headers=bearer(issued["access_token"]))

    assert issued["scope"] == " ".join(scopes)
    assert answer.status_code == 200 if good else said(answer) == NO_SCOPE


def test_every_call_needs_the_scope_that_the_document_says() -> None:
    for file in (name for files in FILES.values() for name in files):
        for pattern, operations in read(file)["paths"].items():
            for method, operation in operations.items():
                if "security" in operation:
                    needed = {scope for way in operation["security"] for listed in way.values() for scope in listed}
                    assert needed == {scope_of(method.upper(), pattern)}
                    assert needed <= {*LOCATION_SCOPES, *COMPANY_SCOPES}


async def test_a_companys_token_reaches_its_locations_and_nothing_in_them() -> None:
    bench = Bench()
    await install(bench, apps=[AGENCY_APP], settings={"company": "COMP1"})
    await install(bench, "LOC2", apps=[], settings={"company": "COMP2"})
    agency = await granted(bench, "authorization_code", client_id="agency-app", code="CODE2")
    headers = bearer(agency["access_token"])

    own = await bench.leadconnector("GET", "/locations/LOC1", headers=headers)
    anybodys = await bench.leadconnector("GET", "/locations/LOC9", headers=headers)
    assert (own.json()["location"]["companyId"], anybodys.status_code) == ("COMP1", 200)
    assert said(await bench.leadconnector("GET", "/locations/LOC2", headers=headers)) == ELSEWHERE
    assert said(await bench.leadconnector("POST", UPSERT, EMAIL, headers=headers)) == NO_SCOPE


async def test_a_companys_token_with_more_scopes_reaches_no_contact_either() -> None:
    bench = Bench()
    await install(bench, apps=[{**AGENCY_APP, "scopes": ["contacts.write"]}], settings={"company": "COMP1"})
    agency = await granted(bench, "authorization_code", client_id="agency-app", code="CODE2")

    assert said(await bench.leadconnector("POST", UPSERT, EMAIL, headers=bearer(agency["access_token"]))) == ELSEWHERE


async def test_unknown_tokens_apps_and_codes_can_be_refused() -> None:
    bench = switched(unknown_tokens="refuse")
    await install(bench, tokens=["pit-1234"])
    form = {"client_id": "app9", "client_secret": "x", "grant_type": "authorization_code", "code": "first:LOC1"}

    assert said(await bench.leadconnector("GET", "/locations/LOC1")) == (401, "Invalid JWT")
    unknown = await bench.leadconnector("GET", "/locations/LOC1", headers=bearer("pit-9"))
    assert said(unknown) == (401, "Invalid Private Integration token")
    assert said(await post_form(bench, "/oauth/token", form))[0] == 401
    assert said(await token(bench, "authorization_code", code="first:LOC1"))[0] == 400
    known = await bench.leadconnector("GET", "/locations/LOC1", headers=bearer("pit-1234"))
    issued = await bench.leadconnector(
        "GET", "/locations/LOC1", headers=bearer((await refreshed(bench))["access_token"])
    )
    assert (known.status_code, issued.status_code) == (200, 200)


@walked("path", ["", "/", "/contacts", "//", "/locations/", "/oauth/", "/oauth/token/x"])
async def test_an_odd_path_is_answered_for_every_kind_of_token(path: str) -> None:
    bench = Bench()
    await install(bench, tokens=["pit-1234"], apps=[INSTALLED, AGENCY_APP])
    agency = await granted(bench, "authorization_code", client_id="agency-app", code="CODE2")
    for given in ("pit-1234", "unknown", agency["access_token"]):
        answer = await bench.client.get(LEADCONNECTOR_PATH + path, headers=bearer(given), follow_redirects=True)
        assert answer.status_code in (401, 403, 404)


def test_a_private_token_in_a_seed_has_its_form() -> None:
    with pytest.raises(ValueError, match="pit-"):
        LeadConnectorSeed.model_validate({"account": "LOC1", "tokens": ["token-1"]})


async def test_seeded_tokens_and_apps_are_there_again_after_a_reset() -> None:
    seed = LeadConnectorSeed.model_validate({"account": "LOC1", "apps": [INSTALLED], "tokens": ["pit-1234"]})
    bench = Bench(SandboxOptions(leadconnector=LeadConnectorOptions(unknown_tokens="refuse"), seeds=(seed,)))
    await refreshed(bench)
    await bench.control.reset()

    assert (await refreshed(bench))["locationId"] == "LOC1"
    assert (await bench.leadconnector("GET", "/locations/LOC1", headers=bearer("pit-1234"))).status_code == 200
