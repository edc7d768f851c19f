"""`leadbridge prove`: its exit codes, and what it leaves behind."""

import json
import re
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadbridge.cli import app
from leadbridge.prove import run
from leadbridge.prove.disk import SmallDisk
from leadbridge.prove.findings import Finding
from leadbridge.prove.page import ALONE
from leadbridge.prove.plan import Plan
from leadbridge.prove.report import Report
from leadbridge.prove.scratch import PostgresScratch, Scratch, SqliteScratch
from tests.prove.test_prove_report import LOST, REPORT


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where scratch folders are made; no small disk is mounted."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr("leadbridge.prove.disk.may_mount", lambda: False)
    return folder


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch, scratch: Path) -> list[Plan]:
    return ends_with(monkeypatch)


def ends_with(monkeypatch: pytest.MonkeyPatch, *findings: Finding) -> list[Plan]:
    """Plans are not played, but end with these findings; answers the list that the plans come into."""
    seen: list[Plan] = []

    async def played_out(plan: Plan, folder: Path, database: Scratch, *, replicas: int) -> Report:
        seen.append(plan)
        return replace(REPORT, findings=findings)

    monkeypatch.setattr(run, "played_out", played_out)
    return seen


def prove(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, ["prove", *arguments])
    return ended.exit_code, ended.output


def test_a_run_without_findings_is_good_and_leaves_nothing(plans: list[Plan], scratch: Path) -> None:
    code, said = prove("--rounds", "3", "--seed", "5", "--leads", "20")
    assert (code, len(plans[0].rounds), plans[0].seed, len(plans[0].submissions)) == (0, 3, 5, 20)
    assert "nothing lost, nothing doubled" in said
    assert list(scratch.iterdir()) == []


def test_a_run_is_200_rounds_of_a_seed_that_is_drawn(plans: list[Plan]) -> None:
    assert prove()[0] == prove()[0] == 0
    assert [len(plan.rounds) for plan in plans] == [200, 200]
    assert plans[0].seed != plans[1].seed


def test_findings_are_told_and_the_scratch_copy_is_kept(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends_with(monkeypatch, LOST)
    code, said = prove("--rounds", "3")
    (kept,) = scratch.iterdir()
    assert code == 1
    assert "FOUND: 1 lost" in said
    assert LOST.trace_ids[0] in said
    assert f"The same plan again: {REPORT.command}" in said
    assert f"LEADBRIDGE_DATABASE_URL=sqlite:///{kept}/leadbridge.db leadbridge trace TRACE_ID" in said
    assert json.loads((kept / "report.json").read_text())["good"] is False


def test_the_scratch_copy_is_kept_when_asked_for(plans: list[Plan], scratch: Path) -> None:
    code, said = prove("--keep")
    (kept,) = scratch.iterdir()
    assert (code, str(kept) in said) == (0, True)


def test_the_report_is_written_where_it_is_wanted(plans: list[Plan], tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Mine\n\n{ALONE.begin}\n{ALONE.end}\n", encoding="utf-8")
    report = tmp_path / "new" / "proof.md"
    assert prove("--report", str(report), "--page", str(page), "--folder", str(tmp_path))[0] == 0
    assert "| rounds | 3, seed 1, 20 s |" in report.read_text(encoding="utf-8")
    assert json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))["good"] is True
    assert page.read_text(encoding="utf-8").startswith(f"# Mine\n\n{ALONE.begin}\n\n**72 submissions")


def test_a_page_without_a_place_and_a_folder_that_is_not_there_are_wrong_usage(
    plans: list[Plan], tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Nothing here\n", encoding="utf-8")
    code, said = prove("--page", str(page))
    assert (code, "has no place for the report" in said) == (2, True)
    code, said = prove("--folder", str(tmp_path / "nowhere"))
    assert (code, "cannot make a folder in" in said) == (2, True)
    assert plans == []


def test_what_could_not_be_tried_is_said() -> None:
    alone = Path("proof")
    disk = SmallDisk(alone / "disk")
    server = "postgresql://me@server/postgres"
    assert run.left_out(SqliteScratch(alone)) == [run.NO_DISK, run.NO_CLOCK]
    assert run.left_out(SqliteScratch(alone, disk=disk)) == [run.NO_CLOCK]
    assert run.left_out(PostgresScratch(server)) == [run.NO_RESTART, run.NO_CLOCK]
    assert run.left_out(PostgresScratch(server, restart_command="true")) == [run.NO_CLOCK]


def test_a_database_that_is_kept_is_told_with_how_to_drop_it(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def played_out(_plan: Plan, _folder: Path, database: Scratch, *, replicas: int) -> Report:
        assert isinstance(database, PostgresScratch)
        database.is_there = True
        return replace(REPORT, findings=[LOST], replicas=replicas)

    monkeypatch.setattr(run, "played_out", played_out)
    code, said = prove("--database", "postgresql://me:secret@host/postgres")
    assert code == 1
    assert re.search(r"still there; to drop it: DROP DATABASE leadbridge_prove_\w{10} WITH \(FORCE\)", said)
    assert "secret" not in said
    assert re.search(r"DATABASE_URL='?postgresql://me:•••@host/leadbridge_prove_\w+'? leadbridge trace", said)


def test_several_processes_are_proved_on_a_server_and_nowhere_else(plans: list[Plan], scratch: Path) -> None:
    for option in ("--replicas", "3"), ("--restart-command", "true"):
        code, said = prove(*option)
        assert (code, "are for a --database postgresql://" in said) == (2, True)
    assert prove("--database", "mysql://host/leads")[0] == 2
    assert (plans, list(scratch.iterdir())) == ([], [])
    server = ("--database", "postgresql://me@host/postgres", "--rounds", "12")
    assert prove(*server)[0] == prove(*server, "--replicas", "2", "--restart-command", "true")[0] == 0
    without, with_restarts = plans
    assert {one.replica for one in without.rounds} == {0, 1, 2}
    assert {one.replica for one in with_restarts.rounds} == {0, 1}
    restarts = ["server restarts" in {one.event for one in plan.rounds} for plan in plans]
    assert restarts == [False, True]
