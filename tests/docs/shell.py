"""A block of a page, pasted into a shell."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.command import environment


def paste(block: str, folder: Path, *, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a block in a folder; it ends at the first line that fails."""
    return subprocess.run(
        ["sh", "-eu", "-c", block],
        cwd=folder, env=environment(environ, folder), capture_output=True, text=True, check=False,
    )  # fmt: skip


def printed(block: str, folder: Path, *, environ: Mapping[str, str] | None = None) -> str:
    """What a block prints; each of its lines must succeed."""
    done = paste(block, folder, environ=environ)
    assert done.returncode == 0, f"{block}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout
