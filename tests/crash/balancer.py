"""What stands before several replicas: a list of endpoints, as a Service of Kubernetes is one, that hears late."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx

from leadbridge.prove.processes import free_port
from tests.crash.test_crash_kill import CONFIG, ENVIRON
from tests.support.patience import PATIENCE
from tests.support.process import Process

LATE = 1.0  # seconds from a SIGTERM until the last sender has heard of it
LINGER = 5.0  # seconds that a service goes on for, as the chart has it; more than LATE, also on a busy machine
SENDERS = 6
ROOT = Path(__file__).parents[2]


@dataclass
class Replica:
    """One service, and where it is reached."""

    process: Process
    url: str


@dataclass
class Deployment:
    """Replicas on one database, the list of those that are sent to, and the CRMs behind them."""

    folder: Path
    database_url: str
    crm_port: int = field(default_factory=free_port)
    endpoints: list[str] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)

    async def start_crms(self) -> None:
        (self.folder / "site.yaml").write_text(CONFIG.format(crms=f"http://127.0.0.1:{self.crm_port}"))
        asked = ("sandbox", "--port", str(self.crm_port), "--no-quotas")
        self.processes.append(await Process.start(*asked, cwd=self.folder))

    async def start(self, *, source: Path = ROOT / "service") -> Replica:
        """Start a service from its `source`; it is sent to once it is ready."""
        port = free_port()
        asked = ("serve", "--config", "site.yaml", "--port", str(port), "--linger", f"{LINGER:g}")
        environ = {**ENVIRON, "LEADBRIDGE_DATABASE_URL": self.database_url, "PYTHONPATH": str(source)}
        process = await Process.start(*asked, environ=environ, cwd=self.folder, module="leadbridge")
        self.processes.append(process)
        await process.seen("service.started")
        replica = Replica(process, f"http://127.0.0.1:{port}")
        async with httpx.AsyncClient(base_url=replica.url) as client:
            assert (await client.get("/readyz")).status_code == 200
        self.endpoints.append(replica.url)
        return replica

    async def stop(self, replica: Replica) -> None:
        """End a replica; senders go on sending to it for a while."""
        replica.process.process.terminate()
        await replica.process.seen("service.leaving")
        async with httpx.AsyncClient(base_url=replica.url) as client:
            assert (await client.get("/readyz")).status_code == 503
        await asyncio.sleep(LATE)
        self.endpoints.remove(replica.url)
        assert await replica.process.ended() == 0

    async def end(self) -> None:
        """Kill what still runs."""
        for process in self.processes:
            if process.process.returncode is None:
                await process.kill()


class Load:
    """Senders that send one lead after the other, over connections that stay open, and never send one again."""

    def __init__(self, deployment: Deployment) -> None:
        self.taken: list[str] = []
        self.answers: Counter[str] = Counter()
        self.broken: list[str] = []
        self._deployment = deployment
        self._numbers = count()
        self._ends = False
        self._more = asyncio.Event()
        self._senders = asyncio.gather(*(self._send() for _ in range(SENDERS)))

    async def more(self, many: int) -> None:
        """Wait until so many more were taken."""
        enough = len(self.taken) + many
        async with asyncio.timeout(PATIENCE):
            while len(self.taken) < enough:
                self._more.clear()
                await self._more.wait()

    async def end(self) -> None:
        """Send no more."""
        self._ends = True
        await self._senders

    async def _send(self) -> None:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            while not self._ends:
                number = next(self._numbers)
                url = self._deployment.endpoints[number % len(self._deployment.endpoints)]
                lead = {"name": "A Person", "email": f"person{number}@example.com"}
                try:
                    response = await client.post(f"{url}/hooks/website", json=lead)
                except httpx.HTTPError as error:
                    self.broken.append(f"{error!r} at {url}, of {self._deployment.endpoints}")
                else:
                    self.answers[str(response.status_code)] += 1
                    if response.status_code == 202:
                        self.taken.append(lead["email"])
                self._more.set()
                await asyncio.sleep(0.01)  # all together about as fast as two cores can deliver
