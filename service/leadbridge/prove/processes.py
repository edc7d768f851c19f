"""The real commands in processes of their own: started, frozen, killed, stopped in order."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from random import SystemRandom
from typing import Final

import httpx

from leadbridge.errors import LeadbridgeError

PATIENCE: Final = 60.0  # seconds a process may take to be ready, or to end in order
GLANCE: Final = 0.01  # seconds between two looks at a process that starts
_END: Final = 2_000  # characters of a log that are quoted
_NAMED_PORTS: Final = range(15_000, 32_000)  # below those that are given to whoever names none


class ProcessFailed(LeadbridgeError):
    """A process did not start, or did not end in order."""


class Running:
    """One `leadbridge …` that listens on loopback, in a process group of its own."""

    def __init__(self, process: asyncio.subprocess.Process, *, name: str, url: str, log: Path) -> None:
        self._process = process
        self._name = name
        self._log = log
        self.url = url

    @classmethod
    async def start(
        cls, name: str, *arguments: str, port: int, log: Path, environ: Mapping[str, str] | None = None, folder: Path
    ) -> "Running":
        """Start the command `name`; its output is added to `log`. It need not be ready yet."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "leadbridge", name, *arguments, "--port", str(port),
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder, env=_environ(environ),
                start_new_session=True,
            )  # fmt: skip
        return cls(process, name=name, url=f"http://127.0.0.1:{port}", log=log)

    @property
    def pid(self) -> int:
        """The process, for one who wants to look at it."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.returncode is not None

    async def ready(self, client: httpx.AsyncClient, path: str) -> None:
        """Wait until `path` answers 2xx; raises `ProcessFailed` with the end of the log when it does not."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await self._answers(client, path):
                    if self.ended:
                        raise ProcessFailed(
                            f"leadbridge {self._name} ended with {self._process.returncode}: {self._said()}"
                        )
                    await asyncio.sleep(GLANCE)
        except TimeoutError as error:
            raise ProcessFailed(f"leadbridge {self._name} was not ready in {PATIENCE:g} s: {self._said()}") from error

    async def kill(self) -> None:
        """Send SIGKILL to the whole group."""
        self._signal(signal.SIGKILL)
        await self._process.wait()

    def freeze(self) -> None:
        """Stand still where it is (SIGSTOP), until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze` (SIGCONT)."""
        self._signal(signal.SIGCONT)

    async def stop(self) -> None:
        """Send SIGTERM; raises `ProcessFailed` when it does not end in order."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(PATIENCE):
                code = await self._process.wait()
        except TimeoutError as error:
            raise ProcessFailed(f"leadbridge {self._name} did not stop in {PATIENCE:g} s: {self._said()}") from error
        if code:
            raise ProcessFailed(f"leadbridge {self._name} stopped with exit code {code}: {self._said()}")

    def _signal(self, name: signal.Signals) -> None:
        if not self.ended:
            os.killpg(self._process.pid, name)

    async def _answers(self, client: httpx.AsyncClient, path: str) -> bool:
        try:
            return (await client.get(self.url + path)).is_success
        except httpx.HTTPError:
            return False

    def _said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-_END:].strip() or "it said nothing"


def free_port() -> int:
    """A port that nobody listens on, and that the system gives to nobody before it is used."""
    for port in SystemRandom().sample(_NAMED_PORTS, 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ProcessFailed(f"no free port found between {_NAMED_PORTS[0]} and {_NAMED_PORTS[-1]}: stop what listens there")


def _environ(more: Mapping[str, str] | None) -> dict[str, str]:
    """Nothing of the caller's settings but what Python needs to find its libraries."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
    return {**kept, **(more or {})}
