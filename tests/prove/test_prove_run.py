"""Real runs, with real processes: a good service passes, and a broken way to the CRM is found out."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from leadbridge.prove import run
from leadbridge.prove.disk import may_mount, small_disk
from leadbridge.prove.plan import Event, Plan, planned
from leadbridge.prove.processes import Running
from leadbridge.prove.report import Report
from leadbridge.prove.run import cannot_be_had, played_out
from leadbridge.prove.scratch import PostgresScratch, SqliteScratch
from leadbridge.sandbox.client import SandboxControl
from leadbridge.sandbox.faults import Fault, LoseField, Status
from tests.support.forked import Forked
from tests.support.patience import PATIENCE
from tests.support.postgres import Cluster
from tests.support.process import Awaited

pytestmark = pytest.mark.whole

QUICK: tuple[Event, ...] = ("freeze", "kill")
SLOW: tuple[Event, ...] = ("kill", "kill at start", "CRMs hang", "stop", "nothing")

TOGETHER: tuple[Event, ...] = (
    "kill", "kill at start", "kill all", "freeze", "connections cut", "stop", "freeze past the lease",
)  # fmt: skip


def plan_of(events: Sequence[Event], *, leads: int, faults: tuple[Fault, ...] = (), lasts: float = 0.1) -> Plan:
    """A short plan with these events, one a round."""
    plan = planned(seed=4, rounds=len(events), leads=leads)
    rounds = [
        replace(one, event=event, weather="fair", faults=faults or one.faults[:1], delay=0.15, lasts=lasts)
        for one, event in zip(plan.rounds, events, strict=True)
    ]
    return replace(plan, rounds=tuple(rounds))


def by_relay(plan: Plan) -> Plan:
    """Without people in Copper: after a kill its search is given a minute before anybody looks for a person."""
    rounds = [
        replace(
            one,
            submissions=tuple(
                replace(each, source="relay") for each in one.submissions if each.contact.ordering == "arrival"
            ),
        )
        for one in plan.rounds
    ]
    return replace(plan, rounds=tuple(rounds))


@pytest.fixture
def faults_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weather does not end with its round: on a slow machine the calls that it is for come later."""

    async def stay(_control: SandboxControl) -> None:
        pass

    monkeypatch.setattr(SandboxControl, "lift", stay)


@pytest.fixture(autouse=True)
def forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """How a process of its own starts is tested beside this; here each is forked, which is sooner."""

    async def start(
        name: str, *arguments: str, port: int, log: Path, environ: Mapping[str, str] | None = None, folder: Path
    ) -> Running:
        whole = {"PATH": os.environ["PATH"], **(environ or {})}
        asked = [name, *arguments, "--port", str(port)]
        with log.open("ab") as output:
            streams = [None, output.fileno(), output.fileno()]
            process: Any = Awaited(Forked("leadbridge", asked, cwd=folder, environ=whole, streams=streams))
        return Running(process, name=name, url=f"http://127.0.0.1:{port}", log=log)

    monkeypatch.setattr(Running, "start", start)


def found(report: Report) -> str:
    return "\n".join(report.lines())


async def test_a_service_that_is_frozen_and_killed_loses_and_doubles_nothing(tmp_path: Path) -> None:
    plan = by_relay(plan_of(QUICK, leads=16))
    report = await played_out(plan, tmp_path, SqliteScratch(tmp_path), shortest=0)
    assert found(report) == ""
    assert report.taken == report.submissions == len(plan.submissions) > 0
    assert [len(one.caught) for one in report.played] == [0, 1]
    assert {name for name, count in report.calls.items() if count} == {"leads", "houston"}


@pytest.mark.slow
async def test_kills_are_survived_too(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        events = (*SLOW, "disk full") if disk else SLOW
        report = await played_out(plan_of(events, leads=40), tmp_path, SqliteScratch(tmp_path, disk=disk), shortest=0)
    assert found(report) == ""
    assert [len(one.caught) for one in report.played] == [1, 2, 0, 0, 0, 1][: len(events)]


@pytest.mark.slow
async def test_three_processes_are_survived_too(tmp_path: Path, postgres: Cluster) -> None:
    database = PostgresScratch(postgres.server.url("postgres"))
    report = await played_out(plan_of(TOGETHER, leads=40), tmp_path, database, replicas=3, shortest=0)
    await database.remove()
    assert found(report) == ""
    assert [len(one.caught) for one in report.played] == [1, 2, 1, 0, 0, 0, 0]


@pytest.mark.usefixtures("faults_stay")
async def test_a_broken_way_to_the_crms_is_found_out(tmp_path: Path) -> None:
    """What a broken delivery would leave behind, by faults that `prove` never plans."""
    faults = (
        Fault(action=LoseField(field="tags"), crm="leadconnector"),  # in silence
        Fault(action=Status(status=422), crm="copper", method="PUT"),
    )
    report = await played_out(
        plan_of(["nothing"], leads=6, faults=faults), tmp_path, SqliteScratch(tmp_path), shortest=0
    )
    found_at = {(finding.kind, finding.destination) for finding in report.findings}
    assert found_at >= {("lost", "dallas"), ("waits for a person", "leads")}
    assert not {("waits for a person", "dallas"), ("lost", "leads")} & found_at
    assert all(finding.trace_ids for finding in report.findings)


@pytest.mark.usefixtures("faults_stay")
async def test_a_drain_waits_for_no_retry_that_a_person_would_not_wait_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three calls are asked to come again in an hour; so few of them open no circuit."""
    monkeypatch.setattr(run, "DRAINED_WITHIN", PATIENCE)
    in_an_hour = Fault(action=Status(status=503, headers={"retry-after": "3600"}), crm="leadconnector", times=3)
    plan = by_relay(plan_of(["nothing"], leads=8, faults=(in_an_hour,)))
    report = await played_out(plan, tmp_path, SqliteScratch(tmp_path), shortest=0)
    assert found(report) == ""
    history = orjson.loads((tmp_path / "history.json").read_bytes())
    assert sum(entry["status"] == 503 for entry in history) == 3, "they did fail"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_a_planned_run_finds_nothing(tmp_path: Path, seed: int) -> None:
    with small_disk(tmp_path / "disk") as disk:
        database = SqliteScratch(tmp_path, disk=disk)
        plan = planned(seed=seed, rounds=20, without=cannot_be_had(database))
        report = await played_out(plan, tmp_path, database)
    assert found(report) == ""
    assert sum(bool(caught.sending) for one in report.played for caught in one.caught) > 3, "the kills hit nothing"


@pytest.mark.skipif(not may_mount(), reason="only root may mount")
def test_a_small_disk_is_full_until_it_is_cleared(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        if disk is None:
            pytest.skip("mounting is not allowed here")
        disk.fill()
        with pytest.raises(OSError, match="No space left"):
            (disk.folder / "more").write_bytes(b"x" * 8192)
        disk.clear()
        (disk.folder / "more").write_bytes(b"x" * 8192)
    assert not (tmp_path / "disk").exists()


def test_without_the_right_to_mount_there_is_no_small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadbridge.prove.disk.may_mount", lambda: False)
    with small_disk(tmp_path / "disk") as disk:
        assert disk is None
    assert not (tmp_path / "disk").exists()
