"""docs/sandbox.md is true: its commands run as printed, its configuration loads, its endpoints are all there are."""

import json
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from leadbridge.sandbox.vendors import VENDORS
from leadbridge.settings.loading import load_text
from tests.generated import GENERATED, ROOT, stale
from tests.support.command import Started, environment, started
from tests.support.patience import PATIENCE

from .support import Bench

PAGE = (ROOT / "docs" / "sandbox.md").read_text("utf-8")
ADDRESS = "http://127.0.0.1:8090"


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Started]:
    """The first command, on a port of its own."""
    program, *arguments = shlex.split(blocks("sh")[0])
    assert program == "leadbridge"
    with started(*("0" if one == "8090" else one for one in arguments), cwd=tmp_path) as running:
        yield running


def test_every_command_runs_as_printed_and_does_what_the_page_says(sandbox: Started, tmp_path: Path) -> None:
    base = sandbox.line("page").split()[1].removesuffix("/sandbox/")
    assert sandbox.line("Copper").endswith("/copper/developer_api/v1")
    assert "/leadconnector" in sandbox.line("LeadConnector")
    answers: list[object] = []
    for block in blocks("sh")[1:]:
        for command in re.findall(r"^curl .*?(?=^curl |\Z)", block, re.DOTALL | re.MULTILINE):
            shown = subprocess.run(
                ["bash", "-ec", command.replace(ADDRESS, base)],
                env=environment(None, tmp_path), capture_output=True, text=True, timeout=PATIENCE, check=True,
            ).stdout  # fmt: skip
            answers.append(json.loads(shown) if shown else None)

    state, history, quotas, seeded, reset, put, documents, lead, recipe, fault, faults, lifted, options = answers
    assert (state, history, quotas) == ({"copper": {}}, [], {"copper": {}, "leadconnector": {}})
    assert isinstance(seeded, dict)
    assert len(seeded["ids"]) == 1
    assert reset is put is lifted is None
    assert isinstance(documents, dict)
    assert list(documents) == ["linkedin"]
    assert isinstance(lead, dict)
    assert (lead["id"], [one["values"] for one in lead["field_data"]]) == (
        "1234567890123999",
        [["Ann Lee"], ["ann@example.com"]],
    )
    assert (recipe, fault) == ({"id": "1"}, {"id": "2"})
    assert isinstance(faults, list)
    assert [(one["action"]["kind"], one["times"]) for one in faults] == [("status", 3), ("status", 1)]
    assert isinstance(options, dict)
    assert (options["copper"]["search_lag"], options["leadconnector"]["tags_status"]) == (0, 200)
    assert httpx.get(f"{base}/sandbox/faults").json() == []
    assert "<h1>What the CRMs hold</h1>" in httpx.get(f"{base}/sandbox/").text
    assert sandbox.stop(signal.SIGTERM) == 0
    assert sandbox.logged == []


def test_a_dropped_connection_leaves_no_trace_in_the_log(sandbox: Started) -> None:
    base = sandbox.line("page").split()[1].removesuffix("/sandbox/")
    httpx.post(f"{base}/sandbox/faults", json={"recipe": "lost-answer"}).raise_for_status()
    headers = {"Authorization": "Bearer acme"}
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{base}/copper/developer_api/v1/account", headers=headers)

    assert httpx.get(f"{base}/copper/developer_api/v1/account", headers=headers).status_code == 200
    assert sandbox.stop(signal.SIGTERM) == 0
    assert sandbox.logged == []


def test_the_configurations_load_with_the_addresses_that_the_command_prints(sandbox: Started) -> None:
    printed = {sandbox.line(crm).split()[-1] for crm in ("Copper", "LeadConnector")}
    fetched_from = {sandbox.line(vendor.name).split()[-1]: vendor.name for vendor in VENDORS}
    base = sandbox.line("page").split()[1].removesuffix("/sandbox/")
    crms, vendor = (load_text(config.replace(ADDRESS, base), "sandbox.md", {}).settings for config in blocks("yaml"))

    assert {str(destination.base_url) for destination in crms.destinations.values()} == printed
    (source,) = vendor.sources.values()
    assert source.fetch is not None
    assert fetched_from[str(source.fetch.base_url)] == source.preset


async def test_every_endpoint_is_on_the_page_and_none_beside() -> None:
    (problem,) = (await Bench().client.get("/sandbox/nothing")).json()["problems"]
    there = set(re.findall(r"(?:GET|POST|DELETE) /sandbox/[\w/]*", problem["hint"]))
    for endpoint in there - {"GET /sandbox/record", "GET /sandbox/document", "GET /sandbox/style"}:
        assert f"/sandbox/{endpoint.partition('/sandbox/')[2]}" in PAGE, endpoint
    named = {f"{method} {path}" for method, path in re.findall(r"`(GET|POST|DELETE) (/sandbox/[\w]*)", PAGE)}
    assert named <= there


def test_a_stale_table_is_found(tmp_path: Path) -> None:
    mine = [one for one in GENERATED if one.path == "docs/sandbox.md"]
    copy = tmp_path / "docs" / "sandbox.md"
    copy.parent.mkdir()
    copy.write_text(PAGE)
    stale(mine, root=tmp_path, write=True)
    copy.write_text(copy.read_text().replace("\n| `drop` |", "\n| `dorp` |"))

    assert [one.region for one in stale(mine, root=tmp_path)] == ["kinds"]
