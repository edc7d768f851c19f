"""What compose.yaml starts works together: its commands, variables and configuration, as processes on this machine."""

import json
import re
import shlex
import signal
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
import yaml

import leadbridge
from leadbridge.deliver import deliverer
from leadbridge.http import server
from leadbridge.tokens import exchange
from tests.container.image import last
from tests.docs.pages import fences
from tests.docs.shell import printed
from tests.generated import ROOT
from tests.support.command import started
from tests.support.patience import PATIENCE

PAGE = ROOT / "docs" / "container.md"
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
POSTGRES = yaml.safe_load((ROOT / "compose.postgres.yaml").read_text("utf-8"))
SERVICES = COMPOSE["services"]


def test_every_container_is_without_rights_and_is_reached_from_this_machine_alone() -> None:
    for service in SERVICES.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["image"] == f"leadbridge:{leadbridge.__version__}"
        assert {port.partition(":")[0] for port in service["ports"]} == {"127.0.0.1"}


def test_the_data_is_in_a_volume_and_a_stop_has_its_time() -> None:
    own = SERVICES["leadbridge"]
    mounts = [mount.split(":") for mount in own["volumes"]]
    assert [mount[1] for mount in mounts] == [last("CMD").words[2], last("VOLUME").arguments]
    assert mounts[1][0] in COMPOSE["volumes"]
    assert (ROOT / mounts[0][0]).is_file()
    longest = server.GRACE + deliverer.GRACE + exchange.DEADLINE
    assert int(own["stop_grace_period"].removesuffix("s")) > longest


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    """What compose.yaml has, and what compose.postgres.yaml puts in its place."""
    return str(request.param)


def test_a_lead_comes_to_the_sandbox(tmp_path: Path, database_url: str) -> None:
    with started(*on_loopback(SERVICES["sandbox"]["command"]), cwd=tmp_path) as sandbox:
        base = sandbox.line("Copper").rpartition(" ")[2]
        config = (ROOT / "config/compose.yaml").read_text("utf-8")
        assert "base_url: http://sandbox:8090/copper/developer_api/v1" in config
        (where,) = re.findall(r'admin_listen: "0\.0\.0\.0:(\d+)"', config)
        assert published(int(where)) == [8081]
        config = config.replace(f"0.0.0.0:{where}", "127.0.0.1:0")
        (tmp_path / "site.yaml").write_text(re.sub(r"base_url: \S+", f"base_url: {base}", config))
        environ = {
            name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value)
            for name, value in SERVICES["leadbridge"]["environment"].items()
        }
        environ["LEADBRIDGE_DATABASE_URL"] = database_url
        command = on_loopback(last("CMD").words)
        command[command.index("--config") + 1] = "site.yaml"
        with started(*command, cwd=tmp_path, environ=environ) as service:
            (listening,) = service.events("service.listening")
            (curl,) = (line[2:] for line in console() if line.startswith("$ curl "))
            assert published(8080) == [8080]
            answer = json.loads(printed(curl.replace("http://127.0.0.1:8080", listening["url"]), tmp_path))
            assert answer["status"] == "accepted"
            (attempted,) = service.events("delivery.attempted", outcome="delivered")
            assert attempted["submission"] == answer["id"]
            (operators,) = service.events("service.admin_listening")
            assert "leadbridge_ready 1.0" in httpx.get(f"{operators['url']}/metrics", timeout=PATIENCE).text
            assert service.stop(signal.SIGTERM) == 0
        assert sandbox.stop(signal.SIGTERM) == 0


def published(port: int) -> list[int]:
    """Where a port of the service's container is reached on this machine."""
    ports = [port.split(":") for port in SERVICES["leadbridge"]["ports"]]
    return [int(outside) for _, outside, inside in ports if int(inside) == port]


def test_postgresql_is_reached_by_the_name_the_user_and_the_password_that_it_has() -> None:
    own, server = POSTGRES["services"]["leadbridge"], POSTGRES["services"]["postgres"]
    assert server["image"] == "postgres:17"  # 18 keeps its files in another folder
    assert server["volumes"] == [f"{next(iter(POSTGRES['volumes']))}:/var/lib/postgresql/data"]
    user = server["environment"]["POSTGRES_USER"]
    assert own["environment"]["LEADBRIDGE_DATABASE_URL"] == f"postgresql://{user}@postgres/{user}"
    assert own["environment"]["PGPASSWORD"] == server["environment"]["POSTGRES_PASSWORD"]
    assert own["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    (line,) = (line for line in console() if "compose.postgres.yaml" in line)
    assert line.split("=")[0] == "$ POSTGRES_PASSWORD"


def console() -> list[str]:
    """What docs/container.md shows of terminals, line by line."""
    blocks = "".join(fence.body for fence in fences(PAGE, "console"))
    return blocks.replace("\\\n", " ").splitlines()


def test_a_container_that_is_run_by_hand_is_as_that_of_compose() -> None:
    run, check = (shlex.split(line) for line in console() if line.startswith("$ docker run"))
    image = f"leadbridge:{leadbridge.__version__}"
    assert run[-1] == image
    assert check[check.index(image) + 1] == "check"
    options = dict(pairwise(run))
    assert {"--read-only", "--cap-drop", "--security-opt"} <= set(options)
    assert (options["--cap-drop"], options["--security-opt"]) == ("ALL", "no-new-privileges")
    assert f"{options['--stop-timeout']}s" == SERVICES["leadbridge"]["stop_grace_period"]
    mounted = [word.split(":")[1] for before, word in pairwise(run) if before == "--volume"]
    assert mounted == [last("CMD").words[2], last("VOLUME").arguments]


def on_loopback(command: list[str]) -> list[str]:
    """A container's command for this machine: loopback, and any free port."""
    words = list(command)
    words[words.index("--host") + 1] = "127.0.0.1"
    words[words.index("--port") + 1] = "0"
    return words
