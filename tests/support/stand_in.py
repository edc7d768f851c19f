"""`leadbridge` as shells find it, but forked: see `forking`.

The script that stands in for the installed one starts within ten milliseconds, asks for a fork that has its arguments,
environment, folder and streams, hands signals on, and ends as it ends.
"""

import sys
from pathlib import Path

from tests.support.forked import ROOT, door

VENV = ROOT / ".venv"
_SCRIPT = """#!{python} -IS
import _socket, array, json, os, signal, sys
made = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
made.connect({door!r})
environ = dict(os.environ)
asked = dict(module="leadbridge", arguments=sys.argv[1:], cwd=os.getcwd(), environ=environ)
made.sendmsg([json.dumps(asked).encode()], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
process = int(made.recv(16))
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, _: os.kill(process, number))
code = int(made.recv(16))
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


def stand_in(folder: Path) -> Path:
    """Make a folder that has all of `.venv`, but for this script; returns it."""
    made = folder / ".venv"
    (made / "bin").mkdir(parents=True)
    for there in (*VENV.iterdir(), *(VENV / "bin").iterdir()):
        here = made / there.relative_to(VENV)
        if here != made / "bin" and there.name != "leadbridge":
            here.symlink_to(there)
    script = made / "bin" / "leadbridge"
    script.write_text(_SCRIPT.format(python=sys.executable, door=door()))
    script.chmod(0o755)
    return made
