"""kill -9 in the middle of fetching: every lead that was announced is mapped once, with its answers."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import httpx
import orjson
import pytest

from leadbridge.fetch.source import AT_ONCE
from leadbridge.sandbox import COPPER_PATH, VENDORS_PATH, Delay, Fault
from leadbridge.store.sqlite.reader import SqliteReader
from tests.fetch.vendor import ENVIRON, announcement, document, email_of, signed
from tests.sandbox.serving import served
from tests.support.patience import PATIENCE
from tests.support.ports import reserved_port
from tests.support.process import Process, eventually

ROOT = Path(__file__).parents[2]
LEADS = range(1, 61)
MORE = 3  # leads that the vendor answers on after those for which the kill waits
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
    """Announce all, kill when so many were fetched, start again a day later, drain, compare."""
    (folder / "site.yaml").write_text(CONFIG)
    database = folder / "leadbridge.db"
    async with served() as (sandbox, control):
        with reserved_port() as port:
            serve = ("serve", "--config", "site.yaml", "--port", str(port))
            environ = {
                **ENVIRON,
                "SANDBOX": str(sandbox.base_url).rstrip("/"),
                "LEADBRIDGE_DATABASE_URL": f"sqlite:///{database}",
                "PYTHONPATH": f"{ROOT}:{ROOT / 'service'}",
            }
            await control.put_documents({"meta": {"lead": {str(one): document(one) for one in LEADS}}})
            await control.fault(Fault(action=Delay(seconds=0.02), vendor="meta"))
            # However late the kill comes, some are under way and others wait.
            silence = Delay(seconds=PATIENCE, commit=True)
            silent = await control.fault(Fault(action=silence, vendor="meta", after=kill_after + MORE))
            async with begun(*serve, environ=environ, cwd=folder, module="tests.fetch.unhurried") as killed:
                await announce_all(port)
                await fetched(killed, kill_after)
                await killed.kill()
            await control.lift(silent)
            reader = SqliteReader(database)
            kept = {row.id for row in await reader.submissions(limit=1_000) if row.state != "awaiting_fetch"}
            async with begun(*serve, environ=environ, cwd=folder, module="tests.fetch.later") as service:
                await eventually(partial(drained, reader))
                books, rows = await reader.ledger(), await reader.submissions(limit=1_000)
                made = await reader.deliveries_of([row.id for row in rows])
                await reader.close()
                assert await service.stop() == 0
        history = await control.history(vendor="meta", limit=10_000)
        state = (await control.state("copper"))["copper"]
    assert books.balances, books
    assert [row.state for row in rows] == ["mapped"] * len(LEADS)
    assert sorted(orjson.loads(row.fetched or "")["lead"]["id"] for row in rows) == sorted(map(str, LEADS))
    assert {len(deliveries) for deliveries in made.values()} == {1}
    found = Counter(record["email"]["email"] for account in state.values() for record in account["leads"])
    assert found == Counter(email_of(one) for one in LEADS)
    leads = {row.id: orjson.loads(row.fetched or "")["lead"]["id"] for row in rows}
    first, second = attempts(killed), attempts(service)
    assert set(first.values()) | set(second.values()) == {1}, "no process fetches what it fetched before"
    assert not kept & set(second), "nor what another one had stored"
    said = Counter(leads[line["submission"]] for one in (killed, service) for line in tried(one))
    asked = Counter(call["path"].rpartition("/")[2] for call in history)
    assert set(asked) == set(leads.values())
    under_way = asked - said
    assert max(under_way.values(), default=0) <= 1, "nothing else was asked: it was under way when it was killed"
    assert under_way.total() <= AT_ONCE


@asynccontextmanager
async def begun(*serve: str, environ: Mapping[str, str], cwd: Path, module: str) -> AsyncIterator[Process]:
    """A service that has started; killed at the end, if it has not ended."""
    process = await Process.start(*serve, environ=environ, cwd=cwd, module=module)
    try:
        await process.seen("service.started")
        yield process
    finally:
        if process.process.returncode is None:
            await process.kill()


async def announce_all(port: int) -> None:
    """In one request, so that they are fetched as fast as may be while the kill comes."""
    body = announcement(*LEADS)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        answer = await client.post("/hooks/ads", content=body, headers=signed(body))
    assert answer.status_code == 200


async def fetched(service: Process, count: int) -> None:
    """Until so many calls were answered."""

    async def enough() -> bool:
        return len(tried(service)) >= count

    await eventually(enough, every=0.001)


async def drained(reader: SqliteReader) -> bool:
    books = await reader.ledger()
    waiting = {"received", "awaiting_fetch", "pending", "sending", "retrying"}
    return not any(account.states.get(state) for account in books.accounts for state in waiting)


def tried(service: Process) -> list[dict[str, Any]]:
    return [line for line in service.lines if line["event"] == "fetch.attempted"]


def attempts(service: Process) -> Counter[str]:
    """How often a process fetched each submission's lead."""
    return Counter(line["submission"] for line in tried(service) if line["outcome"] == "fetched")


@pytest.mark.whole
async def test_a_killed_service_fetches_every_lead_and_maps_it_once(tmp_path: Path) -> None:
    await one_round(tmp_path, kill_after=20)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
async def test_whatever_the_moment(tmp_path: Path, seed: int) -> None:
    await one_round(tmp_path, kill_after=Random(seed).randrange(1, 50))
