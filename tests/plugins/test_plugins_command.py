"""A plug-in that cannot be used, beside the commands that ask it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.whole


def leadbridge(*arguments: str, installed: Path) -> subprocess.CompletedProcess[str]:
    """The script's own beginning, with a folder of installed packages."""
    return subprocess.run(
        [sys.executable, "-m", "leadbridge", *arguments],
        cwd=installed, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(installed)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("group", ["leadbridge.sources", "leadbridge.crm"])
def test_a_plugin_that_cannot_be_loaded_is_named_in_one_line(tmp_path: Path, group: str) -> None:
    metadata = tmp_path / "acme-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{group}]\nacme = acme_that_is_gone:THING\n")
    ended = leadbridge("schema", installed=tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"leadbridge: entry point {group}: acme = acme_that_is_gone:THING: it cannot be loaded (")
    assert line.endswith("; mend or uninstall its package")
    assert leadbridge("--version", installed=tmp_path).returncode == 0  # what needs no plug-in still answers


def test_without_one_the_command_line_runs(tmp_path: Path) -> None:
    ended = leadbridge("schema", installed=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("{")
