"""The report: what was done, whether the kills hit, and what was found."""

import json
from dataclasses import replace

import pytest

from leadbridge.prove.findings import Finding
from leadbridge.prove.page import ALONE, TOGETHER, Place
from leadbridge.prove.plan import planned
from leadbridge.prove.report import MOST_SHOWN, Machine, Report
from leadbridge.prove.rounds import Played
from leadbridge.prove.scratch import Caught
from tests.generated import ROOT

MACHINE = Machine(
    cores=2,
    memory_gib=8.0,
    system="Linux x86_64",
    python="CPython 3.13.1",
    database="SQLite 3.54.1",
    leadbridge="1.2.3",
)
PLAN = planned(seed=1, rounds=3)
HIT = Caught(received=4, sending=9, calls=7)
MISSED = Caught(received=0, sending=0, calls=0)
REPORT = Report(
    machine=MACHINE,
    seed=1,
    played=[
        Played(round=PLAN.rounds[0], caught=(HIT, MISSED), seconds=2.5),
        Played(round=PLAN.rounds[1], caught=(replace(HIT, received=0),), seconds=2.0),
        Played(round=PLAN.rounds[2], caught=(), seconds=2.0),
    ],
    submissions=72,
    contacts=9,
    taken=72,
    sends=80,
    answers={"202 accepted": 72, "no answer in time": 8},
    calls={"copper": 1_200, "dallas": 90},
    fullest={"copper": (178, 180), "dallas": (20, 100)},
    drain_seconds=1.25,
    total_seconds=20.0,
    left_out=["a full disk: only root may mount one"],
    findings=[],
)
LOST = Finding(kind="lost", destination="copper", what="person1@example.com has no record", trace_ids=("a" * 32,))


def test_a_good_run_says_so_and_how_hard_it_was() -> None:
    said = dict(REPORT.facts())
    assert REPORT.good
    assert REPORT.verdict().startswith("72 submissions were answered 2xx: nothing lost, nothing doubled")
    assert said["kills"] == "3: 2 while sending, 2 during a call, 1 between store and map"
    assert said["at a kill"].startswith("18 deliveries in `sending` (most at once 9); 14 calls without an answer")
    assert said["senders"] == "80 requests: 202 accepted 72, no answer in time 8"
    assert said["fullest windows"] == "copper 178 of 180, dallas 20 of 100"
    assert said["left out"] == "a full disk: only root may mount one"
    assert REPORT.command == "leadbridge prove --seed 1 --rounds 3 --leads 72"


def test_findings_are_counted_and_written_out_with_their_trace_ids() -> None:
    bad = replace(REPORT, findings=[LOST] * (MOST_SHOWN + 3))
    lines = list(bad.lines())
    assert not bad.good
    assert bad.verdict() == f"FOUND: {MOST_SHOWN + 3} lost"
    assert lines[0] == f"LOST (answered 2xx, and not in a record with its values): {MOST_SHOWN + 3}"
    assert lines[1] == f"  copper: person1@example.com has no record  [{'a' * 32}]"
    assert lines[-1] == "  and 3 more"
    assert "a" * 32 in bad.markdown()


def test_the_json_holds_everything() -> None:
    document = json.loads(json.dumps(replace(REPORT, findings=[LOST]).document()))
    assert document["good"] is False
    assert document["findings"][0]["trace_ids"] == ["a" * 32]
    assert document["rounds"][0]["caught"][0] == {"received": 4, "sending": 9, "calls": 7}
    assert document["rounds"][0]["event"] == PLAN.rounds[0].event
    assert document["machine"]["cores"] == 2


def test_several_processes_are_told_and_the_same_plan_needs_as_many() -> None:
    together = replace(REPORT, replicas=3)
    assert dict(together.facts())["processes"] == "3 of the service, of one configuration, on one database"
    assert together.command.startswith("leadbridge prove --database postgresql://… --replicas 3 --seed 1 ")
    assert together.document()["replicas"] == 3
    assert "processes" not in dict(REPORT.facts())


@pytest.mark.parametrize("place", [ALONE, TOGETHER])
def test_the_report_replaces_what_stood_between_the_marks_of_a_page(place: Place) -> None:
    once = place.filled(f"# Before\n\n{place.begin}\nold\n{place.end}\n\nAfter\n", REPORT)
    assert once.startswith(f"# Before\n\n{place.begin}\n\n**72 submissions were answered 2xx")
    assert once.endswith(f"{place.end}\n\nAfter\n")
    assert "old" not in once
    assert "| machine | leadbridge 1.2.3, 2 cores, 8 GiB of memory" in once
    assert place.filled(once, REPORT) == once


@pytest.mark.parametrize("page", ["", ALONE.begin, ALONE.end, f"{ALONE.end}\n{ALONE.begin}"])
def test_a_page_without_both_marks_in_order_has_no_place(page: str) -> None:
    assert not ALONE.is_on(page)


@pytest.mark.parametrize("place", [ALONE, TOGETHER])
def test_the_page_of_this_repository_has_a_place(place: Place) -> None:
    assert place.is_on((ROOT / "docs" / "proof.md").read_text(encoding="utf-8"))
