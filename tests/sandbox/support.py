"""What the sandbox's tests share: a clock that stands still, and a client that calls as the adapters will."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from leadbridge.clock import Millis
from leadbridge.events import Json
from leadbridge.sandbox import (
    COPPER_PATH,
    LEADCONNECTOR_PATH,
    VENDORS_PATH,
    LeadConnectorOptions,
    Sandbox,
    SandboxControl,
    SandboxOptions,
)

NOW = 1_750_000_000_000
COPPER_HEADERS = {
    "X-PW-AccessToken": "acme",
    "X-PW-Application": "developer_api",
    "X-PW-UserEmail": "owner@example.test",
    "Content-Type": "application/json",
}
LEADCONNECTOR_HEADERS = {
    "Authorization": "Bearer token-1",
    "Version": "2021-07-28",
    "Content-Type": "application/json",
}


VENDOR_HEADERS = {"linkedin": {"LinkedIn-Version": "202510"}, "klaviyo": {"revision": "2025-07-15"}}
SCHEMES = {"klaviyo": "Klaviyo-API-Key"}


class StillClock:
    """Time that passes only when told, or when somebody waits for it."""

    def __init__(self) -> None:
        self.elapsed = 0.0  # seconds

    def now(self) -> Millis:
        return NOW + round(self.elapsed * 1000)

    def monotonic(self) -> float:
        return self.elapsed

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        self.elapsed += seconds or 0.0
        return event.is_set()

    async def pause(self, seconds: float) -> None:
        self.elapsed += seconds


@dataclass
class Bench:
    """A sandbox called in this process."""

    options: SandboxOptions = field(default_factory=SandboxOptions)
    clock: StillClock = field(default_factory=StillClock)

    def __post_init__(self) -> None:
        self.sandbox = Sandbox(self.options, self.clock)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.sandbox.app), base_url="http://sandbox.test")
        self.control = SandboxControl("http://sandbox.test/", self.client)

    async def copper(
        self, method: str, path: str, body: Json = None, *, headers: Mapping[str, str] = COPPER_HEADERS
    ) -> httpx.Response:
        return await self._call(method, COPPER_PATH + path, body, headers=headers)

    async def leadconnector(
        self, method: str, path: str, body: Json = None, *, headers: Mapping[str, str] = LEADCONNECTOR_HEADERS
    ) -> httpx.Response:
        return await self._call(method, LEADCONNECTOR_PATH + path, body, headers=headers)

    async def vendor(
        self, name: str, path: str, *, token: str = "shop", method: str = "GET", **query: str
    ) -> httpx.Response:
        """A call as a good caller of that vendor makes it."""
        headers = {**VENDOR_HEADERS.get(name, {}), "Authorization": f"{SCHEMES.get(name, 'Bearer')} {token}"}
        return await self.client.request(method, f"{VENDORS_PATH}/{name}{path}", headers=headers, params=query or None)

    async def _call(self, method: str, path: str, body: Json, *, headers: Mapping[str, str]) -> httpx.Response:
        if body is None:
            return await self.client.request(method, path, headers=headers)
        return await self.client.request(method, path, json=body, headers=headers)


def upsert_by_email(email: str, **properties: Json) -> dict[str, Json]:
    """The body of a Copper upsert."""
    values = {"name": "My Lead", "email": {"email": email, "category": "work"}, **properties}
    return {"properties": values, "match": {"field_name": "email", "field_value": email}}


LOC = {"locationId": "LOC1"}
EMAIL = {**LOC, "email": "a@b.test"}


def switched(**switches: Json) -> Bench:
    return Bench(SandboxOptions(leadconnector=LeadConnectorOptions.model_validate(switches)))


async def upsert(bench: Bench, **values: Json) -> dict[str, Json]:
    answer = await bench.leadconnector("POST", "/contacts/upsert", {**EMAIL, **values})
    assert answer.status_code == 200, answer.text
    body: dict[str, Json] = answer.json()
    return body


async def contacts(bench: Bench) -> list[dict[str, Json]]:
    listed: list[dict[str, Json]] = (await bench.control.state())["leadconnector"]["LOC1"]["contacts"]
    return listed
