"""The processes that are measured: started, waited for, looked at, stopped."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PATIENCE: Final = 60.0  # seconds a process may take to be ready, or to end
GLANCE: Final = 0.002  # seconds between two looks at a process that starts


class BenchmarkFailed(Exception):
    """A measurement that would mean nothing: what was measured did not do its work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A process that answers on loopback."""

    process: asyncio.subprocess.Process
    port: int
    log: Path
    seconds_to_ready: float

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def cpu_seconds(self) -> float | None:
        """Processor time used so far, in user and system; None where the system does not tell."""
        try:
            stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        except FileNotFoundError:
            return None
        after_name = stat.rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def peak_mb(self) -> float | None:
        """The most memory it ever had resident, in 10⁶ bytes; None where the system does not tell."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        except FileNotFoundError:
            return None
        return next(int(line.split()[1]) * 1024 / 1e6 for line in status.splitlines() if line.startswith("VmHWM"))


@asynccontextmanager
async def running(
    *arguments: str,
    port: int,
    ready: str,
    log: Path,
    environ: Mapping[str, str] | None = None,
    program: Sequence[str] = (sys.executable, "-m"),
) -> AsyncIterator[Running]:
    """A program (`python -m …` unless another is given) until the body ends; `ready` is a path that answers 2xx then.

    Its output goes to a file, as a service's would. Raises `BenchmarkFailed` with the end of it when it does not start.
    """
    began = time.perf_counter()
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *program, *arguments, stdout=output, stderr=output, cwd=ROOT, env=_environ(environ)
        )
    try:
        async with asyncio.timeout(PATIENCE):
            while not await _is_ready(port, ready):
                if process.returncode is not None:
                    raise BenchmarkFailed(f"{arguments[0]} did not start: {_end_of(log)}")
                await asyncio.sleep(GLANCE)
        taken = time.perf_counter() - began
        yield Running(process=process, port=port, log=log, seconds_to_ready=taken)
    finally:
        await _stop(process)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def service(config: Path, *, port: int) -> Sequence[str]:
    """The arguments of the service itself, as an operator starts it."""
    return ("leadbridge.cli", "serve", "--config", str(config), "--port", str(port))


def _environ(more: Mapping[str, str] | None) -> dict[str, str]:
    """Nothing of the caller's settings but what Python needs to find its libraries."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
    return {**kept, **(more or {})}


async def _is_ready(port: int, path: str) -> bool:
    """One look. A server that listens but does not serve yet keeps the connection waiting, so none is missed."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return (await reader.readline()).startswith(b"HTTP/1.1 2")
    except OSError:
        return False
    finally:
        writer.close()


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(PATIENCE):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2_000:].strip() or "it said nothing"
