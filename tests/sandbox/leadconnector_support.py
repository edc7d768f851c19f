"""What the tests of the emulated LeadConnector's tokens share: an installed app, and the calls that it makes."""

from typing import Any

import httpx

from leadbridge.events import Json
from leadbridge.sandbox import LEADCONNECTOR_PATH, LeadConnectorSeed

from .support import LEADCONNECTOR_HEADERS, Bench

APP = {"client_id": "app1", "client_secret": "s3cret"}
INSTALLED = {**APP, "code": "CODE1", "refresh_token": "R1"}
AGENCY_APP = {**APP, "client_id": "agency-app", "code": "CODE2", "user_type": "Company"}


async def install(bench: Bench, location: str = "LOC1", **seed: Any) -> None:
    """The app, in a location."""
    values = {"account": location, "apps": [INSTALLED], **seed}
    await bench.control.seed(LeadConnectorSeed.model_validate(values))


async def post_form(bench: Bench, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
    """A form, without credentials in headers unless they are given."""
    return await bench.client.post(LEADCONNECTOR_PATH + path, data=form, headers=headers)


async def token(bench: Bench, grant_type: str, **parameters: str) -> httpx.Response:
    """What the app is answered by `/oauth/token`."""
    return await post_form(bench, "/oauth/token", {**APP, "grant_type": grant_type, **parameters})


async def granted(bench: Bench, grant_type: str, **parameters: str) -> dict[str, Json]:
    """The tokens that the app is given."""
    answer = await token(bench, grant_type, **parameters)
    assert answer.status_code == 200, answer.text
    body: dict[str, Json] = answer.json()
    return body


async def refreshed(bench: Bench, refresh_token: str = "R1") -> dict[str, Json]:
    """The next tokens of the app."""
    return await granted(bench, "refresh_token", refresh_token=refresh_token)


def bearer(access_token: str, **headers: str) -> dict[str, str]:
    """A call's headers with this token."""
    return {**LEADCONNECTOR_HEADERS, "Authorization": f"Bearer {access_token}", **headers}


def said(answer: httpx.Response) -> tuple[int, Json]:
    """A refusal's status and words."""
    return answer.status_code, answer.json()["message"]
