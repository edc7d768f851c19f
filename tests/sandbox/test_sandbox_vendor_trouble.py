"""Quotas, faults and the history of the vendors whose leads are fetched."""

from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from leadbridge.sandbox import Delay, Drop, Fault, Html, LoseField, RateLimit, SandboxOptions, Status
from leadbridge.sandbox.vendor_options import HubSpotOptions, KlaviyoOptions, MetaOptions, SurveyMonkeyOptions

from .support import NOW, Bench
from .test_sandbox_vendors import LEAD, PATHS, filled

QUOTA = RateLimit(limit=2, window=60)


def tight(**switches: Any) -> SandboxOptions:
    return SandboxOptions(
        meta=MetaOptions(quota=QUOTA, **switches),
        surveymonkey=SurveyMonkeyOptions(quota=QUOTA),
        hubspot=HubSpotOptions(quota=QUOTA),
        klaviyo=KlaviyoOptions(quota=QUOTA, burst=None),
    )


@pytest.mark.parametrize(
    ("vendor", "status", "said"),
    [
        ("meta", 403, "(#4) Application request limit reached"),
        ("surveymonkey", 429, "Too many requests were made, try again later."),
        ("hubspot", 429, "You have reached your ten_secondly_rolling limit."),
        ("klaviyo", 429, "Request was throttled."),
    ],
)
async def test_each_token_has_a_rolling_window(vendor: str, status: int, said: str) -> None:
    bench = await filled(tight())
    path = PATHS[vendor][0]
    assert [(await bench.vendor(vendor, path)).status_code for _ in range(2)] == [200, 200]
    refused = await bench.vendor(vendor, path)
    assert refused.status_code == status
    assert said in refused.text
    assert (await bench.vendor(vendor, path, token="other")).status_code == 200
    bench.clock.elapsed += 59.9
    assert (await bench.vendor(vendor, path)).status_code == status
    bench.clock.elapsed += 0.1
    assert (await bench.vendor(vendor, path)).status_code == 200


async def test_linkedin_has_no_quota_unless_given() -> None:
    bench = await filled()
    assert {(await bench.vendor("linkedin", PATHS["linkedin"][0])).status_code for _ in range(250)} == {200}


async def test_klaviyo_has_a_window_of_a_second_beside_that_of_a_minute() -> None:
    bench = await filled()
    path = PATHS["klaviyo"][0]
    statuses = [(await bench.vendor("klaviyo", path)).status_code for _ in range(76)]
    assert statuses == [200] * 75 + [429]
    uses = (await bench.control.quotas())["klaviyo"]["shop"]
    assert uses == [{"window": 60.0, "limit": 700, "used": 75}, {"window": 1.0, "limit": 75, "used": 75}]
    refused = await bench.vendor("klaviyo", path)
    assert refused.headers["retry-after"] == "1"
    bench.clock.elapsed += 1.0
    good = await bench.vendor("klaviyo", path)
    assert (good.status_code, good.headers["ratelimit-remaining"]) == (200, "624")
    await bench.control.options(klaviyo={"quota": None})
    assert (await bench.vendor("klaviyo", path)).headers["ratelimit-limit"] == "75"


async def test_the_longest_wait_is_told_when_both_windows_are_full_and_a_reset_empties_them() -> None:
    burst = RateLimit(limit=2, window=1)
    bench = await filled(SandboxOptions(klaviyo=KlaviyoOptions(quota=QUOTA, burst=burst)))
    path = PATHS["klaviyo"][0]
    answers = [await bench.vendor("klaviyo", path) for _ in range(3)]
    assert (answers[2].status_code, answers[2].headers["retry-after"]) == (429, "60")
    await bench.control.reset()
    assert (await bench.vendor("klaviyo", path)).status_code == 404


async def test_the_window_is_told_as_each_vendor_tells_it() -> None:
    bench = await filled(tight())
    bench.clock.elapsed = 100.0
    headers = {vendor: (await bench.vendor(vendor, PATHS[vendor][0])).headers for vendor in PATHS}

    assert headers["meta"]["x-app-usage"] == '{"call_count":50,"total_cputime":0,"total_time":0}'
    second = await bench.vendor("meta", "/v23.0/444")
    assert second.headers["x-app-usage"] == '{"call_count":100,"total_cputime":0,"total_time":0}'
    assert headers["surveymonkey"]["x-ratelimit-app-global-minute-remaining"] == "1"
    assert headers["surveymonkey"]["x-ratelimit-app-global-minute-reset"] == "60"
    assert headers["hubspot"]["x-hubspot-ratelimit-interval-milliseconds"] == "60000"
    assert headers["hubspot"]["x-hubspot-ratelimit-remaining"] == "1"
    assert (headers["klaviyo"]["ratelimit-limit"], headers["klaviyo"]["ratelimit-remaining"]) == ("2", "1")


async def test_how_long_to_wait_is_said_by_klaviyo_and_where_it_is_switched_on() -> None:
    bench = await filled(tight(retry_after=True))
    for vendor, told in (("klaviyo", "31"), ("meta", "31"), ("hubspot", None)):
        bench.clock.elapsed = 0.0
        await bench.control.reset()
        await bench.control.put_documents({"meta": {"lead": {"444": LEAD}}})
        await bench.vendor(vendor, PATHS[vendor][0])
        await bench.vendor(vendor, PATHS[vendor][0])
        bench.clock.elapsed = 29.5
        assert (await bench.vendor(vendor, PATHS[vendor][0])).headers.get("retry-after") == told


@pytest.mark.parametrize("status", [400, 403, 429])
async def test_the_status_of_metas_spent_quota_is_a_switch(status: int) -> None:
    bench = await filled(tight(rate_limit_status=status))
    answers = [await bench.vendor("meta", "/v23.0/444") for _ in range(3)]
    assert answers[2].status_code == status
    assert (answers[2].json()["error"]["code"], answers[2].json()["error"]["is_transient"]) == (4, True)


async def test_quotas_can_be_shortened_switched_off_and_looked_at() -> None:
    bench = await filled(tight())
    assert await bench.control.quotas() == {"copper": {}, "leadconnector": {}}
    await bench.vendor("meta", "/v23.0/444")
    await bench.control.options(time_scale=60)
    assert (await bench.control.quotas())["meta"] == {"shop": [{"window": 1.0, "limit": 2, "used": 1}]}
    await bench.control.options(quotas=False)
    assert {(await bench.vendor("meta", "/v23.0/444")).status_code for _ in range(5)} == {200}
    assert "meta" not in await bench.control.quotas()
    await bench.control.options(quotas=True, meta={"quota": None})
    assert {(await bench.vendor("meta", "/v23.0/444")).status_code for _ in range(5)} == {200}


@pytest.mark.parametrize(
    ("vendor", "asked", "status", "said"),
    [
        ("meta", 401, 400, '"code":190'),
        ("meta", 404, 400, '"error_subcode":33'),
        ("meta", 429, 403, '"code":4'),
        ("meta", 503, 503, '"code":2'),
        ("linkedin", 401, 401, "65600"),
        ("linkedin", 500, 500, "Internal Server Error"),
        ("surveymonkey", 503, 503, '"http_status_code":503'),
        ("hubspot", 403, 403, "MISSING_SCOPES"),
        ("klaviyo", 502, 502, '"status":502'),
    ],
)
async def test_a_fault_of_a_status_is_in_the_vendors_own_words(vendor: str, asked: int, status: int, said: str) -> None:
    bench = await filled()
    await bench.control.fault(Fault.model_validate({"vendor": vendor, "action": {"kind": "status", "status": asked}}))
    answer = await bench.vendor(vendor, PATHS[vendor][0])
    assert answer.status_code == status
    assert said in answer.text


async def test_a_fault_of_one_vendor_strikes_no_other_and_no_crm() -> None:
    bench = await filled()
    await bench.control.fault(Fault(action=Html(), vendor="meta"))
    assert (await bench.vendor("meta", "/v23.0/444")).status_code == 502
    assert (await bench.vendor("hubspot", PATHS["hubspot"][0])).status_code == 200
    assert (await bench.copper("GET", "/account")).status_code == 200
    await bench.control.lift()
    await bench.control.fault(Fault(action=Html(), crm="copper"))
    assert (await bench.vendor("meta", "/v23.0/444")).status_code == 200


async def test_a_fault_can_be_about_a_person_a_path_or_a_token() -> None:
    bench = await filled()
    await bench.control.fault(Fault(action=Status(status=500), email="ANN@b.test", times=1))
    await bench.control.fault(Fault(action=Status(status=500), path="/api/*", times=1, vendor="klaviyo"))
    await bench.control.fault(Fault(action=Status(status=500), account="one"))
    statuses = [
        (await bench.vendor("linkedin", PATHS["linkedin"][0])).status_code,
        (await bench.vendor("klaviyo", PATHS["klaviyo"][0])).status_code,
        (await bench.vendor("klaviyo", PATHS["klaviyo"][0])).status_code,
        (await bench.vendor("klaviyo", PATHS["klaviyo"][0])).status_code,
        (await bench.vendor("klaviyo", PATHS["klaviyo"][0], token="one")).status_code,
    ]
    assert statuses == [200, 500, 500, 200, 500]


async def test_answers_can_be_late_lost_or_without_an_answer_of_the_form() -> None:
    bench = await filled()
    await bench.control.fault(Fault(action=Delay(seconds=3), times=1))
    await bench.control.fault(Fault(action=LoseField(field="field_data"), times=1))
    await bench.control.fault(Fault(action=Drop(), times=1, after=1))
    answer = await bench.vendor("meta", "/v23.0/444")
    assert (answer.json(), bench.clock.elapsed) == ({"id": "444", "created_time": LEAD["created_time"]}, 3.0)
    with pytest.raises(httpx.RemoteProtocolError):
        await bench.vendor("meta", "/v23.0/444")
    await bench.control.fault(Fault(action=LoseField(field="email"), times=1))
    assert (await bench.vendor("klaviyo", PATHS["klaviyo"][0])).json()["data"]["attributes"] == {}


async def test_no_fault_is_about_a_crm_and_a_vendor() -> None:
    with pytest.raises(ValidationError, match="give `crm` or `vendor`"):
        Fault(action=Drop(), crm="copper", vendor="meta")
    body = {"recipe": "outage", "crm": "copper", "vendor": "meta"}
    answer = await Bench().client.post("/sandbox/faults", json=body)
    assert answer.status_code == 400
    assert "give `crm` or `vendor`" in answer.json()["detail"]


async def test_the_history_tells_vendors_from_crms_and_never_a_token_that_may_be_real() -> None:
    bench = await filled()
    real = "EAAB" + "x" * 40
    await bench.vendor("meta", "/v23.0/444", token=real, fields="id")
    await bench.vendor("linkedin", PATHS["linkedin"][0], token="bad")
    await bench.copper("GET", "/account")
    history = await bench.control.history(bodies=True)

    assert [(one["crm"], one["vendor"], one["record_id"]) for one in history] == [
        (None, "meta", "444"),
        (None, "linkedin", None),
        ("copper", None, None),
    ]
    assert history[0]["account"].startswith("meta-")
    assert (history[0]["at"], history[0]["query"], history[0]["response_body"]) == (
        NOW,
        {"fields": "id"},
        {"id": "444"},
    )
    assert (history[1]["account"], history[1]["status"]) == (None, 401)
    assert real not in str(history) + str(await bench.control.quotas())
    assert [one["vendor"] for one in await bench.control.history(vendor="meta")] == ["meta"]
    wrong = await bench.client.get("/sandbox/history?vendor=copper")
    assert "use meta or linkedin" in wrong.json()["detail"]
