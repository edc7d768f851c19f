"""Two services on one PostgreSQL: both accept, each sends for its accounts, and if one is killed the other does."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import httpx
import pytest

from leadbridge.prove.processes import free_port
from leadbridge.store.postgres.reader import PostgresReader
from tests.crash.test_crash_kill import CONFIG, ENVIRON, emails
from tests.support.process import Process, eventually

pytestmark = pytest.mark.whole

ROOT = Path(__file__).parents[2]
LEADS = 240
SENDERS = 8
ACCOUNTS = 2


class Replicas:
    """Services on one database, and the emulated CRMs that they send to."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.crm_port = free_port()
        self.processes: list[Process] = []
        self.urls: dict[int, str] = {}

    async def start_crms(self) -> None:
        crms = f"http://127.0.0.1:{self.crm_port}"
        (self.folder / "site.yaml").write_text(CONFIG.format(crms=crms))
        asked = ("sandbox", "--port", str(self.crm_port), "--no-quotas")
        self.processes.append(await Process.start(*asked, cwd=self.folder))

    async def start(self) -> tuple[Process, str]:
        port = free_port()
        asked = ("serve", "--config", "site.yaml", "--port", str(port))
        environ = {**ENVIRON, "LEADBRIDGE_DATABASE_URL": self.database_url, "PYTHONPATH": f"{ROOT}:{ROOT / 'service'}"}
        process = await Process.start(*asked, environ=environ, cwd=self.folder, module="tests.support.replica")
        self.processes.append(process)
        await process.seen("service.started")
        return process, f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        for process in self.processes:
            if process.process.returncode is None:
                await process.kill()

    async def in_the_crms(self) -> dict[str, dict[str, int]]:
        """How often each lead is in each CRM."""
        async with httpx.AsyncClient() as client:
            state = (await client.get(f"http://127.0.0.1:{self.crm_port}/sandbox/state")).json()
        return {
            "copper": dict(emails(state["copper"], "leads")),
            "leadconnector": dict(emails(state["leadconnector"], "contacts")),
        }


@pytest.fixture
def engine() -> str:
    return "postgres"


@pytest.fixture
async def replicas(tmp_path: Path, database_url: str) -> AsyncIterator[Replicas]:
    made = Replicas(tmp_path, database_url)
    await made.start_crms()
    yield made
    await made.stop()


@pytest.fixture
async def reader(replicas: Replicas, database_url: str) -> AsyncIterator[PostgresReader]:
    opened = PostgresReader(database_url)
    yield opened
    await opened.close()


async def send(url: str, numbers: Iterable[int]) -> list[str]:
    """Send leads, several at once; those that were answered 202."""
    waiting, taken = iter(list(numbers)), []
    async with httpx.AsyncClient(base_url=url) as client:

        async def sender() -> None:
            for number in waiting:
                email = f"person{number}@example.com"
                try:
                    response = await client.post("/hooks/website", json={"name": "A Person", "email": email})
                except httpx.HTTPError:
                    return
                if response.status_code == 202:
                    taken.append(email)

        await asyncio.gather(*(sender() for _ in range(SENDERS)))
    return taken


async def drained(reader: PostgresReader) -> bool:
    books = await reader.ledger()
    unfinished = {"received", "pending", "sending", "retrying"}
    return not any(account.states.get(state) for account in books.accounts for state in unfinished)


async def owners(reader: PostgresReader) -> list[int]:
    """How many accounts each process has that has any."""
    many = "SELECT count(*) FROM lanes WHERE owner IS NOT NULL GROUP BY owner"
    return [count for (count,) in await reader._database.run(lambda look: look.fetch(many))]


async def has_all(reader: PostgresReader) -> bool:
    return await owners(reader) == [ACCOUNTS]


async def evenly(reader: PostgresReader) -> bool:
    return await owners(reader) == [1, 1]


async def sent_by(process: Process) -> int:
    return sum(line["event"] == "delivery.attempted" for line in process.lines)


async def test_both_accept_and_send_and_when_one_is_killed_the_other_takes_over(
    replicas: Replicas, reader: PostgresReader
) -> None:
    first, first_url = await replicas.start()
    await eventually(lambda: has_all(reader))
    second, second_url = await replicas.start()
    await eventually(lambda: evenly(reader))
    both = await asyncio.gather(send(first_url, range(0, LEADS, 4)), send(second_url, range(1, LEADS, 4)))
    taken = [email for some in both for email in some]
    await eventually(lambda: drained(reader))
    assert (await sent_by(first), await sent_by(second)) == (len(taken), len(taken)), "one account each"

    before = len(first.lines)
    under_fire = asyncio.gather(send(first_url, range(2, LEADS, 4)), send(second_url, range(3, LEADS, 4)))
    await eventually(lambda: _more_lines(first, before + 20), every=0.001)
    await first.kill()
    taken += [email for some in await under_fire for email in some]
    await eventually(lambda: drained(reader))
    assert await has_all(reader)
    books = await reader.ledger()
    assert books.balances, books
    for crm, found in (await replicas.in_the_crms()).items():
        assert [email for email in taken if email not in found] == [], f"lost in {crm}"
        assert [email for email, count in found.items() if count > 1] == [], f"doubled in {crm}"
    assert await second.stop() == 0


async def _more_lines(process: Process, count: int) -> bool:
    return len(process.lines) >= count


async def test_a_service_that_stops_in_order_gives_its_accounts_to_the_other_at_once(
    replicas: Replicas, reader: PostgresReader
) -> None:
    first, _ = await replicas.start()
    await eventually(lambda: has_all(reader))
    second, second_url = await replicas.start()
    await eventually(lambda: evenly(reader))
    taken = await send(second_url, range(20))
    assert await first.stop() == 0
    await eventually(lambda: drained(reader))
    before = await sent_by(second)
    taken += await send(second_url, range(20, 40))
    await eventually(lambda: drained(reader))
    assert await sent_by(second) - before == 2 * 20, "it has both accounts"
    for found in (await replicas.in_the_crms()).values():
        assert sorted(found) == sorted(taken)
        assert set(found.values()) == {1}
    assert await second.stop() == 0
