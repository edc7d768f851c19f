"""What compose.yaml starts works together: its commands, variables and configuration, as processes on this machine."""

import re
import signal
from typing import Any

import httpx
import yaml

import leadbridge
from leadbridge.deliver import deliverer
from leadbridge.http import server
from leadbridge.tokens import exchange
from tests.container.image import last
from tests.generated import ROOT
from tests.support.command import started

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES = COMPOSE["services"]


def test_every_container_is_without_rights_and_is_reached_from_this_machine_alone() -> None:
    for service in SERVICES.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["image"] == f"leadbridge:{leadbridge.__version__}"
        assert [port.partition(":")[0] for port in service["ports"]] == ["127.0.0.1"]


def test_the_data_is_in_a_volume_and_a_stop_has_its_time() -> None:
    own = SERVICES["leadbridge"]
    mounts = [mount.split(":") for mount in own["volumes"]]
    assert [mount[1] for mount in mounts] == [last("CMD").words[2], last("VOLUME").arguments]
    assert mounts[1][0] in COMPOSE["volumes"]
    assert (ROOT / mounts[0][0]).is_file()
    longest = server.GRACE + deliverer.GRACE + exchange.DEADLINE
    assert int(own["stop_grace_period"].removesuffix("s")) > longest


def test_a_lead_comes_to_the_sandbox(tmp_path: Any) -> None:
    with started(*on_loopback(SERVICES["sandbox"]["command"]), cwd=tmp_path) as sandbox:
        base = sandbox.line("Copper").rpartition(" ")[2]
        config = (ROOT / "config/compose.yaml").read_text("utf-8")
        assert "base_url: http://sandbox:8090/copper/developer_api/v1" in config
        (tmp_path / "site.yaml").write_text(re.sub(r"base_url: \S+", f"base_url: {base}", config))
        environ = {
            name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value)
            for name, value in SERVICES["leadbridge"]["environment"].items()
        }
        command = on_loopback(last("CMD").words)
        command[command.index("--config") + 1] = "site.yaml"
        with started(*command, cwd=tmp_path, environ=environ) as service:
            (listening,) = service.events("service.listening")
            answer = httpx.post(
                f"{listening['url']}/hooks/website",
                headers={"X-Webhook-Token": environ["WEBSITE_TOKEN"]},
                data={"name": "Ann Example", "email": "ann@example.com"},
            )
            assert answer.json()["status"] == "accepted"
            (attempted,) = service.events("delivery.attempted", outcome="delivered")
            assert attempted["submission"] == answer.json()["id"]
            assert service.stop(signal.SIGTERM) == 0
        assert sandbox.stop(signal.SIGTERM) == 0


def on_loopback(command: list[str]) -> list[str]:
    """A container's command for this machine: loopback, and any free port."""
    words = list(command)
    words[words.index("--host") + 1] = "127.0.0.1"
    words[words.index("--port") + 1] = "0"
    return words
