"""Process 1 of a container ends at SIGTERM, like any other process, before the service can stop in order."""

import signal
import subprocess
import sys

import pytest

from tests.support.patience import PATIENCE

# The command line is a stand-in that gets the signal while it is still being imported.
BEGIN = """
import os, signal, sys, types
ours = os.getpid()
os.getpid = lambda: {number}
class CommandLine(types.ModuleType):
    def __getattr__(self, name):
        os.kill(ours, signal.SIGTERM)
        return lambda: print("goes on")
sys.modules["leadbridge.cli"] = CommandLine("leadbridge.cli")
from leadbridge.__main__ import main
main()
"""


@pytest.mark.parametrize(("number", "code"), [("1", 128 + signal.SIGTERM), ("ours", -signal.SIGTERM)])
def test_a_stop_that_comes_early_is_a_stop(number: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN.format(number=number)],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
