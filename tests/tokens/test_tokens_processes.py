"""Real processes on one database, killed with -9 at each step of a refresh."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest
from cryptography.fernet import Fernet

from leadbridge.sandbox import (
    LEADCONNECTOR_PATH,
    LeadConnectorOptions,
    LeadConnectorSeed,
    SandboxControl,
    SandboxOptions,
)
from leadbridge.store.sqlite.tokens import SqliteTokens
from leadbridge.tokens.keeper import FIRST_REST
from tests.generated import ROOT
from tests.sandbox.serving import served
from tests.support.command import run
from tests.support.forked import Forked
from tests.support.patience import PATIENCE

STDERR = 2
FASTER = 5.0  # than the real time: the grace is 6 s, an intent of the dead lives 2.4 s
LIFE = 500.0  # seconds of an access token: half of it until it is not used any more
STEPS = ("before intent", "after intent", "after send", "after answer", "after store")
CALLS = {"before intent": {1}, "after intent": {1}, "after send": {1, 2}, "after answer": {2}, "after store": {1}}
KEY = Fernet.generate_key().decode()
CONFIG = """
version: 1
sources: {{website: {{preset: generic, verify: none}}}}
destinations:
  dallas: {{crm: leadconnector, location_id: LOC1, base_url: {crm}, oauth: {{client_id: app1, client_secret: s3cret}}}}
"""
Facts = dict[str, Any]


@dataclass
class Worker:
    """A process that wants tokens."""

    process: Forked
    hears: IO[bytes]
    tells: IO[bytes]

    @classmethod
    def begun(cls, folder: Path, base_url: str) -> "Worker":
        (its_input, hears), (tells, its_output) = os.pipe(), os.pipe()
        environ = {"PATH": os.environ["PATH"], "LEADBRIDGE_SECRET_KEY": KEY}
        arguments = (str(folder / "leadbridge.db"), base_url, str(FASTER), str(folder / "mark"))
        streams = [its_input, its_output, STDERR]
        process = Forked("tests.tokens.worker", arguments, cwd=ROOT, environ=environ, streams=streams)
        os.close(its_input)
        os.close(its_output)
        return cls(process, os.fdopen(hears, "wb", buffering=0), os.fdopen(tells, "rb"))

    async def says(self) -> Facts:
        """The next thing that it says."""
        async with asyncio.timeout(PATIENCE):
            line = await asyncio.to_thread(self.tells.readline)
        said: Facts = json.loads(line)
        return said

    def wants(self, step: str) -> None:
        """Let it want a token, and die at a step if it is the first there."""
        self.hears.write(f"{step}\n".encode())

    async def ended(self) -> None:
        """Wait until it is gone."""
        await asyncio.to_thread(self.process.wait, PATIENCE)
        self.hears.close()
        self.tells.close()


@dataclass
class Crowd:
    """Processes, the vendor, and what is between them."""

    folder: Path
    base_url: str
    control: SandboxControl
    workers: list[Worker] = field(default_factory=list)
    round: int = 0

    async def fill(self, count: int) -> None:
        """Start processes until there are so many."""
        new = [Worker.begun(self.folder, self.base_url) for _ in range(count - len(self.workers))]
        for worker in new:
            assert (await worker.says())["ready"]
        self.workers += new

    async def all_want(self, step: str) -> list[Facts]:
        """All want a token at once, one dies at the step; what each said last."""
        (self.folder / "mark").unlink(missing_ok=True)
        for worker in self.workers:
            worker.wants(step)
        said = await asyncio.gather(*(worker.says() for worker in self.workers))
        dead = [worker for worker, facts in zip(self.workers, said, strict=True) if "died" in facts]
        for worker in dead:
            await worker.ended()
            self.workers.remove(worker)
        return said

    def connect(self) -> subprocess.CompletedProcess[str]:
        """What a person does about a lost grant."""
        (self.folder / "site.yaml").write_text(CONFIG.format(crm=self.base_url))
        environ = {"LEADBRIDGE_SECRET_KEY": KEY, "LEADBRIDGE_DATABASE_URL": f"sqlite:///{self.folder}/leadbridge.db"}
        command = ("connect", "leadconnector", "--config", "site.yaml", "--code", "CODE")
        return run(*command, cwd=self.folder, environ=environ)

    async def expire(self) -> None:
        """Let the access token end, for everybody."""
        await asyncio.sleep(LIFE / 2 / FASTER / FASTER)  # the vendor says it is as long as it is for the vendor

    async def calls(self) -> list[int]:
        """The statuses of all calls to the token endpoint."""
        history = await self.control.history()
        return [int(str(entry["status"])) for entry in history if str(entry["path"]).endswith("/oauth/token")]


@asynccontextmanager
async def crowd(folder: Path, *, vendors: float = FASTER) -> AsyncIterator[Crowd]:
    """`vendors`: how much faster than the real one the time of the vendor goes."""
    options = SandboxOptions(
        quotas=False,
        time_scale=vendors,
        leadconnector=LeadConnectorOptions(unknown_tokens="refuse", access_token_life=LIFE),
    )
    app = {"client_id": "app1", "client_secret": "s3cret", "refresh_token": "R1", "code": "CODE"}
    await SqliteTokens(folder / "leadbridge.db").close()
    async with served(options) as (client, control):
        await control.seed(LeadConnectorSeed.model_validate({"account": "LOC1", "apps": [app]}))
        made = Crowd(folder, str(client.base_url.join(LEADCONNECTOR_PATH)), control)
        yield made
        for worker in made.workers:
            worker.process.kill()
            await worker.ended()


def judge(step: str, said: Sequence[Facts], calls: Sequence[int]) -> None:
    """One died, the others have the same token, which works; what reached the vendor is one refresh, or its repeat."""
    dead = [facts for facts in said if "died" in facts]
    living = [facts for facts in said if "died" not in facts]
    assert [facts["died"] for facts in dead] == [step]
    assert [facts for facts in living if not facts.get("works")] == []
    assert len({facts["token"] for facts in [*living, *dead] if "token" in facts}) == 1
    assert set(calls) == {200}
    assert len(calls) in CALLS[step]


@pytest.mark.whole
async def test_processes_that_are_killed_in_a_refresh_leave_one_pair_that_works(tmp_path: Path) -> None:
    async with crowd(tmp_path, vendors=1.0) as processes:  # no machine is so slow that the real grace ends
        await processes.fill(3)
        said = await processes.all_want("after answer")
        judge("after answer", said, await processes.calls())


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
async def test_eight_processes_at_once_killed_at_each_step_refresh_once_and_lose_nothing(
    step: str, tmp_path: Path
) -> None:
    async with crowd(tmp_path) as processes:
        before = 0
        for _ in range(3):
            await processes.fill(8)
            said = await processes.all_want(step)
            calls = await processes.calls()
            judge(step, said, calls[before:])
            before = len(calls)
            await processes.expire()


@pytest.mark.slow
async def test_beyond_the_grace_the_grant_is_lost_once_and_works_for_all_after_it_was_connected(
    tmp_path: Path,
) -> None:
    async with crowd(tmp_path) as processes:
        await processes.fill(1)
        (died,) = await processes.all_want("after answer")
        assert died["died"] == "after answer"
        await asyncio.sleep(31 / FASTER)
        await processes.fill(8)
        said = await processes.all_want("")
        assert [facts for facts in said if "leadbridge connect leadconnector" not in facts.get("lost", "")] == []
        assert await processes.calls() == [200, 400]  # the refresh whose answer was lost, and one try more

        connected = await asyncio.to_thread(processes.connect)
        assert connected.returncode == 0, connected.stderr
        await asyncio.sleep(FIRST_REST / FASTER)  # so long nobody asks again
        said = await processes.all_want("")
        assert [facts for facts in said if not facts.get("works")] == []
        assert len({facts["token"] for facts in said}) == 1
