"""A move is killed again and again, wherever it is; the same command goes on, and in the end all is there once."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.moving.life import contents, fill
from tests.support.command import run, started
from tests.support.postgres import Cluster

ROOT = Path(__file__).parents[2]
MODULE = "tests.support.small_parts"
ENVIRON = {"PYTHONPATH": f"{ROOT}:{ROOT / 'service'}"}


@pytest.fixture
async def target(postgres: Cluster) -> AsyncIterator[str]:
    name = await postgres.server.make_database()
    yield postgres.server.url(name)
    await postgres.server.drop_database(name)


def test_a_move_that_is_killed_goes_on_where_it_was(tmp_path: Path, target: str) -> None:
    path = tmp_path / "leadbridge.db"
    asyncio.run(fill(path))
    before = contents(path)
    environ = {**ENVIRON, "LEADBRIDGE_DATABASE_URL": target}
    typed = ("move", "--from", f"sqlite:///{path}", "--format", "json")
    for lines in (2, 9):
        with started(*typed, cwd=tmp_path, environ=environ, module=MODULE) as running:
            running.until(lambda: len(running.logged) >= lines or None)  # noqa: B023  # it is done before the next
            running.process.kill()
            running.ended()
        assert running.process.returncode == -signal.SIGKILL, "it did not end before"
    ended = run(*typed, cwd=tmp_path, environ=environ)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["good"]
    assert told["moved"] < sum(told["rows"].values()), "some were there already"
    assert told["rows"] == {table: len(rows) for table, rows in before.items()}
    assert contents(path) == before
    assert run("ledger", cwd=tmp_path, environ=environ).returncode == 0
