"""`serve` as a process: how it starts, how it says that it cannot, how it stops."""

import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from typer.testing import CliRunner

from leadbridge.cli import app
from leadbridge.errors import LeadbridgeError
from leadbridge.http.server import listen, run_server, server_config, url_of
from tests.cli.site import Site
from tests.support.command import run, started
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.whole

CONFIG = """
version: 1
sources:
  open: {preset: generic, verify: none}
"""
SERVE = ("serve", "--config", "site.yaml", "--port", "0")


@pytest.fixture
def configured(folder: Path) -> Path:
    (folder / "site.yaml").write_text(CONFIG)
    return folder


def test_it_says_when_it_is_ready_and_is_silent_until_it_stops_in_order(configured: Path) -> None:
    with started(*SERVE, cwd=configured) as service:
        service.events("service.started")
        (listening,) = service.events("service.listening")
        assert httpx.get(f"{listening['url']}/readyz", timeout=PATIENCE).text == "ready\n"
        assert service.stop(signal.SIGTERM) == 0
        unsigned, unused, *others = service.log
        assert [unsigned["event"], unused["event"]] == ["config.warning", "config.warning"]
        assert unsigned["problem"].startswith("site.yaml:4:")
        assert [line["event"] for line in others] == ["service.listening", "service.started", "service.stopped"]
        assert listening["config"] == "site.yaml"
        assert service.printed == []


def test_a_request_under_way_is_answered_and_what_is_no_http_is_a_log_line_like_any_other(configured: Path) -> None:
    with started(*SERVE, cwd=configured) as service:
        service.events("service.started")
        port = int(service.events("service.listening")[0]["url"].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as stranger:
            stranger.sendall(b"\x16\x03\x01 no TLS here\r\n\r\n")
            assert stranger.recv(1000).startswith(b"HTTP/1.1 400")
        (line,) = service.events("connection.refused")
        assert (line["level"], line["status"]) == ("warning", 400)
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as sender:
            head = "POST /hooks/open HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 14\r\n"
            sender.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
            assert sender.recv(1000).startswith(b"HTTP/1.1 100")  # the service is reading it now
            service.process.send_signal(signal.SIGINT)
            while is_listening(port):
                pass
            sender.sendall(b'{"name":"Ann"}')
            assert sender.recv(1000).startswith(b"HTTP/1.1 202")
        assert service.ended() == 0
        service.events("submission.accepted")
        assert service.log[-1]["event"] == "service.stopped"


def test_behind_a_balancer_it_takes_requests_after_a_sigterm_until_it_is_told_again(configured: Path) -> None:
    with started(*SERVE, "--linger", "1000", cwd=configured) as service:
        service.events("service.started")
        url = service.events("service.listening")[0]["url"]
        with httpx.Client(base_url=url, timeout=PATIENCE) as sender:
            assert "connection" not in sender.get("/readyz").headers
            service.process.send_signal(signal.SIGTERM)
            service.events("service.leaving")
            for name in ("Ann", "Bo"):  # the first on the connection that there is, the second on a new one
                taken = sender.post("/hooks/open", json={"name": name})
                assert (taken.status_code, taken.headers["connection"]) == (202, "close")
            asked = sender.get("/readyz")
            assert (asked.status_code, asked.json()["detail"]) == (503, "The service is starting or stopping.")
            assert sender.get("/healthz").status_code == 200, "nobody restarts it meanwhile"
        assert service.stop(signal.SIGTERM) == 0
        assert service.log[-1]["event"] == "service.stopped"


@pytest.mark.parametrize(
    ("linger", "stop", "said"),
    [("0.1", signal.SIGTERM, ["service.leaving", "service.stopped"]), ("1000", signal.SIGINT, ["service.stopped"])],
)
def test_it_lingers_as_long_as_it_was_told_and_not_for_a_person(
    configured: Path, linger: str, stop: signal.Signals, said: list[str]
) -> None:
    with started(*SERVE, "--linger", linger, cwd=configured) as service:
        service.events("service.started")
        assert service.stop(stop) == 0
        assert [line["event"] for line in service.log][4:] == said


def test_a_proxy_ends_a_connection_that_rests_before_the_service_does() -> None:
    """Else it may send on one that is just being closed: found by a rolling restart on a slow machine."""
    assert server_config(Starlette()).timeout_keep_alive > 60, "nginx and AWS's balancers keep theirs for so long"


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return False
    except ConnectionResetError:  # it waited in the queue of a listener that closes now
        return True
    return True


def test_a_taken_port_is_wrong_usage_and_names_the_option(configured: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run("serve", "--config", "site.yaml", "--port", port, cwd=configured)
    assert ended.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "choose another with --port" in ended.stderr


def test_a_second_process_on_one_database_is_refused(shared_site: Site) -> None:
    ended = run(*SERVE, cwd=shared_site.folder, environ=shared_site.environ)
    assert ended.returncode == 1
    assert "another leadbridge already serves" in ended.stderr
    assert "stop it first" in ended.stderr
    assert httpx.get(f"{shared_site.url}/readyz", timeout=PATIENCE).status_code == 200


def test_a_bad_configuration_is_refused_with_every_problem(configured: Path) -> None:
    wrong = CONFIG.replace("none", "nothing") + "  other: {preset: generics}\nrouts: []\n"
    (configured / "site.yaml").write_text(wrong)
    ended = CliRunner().invoke(app, SERVE)
    assert (ended.exit_code, ended.stdout) == (1, "")
    lines = [line for line in ended.stderr.splitlines() if not line.startswith("warning: ")]
    assert [line.split(": ")[1] for line in lines] == ["sources.open.verify", "sources.other.preset", "routs"]
    assert all(line.startswith("site.yaml:") for line in lines)
    assert list(configured.iterdir()) == [configured / "site.yaml"]


@pytest.mark.parametrize("command", [("serve",), ("send", "website", "lead.json")])
def test_a_configuration_that_is_not_there_is_said_so(folder: Path, command: tuple[str, ...]) -> None:
    ended = CliRunner().invoke(app, command)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == (
        "leadbridge: there is no configuration at config/leadbridge.yaml; say where yours is with --config FILE\n"
    )


def test_a_service_that_cannot_start_is_an_error_with_a_code_of_ours() -> None:
    @asynccontextmanager
    async def failing(_app: Starlette) -> AsyncIterator[None]:
        raise OSError("the disk is gone")
        yield

    with listen("127.0.0.1", 0) as listener, pytest.raises(LeadbridgeError, match="the log says why"):
        run_server(Starlette(lifespan=failing), listener)


def test_the_address_of_a_listener_can_be_called() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
    with listen("::1", 0) as listener:
        assert url_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"
