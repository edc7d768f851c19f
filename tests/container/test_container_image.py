"""What the image promises, as far as it is seen without an engine that builds it. docs/container.md has the rest."""

import fnmatch
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from leadbridge.cli import app
from tests.container.image import last, named, stages
from tests.generated import ROOT
from tests.support.command import started
from tests.support.patience import PATIENCE

CONFIG = "version: 1\nsources: {website: {preset: generic, verify: none}}\n"


def test_nothing_runs_as_root_and_no_shell_stands_between_a_signal_and_the_service() -> None:
    assert last("USER").arguments == "10001:10001"
    assert last("STOPSIGNAL").arguments == "SIGTERM"
    assert last("ENTRYPOINT").words == ["leadbridge"]
    assert last("CMD").words[0] == "serve"


def test_what_it_starts_are_options_of_ours() -> None:
    command, *options = last("CMD").words
    known = {
        option for parameter in getattr(get_command(app), "commands", {})[command].params for option in parameter.opts
    }
    assert {option for option in options if option.startswith("--")} <= known
    assert options[options.index("--port") + 1] == last("EXPOSE").arguments
    (variable,) = (one for one in named(stages()[-1], "ENV") if "LEADBRIDGE_DATABASE_URL" in one.arguments)
    assert f"sqlite:///{last('VOLUME').arguments}/" in variable.arguments


def test_what_is_installed_has_the_hashes_of_the_lock_files_and_needs_no_compiler() -> None:
    runs = [part for stage in stages() for run in named(stage, "RUN") for part in run.arguments.split("&&")]
    installing = [run for run in runs if re.search(r"\b(pip|apt-get|uv)\b.* install\b", run)]
    assert len(installing) == 3
    for run in installing:
        ours = "--no-deps --no-index /dist/*.whl" in run  # the wheel that was made just before
        assert ours or ("--require-hashes" in run and "--only-binary=:all:" in run), run
    for lock in ("requirements.lock", "requirements-build.lock"):
        pins = re.findall(r"^\S+==(?:.*\\\n)*.*", (ROOT / lock).read_text("utf-8"), re.MULTILINE)
        assert pins, lock
        assert all("--hash=sha256:" in pin for pin in pins), lock
    assert any("uninstall" in run.arguments and "pip" in run.arguments for run in named(stages()[-1], "RUN"))


def test_the_builder_gets_what_is_copied_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copies = [copy.arguments.split() for stage in stages() for copy in named(stage, "COPY")]
    copied = {
        word for words in copies if words[0] != "--from=build" for word in words[:-1] if not word.startswith("--")
    }
    assert let_in == copied
    assert [path for path in sorted(let_in) if not (ROOT / path).exists()] == []
    kept_out = [line for line in lines[1:] if not line.startswith("!")]
    assert any(fnmatch.fnmatch("service/leadbridge/__pycache__", line) for line in kept_out)


def test_the_health_check_says_whether_the_process_answers(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(CONFIG)
    check = last("HEALTHCHECK").words
    with started("serve", "--config", "site.yaml", "--port", "0", cwd=tmp_path) as service:
        (listening,) = service.events("service.listening")
        service.events("service.started")
        port = listening["url"].rpartition(":")[2]
        command = [sys.executable, *(word.replace("8080", port) for word in check[1:])]
        # A proxy for calls to CRMs has nothing to do with it.
        environ = {"HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"}
        assert subprocess.run(command, env=environ, check=False, timeout=PATIENCE).returncode == 0
        assert service.stop(signal.SIGTERM) == 0
    done = subprocess.run(command, env={}, capture_output=True, check=False, timeout=PATIENCE)
    assert done.returncode == 1


@pytest.fixture
def leadbridge(tmp_path: Path) -> Path:
    """The image's `leadbridge`, with the folders of a test; what it starts says its number and its variables."""
    script = (ROOT / "container" / "leadbridge").read_text("utf-8")
    (tmp_path / "secrets").mkdir()
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "$$"\necho "$@"\nenv\n')
    program.chmod(0o755)
    ours = tmp_path / "leadbridge"
    ours.write_text(
        script.replace("/run/secrets", str(tmp_path / "secrets")).replace(
            "/opt/leadbridge/bin/leadbridge", str(program)
        )
    )
    ours.chmod(0o755)
    return ours


def test_a_mounted_secret_is_the_variable_of_its_name(leadbridge: Path) -> None:
    for name, text in {
        "COPPER_TOKEN": "c'o\"p $HOME `id` \\ per\n",  # a file ends with a line end that is none of the secret's
        "WEBSITE_TOKEN": "from the file",
        "1NAME": "no name",
        "a-b": "no name",
        "empty": "",
    }.items():
        (leadbridge.parent / "secrets" / name).write_text(text)
    (leadbridge.parent / "secrets" / "kubernetes.io").mkdir()
    environ = {"PATH": os.environ["PATH"], "WEBSITE_TOKEN": "from the environment"}
    process = subprocess.Popen(
        [leadbridge, "serve", "--config", "a file"], env=environ, stdout=subprocess.PIPE, text=True
    )
    shown, _ = process.communicate(timeout=PATIENCE)
    number, arguments, *variables = shown.splitlines()
    assert int(number) == process.pid, "the shell must give its place to leadbridge, or signals end with the shell"
    assert arguments == "serve --config a file"
    assert "COPPER_TOKEN=c'o\"p $HOME `id` \\ per" in variables
    assert "WEBSITE_TOKEN=from the environment" in variables
    assert [line for line in variables if "no name" in line] == []


def test_without_mounted_secrets_it_starts_too(leadbridge: Path) -> None:
    (leadbridge.parent / "secrets").rmdir()
    done = subprocess.run([leadbridge, "list"], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert done.stdout.splitlines()[1] == "list"
