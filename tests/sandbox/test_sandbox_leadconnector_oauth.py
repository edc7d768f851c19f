"""The emulated LeadConnector's token endpoints, as its document and its changelog tell of them."""

import asyncio

import pytest

from leadbridge.events import Json
from leadbridge.sandbox import (
    LEADCONNECTOR_PATH,
    ConnectionDropped,
    Drop,
    Fault,
    LeadConnectorOptions,
    LeadConnectorSeed,
    SandboxOptions,
)
from tests.openapi.contract import check_answer, check_request
from tests.support.walked import walked

from .leadconnector_support import AGENCY_APP, APP, bearer, granted, install, post_form, refreshed, said, token
from .support import Bench, switched

BAD_REFRESH = (400, "Invalid grant: refresh token is invalid")
BAD_CODE = (400, "Invalid grant: authorization code is invalid")
FORM = {**APP, "grant_type": "refresh_token", "refresh_token": "R1"}


async def test_a_code_is_good_for_one_exchange_and_needs_no_version_header() -> None:
    bench = Bench()
    await install(bench)
    first = await granted(bench, "authorization_code", code="CODE1", user_type="Location")

    assert (first["userType"], first["locationId"], first["expires_in"]) == ("Location", "LOC1", 86_399)
    assert said(await token(bench, "authorization_code", code="CODE1")) == BAD_CODE
    assert said(await token(bench, "authorization_code", code="CODE9")) == BAD_CODE


@pytest.mark.parametrize("before", ["R1", "R1:LOC1"])
async def test_a_new_installation_ends_the_refresh_token_of_the_one_before(before: str) -> None:
    bench = Bench()
    await install(bench, apps=[{**APP, "code": "CODE1", "refresh_token": before}])
    await granted(bench, "authorization_code", code="CODE1")

    assert said(await token(bench, "refresh_token", refresh_token=before)) == BAD_REFRESH


@pytest.mark.parametrize(("after", "good"), [(0.0, True), (29.999, True), (30.0, False), (3600.0, False)])
async def test_a_used_refresh_token_gets_the_same_answer_for_30_seconds_and_none_after(
    after: float, good: bool
) -> None:
    bench = Bench()
    await install(bench)
    first = await refreshed(bench)
    bench.clock.elapsed += after
    again = await token(bench, "refresh_token", refresh_token="R1")

    assert (again.json() == first) if good else (said(again) == BAD_REFRESH)
    assert (await refreshed(bench, first["refresh_token"]))["refresh_token"] != first["refresh_token"]


async def test_many_at_once_get_one_answer() -> None:
    bench = Bench()
    await install(bench)
    answers = await asyncio.gather(*(refreshed(bench) for _ in range(20)))

    assert all(answer == answers[0] for answer in answers)


async def test_an_answer_that_was_lost_can_be_asked_for_again() -> None:
    bench = Bench()
    await install(bench)
    await bench.control.fault(Fault(action=Drop(commit=True), path="/oauth/token", times=1))
    with pytest.raises(ConnectionDropped):
        await refreshed(bench)
    bench.clock.elapsed += 29
    second = await refreshed(bench)

    assert (await refreshed(bench, second["refresh_token"]))["locationId"] == "LOC1"


async def test_the_grace_is_not_another_apps() -> None:
    bench = Bench()
    await install(bench)
    await refreshed(bench)
    form = {**FORM, "client_id": "app2"}

    assert said(await post_form(bench, "/oauth/token", form)) == BAD_REFRESH


async def test_a_refresh_token_is_good_for_a_year_while_nobody_uses_it() -> None:
    bench = Bench()
    await install(bench)
    first = await refreshed(bench)
    bench.clock.elapsed += 31_535_999
    second = await refreshed(bench, first["refresh_token"])
    bench.clock.elapsed += 31_536_000

    assert said(await token(bench, "refresh_token", refresh_token=second["refresh_token"])) == BAD_REFRESH


async def test_an_access_token_ends_when_it_says_and_is_then_an_invalid_jwt() -> None:
    bench = Bench()
    await install(bench)
    headers = bearer((await refreshed(bench))["access_token"])
    bench.clock.elapsed += 86_398.5
    assert (await bench.leadconnector("GET", "/locations/LOC1", headers=headers)).status_code == 200
    bench.clock.elapsed += 0.5

    assert said(await bench.leadconnector("GET", "/locations/LOC1", headers=headers)) == (401, "Invalid JWT")


async def test_an_access_token_from_before_a_restart_is_an_invalid_jwt() -> None:
    bench = Bench()
    headers = bearer((await granted(bench, "authorization_code", code="first:LOC1"))["access_token"])
    await bench.control.reset()

    assert said(await bench.leadconnector("GET", "/locations/LOC1", headers=headers)) == (401, "Invalid JWT")


async def test_the_time_scale_shortens_every_life_and_the_grace() -> None:
    bench = Bench(SandboxOptions(time_scale=100))
    await install(bench)
    first = await refreshed(bench)
    headers = bearer(first["access_token"])
    bench.clock.elapsed += 0.3
    assert said(await token(bench, "refresh_token", refresh_token="R1")) == BAD_REFRESH
    bench.clock.elapsed += 864

    assert first["expires_in"] == 863
    assert (await bench.leadconnector("GET", "/locations/LOC1", headers=headers)).status_code == 401


async def test_an_inactive_location_gets_no_tokens_and_spends_none() -> None:
    bench = Bench()
    await install(bench, settings={"active": False})
    inactive = (400, "Location is not active")
    assert said(await token(bench, "refresh_token", refresh_token="R1")) == inactive
    assert said(await token(bench, "authorization_code", code="CODE1")) == inactive
    await bench.control.seed(LeadConnectorSeed.model_validate({"account": "LOC1", "settings": {"active": True}}))

    assert (await refreshed(bench))["locationId"] == "LOC1"
    assert (await granted(bench, "authorization_code", code="CODE1"))["locationId"] == "LOC1"


@pytest.mark.parametrize("given", ["first:LOC7", "any other:LOC7"])
async def test_without_a_seed_a_code_or_refresh_token_names_its_location(given: str) -> None:
    by_code = await granted(Bench(), "authorization_code", code=given)
    bench = Bench()
    by_token = await refreshed(bench, given)
    bench.clock.elapsed += 30

    assert (by_code["locationId"], by_token["locationId"]) == ("LOC7", "LOC7")
    assert said(await token(bench, "refresh_token", refresh_token=given)) == BAD_REFRESH


@pytest.mark.parametrize("given", ["LOC7", "bad:LOC7", "first:", "refresh-unknown"])
async def test_without_a_seed_anything_else_is_refused(given: str) -> None:
    bench = Bench()

    assert said(await token(bench, "refresh_token", refresh_token=given)) == BAD_REFRESH
    assert said(await token(bench, "authorization_code", code=given)) == BAD_CODE


@walked(
    ("changes", "status", "message"),
    [
        ({"client_id": ""}, 400, "Missing parameter: client_id"),
        ({"client_secret": ""}, 400, "Missing parameter: client_secret"),
        ({"grant_type": ""}, 400, "Missing parameter: grant_type"),
        ({"grant_type": "password"}, 400, "Invalid parameter: grant_type"),
        ({"refresh_token": ""}, 400, "Missing parameter: refresh_token"),
        ({"grant_type": "authorization_code"}, 400, "Missing parameter: code"),
        ({"user_type": "Agency"}, 400, "Invalid parameter: user_type"),
        ({"client_secret": "wrong"}, 401, "Invalid client: client credentials are invalid"),
    ],
)
async def test_a_request_for_tokens_that_is_wrong_is_told_so_and_spends_nothing(
    changes: dict[str, str], status: int, message: str
) -> None:
    bench = Bench()
    await install(bench)
    answer = await post_form(bench, "/oauth/token", {**FORM, **changes})

    assert said(answer) == (status, message)
    assert check_answer("POST", "/oauth/token", status=status, body=answer.json())
    assert (await refreshed(bench))["locationId"] == "LOC1"


async def test_a_company_is_no_location_that_could_be_inactive() -> None:
    bench = switched(active=False)
    issued = await granted(bench, "authorization_code", code="first:COMP1", user_type="Company")

    assert (issued["companyId"], issued["isBulkInstallation"]) == ("COMP1", True)
    assert "locationId" not in issued
    assert (await bench.control.state())["leadconnector"] == {}


async def test_an_app_without_a_code_or_refresh_token_still_has_its_own_secret() -> None:
    bench = Bench()
    await install(bench, apps=[APP])

    assert (await granted(bench, "client_credentials"))["userType"] == "Company"
    assert said(await token(bench, "client_credentials", client_secret="other"))[0] == 401


async def test_version_2021_takes_a_form_alone() -> None:
    bench = Bench()
    await install(bench)
    answer = await bench.client.post(f"{LEADCONNECTOR_PATH}/oauth/token", json=FORM)

    assert said(answer) == (400, "Missing parameter: client_id")


@pytest.mark.parametrize("as_json", [True, False])
async def test_version_3_speaks_of_tokens_in_camel_case(as_json: bool) -> None:
    bench = Bench()
    await install(bench)
    body = {"clientId": "app1", "clientSecret": "s3cret", "grantType": "refresh_token", "refreshToken": "R1"}
    given: dict[str, Json] = {"json": body} if as_json else {"data": body}
    url = f"{LEADCONNECTOR_PATH}/oauth/token"
    answer = await bench.client.post(url, headers={"Version": "v3"}, **given)
    missing = await bench.client.post(url, headers={"Version": "v3"}, data=FORM)

    assert answer.status_code == 200
    assert {"accessToken", "refreshToken", "expiresIn", "tokenType"} <= answer.json().keys()
    assert said(missing) == (400, "Missing parameter: clientId")
    check_request("POST", "/oauth/token", body, version="v3")
    assert check_answer("POST", "/oauth/token", status=200, body=answer.json(), version="v3")


async def test_an_app_has_a_companys_token_for_itself_without_a_refresh_token() -> None:
    issued = await granted(Bench(), "client_credentials")

    assert (issued["userType"], issued["companyId"]) == ("Company", LeadConnectorOptions().company)
    assert "refresh_token" not in issued


async def delegated(bench: Bench, access_token: str, form: dict[str, str], *, v3: bool = False) -> tuple[int, Json]:
    path, version = ("/oauth/location-token", "v3") if v3 else ("/oauth/locationToken", "2021-07-28")
    headers = {"Authorization": f"Bearer {access_token}", "Version": version}
    answer = await post_form(bench, path, form, **headers)
    check_answer("POST", path, status=answer.status_code, body=answer.json(), version=version)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("v3", [False, True])
async def test_a_companys_token_gives_tokens_for_its_locations(v3: bool) -> None:
    bench = Bench()
    await install(bench, apps=[AGENCY_APP], settings={"company": "COMP1"})
    form = {**APP, "client_id": "agency-app"}
    agency = await granted(bench, "authorization_code", **{**form, "code": "CODE2", "user_type": "Company"})
    status, issued = await delegated(bench, agency["access_token"], {"companyId": "COMP1", "locationId": "LOC1"}, v3=v3)
    access, refresh = ("accessToken", "refreshToken") if v3 else ("access_token", "refresh_token")

    assert (status, agency["companyId"], issued["locationId"], issued["companyId"]) == (200, "COMP1", "LOC1", "COMP1")
    headers = bearer(issued[access])
    assert (await bench.leadconnector("GET", "/locations/LOC1", headers=headers)).status_code == 200
    next_one = await granted(bench, "refresh_token", **{**form, "refresh_token": issued[refresh]})
    assert next_one["locationId"] == "LOC1"


@walked(
    ("form", "status", "message"),
    [
        ({"companyId": "COMP1"}, 422, ["locationId should not be empty"]),
        ({"locationId": "LOC1"}, 422, ["companyId should not be empty"]),
        ({"companyId": "COMP2", "locationId": "LOC1"}, 403, "The token does not have access to this location."),
        ({"companyId": "COMP2", "locationId": "LOC9"}, 403, "The token does not have access to this location."),
        ({"companyId": "COMP1", "locationId": "LOC2"}, 403, "The token does not have access to this location."),
        ({"companyId": "COMP1", "locationId": "LOC3"}, 400, "Location is not active"),
    ],
)
async def test_a_companys_token_gives_none_for_what_is_not_its_own(
    form: dict[str, str], status: int, message: Json
) -> None:
    bench = Bench()
    await install(bench, apps=[AGENCY_APP], settings={"company": "COMP1"})
    await install(bench, "LOC2", apps=[], settings={"company": "COMP2"})
    await install(bench, "LOC3", apps=[], settings={"company": "COMP1", "active": False})
    agency = await granted(bench, "authorization_code", client_id="agency-app", code="CODE2")
    got, body = await delegated(bench, agency["access_token"], form)

    assert (got, body["message"]) == (status, message)


async def test_a_locations_own_token_gives_none_for_others() -> None:
    bench = Bench()
    await install(bench)
    issued = await refreshed(bench)
    status, body = await delegated(bench, issued["access_token"], {"companyId": "COMP1", "locationId": "LOC1"})

    assert (status, body["message"]) == (401, "The token is not authorized for this scope.")


async def test_a_token_of_an_unknown_agency_gives_no_refresh_token() -> None:
    status, issued = await delegated(Bench(), "token-1", {"companyId": "COMP1", "locationId": "LOC1"})

    assert (status, issued["locationId"]) == (200, "LOC1")
    assert "refresh_token" not in issued


async def test_version_3_has_moved_the_location_token_and_no_other_version_has_the_new_place() -> None:
    bench = Bench()
    form = {"companyId": "COMP1", "locationId": "LOC1"}
    removed = await post_form(bench, "/oauth/locationToken", form, Authorization="Bearer t", Version="v3")
    unknown = await post_form(bench, "/oauth/location-token", form, Authorization="Bearer t", Version="2021-07-28")

    assert removed.status_code == 400
    assert "not available in API version v3" in removed.json()["message"]
    assert said(unknown) == (404, "Cannot POST /oauth/location-token")


async def test_calls_for_tokens_count_for_the_app_and_not_for_the_location() -> None:
    bench = switched(quota={"limit": 1, "window": 10})
    await install(bench)
    issued = await refreshed(bench)
    answer = await bench.leadconnector("GET", "/locations/LOC1", headers=bearer(issued["access_token"]))
    history = await bench.control.history("leadconnector")

    assert answer.status_code == 200
    assert (await token(bench, "refresh_token", refresh_token="R1")).status_code == 429
    assert [entry["account"] for entry in history] == ["app1", "LOC1"]
