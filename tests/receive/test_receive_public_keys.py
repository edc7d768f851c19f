"""Senders with private keys, through the real endpoint to the CRM; one of them sends nothing but a signed token."""

from collections.abc import AsyncIterator

import pytest

from leadbridge.schemes import SCHEME
from leadbridge.signing import sign_request
from leadbridge.store.base import Store
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.keys import key_for, public_pem
from tests.support.service import ENVIRON, Running, running

LEAD = b'{"email": "zoe@example.com", "id": 1}'
OPTIONS: dict[str, dict[str, str]] = {
    "token": {"scheme": "jws", "algorithm": "RS256", "payload": "data"},
    "rsa": {"scheme": "rsa", "header": "x-signature"},
    "ed25519": {"scheme": "ed25519", "header": "x-signature"},
}
KEYS = {name: key_for("ed25519" if name == "ed25519" else "rsa") for name in OPTIONS}
CONFIG = (
    "version: 1\nsources:\n"
    + "".join(
        f"  {name}: {{preset: generic, verify: {options | {'secrets': '${' + name.upper() + '}'}}}}\n"
        for name, options in OPTIONS.items()
    )
    + """
destinations:
  copper: {crm: copper, access_token: "${COPPER}", user_email: ops@example.com}
routes:
  - {name: all, from: [token, rsa, ed25519], to: copper, lead: {name: "{{ fields.id }}", email: "{{ fields.email }}"}}
"""
)


@pytest.fixture
async def service(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[Running]:
    # As environments hold keys: in one line.
    pems = {name.upper(): public_pem(key).replace("\n", "\\n") for name, key in KEYS.items()}
    async with running(store, clock, journal, config=CONFIG, environ={**ENVIRON, **pems}) as started:
        yield started


@pytest.mark.parametrize("name", OPTIONS)
async def test_a_signed_lead_reaches_the_crm_and_a_forged_one_does_not(
    service: Running, store: Store, clock: ManualClock, name: str
) -> None:
    scheme = SCHEME.validate_python({**OPTIONS[name], "secrets": public_pem(KEYS[name])})

    async def post(body: bytes, *, number: int) -> int:
        key = KEYS[name] if number == 0 else key_for("ed25519" if name == "ed25519" else "rsa", number)
        signed = sign_request(scheme, method="POST", url="", body=body, message_id="", now=clock.now(), private_key=key)
        headers = {"content-type": "text/plain" if name == "token" else "application/json", **signed.headers}
        response = await service.client.post(f"/hooks/{name}", content=signed.body, headers=headers)
        return response.status_code

    assert await post(LEAD, number=1) == 401
    assert await post(LEAD, number=0) == 202
    (line,) = await service.journal.seen("delivery.attempted")
    assert line["outcome"] == "delivered"
    (call,) = service.transport.calls
    assert "zoe@example.com" in str(call.body)
    (row,) = await store.submissions(limit=10)
    request = await store.request(row.request_id)
    assert request is not None
    assert request.body.startswith(b"eyJ") is (name == "token")
