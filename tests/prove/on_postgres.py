"""`leadbridge prove` on a PostgreSQL of its own, which it may restart: `python -m tests.prove.on_postgres --rounds 8`.

A restart is asked for through one pipe and told through another. In turns the server ends in order, crashes (it is cut
off in the middle of whatever it does, and recovers at its start), and stands still for longer than a lease.
"""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import cycle
from pathlib import Path

from leadbridge.deliver.account import LEASE
from tests.support.postgres import SETTINGS, Server, server

USUAL = {**SETTINGS, "autovacuum": "on"}


def main(arguments: Sequence[str]) -> int:
    """Run the proof with these arguments; its exit code."""
    with server(settings=USUAL) as postgres, tempfile.TemporaryDirectory() as pipes:
        asked, done = Path(pipes) / "asked", Path(pipes) / "done"
        os.mkfifo(asked)
        os.mkfifo(done)
        threading.Thread(target=_restart_when_asked, args=(postgres, asked, done), daemon=True).start()
        command = f"echo > {shlex.quote(str(asked))} && cat {shlex.quote(str(done))}"
        proof = [sys.executable, "-m", "leadbridge", "prove", "--database", postgres.url("postgres")]
        return subprocess.run([*proof, "--restart-command", command, *arguments], check=False).returncode


def _restart_when_asked(postgres: Server, asked: Path, done: Path) -> None:
    for how in cycle((signal.SIGINT, signal.SIGQUIT, signal.SIGSTOP)):
        asked.read_bytes()
        if how == signal.SIGSTOP:
            _stand_still(postgres, LEASE.seconds + LEASE.grace)
        else:
            postgres.stop(how=how)
            postgres.start()
        done.write_bytes(b"")


def _stand_still(postgres: Server, seconds: float) -> None:
    main = postgres._process
    assert main is not None
    pids = [main.pid, *_children(main.pid)]
    for name in (signal.SIGSTOP, signal.SIGCONT):
        for pid in pids:
            with suppress(ProcessLookupError):  # a connection that ended
                os.kill(pid, name)
        if name == signal.SIGSTOP:
            time.sleep(seconds)


def _children(parent: int) -> Iterator[int]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # gone meanwhile
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                yield int(path.parent.name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
