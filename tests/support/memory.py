"""Where the files of tests are: in memory, where there is room. A disk has to take each commit, and nobody reads it."""

import os
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")
LEAST: Final = 2 * 1024**3  # bytes free: a few times what all tests at once need


def folder() -> str | None:
    """The folder for temporary ones; None for the one that is usual, which `TMPDIR` names or the system."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return None
    there = os.statvfs(MEMORY)
    runs_programs = not there.f_flag & os.ST_NOEXEC
    return str(MEMORY) if runs_programs and there.f_bavail * there.f_frsize >= LEAST else None
