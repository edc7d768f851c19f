"""A process that has imported leadbridge, and becomes each command that a test starts: by a fork, within milliseconds.

What it becomes is a process as any other: it has arguments, an environment, a folder, a standard input and outputs,
signals, a session and an exit code of its own. Only what Python reads anew at each start is saved, a third of a
second each.
"""

import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import time
from typing import Any

import leadbridge
from tests.support.remembered import authorities

MOST = 128 * 1024  # bytes of a request
STREAMS = (
    (0, "stdin", "r", "surrogateescape"), (1, "stdout", "w", "surrogateescape"), (2, "stderr", "w", "backslashreplace")
)  # fmt: skip


def main(control: socket.socket, door: socket.socket) -> None:
    """Fork for whoever comes to the door; returns in each child, when what it was asked to be has ended."""
    _import_all()
    with authorities():
        gc.collect()
        gc.freeze()
        asked = _Forks(control, door).serve()
        _become(asked)
        sys.modules.pop(module := str(asked["module"]), None)
        runpy.run_module(module, run_name="__main__", alter_sys=True)


def _import_all() -> None:
    for found in pkgutil.walk_packages(leadbridge.__path__, "leadbridge."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)


class _Forks:
    """Those that are asked for: each by a connection, which is told its process, and then its exit code.

    A connection that ends before takes the process with it.
    """

    def __init__(self, control: socket.socket, door: socket.socket) -> None:
        self._control = control  # it ends when nobody asks any more
        self._door = door
        self._asking: dict[int, socket.socket] = {}  # by process
        self._ended, self._woken = os.pipe()

    def serve(self) -> dict[str, Any]:
        """What this process is asked to be."""
        for end in (self._ended, self._woken):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._woken)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while True:
            any_of: list[Any] = [self._control, self._door, self._ended, *self._asking.values()]
            ready, _, _ = select.select(any_of, [], [])
            if self._ended in ready:
                os.read(self._ended, 4096)
                self._tell_of_the_dead()
            for process in [process for process, asks in self._asking.items() if asks in ready]:
                os.kill(process, signal.SIGKILL)
                self._asking.pop(process).close()
            if self._control in ready:
                for process in self._asking:
                    os.kill(process, signal.SIGKILL)
                os._exit(0)
            if self._door in ready and (asked := self._forked()) is not None:
                return asked

    def _forked(self) -> dict[str, Any] | None:
        """In the child: what it is asked to be."""
        asks, _ = self._door.accept()
        message, streams, _, _ = socket.recv_fds(asks, MOST, 3)
        process = os.fork() if len(streams) == 3 else None
        if process == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
            for opened in (self._control, self._door, asks, *self._asking.values()):
                opened.close()
        for stream in streams:
            os.close(stream)
        if process == 0:
            os.close(self._ended)
            os.close(self._woken)
            asked: dict[str, Any] = json.loads(message)
            return asked
        if process is None:  # who asked is gone
            asks.close()
        else:
            self._asking[process] = asks
            asks.send(str(process).encode())
        return None

    def _tell_of_the_dead(self) -> None:
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if process == 0:
                return
            if (asks := self._asking.pop(process, None)) is not None:
                with asks:
                    asks.send(str(os.waitstatus_to_exitcode(status)).encode(), socket.MSG_NOSIGNAL)


def _become(asked: dict[str, Any]) -> None:
    os.chdir(asked["cwd"])
    locale = {name: value for name, value in os.environ.items() if name == "LC_CTYPE"}  # Python's own doing
    os.environ.clear()
    os.environ.update(locale | asked["environ"])
    time.tzset()
    sys.path[0] = asked["cwd"]
    sys.argv = [asked["module"], *asked["arguments"]]
    sys.orig_argv = [sys.executable, "-m", *sys.argv]
    for number, name, mode, errors in STREAMS:
        buffering = 1 if number == 2 or os.isatty(number) else -1
        stream = open(number, mode, buffering, "utf-8", errors, closefd=False)  # noqa: SIM115  # it stays open
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


if __name__ == "__main__":
    main(*(socket.socket(fileno=int(file)) for file in sys.argv[1:]))
