"""Quotas are exact: not one call too many in any window, and not one too few."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.sandbox import CopperOptions, LeadConnectorOptions, RateLimit, SandboxOptions
from leadbridge.sandbox.quota import CopperQuota, LeadConnectorQuota
from leadbridge.sandbox.world import World

from .support import COPPER_HEADERS, LEADCONNECTOR_HEADERS, Bench, StillClock

pauses = st.lists(st.integers(min_value=0, max_value=8), max_size=60)  # eighths of a second, exact in binary


@given(pauses=pauses, limit=st.integers(min_value=1, max_value=5), window=st.integers(min_value=1, max_value=3))
def test_no_window_holds_more_calls_than_the_limit_and_none_is_refused_without_need(
    pauses: list[int], limit: int, window: int
) -> None:
    clock = StillClock()
    options = SandboxOptions(copper=CopperOptions(quota=RateLimit(limit=limit, window=window)))
    quota = CopperQuota(World(clock=clock, options=options))
    let_through: list[float] = []
    for pause in pauses:
        clock.elapsed += pause / 8
        held = [at for at in let_through if clock.elapsed - window < at]
        allowed = quota.take("acme").allowed
        assert allowed == (len(held) < limit)
        if allowed:
            let_through.append(clock.elapsed)

    for first in let_through:
        assert len([at for at in let_through if first <= at < first + window]) <= limit


@given(pauses=pauses)
def test_leadconnectors_headers_count_what_is_left(pauses: list[int]) -> None:
    clock = StillClock()
    options = SandboxOptions(leadconnector=LeadConnectorOptions(quota=RateLimit(limit=3, window=1), daily=20))
    quota = LeadConnectorQuota(World(clock=clock, options=options))
    let_through: list[float] = []
    for pause in pauses:
        clock.elapsed += pause / 8
        taken = quota.take("LOC1")
        if taken.allowed:
            let_through.append(clock.elapsed)
        held = [at for at in let_through if clock.elapsed - 1 < at]
        assert taken.headers["x-ratelimit-remaining"] == str(3 - len(held))
        assert taken.headers["x-ratelimit-daily-remaining"] == str(20 - len(let_through))
        assert int(taken.headers["x-ratelimit-daily-reset"]) % 1000 == 0


async def statuses(bench: Bench, count: int, crm: str = "copper", **headers: str) -> list[int]:
    if crm == "copper":
        return [
            (await bench.copper("GET", "/account", headers=COPPER_HEADERS | headers)).status_code for _ in range(count)
        ]
    return [
        (await bench.leadconnector("GET", "/locations/LOC1", headers=LEADCONNECTOR_HEADERS | headers)).status_code
        for _ in range(count)
    ]


async def test_copper_takes_180_calls_in_60_seconds_and_then_says_nothing_helpful() -> None:
    bench = Bench()
    assert set(await statuses(bench, 180)) == {200}
    refused = await bench.copper("GET", "/account")
    assert refused.status_code == 429
    assert refused.headers["content-type"].startswith("text/plain")
    assert not [name for name in refused.headers if name.startswith(("x-ratelimit", "retry-after"))]

    bench.clock.elapsed += 59.99
    assert await statuses(bench, 1) == [429]
    bench.clock.elapsed += 0.01
    assert set(await statuses(bench, 180)) == {200}
    assert await statuses(bench, 1) == [429]


async def test_leadconnector_takes_100_calls_in_10_seconds() -> None:
    bench = Bench()
    assert set(await statuses(bench, 100, "leadconnector")) == {200}
    assert await statuses(bench, 1, "leadconnector") == [429]
    bench.clock.elapsed += 10
    assert await statuses(bench, 1, "leadconnector") == [200]


async def test_the_day_begins_with_the_first_call_and_ends_24_hours_later() -> None:
    bench = Bench(SandboxOptions(leadconnector=LeadConnectorOptions(quota=None, daily=2)))
    bench.clock.elapsed += 3600
    assert await statuses(bench, 3, "leadconnector") == [200, 200, 429]
    bench.clock.elapsed += 86_399.5
    refused = await bench.leadconnector("GET", "/locations/LOC1")
    assert (refused.status_code, refused.headers["x-ratelimit-daily-reset"]) == (429, "1000")
    assert "x-ratelimit-max" not in refused.headers
    bench.clock.elapsed += 0.5
    assert await statuses(bench, 3, "leadconnector") == [200, 200, 429]


async def test_every_account_has_its_own_quota() -> None:
    bench = Bench(SandboxOptions(copper=CopperOptions(quota=RateLimit(limit=1, window=60))))
    assert await statuses(bench, 2) == [200, 429]
    assert await statuses(bench, 2, **{"X-PW-AccessToken": "other"}) == [200, 429]


async def test_two_tokens_of_one_location_share_its_quota_also_by_a_contacts_id() -> None:
    bench = Bench(SandboxOptions(leadconnector=LeadConnectorOptions(quota=RateLimit(limit=2, window=10))))
    made = await bench.leadconnector("POST", "/contacts/upsert", {"locationId": "LOC1", "email": "a@b.test"})
    assert await statuses(bench, 1, "leadconnector", Authorization="Bearer token-2") == [200]
    contact_id = made.json()["contact"]["id"]
    headers = LEADCONNECTOR_HEADERS | {"Authorization": "Bearer token-3"}
    assert (await bench.leadconnector("GET", f"/contacts/{contact_id}", headers=headers)).status_code == 429


async def test_a_call_about_nobody_counts_for_the_location_its_token_named_last() -> None:
    bench = Bench(SandboxOptions(leadconnector=LeadConnectorOptions(quota=RateLimit(limit=1, window=10))))
    assert await statuses(bench, 1, "leadconnector") == [200]
    assert (await bench.leadconnector("GET", "/contacts/NOPE")).status_code == 429


async def test_refused_credentials_cost_nothing() -> None:
    bench = Bench(SandboxOptions(copper=CopperOptions(quota=RateLimit(limit=1, window=60))))
    assert await statuses(bench, 3, **{"X-PW-AccessToken": "bad"}) == [401, 401, 401]
    assert await statuses(bench, 1) == [200]


async def test_the_time_scale_shortens_every_window_and_the_headers_say_so() -> None:
    bench = Bench(SandboxOptions(time_scale=100, leadconnector=LeadConnectorOptions(daily=150)))
    answer = await bench.leadconnector("GET", "/locations/LOC1")
    assert answer.headers["x-ratelimit-interval-milliseconds"] == "100"
    assert answer.headers["x-ratelimit-daily-reset"] == "864000"
    assert set(await statuses(bench, 180)) == {200}
    bench.clock.elapsed += 0.6
    assert await statuses(bench, 1) == [200]


@pytest.mark.parametrize(
    "changes",
    [{"quotas": False}, {"copper": {"quota": None}, "leadconnector": {"quota": None, "daily": None}}],
)
async def test_quotas_can_be_off_and_go_on_again_at_run_time(changes: dict[str, Any]) -> None:
    options = SandboxOptions(
        copper=CopperOptions(quota=RateLimit(limit=1, window=60)),
        leadconnector=LeadConnectorOptions(quota=RateLimit(limit=1, window=60)),
    )
    bench = Bench(options)
    assert await statuses(bench, 2) == [200, 429]
    await bench.control.options(**changes)
    assert await statuses(bench, 3) == [200, 200, 200]
    answers = [await bench.leadconnector("GET", "/locations/LOC1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert not [name for name in answers[0].headers if name.startswith("x-ratelimit")]
    await bench.control.reset()
    assert await statuses(bench, 2) == [200, 429]
    assert await statuses(bench, 2, "leadconnector") == [200, 429]
    await bench.control.reset()
    assert await statuses(bench, 2) == [200, 429]
    assert await statuses(bench, 2, "leadconnector") == [200, 429]
