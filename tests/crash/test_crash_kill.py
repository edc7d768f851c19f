"""kill -9 in the middle of submissions at full speed: every one that got a 2xx is in both CRMs exactly once."""

import asyncio
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport

from leadbridge.prove.processes import free_port
from leadbridge.store.sqlite.reader import SqliteReader
from tests.support.patience import PATIENCE
from tests.support.process import Process, eventually

pytestmark = pytest.mark.whole

SUBMISSIONS = 2_000
SENDERS = 32
CONFIG = """
version: 1
sources:
  website: {{preset: generic, verify: none}}
destinations:
  copper:
    crm: copper
    access_token: "${{COPPER_TOKEN}}"
    user_email: ops@example.com
    base_url: {crms}/copper/developer_api/v1
    quota: "off"
  dallas:
    crm: leadconnector
    location_id: LOC1
    token: "${{LEADCONNECTOR_TOKEN}}"
    base_url: {crms}/leadconnector
    quota: "off"
routes:
  - name: to copper
    from: website
    to: copper
    lead: &lead {{name: "{{{{ fields.name }}}}", email: "{{{{ fields.email }}}}"}}
  - {{name: to dallas, from: website, to: dallas, lead: *lead}}
"""
ENVIRON = {"COPPER_TOKEN": "c" * 32, "LEADCONNECTOR_TOKEN": "pit-tests"}


async def one_round(folder: Path, *, kill_after: int, seed: int) -> None:
    """Send at full speed, kill when `kill_after` were taken, start again, drain, compare."""
    crm_port, port = free_port(), free_port()
    crms = f"http://127.0.0.1:{crm_port}"
    (folder / "site.yaml").write_text(CONFIG.format(crms=crms))
    database = folder / "leadbridge.db"
    environ = {**ENVIRON, "LEADBRIDGE_DATABASE_URL": f"sqlite:///{database}"}
    serve = ("serve", "--config", "site.yaml", "--port", str(port))
    sandbox = await Process.start("sandbox", "--port", str(crm_port), "--no-quotas", cwd=folder)
    service = await Process.start(*serve, environ=environ, cwd=folder)
    await service.seen("service.started")
    taken: list[str] = []
    enough = asyncio.Event()
    try:
        async with httpx.AsyncClient(transport=AiohttpTransport(), base_url=f"http://127.0.0.1:{port}") as client:
            numbers = iter(Random(seed).sample(range(SUBMISSIONS), SUBMISSIONS))

            async def send() -> None:
                for number in numbers:
                    email = f"person{number}@example.com"
                    try:
                        response = await client.post("/hooks/website", json={"name": "A Person", "email": email})
                    except httpx.HTTPError:
                        return
                    if response.status_code == 202:
                        taken.append(email)
                    if len(taken) >= kill_after:
                        enough.set()

            senders = asyncio.gather(*(send() for _ in range(SENDERS)))
            async with asyncio.timeout(PATIENCE):
                await enough.wait()
            await service.kill()
            await senders
        service = await Process.start(*serve, environ=environ, cwd=folder)
        await service.seen("service.started")
        reader = SqliteReader(database)

        async def drained() -> bool:
            books = await reader.ledger()
            waiting = {"received", "pending", "sending", "retrying"}
            return not any(account.states.get(state) for account in books.accounts for state in waiting)

        await eventually(drained)
        books = await reader.ledger()
        await reader.close()
        assert books.balances, books
        assert await service.stop() == 0
        async with httpx.AsyncClient() as client:
            state = (await client.get(f"{crms}/sandbox/state")).json()
    finally:
        for process in (service, sandbox):
            if process.process.returncode is None:
                await process.kill()
    for found in (emails(state["copper"], "leads"), emails(state["leadconnector"], "contacts")):
        assert [email for email in taken if found[email] == 0] == [], "lost"
        assert [email for email, count in found.items() if count > 1] == [], "doubled"
    assert len(taken) >= kill_after


def emails(accounts: dict[str, Any], kind: str) -> Counter[str]:
    records = [record for account in accounts.values() for record in account[kind]]
    addresses = [record["email"] for record in records]
    return Counter(address["email"] if isinstance(address, dict) else address for address in addresses)


async def test_a_killed_service_loses_and_doubles_nothing(tmp_path: Path) -> None:
    await one_round(tmp_path, kill_after=400, seed=400)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
async def test_a_killed_service_loses_and_doubles_nothing_whatever_the_moment(tmp_path: Path, seed: int) -> None:
    await one_round(tmp_path, kill_after=Random(seed).randrange(1, SUBMISSIONS), seed=seed)
