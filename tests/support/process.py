"""The real command in a process of its own: started, spoken to over loopback, killed."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.support.forked import Forked, may_be_forked
from tests.support.patience import PATIENCE


@dataclass
class Process:
    """`leadbridge …`, with the lines it logs."""

    process: Forked | subprocess.Popen[bytes]
    lines: list[dict[str, Any]] = field(default_factory=list)
    _written: asyncio.Event = field(default_factory=asyncio.Event)
    _reading: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, *arguments: str, environ: Mapping[str, str] | None = None, cwd: Path, module: str = "leadbridge.cli"
    ) -> "Process":
        """Start the command with nothing of the caller's environment but what it needs to run."""
        whole = {"PATH": os.environ["PATH"], **(environ or {})}
        ours, its = os.pipe()
        if may_be_forked(environ or {}):
            started = cls(Forked(module, arguments, cwd=cwd, environ=whole, streams=[None, None, its]))
        else:
            command, nothing = [sys.executable, "-m", module, *arguments], subprocess.DEVNULL
            started = cls(
                await asyncio.to_thread(
                    subprocess.Popen, command, cwd=cwd, env=whole, stdin=nothing, stdout=nothing, stderr=its
                )
            )
        os.close(its)
        started._reading = asyncio.create_task(started._read(os.fdopen(ours, "rb")))
        return started

    async def seen(self, event: str) -> dict[str, Any]:
        """Wait for a line of the log; fails when the process ends before."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for line in self.lines:
                    if line["event"] == event:
                        return line
                if self._reading is None or self._reading.done():
                    raise AssertionError(f"ended without {event}: {self.lines[-5:]}")
                self._written.clear()
                await self._written.wait()

    async def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        await self.ended()

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.terminate()
        return await self.ended()

    async def ended(self) -> int:
        """The exit code, once the process is gone."""
        async with asyncio.timeout(PATIENCE):
            code = await asyncio.to_thread(self.process.wait, PATIENCE)
            if self._reading is not None:
                await self._reading
        return code

    async def _read(self, written: IO[bytes]) -> None:
        stream = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), written)
        while line := await stream.readline():
            try:
                said = json.loads(line)
            except ValueError:
                said = {"event": line.decode(errors="replace").rstrip()}
            self.lines.append(said)
            self._written.set()
        pipe.close()
        self._written.set()


class Awaited:
    """A forked command, with what `asyncio` has for a process that it started."""

    def __init__(self, command: Forked) -> None:
        self._command = command
        self.pid = command.pid

    @property
    def returncode(self) -> int | None:
        """The exit code; None while it runs."""
        return self._command.poll()

    async def wait(self) -> int:
        """Wait for the end; the exit code."""
        return await asyncio.to_thread(self._command.wait, PATIENCE)


async def eventually(check: Any, *, within: float = PATIENCE, every: float = 0.05) -> Any:
    """Ask again until the answer is true; for what another process does and cannot tell."""
    async with asyncio.timeout(within):
        while not (answer := await check()):  # noqa: ASYNC110  # another process has no event to set
            await asyncio.sleep(every)
    return answer
