"""A LeadConnector account beside its contacts: the probe, the quotas that answers tell, and the app's grant."""

from typing import Any

import pytest
from pydantic import ValidationError

from leadbridge.crm.adapter import Answer, Grant, Limits
from leadbridge.crm.contract import example_adapter
from leadbridge.crm.leadconnector.adapter import LeadConnector
from leadbridge.crm.leadconnector.settings import LeadConnectorSettings
from leadbridge.crm.registry import CRMS
from leadbridge.outcome import Hold, Retry
from tests.crm.leadconnector_crm import Location
from tests.crm.plans import answer
from tests.openapi.contract import check_request
from tests.sandbox.leadconnector_support import bearer
from tests.sandbox.support import switched
from tests.support.walked import walked

LEADCONNECTOR = example_adapter(CRMS["leadconnector"])
APP = {"client_id": "app-1", "client_secret": "s3cret"}


def adapter(**changes: Any) -> LeadConnector:
    values = {"crm": "leadconnector", "location_id": "LOC1", **changes}
    return LeadConnector(LeadConnectorSettings.model_validate(values))


OAUTH = adapter(oauth=APP)


def refused(status: int, message: str) -> Answer:
    return answer(status, {"statusCode": status, "message": message})


def test_the_probe_is_a_look_that_the_document_knows_and_that_changes_nothing() -> None:
    probe = LEADCONNECTOR.probe()
    assert (probe.method, probe.body, probe.safe_to_repeat) == ("GET", None, True)
    location = Location()
    assert LEADCONNECTOR.probed(location.answer(probe)) is None
    assert location.contacts == []


async def test_the_probe_needs_no_scope_beyond_those_that_are_asked_for() -> None:
    bench = switched(unknown_tokens="refuse")
    probe = LEADCONNECTOR.probe()
    scopes = ["contacts.write", "contacts.readonly", "locations/customFields.readonly"]
    tokens = [{"token": "pit-ours", "scopes": scopes}, {"token": "pit-less", "scopes": scopes[:1]}]
    seed = {"crm": "leadconnector", "account": LEADCONNECTOR.account, "tokens": tokens}
    await bench.client.post("/sandbox/seed", json=seed)
    said = []
    for token in ("pit-ours", "pit-less", "pit-unknown"):
        path = f"/leadconnector{probe.path}"
        got = await bench.client.get(path, params=dict(probe.query), headers=bearer(token))
        said.append(LEADCONNECTOR.probed(answer(got.status_code, got.json())))

    assert said[0] is None
    assert [one.reason for one in said[1:] if isinstance(one, Hold)] == ["missing_scope", "bad_credentials"]
    assert "contacts.readonly" in getattr(said[1], "detail", "")


@walked(
    ("got", "kind"),
    [
        (answer(200, {"contact": None}), type(None)),
        (answer(200, {"contact": {"id": "C1"}}), type(None)),
        (refused(400, "Pass at least one of number, email query parameter"), type(None)),
        (refused(422, "email must be an email"), type(None)),
        (refused(401, "Invalid JWT"), Hold),
        (refused(403, "The token does not have access to this location."), Hold),
        (refused(503, "Service Unavailable"), Retry),
        (refused(429, "Too Many Requests"), Retry),
        (Answer(status=200, headers={}, body=None, text="<html>maintenance</html>"), Retry),
    ],
)
def test_an_account_can_be_used_again_when_it_answers_the_question(got: Answer, kind: type) -> None:
    assert isinstance(LEADCONNECTOR.probed(got), kind)


RECORDED = {
    "x-ratelimit-max": "100",
    "x-ratelimit-remaining": "97",
    "x-ratelimit-interval-milliseconds": "10000",
    "x-ratelimit-limit-daily": "200000",
    "x-ratelimit-daily-remaining": "199563",
    "x-ratelimit-daily-reset": "84831000",
}


@walked(
    ("headers", "limits"),
    [
        (RECORDED, Limits(remaining=97, window=10.0, daily_remaining=199_563, daily_reset=84_831.0)),
        ({"retry-after": "7"}, Limits(wait=7.0)),
        (
            {"retry-after": "Tue, 03 Nov 2026 10:00:30 GMT", "date": "Tue, 03 Nov 2026 10:00:00 GMT"},
            Limits(wait=30.0),
        ),
        ({"x-ratelimit-remaining": " 0 "}, Limits(remaining=0)),
        ({"x-ratelimit-daily-reset": "999999999"}, Limits(daily_reset=86_400.0)),
        ({"x-ratelimit-remaining": "-3", "x-ratelimit-daily-remaining": "many"}, None),
        ({"x-ratelimit-remaining": "9" * 30, "x-ratelimit-daily-reset": "1e9", "retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_an_answer_tells_of_both_quotas_what_its_headers_say(headers: dict[str, str], limits: Limits | None) -> None:
    assert LEADCONNECTOR.limits(Answer(status=200, headers=headers, body={}, text="")) == limits


def test_the_official_quota_has_a_day() -> None:
    quota = LEADCONNECTOR.official_quota
    assert (quota.limit, quota.window, quota.daily) == (100, 10.0, 200_000)


def test_a_grant_of_a_location_is_its_own() -> None:
    given = adapter(oauth={**APP, "refresh_token": " first-token\r\n"}, base_url="http://127.0.0.1:8090/leadconnector/")
    assert given.grant == Grant(
        name="leadconnector:127.0.0.1:8090:app-1:LOC1",
        token_url="http://127.0.0.1:8090/leadconnector/oauth/token",
        client_id="app-1",
        client_secret="s3cret",
        user_type="Location",
        seed="first-token",
        location_id="LOC1",
    )


def test_destinations_of_one_agency_share_its_grant_and_ask_for_their_own_locations_tokens() -> None:
    one, other = (adapter(oauth={**APP, "company_id": "COMP1"}, location_id=name).grant for name in ("LOC1", "LOC2"))
    assert one is not None
    assert other is not None
    assert one.name == other.name == "leadconnector:services.leadconnectorhq.com:app-1:COMP1"
    assert (one.user_type, one.company_id, one.location_id) == ("Company", "COMP1", "LOC1")
    assert one.location_token_url == "https://services.leadconnectorhq.com/oauth/locationToken"
    check_request("POST", "/oauth/locationToken", {"companyId": "COMP1", "locationId": "LOC1"})


def test_with_a_grant_no_header_holds_a_token() -> None:
    assert "authorization" not in OAUTH.headers()
    assert adapter(token="pit-1").headers()["authorization"] == "Bearer pit-1"
    assert adapter(token="pit-1").grant is None
    assert "s3cret" not in repr(OAUTH.grant)


@walked(
    ("got", "may_help"),
    [
        (refused(401, "Invalid JWT"), True),
        (refused(401, "Invalid token: access token is invalid"), True),
        (answer(401, None), True),
        (refused(401, "The token is not authorized for this scope."), False),
        (refused(401, "This location is not accessible from this token!"), False),
        (refused(401, "version header was not found."), False),
        (refused(403, "The token does not have access to this location."), False),
        (refused(403, "Forbidden"), False),
        (refused(400, "Invalid JWT"), False),
        (answer(200, {}), False),
    ],
)
def test_a_fresh_token_helps_against_a_refused_one_alone(got: Answer, may_help: bool) -> None:
    assert OAUTH.token_refused(got) is may_help
    assert LEADCONNECTOR.token_refused(got) is False


@walked(
    ("changes", "said"),
    [
        ({}, "token"),
        ({"token": "pit-1", "oauth": APP}, "leave out one of them"),
        ({"oauth": {"client_id": "a"}}, "client_secret"),
        ({"oauth": {**APP, "client_secret": " "}}, "the client secret must not be empty"),
        ({"oauth": {**APP, "refresh_token": "a\nb"}}, "no HTTP header can carry"),
        ({"oauth": {**APP, "company_id": "COMP1/x"}}, "company_id"),
        ({"oauth": {**APP, "scope": "contacts.write"}}, "scope"),
    ],
)
def test_credentials_that_cannot_work_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        adapter(**changes)
