"""What every command has in common: help with an example, codes for wrong usage, quiet ends."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import leadbridge
from leadbridge.cli import app
from leadbridge.commands.states import State
from tests.support.command import LEADBRIDGE, MODULE, environment
from tests.support.forked import Forked
from tests.support.patience import PATIENCE
from tests.support.walked import walked

COMMANDS = list(getattr(get_command(app), "commands", {}))


def test_there_are_commands() -> None:
    assert {"demo", "serve", "check", "send", "list", "show", "trace", "sandbox", "schema"} <= set(COMMANDS)


@walked("command", COMMANDS)
def test_help_is_short_and_ends_with_an_example(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    lines = result.stdout.rstrip().splitlines()
    assert len(lines) <= 32
    assert max(map(len, lines)) <= 80
    assert lines[-1].strip().startswith(f"Example: leadbridge {command}")


def test_the_commands_are_listed_with_what_they_do() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for command in COMMANDS:
        (line,) = re.findall(rf"^  {command} .*$", result.stdout, re.MULTILINE)
        assert line.endswith("."), "cut short"
        assert not line.endswith("...")


def test_the_version_is_said() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"leadbridge {leadbridge.__version__}\n")


@walked(
    ("arguments", "said"),
    [
        (["nothing"], "No such command 'nothing'"),
        (["list", "--colour"], "No such option"),
        (["list", "--limit", "0"], "Input should be greater than or equal to 1"),
        (["list", "--format", "xml"], "Invalid value for '--format': 'xml' is not one of 'text', 'json'"),
        (["show"], "Missing argument 'ID'"),
        (["send", "website"], "Missing argument 'FILE'"),
        (["serve", "--port", "http"], "Input should be a valid integer"),
    ],
)
def test_wrong_usage_has_a_code_of_its_own_and_says_what_is_wrong(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_an_unknown_state_is_refused_with_those_that_there_are() -> None:
    result = CliRunner().invoke(app, ["list", "--state", "lost"])
    assert result.exit_code == 2
    assert "Invalid value for '--state': 'lost' is not one of" in result.stderr
    assert all(f"'{state}'" in result.stderr for state in State)
    told = " ".join(CliRunner().invoke(app, ["list", "--help"]).stdout.split())
    assert ", ".join(State) in told


def piped_to_nobody(*arguments: str, cwd: Path) -> tuple[int, str]:
    reading, writing = os.pipe()
    os.close(reading)
    log = cwd / "log"
    with log.open("w") as logged:
        streams = [None, writing, logged.fileno()]
        ended = Forked(MODULE, arguments, cwd=cwd, environ=environment(None, cwd), streams=streams)
        os.close(writing)
        return ended.wait(PATIENCE), log.read_text()


@pytest.mark.parametrize("arguments", [("schema",), ("check", "wrong.yaml")])
def test_a_closed_pipe_ends_it_quietly(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "wrong.yaml").write_text("rotes: []\n")
    assert piped_to_nobody(*arguments, cwd=tmp_path) == (0, "")


def test_a_terminal_without_unicode_still_gets_its_answer(tmp_path: Path) -> None:
    (tmp_path / "Zoë.yaml").write_text("rotes: []\n")
    environ = {**environment(None, tmp_path), "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [*LEADBRIDGE, "check", "Zoë.yaml"]
    ended = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 1
    assert rb"Zo\xeb.yaml:1:1: rotes: unknown option" in ended.stdout
    assert ended.stderr == b""


def test_help_waits_for_nothing_that_only_some_commands_need() -> None:
    heavy = "aiohttp", "httpx", "starlette", "structlog", "uvicorn", "leadbridge.app", "leadbridge.settings.models"
    ask = f"import sys, leadbridge.cli; print(*[name for name in {heavy} if name in sys.modules])"
    asked = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == ""
