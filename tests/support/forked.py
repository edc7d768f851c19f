"""Commands that are forked, not started: see `forking`."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]
# What Python, or a library that was imported already, reads of its environment at its start.
READ_AT_A_START = ("PYTHON", "LC_", "LANG", "TZ", "TERMINAL_WIDTH", "TYPER", "_TYPER", "FORCE_COLOR", "PY_COLORS")


def may_be_forked(environ: Mapping[str, str]) -> bool:
    """Whether a command with these additions to its environment is the same when it is forked; on no terminal."""
    return not any(name.startswith(READ_AT_A_START) for name in environ)


class Forked:
    """A command, with what `subprocess.Popen` has for one that was started."""

    def __init__(
        self, module: str, arguments: Sequence[str], *, cwd: Path, environ: Mapping[str, str], streams: Sequence[int]
    ) -> None:
        """Begin it; `streams` are its standard input, output and error output."""
        told, tells = os.pipe()
        asked = {
            "module": module,
            "arguments": list(arguments),
            "cwd": os.fspath(cwd.resolve()),
            "environ": dict(environ),
        }
        self.pid = _source().fork(json.dumps(asked).encode(), [*streams, tells])
        os.close(tells)
        self.returncode: int | None = None
        self.stdout: IO[str] | None = None
        self.stderr: IO[str] | None = None
        self._told = told
        self._looking = threading.Lock()

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        with self._looking:
            if self.returncode is None and self._has_ended(within=0.0):
                said = os.read(self._told, 16)
                os.close(self._told)
                assert said, "the process that forks is gone"
                self.returncode = int(said)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; the exit code. `timeout`: seconds."""
        if self.returncode is None and not self._has_ended(within=timeout):
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _has_ended(self, *, within: float | None) -> bool:
        return bool(select.select([self._told], [], [], within)[0])


def forked(*arguments: str, cwd: Path, environ: Mapping[str, str], module: str = "leadbridge.cli") -> Forked:
    """A command without an input, whose outputs are read from pipes."""
    pipes = [os.pipe(), os.pipe()]
    with Path(os.devnull).open() as nothing:
        streams = [nothing.fileno(), *(its for _, its in pipes)]
        begun = Forked(module, arguments, cwd=cwd, environ=environ, streams=streams)
    for _, its in pipes:
        os.close(its)
    begun.stdout, begun.stderr = (os.fdopen(ours, encoding="utf-8") for ours, _ in pipes)
    return begun


class _Source:
    """The process that forks, and is the parent of them all."""

    def __init__(self) -> None:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forking", str(its.fileno())],
            cwd=ROOT, env=environ, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL,
        )  # fmt: skip
        its.close()
        self._control = ours
        self._one = threading.Lock()
        atexit.register(self.end)

    def fork(self, asked: bytes, files: Sequence[int]) -> int:
        """The process that was begun."""
        with self._one:
            socket.send_fds(self._control, [asked], files)
            said: Any = self._control.recv(16)
        assert said, "the process that forks is gone"
        return int(said)

    def end(self) -> None:
        """It ends when nobody asks any more."""
        self._control.close()
        self._process.wait()


@cache
def _source() -> _Source:
    return _Source()
