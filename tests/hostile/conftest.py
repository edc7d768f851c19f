"""One real service in a process of its own for all hostile requests, with an emulated CRM behind it."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from leadbridge.commands.fetching import fetching_of
from leadbridge.commands.format import Format
from leadbridge.commands.looking import show_one
from leadbridge.store.sqlite.reader import SqliteReader
from tests.hostile.wire import Answer, exchange, post
from tests.support.command import Started, started
from tests.support.service import TOKEN

CONFIG = """
version: 1
server: {{max_body: {max_body}}}
sources:
  website: {{preset: generic, verify: {{scheme: token, secrets: ["${{TOKEN}}"]}}}}
  other: {{preset: generic, verify: {{scheme: token, secrets: ["${{TOKEN}}"]}}}}
  open: {{preset: generic, verify: none}}
  typeform: {{preset: typeform, verify: {{secrets: ["${{TOKEN}}"]}}}}
  partner: {{preset: standard-webhooks, verify: {{secrets: "${{PARTNER}}"}}}}
destinations:
  copper:
    crm: copper
    access_token: "${{COPPER}}"
    user_email: ops@example.com
    base_url: {crms}/copper/developer_api/v1
routes:
  - name: to copper
    from: [website, other, open, typeform, partner]
    to: copper
    on_no_match_key: create
    lead: {{name: "{{{{ fields.name | default('Nobody') }}}}", email: "{{{{ fields.email }}}}"}}
"""
ENVIRON = {"TOKEN": TOKEN, "PARTNER": "whsec_dGVzdHMtcGFydG5lci1zZWNyZXQ=", "COPPER": "c" * 32}


@dataclass(frozen=True)
class Service:
    """A running service: its port, its process and its database."""

    port: int
    process: Started
    database: Path

    def ask(self, *pieces: bytes, answers: int = 1) -> list[Answer]:
        """Send these bytes on a connection of their own."""
        return exchange(self.port, pieces, answers=answers)

    def still_serves(self) -> None:
        """Another sender is answered, nothing crashed, and the books balance."""
        (answer,) = self.ask(post(target="/hooks/other"))
        assert answer.status == 202, answer
        assert [line for line in self.process.log if line["event"] == "request.crashed"] == []
        assert self.read("ledger").balances

    def explain(self, submission_id: str, capsys: pytest.CaptureFixture[str]) -> str:
        """What `leadbridge show` says of a submission."""

        async def run() -> None:
            reader = SqliteReader(self.database)
            try:
                stands = partial(fetching_of, loaded=None)
                await show_one(reader, wanted=submission_id, stands=stands, output=Format.JSON)
            finally:
                await reader.close()

        capsys.readouterr()
        asyncio.run(run())
        return capsys.readouterr().out

    def read(self, what: str, *arguments: Any) -> Any:
        """One question to the database, as the commands ask it."""

        async def run() -> Any:
            reader = SqliteReader(self.database)
            try:
                return await getattr(reader, what)(*arguments)
            finally:
                await reader.close()

        return asyncio.run(run())

    def memory(self) -> int:
        """The most memory that the process ever had, in bytes (`VmHWM`)."""
        status = Path(f"/proc/{self.process.process.pid}/status").read_text("ascii")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def serving(folder: Path, *, max_body: str, busy: bool = False) -> Iterator[Service]:
    """A service that is patient with its senders, and its CRM; both are ended afterwards.

    Only a `busy` one may have refused bodies for want of room.
    """
    database = folder / "leadbridge.db"
    environ = {**ENVIRON, "LEADBRIDGE_DATABASE_URL": f"sqlite:///{database}"}
    with ExitStack() as stack:
        sandbox = stack.enter_context(started("sandbox", "--port", "0", "--no-quotas", cwd=folder))
        crms = sandbox.line("records").split()[1].removesuffix("/sandbox/state")
        (folder / "site.yaml").write_text(CONFIG.format(crms=crms, max_body=max_body))
        command = ("serve", "--config", "site.yaml", "--port", "0")
        process = stack.enter_context(started(*command, cwd=folder, environ=environ, module="tests.hostile.patient"))
        (listening,) = process.events("service.listening")
        process.events("service.started")
        yield Service(int(listening["url"].rpartition(":")[2]), process, database)
        failed = [line for line in process.log if line.get("status", 0) >= 500]
        assert [line for line in failed if not (busy and "Too many large bodies" in line["problem"])] == []


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with the limits that it has by default."""
    yield from serving(tmp_path_factory.mktemp("hostile"), max_body="2MiB")
