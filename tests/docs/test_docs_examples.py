"""The example package, built and installed into a folder of its own, adds its source and its CRM to the service."""

import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import fences
from tests.generated import ROOT
from tests.support.command import run, started

pytestmark = pytest.mark.whole

EXAMPLE = ROOT / "docs" / "examples" / "leadbridge-acme"
SAMPLE = EXAMPLE / "leadbridge_acme" / "forms" / "samples" / "entry" / "body.json"
(CONFIG,) = (fence.body for fence in fences(EXAMPLE / "README.md", "yaml"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pip install .` leaves: the package and its entry points."""
    folder = tmp_path_factory.mktemp("acme")
    source = folder / "source"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=source, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("leadbridge_acme-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def environ_of(installed: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(installed), "ACME_FORMS_SECRET": "forms-secret", "ACME_API_KEY": "acme-key"}


class Acme(ThreadingHTTPServer):
    """Acme's API, as far as the example needs it; remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _People)
        self.calls: list[tuple[str, str, str, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _People(BaseHTTPRequestHandler):
    server: Acme

    def do_PUT(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.calls.append((self.command, self.path, self.headers["authorization"], asked))
        answer = json.dumps({"person": {"id": 4711, **asked}}).encode()
        self.send_response(201)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.send_header("acme-request-id", "r-1")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def acme() -> Iterator[Acme]:
    server = Acme()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_configuration_on_its_page_is_good_once_it_is_installed(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(CONFIG)
    good = run("check", "site.yaml", cwd=tmp_path, environ=environ_of(installed))
    assert (good.returncode, good.stdout) == (0, "site.yaml is good: 1 source, 1 destination, 1 route\n")
    without = run("check", "site.yaml", cwd=tmp_path)
    assert without.returncode == 1
    assert "acme-forms" in without.stdout


def test_editors_are_told_of_its_options(installed: Path, tmp_path: Path) -> None:
    shown = json.loads(run("schema", cwd=tmp_path, environ=environ_of(installed)).stdout)
    assert "workspace" in json.dumps(shown)
    assert "acme-forms" in json.dumps(shown)


def test_its_own_tests_pass(installed: Path, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environ_of(installed)}
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_a_signed_entry_becomes_a_person_in_its_crm(installed: Path, tmp_path: Path, acme: Acme) -> None:
    config = CONFIG.replace("api_key:", f"base_url: {acme.url}\n    api_key:")
    (tmp_path / "site.yaml").write_text(config)
    environ = environ_of(installed)
    command = ("serve", "--config", "site.yaml", "--port", "0")
    with started(*command, cwd=tmp_path, environ=environ) as service:
        (listening,) = service.events("service.listening")
        service.events("service.started")
        send = ("send", "quotes", str(SAMPLE), "--config", "site.yaml", "--url", listening["url"])
        assert run(*send, cwd=tmp_path, environ=environ).returncode == 0
        (attempted,) = service.events("delivery.attempted")
    assert (attempted["outcome"], attempted["record"], attempted["crm_trace_id"]) == ("delivered", "4711", "r-1")
    ((method, path, authorization, person),) = acme.calls
    assert (method, path, authorization) == ("PUT", "/v1/people", "Bearer acme-key")
    assert person == {
        "name": "Ann Lee", "email": "ann@example.com", "phone": "+14155550177", "add_labels": ["website"],
    }  # fmt: skip


def test_its_entry_points_are_those_on_its_page() -> None:
    (shown,) = (fence.body for fence in fences(EXAMPLE / "README.md", "toml"))
    assert shown in (EXAMPLE / "pyproject.toml").read_text("utf-8")
