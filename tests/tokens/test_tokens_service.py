"""The whole service with OAuth: leads go out under its tokens, wait while the grant is lost, and drain after it."""

import asyncio
from pathlib import Path
from typing import Any

import httpx

from tests.support.command import Started, started
from tests.support.patience import PATIENCE
from tests.support.process import eventually

from .places import Place, placed


async def post(process: Started, name: str) -> None:
    """A lead comes in."""
    (listening,) = process.events("service.listening")
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        lead = {"name": name, "email": f"{name}@example.com"}
        assert (await client.post(f"{listening['url']}/hooks/website", json=lead)).status_code == 202


async def contacts(place: Place) -> set[str]:
    """Whom the CRM has in LOC1."""
    state: Any = await place.control.state("leadconnector", account="LOC1")
    return {contact["email"] for contact in state["leadconnector"].get("LOC1", {"contacts": []})["contacts"]}


async def test_a_lost_grant_holds_the_account_until_it_is_connected_beside_the_service(tmp_path: Path) -> None:
    async with placed(tmp_path) as place:
        assert (await place.connect("dallas", "--code", "CODE1")).exit_code == 0
        serve = ("serve", "--config", "site.yaml", "--port", "0")
        with started(*serve, cwd=place.folder, environ=place.environ) as process:
            await asyncio.to_thread(process.events, "service.started")
            await post(process, "ann")
            await asyncio.to_thread(process.events, "delivery.attempted", outcome="delivered")
            assert await contacts(place) == {"ann@example.com"}

            await place.control.reset()  # the vendor has forgotten every token
            await place.install()
            await post(process, "bea")
            (held,) = await asyncio.to_thread(process.events, "lane.held")
            assert held["reason"] == "reconnect"
            assert "leadbridge connect leadconnector dallas" in held["detail"]
            assert len(process.events("token.lost")) == 1
            await post(process, "cat")
            assert await contacts(place) == set()

            done = await place.connect("dallas", "--code", "CODE1")
            assert "What waits for" in done.stdout

            async def drained() -> bool:
                return await contacts(place) == {"bea@example.com", "cat@example.com"}

            assert await eventually(drained)
            assert process.stop(15) == 0
