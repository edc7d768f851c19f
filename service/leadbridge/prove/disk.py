"""A small disk of its own that can be filled up, where this user may mount one."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SIZE: Final = 256  # MiB: well above the service's disk reserve
_BALLAST: Final = "ballast"
_CHUNK: Final = b"\0" * (1024 * 1024)


class SmallDisk:
    """A mounted tmpfs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Take all room that is left."""
        with (self.folder / _BALLAST).open("ab", buffering=0) as ballast:
            piece = _CHUNK
            while piece:
                try:
                    ballast.write(piece)
                except OSError:
                    piece = piece[: len(piece) // 2]

    def clear(self) -> None:
        """Delete what filled the disk; nothing when it is not full."""
        (self.folder / _BALLAST).unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk | None]:
    """A disk mounted at `folder` until the body ends; None where this user may not mount one."""
    if not may_mount():
        yield None
        return
    folder.mkdir()
    if not _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}m,mode=0700", "leadbridge-prove", str(folder)):
        folder.rmdir()
        yield None
        return
    try:
        yield SmallDisk(folder)
    finally:
        _run("umount", "--lazy", str(folder))
        folder.rmdir()


def may_mount() -> bool:
    """Whether it makes sense to try: only root may, and only where there is the command."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


def moved(database: Path, folder: Path) -> Path:
    """Move a database that nobody has open, with what belongs to it, to another folder; answers its new path."""
    for part in sorted(database.parent.glob(f"{database.name}*")):
        shutil.move(part, folder / part.name)
    return folder / database.name


def _run(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603  # our own words
