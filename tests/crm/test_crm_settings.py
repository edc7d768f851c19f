"""How much of an account's quota a destination may use."""

import pytest

from leadbridge.configured import lane_name
from leadbridge.crm.adapter import Quota
from leadbridge.crm.copper.adapter import Copper
from leadbridge.crm.copper.settings import CopperSettings
from leadbridge.crm.settings import DestinationSettings

OFFICIAL = Quota(limit=180, window=60.0)
WITH_A_DAY = Quota(limit=180, window=60.0, daily=1_000)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ({}, OFFICIAL),
        ({"quota": {"share": 0.8}}, Quota(limit=144, window=60.0)),
        ({"quota": {"share": 0.001}}, Quota(limit=1, window=60.0)),  # never nothing: the lane would stand still
        ({"quota": {"limit": 5, "window": 2.5}}, Quota(limit=5, window=2.5)),
        ({"quota": "off"}, None),
    ],
)
def test_a_quota_is_the_official_one_a_share_of_it_ones_own_or_off(
    option: dict[str, object], expected: Quota | None
) -> None:
    assert DestinationSettings.model_validate({"crm": "any", **option}).quota_of(OFFICIAL) == expected


@pytest.mark.parametrize(
    ("option", "daily"),
    [
        ({}, 1_000),
        ({"quota": {"share": 0.8}}, 800),
        ({"quota": {"share": 0.0001}}, 1),
        ({"quota": {"limit": 5, "window": 2.5}}, None),
        ({"quota": {"limit": 5, "window": 2.5, "daily": 70}}, 70),
    ],
)
def test_a_share_is_one_of_the_daily_budget_too(option: dict[str, object], daily: int | None) -> None:
    quota = DestinationSettings.model_validate({"crm": "any", **option}).quota_of(WITH_A_DAY)
    assert quota is not None
    assert quota.daily == daily


def lane_of_copper(**options: str) -> str:
    given = {"crm": "copper", "access_token": "key", "user_email": "Old.User@example.com", **options}
    return lane_name(Copper(CopperSettings.model_validate(given)))


def test_another_copper_user_keeps_the_backlog_under_the_accounts_old_name() -> None:
    """As docs/operations.md advises, in "Another Copper user"."""
    new = {"user_email": "new.user@example.com", "access_token": "another key"}
    assert lane_of_copper(**new) != lane_of_copper()
    assert lane_of_copper(**new, account_id="old.user@example.com") == lane_of_copper()
