"""The real command for tests that read what it prints: run to its end, or started and read line by line."""

import json
import os
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

from tests.support.forked import Forked, forked, may_be_forked
from tests.support.patience import PATIENCE

T = TypeVar("T")
MODULE = "leadbridge.cli"
LEADBRIDGE = (sys.executable, "-m", MODULE)


def environment(environ: Mapping[str, str] | None, home: Path) -> dict[str, str]:
    """Nothing of the caller's but where programs are; an empty home."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), **(environ or {})}


def run(
    *arguments: str, cwd: Path, environ: Mapping[str, str] | None = None, module: str = MODULE
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, with what it printed."""
    process = _begun(arguments, cwd=cwd, environ=environ, module=module)
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr, ThreadPoolExecutor(max_workers=2) as readers:
        printed, logged = readers.submit(process.stdout.read), readers.submit(process.stderr.read)
        try:
            code = process.wait(PATIENCE)
        finally:
            process.kill()
        return subprocess.CompletedProcess(arguments, code, stdout=printed.result(), stderr=logged.result())


def run_on_terminal(
    *arguments: str, columns: int, cwd: Path, environ: Mapping[str, str] | None = None, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the command on a terminal of so many columns, with what it shows there, and with what somebody typed."""
    ours, its = os.openpty()
    termios.tcsetwinsize(its, (40, columns))
    process = subprocess.Popen(
        [*LEADBRIDGE, *arguments],
        cwd=cwd, env={**environment(environ, cwd), "TERM": "xterm"}, stdin=its, stdout=its, stderr=its,
    )  # fmt: skip
    os.close(its)
    os.write(ours, typed.encode())
    shown = bytearray()
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # how Linux says that nobody holds the other end any more
        pass
    finally:
        os.close(ours)
        code = process.wait(PATIENCE)
    return subprocess.CompletedProcess(arguments, code, stdout=shown.decode())


@dataclass
class Started:
    """A command that runs, with the lines it printed and logged so far."""

    process: subprocess.Popen[str] | Forked
    printed: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _readers: list[threading.Thread] = field(default_factory=list)

    def line(self, beginning: str) -> str:
        """Wait for a printed line that begins so."""
        return self.until(lambda: next((one for one in self.printed if one.startswith(beginning)), None))

    def events(self, event: str, *, count: int = 1, **facts: Any) -> list[dict[str, Any]]:
        """Wait for so many log lines of an event with these facts."""

        def found() -> list[dict[str, Any]] | None:
            lines = [line for line in self.log if line["event"] == event and facts.items() <= line.items()]
            return lines if len(lines) >= count else None

        return self.until(found)

    @property
    def log(self) -> list[dict[str, Any]]:
        """The log lines, every one of which must be JSON."""
        lines = list(self.logged)
        assert all(line.startswith("{") for line in lines), lines
        return [json.loads(line) for line in lines]

    def stop(self, signal: int) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(signal)
        return self.ended()

    def ended(self) -> int:
        """Wait for the end; the exit code."""
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join()
        return code

    def until(self, look: Callable[[], T | None]) -> T:
        """Wait until `look` finds something in what was printed or logged; what it found."""
        with self._news:
            if not self._news.wait_for(lambda: look() is not None or self.process.poll() is not None, PATIENCE):
                raise AssertionError(f"not seen: {self.printed[-5:]} {self.logged[-5:]}")
        found = look()
        assert found is not None, f"ended before: {self.printed[-5:]} {self.logged[-5:]}"
        return found

    def _read(self, stream: IO[str], lines: list[str]) -> None:
        with stream:
            for line in stream:
                with self._news:
                    lines.append(line.rstrip("\n"))
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def __post_init__(self) -> None:
        for stream, lines in ((self.process.stdout, self.printed), (self.process.stderr, self.logged)):
            assert stream is not None
            reader = threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            reader.start()
            self._readers.append(reader)


@contextmanager
def started(
    *arguments: str, cwd: Path, environ: Mapping[str, str] | None = None, module: str = MODULE
) -> Iterator[Started]:
    """A running command; killed at the end if it still runs."""
    process = _begun(arguments, cwd=cwd, environ=environ, module=module)
    running = Started(process)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        running.ended()


def _begun(
    arguments: Sequence[str], *, cwd: Path, environ: Mapping[str, str] | None, module: str = MODULE
) -> "subprocess.Popen[str] | Forked":
    """A process that reads nothing; what it writes can be read."""
    environ, whole = environ or {}, environment(environ, cwd)
    if may_be_forked(environ):
        return forked(*arguments, cwd=cwd, environ=whole, module=module)
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd, env=whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
