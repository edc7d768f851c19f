"""`check` and `schema`: every problem at its place, for people and for programs."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from leadbridge.cli import app

ROOT = Path(__file__).parents[2]
GOOD = {"WEBSITE_TOKEN": "planted-token", "COPPER_TOKEN": "c" * 32}
UNSIGNED = "version: 1\nsources:\n  open: {preset: generic, verify: none}\n"
WRONG = """version: 1
sources:
  open: {preset: generic, verify: none}
  other: {preset: typeforms, verify: {secrets: ["${UNSET}"]}}
rotes: []
"""


def check(folder: Path, content: str, *options: str) -> Result:
    (folder / "site.yaml").write_text(content)
    return CliRunner().invoke(app, ["check", "site.yaml", *options])


def test_a_good_configuration_is_said_to_be_good(folder: Path) -> None:
    minimal = (ROOT / "config" / "minimal.yaml").read_text()
    (folder / "site.yaml").write_text(minimal)
    result = CliRunner().invoke(app, ["check", "site.yaml"], env=GOOD)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "site.yaml is good: 1 source, 1 destination, 1 route\n"


def test_warnings_are_told_and_are_no_problem(folder: Path) -> None:
    result = check(folder, UNSIGNED)
    assert result.exit_code == 0
    *warnings, end = result.stdout.splitlines()
    assert warnings[0].startswith("warning: site.yaml:3:")
    assert all(line.startswith("warning: ") for line in warnings)
    assert end == f"site.yaml is good: 1 source, 0 destinations, 0 routes, {len(warnings)} warnings"


def test_every_problem_begins_with_its_place_and_ends_with_what_to_do(folder: Path) -> None:
    result = check(folder, WRONG)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    problems = [line for line in lines if line.startswith("site.yaml:")]
    assert [line.split(": ")[:2] for line in problems] == [
        ["site.yaml:4:19", "sources.other.preset"],
        ["site.yaml:4:49", "sources.other.verify.secrets[0]"],
        ["site.yaml:5:1", "rotes"],
    ]
    assert problems[0].endswith("did you mean `typeform`?")
    assert lines[-1].startswith("site.yaml cannot be used: 3 problems, ")


def test_a_program_gets_the_same_as_json(folder: Path) -> None:
    good, bad = check(folder, UNSIGNED, "--format", "json"), check(folder, WRONG, "--format", "json")
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert {one["severity"] for one in json.loads(good.stdout)["problems"]} == {"warning"}
    document = json.loads(bad.stdout)
    assert document["file"] == "site.yaml"
    first: dict[str, Any] = document["problems"][0]
    assert {name: first[name] for name in ("file", "line", "column", "path", "hint", "severity")} == {
        "file": "site.yaml",
        "line": 4,
        "column": 19,
        "path": "sources.other.preset",
        "hint": "did you mean `typeform`?",
        "severity": "error",
    }


def test_a_file_that_is_no_text_is_a_problem_like_others(folder: Path) -> None:
    (folder / "site.yaml").write_bytes(b"version: 1\nname: \xff\n")
    result = CliRunner().invoke(app, ["check", "site.yaml"])
    assert result.exit_code == 1
    said = "site.yaml:2:7: the file is not UTF-8 text; save it as UTF-8"
    assert result.stdout.splitlines() == [said, "site.yaml cannot be used: 1 problem"]


@pytest.mark.parametrize("command", [["check"], ["serve", "--config"]])
@pytest.mark.parametrize("output", ["text", "json"])
def test_a_file_that_cannot_be_read_is_wrong_usage(folder: Path, command: list[str], output: str) -> None:
    (folder / "a folder").mkdir()
    options = ["--format", output] if command == ["check"] else []
    result = CliRunner().invoke(app, [*command, "a folder", *options])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "leadbridge: cannot read a folder: Is a directory\n"


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_file_that_is_not_there_is_wrong_usage(folder: Path, output: str) -> None:
    result = CliRunner().invoke(app, ["check", str(folder / "nope.yaml"), "--format", output])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("nope.yaml: No such file or directory\n")


def test_the_schema_is_the_published_one() -> None:
    result = CliRunner().invoke(app, ["schema"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json.loads((ROOT / "config" / "schema.json").read_text())
