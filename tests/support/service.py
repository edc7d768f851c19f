"""A whole service in this process, spoken to through ASGI, with a CRM on a string behind it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any
from zlib import crc32

import httpx

from leadbridge.app import Service
from leadbridge.crm.adapter import Answer, Call
from leadbridge.fetch.transport import FetchTransport
from leadbridge.http.server import embedded, listen, server_config
from leadbridge.quarantine import Leftovers, Quarantine
from leadbridge.settings.loading import load_text
from leadbridge.store.base import Store
from tests.support.clock import ManualClock
from tests.support.crm import ScriptedTransport, answer
from tests.support.journal import Journal

CONFIG = """
version: 1
server: {max_body: 10KiB}
sources:
  website:
    preset: generic
    verify: {scheme: token, secrets: ["${TOKEN}"]}
  open:
    preset: generic
    verify: none
  partner:
    preset: standard-webhooks
    verify: {secrets: ["${PARTNER}"]}
  typeform:
    preset: typeform
    verify: {secrets: ["${TOKEN}"]}
destinations:
  copper: {crm: copper, access_token: "${COPPER}", user_email: ops@example.com}
routes:
  - name: website to copper
    from: [website, open, partner]
    to: copper
    when: "{{ fields.interest != 'support' }}"
    lead: {name: "{{ fields.name }}", email: "{{ fields.email }}"}
"""
TOKEN = "a-token-of-the-tests"
ENVIRON = {"TOKEN": TOKEN, "PARTNER": "whsec_dGVzdHMtcGFydG5lci1zZWNyZXQ=", "COPPER": "c" * 32}


@dataclass
class Running:
    """A started service and what a test needs of it."""

    service: Service
    client: httpx.AsyncClient
    transport: ScriptedTransport
    journal: Journal

    async def post(
        self, content: bytes, *, source: str = "website", headers: Mapping[str, str] | None = None, token: str = TOKEN
    ) -> httpx.Response:
        """Post as a sender with the right token and JSON, unless said otherwise."""
        given = {"content-type": "application/json", "x-webhook-token": token, **(headers or {})}
        return await self.client.post(f"/hooks/{source}", content=content, headers=given)


@asynccontextmanager
async def running(
    store: Store,
    clock: ManualClock,
    journal: Journal,
    *,
    config: str = CONFIG,
    environ: Mapping[str, str] = ENVIRON,
    quarantine: Quarantine | Leftovers | None = None,
    vendors: FetchTransport | None = None,
) -> AsyncIterator[Running]:
    """A service on this store and clock; stopped in order afterwards."""
    transport = ScriptedTransport(_copper)
    log: Any = journal
    service = Service(
        load_text(config, "tests.yaml", environ),
        store,
        clock=clock,
        transport=transport,
        dice=Random(1),
        log=log,
        quarantine=quarantine,
        vendors=vendors,
    )
    app = httpx.ASGITransport(service.asgi, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=app, base_url="http://leads.test") as client:
        await service.start()
        yield Running(service, client, transport, journal)
        await service.stop()


@asynccontextmanager
async def on_loopback(service: Service) -> AsyncIterator[int]:
    """The port of a real server for a service that is started already."""
    config = server_config(service.asgi)
    config.lifespan = "off"
    with listen("127.0.0.1", 0) as listener:
        async with embedded(config, listener):
            yield listener.getsockname()[1]


def _copper(call: Call) -> Answer:
    """Copper's answer to any upsert, near enough for what is tested here."""
    properties = call.body["properties"]
    record_id = crc32(str(call.body["match"]).encode())  # one record for each person
    return answer(body={**properties, "id": record_id, "tags": [], "date_created": 1, "date_modified": 2})
