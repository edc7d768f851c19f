"""The whole benchmark runs, quickly, and leaves nothing behind. Its figures are nobody's business here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.processes import ROOT

pytestmark = pytest.mark.whole

EVERY_ROW = {
    "accept", "accept_alone", "accept_plain", "accept_delivering", "latency", "deliver", "deliver_transport",
    "quota", "quota_restart", "quota_kill", "quota_refused",
    "calls_scalars", "calls_lists_there", "calls_lists_to_add", "calls_conditions_to_write", "calls_conditions_met",
    "hanging", "live", "start", "recognise", "claim", "claim_beside", "record", "memory", "start_waiting",
    "postgres_accept", "postgres_accept_alone", "postgres_accept_delivering", "postgres_deliver",
    "postgres_claim", "postgres_record", "postgres_quota", "postgres_quota_kill", "postgres_quota_refused",
}  # fmt: skip
ONLY_LINUX_TELLS = {"memory"}


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", "--folder", str(folder), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_a_quick_run_has_every_row_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder, file = tmp_path / "bench", tmp_path / "rows.json"
    done = run("--quick", "--json", str(file), folder=folder)
    assert done.returncode == 0, done.stderr
    document = json.loads(file.read_bytes())
    rows = {row["key"]: row for row in document["rows"]}
    assert document["quick"] is True
    assert set(rows) - ONLY_LINUX_TELLS == EVERY_ROW - ONLY_LINUX_TELLS
    assert all(row["value"] > 0 for key, row in rows.items() if not key.endswith("quota_refused"))
    assert list(folder.iterdir()) == []
    # What does not depend on the machine's speed must be right in a quick run too.
    for key in ("quota_refused", "postgres_quota_refused", *(key for key in rows if key.startswith("calls_"))):
        assert rows[key]["met"] is True, rows[key]
    # The machine is described and not named.
    assert set(document["machine"]) == {
        "cores", "memory_gib", "fsync_us", "load_before", "system", "python", "libraries",
    }  # fmt: skip
    assert str(tmp_path) not in file.read_text()


def test_wrong_usage_is_refused_with_code_2(tmp_path: Path) -> None:
    done = run("--quick", "--full", folder=tmp_path / "bench")
    assert done.returncode == 2
    assert "not allowed with" in done.stderr
