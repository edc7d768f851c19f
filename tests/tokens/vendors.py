"""The emulated LeadConnector behind the token exchange, and grants that its apps hold."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography.fernet import Fernet

from leadbridge.crm.adapter import Grant
from leadbridge.events import Json
from leadbridge.sandbox import LEADCONNECTOR_PATH, LeadConnectorSeed, Sandbox, SandboxOptions
from leadbridge.sandbox.faults import Fault
from leadbridge.store.sqlite.tokens import SqliteTokens
from leadbridge.tokens import Exchange, Sealing, TokenKeeper, Vault
from tests.sandbox.support import StillClock
from tests.support.journal import Journal

BASE = f"http://crm.test{LEADCONNECTOR_PATH}"
KEY = Fernet.generate_key().decode()
SECRET = "planted-client-secret"
NAME = "leadconnector:crm.test:app1:LOC1"


def grant(*, seed: str | None = "R1", location: str = "LOC1", **changes: Any) -> Grant:
    """The grant of an app in a location."""
    values: dict[str, Any] = {
        "name": f"leadconnector:crm.test:app1:{location}",
        "token_url": f"{BASE}/oauth/token",
        "client_id": "app1",
        "client_secret": SECRET,
        "seed": seed,
        "location_id": location,
    }
    return Grant(**(values | changes))


def agency_grant(location: str = "LOC1", *, seed: str | None = "C1") -> Grant:
    """The grant of an agency's app, for one of its locations."""
    return grant(
        seed=seed,
        location=location,
        name="leadconnector:crm.test:app1:COMP1",
        user_type="Company",
        company_id="COMP1",
        location_token_url=f"{BASE}/oauth/locationToken",
    )


class Wire(httpx.AsyncBaseTransport):
    """Connections to the sandbox; it counts what went over them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = httpx.ASGITransport(sandbox.app)
        self.paths: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.path.removeprefix(LEADCONNECTOR_PATH))
        return await self._inner.handle_async_request(request)


@dataclass
class Ring:
    """A sandbox, a database, and as many keepers on them as a test wants: each stands for a process."""

    folder: Path
    clock: StillClock
    sandbox: Sandbox
    wire: Wire
    journal: Journal
    keepers: list[TokenKeeper]

    def keeper(self, *keys: str) -> TokenKeeper:
        """Another process's keeper, under these keys."""
        vault = self.vault(*keys)
        log: Any = self.journal
        made = TokenKeeper(
            vault, Exchange(self.wire), clock=self.clock, log=log, destinations={NAME: "dallas", AGENCY: "austin"}
        )
        self.keepers.append(made)
        return made

    def vault(self, *keys: str) -> Vault:
        """The tokens in the database."""
        return Vault(SqliteTokens(self.folder / "leadbridge.db"), Sealing(keys or (KEY,)), self.clock)

    def install(self, location: str = "LOC1", **app: Json) -> None:
        """An app in a location, or in its agency."""
        values = {"client_id": "app1", "client_secret": SECRET, "refresh_token": "R1", **app}
        self.sandbox.seed(
            LeadConnectorSeed.model_validate({"account": location, "apps": [values], "settings": {"company": "COMP1"}})
        )

    def trouble(self, **fault: Any) -> None:
        """Something that goes wrong with the next calls."""
        self.sandbox.faults.add(Fault.model_validate(fault))


AGENCY = agency_grant().name


@asynccontextmanager
async def ring(folder: Path, **switches: Json) -> AsyncIterator[Ring]:
    """A sandbox whose apps are those that a test installs."""
    clock = StillClock()
    options = SandboxOptions(quotas=False).merged({"leadconnector": {"unknown_tokens": "refuse", **switches}})
    sandbox = Sandbox(options, clock)
    made = Ring(folder, clock, sandbox, Wire(sandbox), Journal(), [])
    yield made
    for keeper in made.keepers:
        await keeper.close()
