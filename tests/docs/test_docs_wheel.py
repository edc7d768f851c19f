"""The built wheel is whole: installed alone, outside the repository, it runs the demo with what it brought along."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.generated import ROOT

pytestmark = pytest.mark.whole


def test_the_wheel_runs_the_demo_outside_the_repository(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("leadbridge-*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {"leadbridge"}
    demo = subprocess.run(
        [sys.executable, "-P", "-m", "leadbridge.cli", "demo", "--once"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path / "nobody"), "PYTHONPATH": str(installed)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "All 11 rows are as they should be" in demo.stdout
