"""A vendor on a string: announcements of leads as Meta sends them, and a transport that answers as a test says."""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from leadbridge.outgoing.client import Answered, Unanswered
from tests.support.gated import Gated
from tests.support.patience import PATIENCE
from tests.support.service import Running

SECRET = "app-secret-of-the-tests"
TOKEN = "EAAG-token-of-the-tests"
CONFIG = """
version: 1
sources:
  ads:
    preset: meta
    verify: {secrets: ["${APP_SECRET}"]}
    fetch: {token: "${META_TOKEN}", quota: {limit: 200, window: 1h}}
destinations:
  copper: {crm: copper, access_token: "${COPPER}", user_email: ops@example.com}
routes:
  - name: ads to copper
    from: ads
    to: copper
    recognise: true
"""
ENVIRON = {"APP_SECRET": SECRET, "META_TOKEN": TOKEN, "COPPER": "c" * 32}


def announcement(*leads: int) -> bytes:
    """One request that announces these leads."""
    changes = [
        {"field": "leadgen", "value": {"leadgen_id": str(lead), "form_id": "286", "page_id": "153", "created_time": 1}}
        for lead in leads
    ]
    return orjson.dumps({"object": "page", "entry": [{"id": "153", "time": 1, "changes": changes}]})


def signed(body: bytes) -> dict[str, str]:
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"}


async def announce(service: Running, *leads: int) -> None:
    body = announcement(*leads)
    answer = await service.post(body, source="ads", headers=signed(body))
    assert answer.status_code == 200


def email_of(lead: int | str) -> str:
    return f"person{lead}@example.com"


def document(lead: int | str) -> dict[str, Any]:
    """What the vendor has of a lead."""
    data = [{"name": "full_name", "values": ["Joe Example"]}, {"name": "email", "values": [email_of(lead)]}]
    return {"id": str(lead), "field_data": data}


def answered(status: int = 200, body: Any = None, **headers: str) -> Answered:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answered(status=status, headers=named, content=orjson.dumps(body), whole=True)


def lead(asked: str) -> Answered:
    return answered(body=document(asked))


REFUSED = {"error": {"message": f"The session of {TOKEN} has expired", "type": "OAuthException", "code": 190}}
NO_SUCH_LEAD = {"error": {"message": "Unsupported get request", "type": "GraphMethodException", "code": 100}}


def refused(_lead: str) -> Answered:
    return answered(400, REFUSED)


class FakeVendor(Gated[str, Answered]):
    """Answers by a function of the lead's id."""

    def __init__(self, respond: Callable[[str], Answered | Unanswered] = lead) -> None:
        super().__init__(respond)
        self.headers: list[Mapping[str, str]] = []
        self.addresses: list[str] = []

    async def get(
        self, address: str, *, query: Mapping[str, str], headers: Mapping[str, str], trace_id: str
    ) -> Answered:
        self.addresses.append(address)
        self.headers.append(headers)
        return await self.answer(address.rpartition("/")[2])


async def until(done: Callable[[], Awaitable[bool]]) -> None:
    """Look into the store until it is so; each look lets the others work."""
    async with asyncio.timeout(PATIENCE):
        while not await done():
            pass
