"""Commands that are forked, not started: see `forking`."""

import atexit
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
OURS = frozenset({"", str(ROOT), str(ROOT / "service")})  # where all that is found was imported already
# What Python, or a library that was imported already, reads of its environment at its start.
READ_AT_A_START = ("PYTHON", "LC_", "LANG", "TZ", "TERMINAL_WIDTH", "TYPER", "_TYPER", "FORCE_COLOR", "PY_COLORS")


def may_be_forked(environ: Mapping[str, str]) -> bool:
    """Whether a command with these additions to its environment is the same when it is forked; on no terminal."""
    rest = [name for name in environ if name != "PYTHONPATH"]
    paths = environ.get("PYTHONPATH", "").split(os.pathsep)
    return OURS.issuperset(paths) and not any(name.startswith(READ_AT_A_START) for name in rest)


class Forked:
    """A command, with what `subprocess.Popen` has for one that was started."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        cwd: Path,
        environ: Mapping[str, str],
        streams: Sequence[int | None],
    ) -> None:
        """Begin it; `streams` are its standard input, output and error output, None where there is nothing."""
        asked = {
            "module": module,
            "arguments": list(arguments),
            "cwd": os.fspath(cwd.resolve()),
            "environ": dict(environ),
        }
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._told.connect(door())
        with Path(os.devnull).open("r+b", buffering=0) as nothing:
            files = [nothing.fileno() if stream is None else stream for stream in streams]
            socket.send_fds(self._told, [json.dumps(asked).encode()], files)
        self.pid = int(self._told.recv(16))
        self.returncode: int | None = None
        self.stdout: IO[str] | None = None
        self.stderr: IO[str] | None = None
        self._looking = threading.Lock()

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        with self._looking:
            if self.returncode is None and self._has_ended(within=0.0):
                with self._told:
                    said = self._told.recv(16)
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
        with suppress(ValueError):  # somebody else who waited was told, and closed it
            return bool(select.select([self._told], [], [], within)[0])
        return True


def forked(*arguments: str, cwd: Path, environ: Mapping[str, str], module: str = "leadbridge.cli") -> Forked:
    """A command without an input, whose outputs are read from pipes."""
    pipes = [os.pipe(), os.pipe()]
    begun = Forked(module, arguments, cwd=cwd, environ=environ, streams=[None, *(its for _, its in pipes)])
    for _, its in pipes:
        os.close(its)
    begun.stdout, begun.stderr = (os.fdopen(ours, encoding="utf-8") for ours, _ in pipes)
    return begun


@cache
def door() -> str:
    """Where forks are asked for; begins the process that forks, and is the parent of them all."""
    folder = tempfile.mkdtemp(prefix="leadbridge-forks-")  # a socket's path must be short
    address = f"{folder}/door"
    ours, its = socket.socketpair()
    with its, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.bind(address)
        door.listen()
        files = [its.fileno(), door.fileno()]
        environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forking", *map(str, files)],
            cwd=ROOT, env=environ, pass_fds=files, stdin=subprocess.DEVNULL,
            start_new_session=True,  # a signal that ends a run must not end it before it has ended the others
        )  # fmt: skip

    def end() -> None:
        ours.close()
        process.wait()
        shutil.rmtree(folder)

    atexit.register(end)
    return address
