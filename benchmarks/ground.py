"""What every measurement stands on: one configuration, one sandbox, made-up people, and how much of each to do."""

import asyncio
import gc
import itertools
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

import httpx
import orjson

from benchmarks.postgres import Postgres, postgres
from benchmarks.processes import PATIENCE, BenchmarkFailed, Running, free_port, running, service
from leadbridge.sandbox.client import SandboxControl
from leadbridge.settings.loading import Loaded, load_text
from leadbridge.store.opening import Reader, ServingStore, open_reader, open_store

Engine: TypeAlias = Literal["sqlite", "postgres"]
TOKEN: Final = "the-token-of-the-benchmark"
ENVIRON: Final = {"TOKEN": TOKEN, "COPPER_TOKEN": "c" * 32, "LEADCONNECTOR_TOKEN": "pit-benchmark"}
DATABASE: Final = "leadbridge.db"
OFF: Final = '"off"'
GLANCE: Final = 0.1  # seconds between two looks at the sandbox
UNFINISHED: Final = ("received", "pending", "sending", "retrying")
_CONFIG: Final = """
version: 1
sources:
  unrouted: &form {preset: generic, verify: {scheme: token, secrets: ["${TOKEN}"]}}
  website: *form
  scalars: *form
  lists: *form
  conditions: *form
destinations:
  copper:
    crm: copper
    access_token: "${COPPER_TOKEN}"
    user_email: ops@example.com
    base_url: CRMS/copper/developer_api/v1
    quota: QUOTA
  dallas:
    crm: leadconnector
    location_id: benchmark
    token: "${LEADCONNECTOR_TOKEN}"
    base_url: CRMS/leadconnector
    quota: QUOTA
routes:
  - name: one call
    from: [website, scalars]
    to: copper
    lead: &scalars
      name: "{{ fields.name | title }}"
      email: "{{ fields.email }}"
      company: "{{ fields.company }}"
      address: {city: "{{ fields.city }}", country: "{{ fields.country }}"}
      source: Website
  - {name: scalars to dallas, from: scalars, to: dallas, lead: *scalars}
  - {name: lists to copper, from: lists, to: copper, lead: *scalars, tags: {add: [benchmark, web]}}
  - {name: lists to dallas, from: lists, to: dallas, lead: *scalars, tags: {add: [benchmark, web]}}
  - name: conditions to copper
    from: conditions
    to: copper
    lead: *scalars
    write: &conditions {source: on_create, address: if_empty}
  - {name: conditions to dallas, from: conditions, to: dallas, lead: *scalars, write: *conditions}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured. The figures of `QUICK` prove only that everything runs."""

    syncs: int
    rounds: int
    accept_rounds: int  # more, and short ones: a machine's speed changes from one second to the next
    restarts: int  # rounds of what needs a new process each time
    accepts: int  # of one round
    connections: int
    singles: int  # submissions sent one at a time
    pace: float  # seconds between two of them
    live: int  # submissions that come in while replays wait
    deliveries: int  # of one round
    people: int  # whose calls are counted
    starts: int
    few: int  # waiting deliveries
    many: int
    claims: int  # batches claimed from each backlog
    quota_limit: int
    quota_window: float  # seconds
    quota_windows: int  # how many of them each of three processes drains a backlog through


NORMAL: Final = Effort(
    syncs=200, rounds=7, accept_rounds=20, restarts=3, accepts=2_000, connections=64, singles=200, pace=0.03,
    live=40, deliveries=2_000, people=20, starts=5, few=1_000, many=100_000, claims=60,
    quota_limit=180, quota_window=3.0, quota_windows=6,
)  # fmt: skip
QUICK: Final = Effort(
    syncs=5, rounds=1, accept_rounds=1, restarts=1, accepts=200, connections=8, singles=5, pace=0.02, live=4,
    deliveries=60, people=2, starts=1, few=50, many=500, claims=2, quota_limit=40, quota_window=0.3, quota_windows=2,
)  # fmt: skip
MANY: Final = 1_000_000  # waiting deliveries, for `--full`


@dataclass(slots=True, kw_only=True)
class Ground:
    """One run's folder, sandbox and effort."""

    folder: Path
    effort: Effort
    sandbox: Running
    control: SandboxControl
    client: httpx.AsyncClient
    _stack: ExitStack
    _postgres: Postgres | None = None
    _folders: Iterator[int] = field(default_factory=itertools.count)

    def postgres(self) -> Postgres:
        """The server of what is measured now, started when it is first asked for."""
        if self._postgres is None:
            self._postgres = self._stack.enter_context(postgres())
        return self._postgres

    async def settle(self) -> None:
        """Leave nothing of what was measured to what is measured next.

        No PostgreSQL that looks after what was in it, nothing in the sandbox, and nothing to be written to the disk.
        """
        self._stack.close()
        self._postgres = None
        await self.control.reset()
        gc.collect()
        await asyncio.to_thread(os.sync)

    def database_cpu_seconds(self, engine: Engine) -> float | None:
        """Processor time that the database's own processes used so far; None where it has none, or none can tell."""
        return self.postgres().cpu_seconds if engine == "postgres" else None

    async def site_on(self, engine: Engine, *, quota: str = OFF) -> "Site":
        """A new folder with a configuration, and nothing in a database of this kind."""
        return self.site(quota=quota, url=await self.postgres().database() if engine == "postgres" else None)

    def site(self, *, quota: str = OFF, url: str | None = None) -> "Site":
        """A new folder with a configuration and no database yet, which will be a file in it unless a URL is given."""
        folder = self.folder / f"site-{next(self._folders)}"
        folder.mkdir()
        text = _CONFIG.replace("CRMS", self.sandbox.url).replace("QUOTA", quota)
        (folder / "site.yaml").write_text(text, encoding="utf-8")
        loaded = load_text(text, "site.yaml", ENVIRON)
        return Site(folder=folder, loaded=loaded, url=url or f"sqlite:///{folder / DATABASE}")

    async def written(self, many: int) -> list[int]:
        """When the sandbox was asked for each record that it wrote, once there are so many; milliseconds."""
        async with asyncio.timeout(PATIENCE):
            while len(times := await self._written()) < many:  # noqa: ASYNC110  # another process has no event to set
                await asyncio.sleep(GLANCE)
        return times

    async def _written(self) -> list[int]:
        return [call["at"] for call in await self.control.history() if call["record_id"]]

    async def empty_sandbox(self, *, history: int) -> None:
        """No records, no quotas, and a history long enough for what follows."""
        await self.control.reset()
        await self.control.options(history=history)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One configured service: its folder and what it is configured to do."""

    folder: Path
    loaded: Loaded
    url: str  # of its database

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "site.yaml"

    @property
    def database(self) -> Path:
        """The database file, where it is one."""
        return self.folder / DATABASE

    def store(self) -> ServingStore:
        """The database, as a service opens it."""
        return open_store(self.url)

    def reader(self) -> Reader:
        """The database beside a service."""
        return open_reader(self.url)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a process that works here."""
        return {**ENVIRON, "LEADBRIDGE_DATABASE_URL": self.url}

    @asynccontextmanager
    async def serving(self, *, log: str = "leadbridge") -> AsyncIterator[Running]:
        """The service, as an operator starts it; its lines go to a file of this name."""
        port = free_port()
        arguments = service(self.config, port=port)
        lines = self.folder / f"{log}.log"
        async with running(*arguments, port=port, ready="/readyz", log=lines, environ=self.environ) as process:
            yield process


@asynccontextmanager
async def prepared(folder: Path, effort: Effort) -> AsyncIterator[Ground]:
    """The ground with its sandbox in a process of its own."""
    port = free_port()
    arguments = ("leadbridge.cli", "sandbox", "--port", str(port), "--no-quotas")
    async with (
        running(*arguments, port=port, ready="/sandbox/options", log=folder / "sandbox.log") as sandbox,
        httpx.AsyncClient(timeout=60.0, trust_env=False) as client,
    ):
        control = SandboxControl(sandbox.url, client)
        with ExitStack() as stack:
            yield Ground(folder=folder, effort=effort, sandbox=sandbox, control=control, client=client, _stack=stack)


def body(person: int) -> bytes:
    """A form's submission, of a usual size; no two people are the same."""
    return orjson.dumps(
        {
            "name": f"ann person {person}",
            "email": f"person{person}@example.com",
            "company": f"Company {person % 100}",
            "city": "Oakland",
            "country": "United States",
            "message": "Please call me back about the offer on your page; mornings are best. Thank you!",
            "page_url": "https://www.example.com/offers/spring?utm_source=newsletter&utm_campaign=spring",
        }
    )


def requests(source: str, people: Iterator[int]) -> Iterator[bytes]:
    """The same submissions as whole HTTP requests."""
    for person in people:
        content = body(person)
        yield (
            f"POST /hooks/{source} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"X-Webhook-Token: {TOKEN}\r\nContent-Length: {len(content)}\r\n\r\n"
        ).encode() + content


async def drained(reader: Reader, *, every: float = 0.1) -> None:
    """Wait until nothing is to be mapped or sent; a backlog that stands still ends the benchmark, and says where."""
    left, since = "", time.monotonic()
    while await _under_way(reader):
        await asyncio.sleep(every)
        if time.monotonic() - since < PATIENCE:
            continue
        now = repr(await reader.ledger())
        if now == left:
            raise BenchmarkFailed(f"nothing moved for {PATIENCE:g} s: {now}")
        left, since = now, time.monotonic()


async def _under_way(reader: Reader) -> bool:
    # The ledger counts every row: it is asked only at the end, so that looking does not slow what is looked at.
    if await reader.waiting(limit=1) or await reader.lanes_waiting():
        return True
    books = await reader.ledger()
    return any(account.states.get(state) for account in books.accounts for state in UNFINISHED)
