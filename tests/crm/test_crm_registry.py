"""The CRMs that leadbridge knows, those of other packages, and the settings of each."""

from importlib.metadata import EntryPoint
from typing import Any

import pytest
from pydantic import ValidationError

from leadbridge.crm.copper.adapter import Copper
from leadbridge.crm.copper.settings import CopperSettings
from leadbridge.crm.leadconnector.adapter import LeadConnector
from leadbridge.crm.leadconnector.settings import LeadConnectorSettings
from leadbridge.crm.registry import CRMS, GROUP, CrmKind
from leadbridge.plugins import with_installed
from tests.support.walked import walked

COPPER = {"crm": "copper", "access_token": "k" * 32, "user_email": "Ops@example.test"}
LEADCONNECTOR = {"crm": "leadconnector", "location_id": "LOC1", "token": "pit-1"}
OTHER = CrmKind(name="other", title="Other", settings=CopperSettings, adapter=Copper)


def test_the_built_in_crms_are_there() -> None:
    assert {"copper", "leadconnector"} <= set(CRMS)


def test_an_installed_package_adds_a_crm_without_a_fork() -> None:
    point = EntryPoint(name="other", value=f"{__name__}:OTHER", group=GROUP)
    assert with_installed(CRMS, [point], kind=CrmKind)["other"] is OTHER


@walked(
    ("settings", "change", "said"),
    [
        (COPPER, {"access_token": " \r\n"}, "must not be empty"),
        (COPPER, {"access_token": "ключ"}, "no HTTP header can carry"),
        (COPPER, {"user_email": "ops"}, "user_email"),
        (COPPER, {"base_url": "https://API.ProsperWorks.com/developer_api/v1"}, "old host and no longer answers"),
        (COPPER, {"token": "x"}, "token"),
        (LEADCONNECTOR, {"token": ""}, "must not be empty"),
        (LEADCONNECTOR, {"token": "pit-\n1"}, "no HTTP header can carry"),
        (LEADCONNECTOR, {"location_id": "LOC1/contacts"}, "location_id"),
        (LEADCONNECTOR, {"quota": {"share": 1.5}}, "quota"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], change: dict[str, Any], said: str) -> None:
    kind = CRMS[settings["crm"]]
    kind.settings.model_validate(settings)
    with pytest.raises(ValidationError, match=said):
        kind.settings.model_validate({**settings, **change})


def test_a_line_end_copied_along_with_a_token_is_dropped() -> None:
    copper = Copper(CopperSettings.model_validate({**COPPER, "access_token": " abc\r\n"}))
    leadconnector = LeadConnector(LeadConnectorSettings.model_validate({**LEADCONNECTOR, "token": "pit-1\r\n"}))
    assert copper.headers()["x-pw-accesstoken"] == "abc"
    assert leadconnector.headers()["authorization"] == "Bearer pit-1"


def test_copper_headers_are_those_of_its_docs() -> None:
    headers = Copper(CopperSettings.model_validate(COPPER)).headers()
    assert headers["x-pw-application"] == "developer_api"
    assert headers["x-pw-useremail"] == "Ops@example.test"


def test_leadconnector_states_its_version() -> None:
    headers = LeadConnector(LeadConnectorSettings.model_validate(LEADCONNECTOR)).headers()
    assert headers["version"] == "2021-07-28"


def test_the_base_url_is_the_official_one_unless_given() -> None:
    official = Copper(CopperSettings.model_validate(COPPER))
    sandbox = Copper(CopperSettings.model_validate({**COPPER, "base_url": "http://127.0.0.1:8090/copper/v1/"}))
    assert official.base_url == "https://api.copper.com/developer_api/v1"
    assert sandbox.base_url == "http://127.0.0.1:8090/copper/v1"


def test_destinations_of_one_account_are_one_account() -> None:
    by_user = Copper(CopperSettings.model_validate(COPPER))
    by_name = Copper(CopperSettings.model_validate({**COPPER, "account_id": "main"}))
    location = LeadConnector(LeadConnectorSettings.model_validate(LEADCONNECTOR))
    assert (by_user.account, by_name.account, location.account) == ("ops@example.test", "main", "LOC1")
