"""In CI a test that is skipped has failed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.generated import ROOT

pytestmark = pytest.mark.whole

SKIPPED = """
import pytest

@pytest.mark.skipif(True, reason="no such program here")
def test_that_is_skipped_from_the_start():
    raise AssertionError

def test_that_skips_itself():
    pytest.skip("no such program here")

@pytest.mark.xfail(raises=ZeroDivisionError)
def test_that_is_known_to_fail():
    assert 1 / 0
"""


@pytest.mark.parametrize(
    ("ci", "code", "said"), [("true", 1, "1 failed, 1 xfailed, 1 error"), ("", 0, "2 skipped, 1 xfailed")]
)
def test_a_skip_is_a_failure_in_ci_alone(ci: str, code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "test_skipped.py").write_text(SKIPPED)
    plain = "from tests.conftest import pytest_runtest_makereport\n"
    (tmp_path / "conftest.py").write_text(plain)
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "--confcutdir",
        str(tmp_path),
        "--rootdir",
        str(tmp_path),
    ]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == code, run.stdout
    assert said in run.stdout
    assert ("no such program here" in run.stdout) == (code == 1)
