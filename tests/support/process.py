"""The real command in a process of its own: started, spoken to over loopback, killed."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.patience import PATIENCE


@dataclass
class Process:
    """`leadbridge …`, with the lines it logs."""

    process: asyncio.subprocess.Process
    lines: list[dict[str, Any]] = field(default_factory=list)
    _written: asyncio.Event = field(default_factory=asyncio.Event)
    _reading: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, *arguments: str, environ: Mapping[str, str] | None = None, cwd: Path, module: str = "leadbridge.cli"
    ) -> "Process":
        """Start the command with nothing of the caller's environment but what it needs to run."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *arguments,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, cwd=cwd,
            env={"PATH": os.environ["PATH"], **(environ or {})},
        )  # fmt: skip
        started = cls(process)
        started._reading = asyncio.create_task(started._read())
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
            code = await self.process.wait()
            if self._reading is not None:
                await self._reading
        return code

    async def _read(self) -> None:
        stream = self.process.stderr
        while stream is not None and (line := await stream.readline()):
            try:
                said = json.loads(line)
            except ValueError:
                said = {"event": line.decode(errors="replace").rstrip()}
            self.lines.append(said)
            self._written.set()
        self._written.set()


async def eventually(check: Any, *, within: float = PATIENCE, every: float = 0.05) -> Any:
    """Ask again until the answer is true; for what another process does and cannot tell."""
    async with asyncio.timeout(within):
        while not (answer := await check()):  # noqa: ASYNC110  # another process has no event to set
            await asyncio.sleep(every)
    return answer
