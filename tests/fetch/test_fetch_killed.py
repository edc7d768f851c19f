"""kill -9 in the middle of fetching: every lead that was announced is mapped once, with its answers."""

import asyncio
from collections import Counter
from pathlib import Path
from random import Random

import httpx
import orjson
import pytest

from leadbridge.prove.processes import free_port
from leadbridge.sandbox import COPPER_PATH, VENDORS_PATH, Delay, Fault
from leadbridge.store.sqlite.reader import SqliteReader
from tests.fetch.vendor import ENVIRON, announcement, document, email_of, signed
from tests.sandbox.serving import served
from tests.support.patience import PATIENCE
from tests.support.process import Process, eventually

ROOT = Path(__file__).parents[2]
LEADS = range(1, 61)
CONFIG = f"""
version: 1
sources:
  ads:
    preset: meta
    verify: {{secrets: ["${{APP_SECRET}}"]}}
    fetch:
      token: "${{META_TOKEN}}"
      base_url: "${{SANDBOX}}{VENDORS_PATH}/meta"
      quota: {{limit: 10000, window: 1m}}
destinations:
  copper:
    crm: copper
    access_token: "${{COPPER}}"
    user_email: ops@example.com
    base_url: "${{SANDBOX}}{COPPER_PATH}"
    quota: "off"
routes: [{{from: ads, to: copper, recognise: true}}]
"""


async def one_round(folder: Path, *, kill_after: int) -> None:
    """Announce all, kill when so many were fetched, start again, drain, compare."""
    (folder / "site.yaml").write_text(CONFIG)
    database, port = folder / "leadbridge.db", free_port()
    serve = ("serve", "--config", "site.yaml", "--port", str(port))
    async with served() as (sandbox, control):
        environ = {
            **ENVIRON,
            "SANDBOX": str(sandbox.base_url).rstrip("/"),
            "LEADBRIDGE_DATABASE_URL": f"sqlite:///{database}",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'service'}",
        }
        await control.put_documents({"meta": {"lead": {str(one): document(one) for one in LEADS}}})
        await control.fault(Fault(action=Delay(seconds=0.02), vendor="meta"))
        service = await Process.start(*serve, environ=environ, cwd=folder, module="tests.fetch.hurried")
        try:
            await service.seen("service.started")
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                for first in range(LEADS.start, LEADS.stop, 6):
                    body = announcement(*range(first, first + 6))
                    answer = await client.post("/hooks/ads", content=body, headers=signed(body))
                    assert answer.status_code == 200
            await fetched(service, kill_after)
            await service.kill()
            service = await Process.start(*serve, environ=environ, cwd=folder, module="tests.fetch.hurried")
            await service.seen("service.started")
            reader = SqliteReader(database)

            async def drained() -> bool:
                books = await reader.ledger()
                waiting = {"received", "awaiting_fetch", "pending", "sending", "retrying"}
                return not any(account.states.get(state) for account in books.accounts for state in waiting)

            await eventually(drained)
            books, rows = await reader.ledger(), await reader.submissions(limit=1_000)
            made = await reader.deliveries_of([row.id for row in rows])
            await reader.close()
            assert await service.stop() == 0
            asked = Counter(call["path"] for call in await control.history(vendor="meta", limit=10_000))
            state = (await control.state("copper"))["copper"]
        finally:
            if service.process.returncode is None:
                await service.kill()
    assert books.balances, books
    assert [row.state for row in rows] == ["mapped"] * len(LEADS)
    assert sorted(orjson.loads(row.fetched or "")["lead"]["id"] for row in rows) == sorted(map(str, LEADS))
    assert {len(deliveries) for deliveries in made.values()} == {1}
    found = Counter(record["email"]["email"] for account in state.values() for record in account["leads"])
    assert found == Counter(email_of(one) for one in LEADS)
    assert len(asked) == len(LEADS)
    assert max(asked.values()) <= 2, "twice only what was under way when it was killed"


async def fetched(service: Process, count: int) -> None:
    """Until so many calls were answered."""

    async def enough() -> bool:
        return len([line for line in service.lines if line["event"] == "fetch.attempted"]) >= count

    async with asyncio.timeout(PATIENCE):
        await eventually(enough, every=0.005)


async def test_a_killed_service_fetches_every_lead_and_maps_it_once(tmp_path: Path) -> None:
    await one_round(tmp_path, kill_after=20)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
async def test_whatever_the_moment(tmp_path: Path, seed: int) -> None:
    await one_round(tmp_path, kill_after=Random(seed).randrange(1, 50))
