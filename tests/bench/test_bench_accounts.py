"""The simulation of many accounts: what it sends, what it makes of what it saw, and that it runs."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.accounts import figures
from benchmarks.accounts.crms import Crms
from benchmarks.accounts.database import Asked
from benchmarks.accounts.run import Course, Phase
from benchmarks.accounts.town import SMALL, Scale, configured, submissions
from benchmarks.processes import ROOT
from leadbridge.configured import adapters
from leadbridge.crm.adapter import Answer, Done
from leadbridge.lead import Lead
from leadbridge.outcome import Delivered
from leadbridge.plan import MatchKey, Plan

TOWN = replace(SMALL, accounts=10, processes=1, rate=50.0)
NOTHING = Asked(statements={}, commits=0, wal=0.0, size=0)


def course(*calls: tuple[int, str, float], came: float = 0.0) -> Course:
    """Each call is an account's, about a person, at a moment in the phase with the giants."""
    return Course(
        phases=[Phase("beside", 0.0, 100.0, NOTHING, NOTHING, cpu=0.0)],
        received={person: (came, came) for _, person, _ in calls},
        calls=[(account, person, at, at, 0) for account, person, at in calls],
        states={"delivered": len({person for _, person, _ in calls})},
    )


def test_the_small_accounts_are_sent_the_same_with_the_giants_and_without() -> None:
    alone = [*submissions(SMALL, process=1, turn=0, giants=False)]
    beside = [*submissions(SMALL, process=1, turn=0, giants=True)]
    small = [(one.at, one.account) for one in beside if one.account not in SMALL.giants]
    assert [(one.at, one.account) for one in alone] == small
    assert len(beside) > len(alone) > 50
    assert not {one.person for one in alone} & {one.person for one in beside}


def test_giants_are_sent_more_than_their_quota_lets_through() -> None:
    rates = [share * SMALL.rate for share in SMALL.shares]
    allowed = [calls / seconds for calls, seconds in map(SMALL.window, range(SMALL.accounts))]
    assert {account for account in range(SMALL.accounts) if rates[account] > allowed[account]} == SMALL.giants
    assert {0, 1} <= SMALL.giants, "of both CRMs"
    assert abs(sum(SMALL.shares) - 1) < 1e-9


def test_a_shorter_window_has_as_many_calls_fewer() -> None:
    assert [replace(TOWN, pace=1.0).window(account) for account in (0, 1)] == [(100, 10.0), (180, 60.0)]
    assert [replace(TOWN, pace=10.0).window(account) for account in (0, 1)] == [(10, 1.0), (18, 6.0)]


@pytest.mark.parametrize("account", [0, 1])
async def test_a_made_up_crm_answers_as_its_adapter_understands(account: int) -> None:
    adapter = list(adapters(configured(TOWN).settings).values())[account]
    crms = Crms(connections=1)
    answers: dict[str, Answer] = {}
    email = "ann-1@example.com"
    plan = Plan(record=adapter.records[0], lead=Lead(name="Ann", email=email), match=MatchKey(by="email", value=email))
    while not isinstance(step := adapter.next(plan, answers), Done):
        answers[step.purpose] = await crms.send(adapter, step, trace_id="")
    assert isinstance(step.outcome, Delivered)
    assert step.outcome.warnings == ()
    [(name, person, sent, counted)] = crms.calls
    assert (name.partition("@")[0], person) == (f"account-{account:05d}", "ann-1")
    assert sent < counted


def test_waits_are_told_by_tenths_of_the_accounts_and_without_the_giants() -> None:
    giant = min(TOWN.giants)
    seen = course((giant, "beside-1", 9.0), (5, "alone-1", 0.020), (5, "beside-2", 0.030), (5, "beside-3", 0.050))
    rows = figures.waits(seen, TOWN)
    assert [row["leads"] for row in rows] == [0, 0, 0, 0, 0, 3, 0, 0, 0, 0]
    assert rows[5]["alone median"] == pytest.approx(20)
    assert rows[5]["beside p99"] == pytest.approx(50)


def test_a_giant_that_uses_every_place_of_its_window_is_told_so() -> None:
    limit, window = TOWN.window(0)
    turns = [(0, f"beside-{n}", n // limit * (window + 0.15)) for n in range(4 * limit)]
    assert figures.giants(course(*turns), TOWN)[0]["used"] == pytest.approx(1.0)
    slow = [(account, person, at * 2) for account, person, at in turns]
    assert figures.giants(course(*slow), TOWN)[0]["used"] == pytest.approx(0.5)


def _wrong(scale: Scale, seen: Course) -> str:
    return "; ".join(figures.problems(seen, scale))


def test_what_must_not_be_is_told() -> None:
    limit, window = TOWN.window(0)
    full = [(0, f"beside-{n}", n * window / limit) for n in range(3 * limit)]
    assert _wrong(TOWN, course(*full)) == ""
    assert "quota was exceeded" in _wrong(TOWN, course(*full, (0, "beside-more", window / 2)))
    assert "sent more than once: 1" in _wrong(TOWN, course((5, "alone-1", 0.0), (5, "alone-1", 1.0)))
    lost = course((5, "alone-1", 0.0))
    lost.received["alone-2"] = (0.0, 0.0)
    assert "2 forms were taken, and there are 1 deliveries" in _wrong(TOWN, lost)
    held = course((5, "alone-1", 0.0))
    held.states = {"held": 1}
    assert "not delivered: {'held': 1}" in _wrong(TOWN, held)


@pytest.mark.slow
def test_a_small_run_loses_nothing_and_keeps_every_quota(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.accounts", "--quick", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(file.read_bytes())
    assert told["costs"]["most lanes of a process"] - told["costs"]["fewest lanes of a process"] <= 1
    assert sum(row["leads"] for row in told["waits"]) > 200
