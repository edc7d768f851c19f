"""A process that does not start, or does not stop in order, is told with its own words."""

import asyncio
import socket
import sys
from pathlib import Path

import httpx
import pytest

from leadbridge.prove import processes
from leadbridge.prove.processes import ProcessFailed, Running, free_port
from tests.support.process import eventually

pytestmark = pytest.mark.whole

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


async def started(folder: Path, *arguments: str) -> Running:
    return await Running.start("serve", *arguments, port=free_port(), log=folder / "serve.log", folder=folder)


async def test_a_process_that_ends_before_it_is_ready_is_told_with_what_it_said(tmp_path: Path) -> None:
    running = await started(tmp_path, "--config", "nowhere.yaml")
    async with httpx.AsyncClient() as client:
        with pytest.raises(ProcessFailed, match=r"leadbridge serve ended with 2: .*no configuration at nowhere\.yaml"):
            await running.ready(client, "/readyz")
    assert running.ended
    with pytest.raises(ProcessFailed, match="stopped with exit code 2"):
        await running.stop()


async def test_a_process_that_is_deaf_is_told_and_can_be_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program in the place of ours, with the same ways to end it."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{DEAF}"\n', encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    running = await started(tmp_path)
    await eventually(lambda: asyncio.to_thread(lambda: "deaf" in (tmp_path / "serve.log").read_text("utf-8")))
    monkeypatch.setattr(processes, "PATIENCE", 0.5)
    async with httpx.AsyncClient() as client:
        with pytest.raises(ProcessFailed, match=r"not ready in 0\.5 s"):
            await running.ready(client, "/readyz")
    with pytest.raises(ProcessFailed, match=r"did not stop in 0\.5 s: deaf"):
        await running.stop()
    await running.kill()
    assert running.ended


def test_a_free_port_is_none_that_the_system_gives_to_somebody_else_meanwhile() -> None:
    given = []
    for _ in range(20):
        with socket.socket() as anybody:
            anybody.bind(("127.0.0.1", 0))
            given.append(anybody.getsockname()[1])
    assert max(free_port() for _ in range(20)) < min(given)
