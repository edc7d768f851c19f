"""A process that has imported leadbridge, and becomes each command that a test starts: by a fork, within milliseconds.

What it becomes is a process as any other: it has arguments, an environment, a folder, a standard input and outputs,
signals and an exit code of its own. Only what Python reads anew at each start is saved, a third of a second each.
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

MOST = 128 * 1024  # bytes of a request
STREAMS = (
    (0, "stdin", "r", "surrogateescape"), (1, "stdout", "w", "surrogateescape"), (2, "stderr", "w", "backslashreplace")
)  # fmt: skip


def main(control: socket.socket) -> None:
    """Fork for whoever asks; returns in each child, which is then what was asked for."""
    _import_all()
    gc.collect()
    gc.freeze()
    asked = _serve(control)
    _become(asked)
    sys.modules.pop(module := str(asked["module"]), None)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _import_all() -> None:
    for found in pkgutil.walk_packages(leadbridge.__path__, "leadbridge."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)


def _serve(control: socket.socket) -> dict[str, Any]:
    ended, woken = os.pipe()
    for end in (ended, woken):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    told: dict[int, int] = {}  # by process, who is to hear of its end
    while True:
        either: list[Any] = [control, ended]
        ready, _, _ = select.select(either, [], [])
        if ended in ready:
            os.read(ended, 4096)
            _tell_of_the_dead(told)
        if control in ready:
            message, files, _, _ = socket.recv_fds(control, MOST, 4)
            if not message:  # nobody asks any more
                os._exit(0)
            *streams, hears = files
            process = os.fork()
            if process == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                control.close()
                for number, stream in enumerate(streams):
                    os.dup2(stream, number)
                for file in (*files, *told.values(), ended, woken):
                    os.close(file)
                asked: dict[str, Any] = json.loads(message)
                return asked
            for stream in streams:
                os.close(stream)
            told[process] = hears
            control.send(str(process).encode())


def _tell_of_the_dead(told: dict[int, int]) -> None:
    while told:
        process, status = os.waitpid(-1, os.WNOHANG)
        if process == 0:
            return
        hears = told.pop(process)
        os.write(hears, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(hears)


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
    main(socket.socket(fileno=int(sys.argv[1])))
