"""The page on which a person lets an app in, and what comes of the code that it sends back."""

from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from leadbridge.sandbox import LEADCONNECTOR_PATH, LeadConnectorSeed
from leadbridge.sandbox.leadconnector.apps import LOCATION_SCOPES

from .leadconnector_support import AGENCY_APP, APP, INSTALLED, bearer, granted, install, said, token
from .support import EMAIL, Bench, switched, upsert

BACK = "http://127.0.0.1:8765/callback"
ASKED = {
    "response_type": "code",
    "client_id": "app1",
    "redirect_uri": BACK,
    "scope": "contacts.readonly contacts.write",
    "state": "s/1&2",
}
BAD_CODE = (400, "Invalid grant: authorization code is invalid")


async def opened(bench: Bench, **changes: str | None) -> httpx.Response:
    """What the page answers a browser."""
    asked = {key: value for key, value in {**ASKED, **changes}.items() if value is not None}
    return await bench.client.get(f"{LEADCONNECTOR_PATH}/v2/oauth/chooselocation?{urlencode(asked)}")


def sent_back(answer: httpx.Response) -> dict[str, str]:
    """What the browser brings back to the app."""
    assert answer.status_code == 302, answer.text
    location = urlsplit(answer.headers["location"])
    assert answer.headers["location"].startswith(BACK)
    return {key: value for key, (value,) in parse_qs(location.query).items()}


async def test_an_app_that_one_location_has_is_sent_back_with_its_state_and_a_code_for_that_location() -> None:
    bench = Bench()
    await install(bench, apps=[APP])
    brought = sent_back(await opened(bench))
    issued = await granted(bench, "authorization_code", code=brought["code"], redirect_uri=BACK)

    assert brought["state"] == ASKED["state"]
    assert (issued["userType"], issued["locationId"]) == ("Location", "LOC1")
    assert issued["scope"] == ASKED["scope"]


async def test_what_the_address_holds_already_stays() -> None:
    bench = Bench()
    await install(bench, apps=[APP])
    brought = sent_back(await opened(bench, redirect_uri=f"{BACK}?mine=1", state=None))

    assert brought.keys() == {"mine", "code"}


async def test_a_code_is_good_once_and_for_its_own_app_and_address() -> None:
    bench = Bench()
    await install(bench, apps=[APP])
    code = sent_back(await opened(bench))["code"]
    other_app = await token(bench, "authorization_code", code=code, client_id="app2")
    other_address = await token(bench, "authorization_code", code=code, redirect_uri="http://elsewhere.test/")
    await granted(bench, "authorization_code", code=code, redirect_uri=BACK)

    assert said(other_app) == BAD_CODE
    assert said(other_address) == BAD_CODE
    assert said(await token(bench, "authorization_code", code=code, redirect_uri=BACK)) == BAD_CODE


async def test_two_consents_give_two_codes() -> None:
    bench = Bench()
    await install(bench, apps=[APP])
    first, second = sent_back(await opened(bench)), sent_back(await opened(bench))

    assert first["code"] != second["code"]


async def test_without_a_scope_the_app_gets_all_and_never_one_that_nobody_knows() -> None:
    bench = Bench()
    await install(bench, apps=[APP])
    everything = sent_back(await opened(bench, scope=None))["code"]
    strange = sent_back(await opened(bench, scope="contacts.write users.write"))["code"]

    assert (await granted(bench, "authorization_code", code=everything))["scope"] == " ".join(LOCATION_SCOPES)
    assert (await granted(bench, "authorization_code", code=strange))["scope"] == "contacts.write"


async def test_a_companys_app_is_let_in_by_the_company() -> None:
    bench = Bench()
    await install(bench, apps=[AGENCY_APP], settings={"company": "COMP1"})
    code = sent_back(await opened(bench, client_id="agency-app", scope="contacts.write oauth.write"))["code"]
    issued = await granted(bench, "authorization_code", client_id="agency-app", code=code, user_type="Company")

    assert (issued["userType"], issued["companyId"], issued["scope"]) == ("Company", "COMP1", "oauth.write")


async def test_of_several_locations_one_is_chosen_by_a_click() -> None:
    bench = Bench()
    await install(bench, apps=[APP])
    await install(bench, "LOC2", apps=[APP])
    page = await opened(bench)
    link = "response_type=code&amp;client_id=app1"

    assert page.status_code == 200
    assert page.text.count(link) == 2
    assert "location_id=LOC1" in page.text
    code = sent_back(await opened(bench, location_id="LOC2"))["code"]
    assert (await granted(bench, "authorization_code", code=code))["locationId"] == "LOC2"


async def test_an_app_that_nobody_seeded_may_have_any_location_and_company() -> None:
    bench = Bench()
    await upsert(bench)
    known = sent_back(await opened(bench))["code"]
    another = sent_back(await opened(bench, location_id="LOC7"))["code"]
    company = sent_back(await opened(bench, company_id="COMP7"))["code"]

    assert (await granted(bench, "authorization_code", code=known))["locationId"] == "LOC1"
    assert (await granted(bench, "authorization_code", code=another))["locationId"] == "LOC7"
    assert (await granted(bench, "authorization_code", code=company))["companyId"] == "COMP7"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"response_type": "token"}, "response_type must be code"),
        ({"client_id": None}, "client_id is of no app"),
        ({"client_id": "bad-app"}, "client_id is of no app"),
        ({"redirect_uri": None}, "redirect_uri must be an address"),
        ({"redirect_uri": "javascript:alert(1)"}, "redirect_uri must be an address"),
    ],
)
async def test_an_address_that_is_wrong_installs_nothing(changes: dict[str, str | None], why: str) -> None:
    answer = await opened(Bench(), **changes)

    assert answer.status_code == 400
    assert why in answer.text


async def test_an_unknown_app_can_be_refused() -> None:
    bench = switched(unknown_tokens="refuse")

    assert (await opened(bench)).status_code == 400
    await install(bench, apps=[INSTALLED])
    assert (await opened(bench)).status_code == 302


async def test_what_a_page_shows_is_no_markup() -> None:
    answer = await opened(Bench(), state='"><script>x</script>', location_id="")

    assert answer.status_code == 200
    assert "<script>" not in answer.text


async def test_a_private_token_may_have_some_scopes_alone() -> None:
    bench = Bench()
    tokens = ["pit-all", {"token": "pit-read", "scopes": ["contacts.readonly"]}]
    await bench.control.seed(LeadConnectorSeed.model_validate({"account": "LOC1", "tokens": tokens}))
    search = "/contacts/search/duplicate?locationId=LOC1&email=a%40b.test"
    looked = await bench.leadconnector("GET", search, headers=bearer("pit-read"))
    written = await bench.leadconnector("POST", "/contacts/upsert", EMAIL, headers=bearer("pit-read"))

    assert looked.status_code == 200
    assert said(written) == (401, "The token is not authorized for this scope.")
    assert (await bench.leadconnector("POST", "/contacts/upsert", EMAIL, headers=bearer("pit-all"))).status_code == 200
