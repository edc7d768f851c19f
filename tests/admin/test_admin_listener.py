"""The admin listener of a real service: what is where, what cannot be had, and how it ends."""

import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from typer.testing import CliRunner

from leadbridge.cli import app
from leadbridge.errors import LeadbridgeError
from leadbridge.http.server import listen, run_server
from tests.admin.scraped import numbers
from tests.support.command import Started, run, started
from tests.support.patience import PATIENCE

CONFIG = """
version: 1
server: {admin_listen: "127.0.0.1:0"}
sources:
  open: {preset: generic, verify: none}
"""
SERVE = ("serve", "--config", "site.yaml", "--port", "0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site.yaml").write_text(CONFIG)
    return tmp_path


@contextmanager
def serving(folder: Path, *more: str) -> Iterator[tuple[Started, str, str]]:
    """A service, where senders post to, and where operators ask."""
    with started(*SERVE, *more, cwd=folder) as service:
        service.events("service.started")
        (senders,) = service.events("service.listening")
        (operators,) = service.events("service.admin_listening")
        yield service, senders["url"], operators["url"]


def status(method: str, url: str) -> int:
    return httpx.request(method, url, content=b"name=Ann", timeout=PATIENCE).status_code


def test_each_listener_serves_its_own_and_the_probes(folder: Path) -> None:
    with serving(folder) as (_, senders, operators):
        assert [status("GET", f"{url}{path}") for url in (senders, operators) for path in ("/healthz", "/readyz")] == (
            [200] * 4
        )
        assert (status("POST", f"{senders}/hooks/open"), status("POST", f"{operators}/hooks/open")) == (202, 404)
        assert (status("GET", f"{senders}/metrics"), status("GET", f"{operators}/metrics")) == (404, 200)
        for path in ("", "/", "/metrics/", "/metrics/..", "//metrics", "/hooks", "/api/v1/ledger", "/console"):
            assert status("GET", f"{senders}{path}") == 404, path
            assert status("GET", f"{operators}{path}") == 404, path
        assert status("POST", f"{operators}/metrics") == 405
        said = numbers(httpx.get(f"{operators}/metrics", timeout=PATIENCE).text)
        assert said["leadbridge_requests_total{source=open,status=202}"] == 1


def test_operators_are_answered_where_the_option_says_until_the_service_has_stopped(folder: Path) -> None:
    (folder / "site.yaml").write_text(CONFIG.replace("127.0.0.1:0", "192.0.2.1:8081"))  # not this machine's
    with serving(folder, "--admin-listen", "localhost:0", "--linger", "600") as (service, senders, operators):
        service.process.send_signal(signal.SIGTERM)
        service.events("service.leaving")
        assert (status("GET", f"{senders}/readyz"), status("GET", f"{operators}/readyz")) == (503, 503)
        said = numbers(httpx.get(f"{operators}/metrics", timeout=PATIENCE).text)
        assert said["leadbridge_ready"] == 0
        assert service.stop(signal.SIGTERM) == 0
        assert service.log[-1]["event"] == "service.stopped"


def test_an_operator_who_says_nothing_does_not_hold_up_the_stop(folder: Path) -> None:
    with serving(folder) as (service, _, operators), ExitStack() as connections:
        port = int(operators.rpartition(":")[2])
        for said in (b"", b"GET /metrics HTTP/1.1\r\nHost:", b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"):
            one = connections.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
            one.sendall(said)
        assert service.stop(signal.SIGTERM) == 0


def test_a_service_that_cannot_start_ends_what_is_beside_it() -> None:
    ended = []

    @asynccontextmanager
    async def failing(_app: Starlette) -> AsyncIterator[None]:
        raise OSError("the disk is gone")
        yield

    @asynccontextmanager
    async def remembering(_app: Starlette) -> AsyncIterator[None]:
        yield
        ended.append("beside")

    with listen("127.0.0.1", 0) as senders, listen("127.0.0.1", 0) as operators:
        beside = Starlette(lifespan=remembering), operators
        with pytest.raises(LeadbridgeError, match="the log says why"):
            run_server(Starlette(lifespan=failing), senders, beside=beside)
    assert ended == ["beside"]


def test_a_taken_address_is_said_before_anything_is_made(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run(*SERVE, "--admin-listen", address, cwd=folder)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines()[-1] == (
        f"leadbridge: cannot listen on {address} for operators: Address already in use; choose another address in "
        "server.admin_listen, or with --admin-listen"
    )
    assert [path.name for path in folder.iterdir()] == ["site.yaml"]


def test_an_address_that_is_none_is_wrong_usage(folder: Path) -> None:
    ended = CliRunner().invoke(app, ["serve", "--config", str(folder / "site.yaml"), "--admin-listen", "8081"])
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == (
        "leadbridge: --admin-listen 8081: it must be an address with a port; write address and port, such as "
        "127.0.0.1:8081 or [::1]:8081\n"
    )
