"""`ledger`: the books, and how every account stands, from what a store holds."""

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw
import pytest
from typer.testing import CliRunner, Result

from leadbridge.cli import app
from leadbridge.clock import Millis, SystemClock
from leadbridge.commands.accounts import DAY, Use, seconds_to_drain
from leadbridge.commands.ledger import span
from leadbridge.commands.moments import moment_of
from leadbridge.crm.adapter import Call
from leadbridge.errors import UsageError
from leadbridge.store.claims import DeliveryUpdate, FinishedCall, TryResult
from leadbridge.store.lanes import LaneState
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.values import Selection
from tests.cli.site import CONFIG, SECRETS
from tests.support.stored import add, claim, new_delivery
from tests.support.walked import walked

CRMS = "http://localhost:1"
COPPER = "copper:localhost:1:ops@example.com"
DALLAS = "leadconnector:localhost:1:LOC1"
PROBE = Call(purpose="probe", method="GET", path="/users/me")
WINDOWED = "crm: copper\n    quota: {limit: 50, window: 86400}"


def shown(folder: Path, *arguments: str, **environ: str) -> Result:
    database = f"sqlite:///{folder / 'leadbridge.db'}"
    return CliRunner().invoke(app, ["ledger", *arguments], env={"LEADBRIDGE_DATABASE_URL": database, **environ})


def configured(folder: Path) -> tuple[str, ...]:
    file = folder / "site.yaml"
    file.write_text(CONFIG.format(crms=CRMS).replace("crm: copper", WINDOWED, 1))
    return "--config", str(file)


async def filled(path: Path, now: Millis) -> None:
    """Seven deliveries to Copper: two delivered (one by two calls), one of each other kind; the account is held."""
    store = SqliteStore(path, disk_reserve=0)
    deliveries = [new_delivery(f"email:{number}", lane=COPPER) for number in range(7)]
    for number, delivery in enumerate(deliveries):
        await add(store, delivery, now=now - 9_000 + number)
    claims = await claim(store, lane=COPPER, limit=5, now=now)
    updates = [
        DeliveryUpdate(state="delivered", record_id="1", created=True),
        DeliveryUpdate(state="delivered", record_id="2", created=True),
        DeliveryUpdate(state="retrying", next_at=now + 60_000),
        DeliveryUpdate(state="held", reason="ambiguous_match"),
    ]
    for claimed, update in zip(claims, updates, strict=False):
        call = FinishedCall(attempt_id=claimed.attempt_id or 0, answered_at=now, outcome=update.state, status=200)
        await store.record(COPPER, TryResult(claim=claimed, at=now, finished=call, update=update))
    probe = await store.record_probe(COPPER, PROBE, None, attempt_id=None, now=now)
    answered = FinishedCall(attempt_id=probe, answered_at=now, outcome="answered", status=200)
    await store.record_probe(COPPER, PROBE, answered, attempt_id=probe, now=now)
    await store.replay(Selection(ids=(deliveries[1].delivery_id,)), now=now)
    await store.set_lane(COPPER, LaneState(held="bad_credentials", detail="401", since=now, probe_at=now + 60_000))
    await store.set_lane(DALLAS, LaneState(failures=7, paused_until=now + 600_000, daily_reset_at=now + 600_000))
    await store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    asyncio.run(filled(tmp_path / "leadbridge.db", SystemClock().now()))
    return tmp_path


def lanes(folder: Path, *arguments: str) -> dict[str, Any]:
    result = shown(folder, *arguments, "--format", "json", **SECRETS)
    assert result.exit_code == 0, result.output
    return {lane["lane"]: lane for lane in json.loads(result.stdout)["lanes"]}


def test_the_books_and_the_accounts_are_shown_for_people(folder: Path) -> None:
    result = shown(folder, *configured(folder), **SECRETS)
    assert (result.exit_code, result.stderr) == (0, "")
    text = result.stdout
    assert re.search(r"^from website +7 +mapped 7$", text, re.MULTILINE)
    assert re.search(r"^to copper +7 +pending 3, sending 1, retrying 1, held 1, delivered 1$", text, re.MULTILINE)
    assert "\nThe books balance.\n" in text
    assert f"\n{COPPER}  copper\n" in text
    assert re.search(r"^  held +bad_credentials since \S+ \S+Z: 401$", text, re.MULTILINE)
    assert re.search(r"^  next probe +\S+ \S+Z$", text, re.MULTILINE)
    waiting = r"^  waiting +2 live, 1 to be tried again, 1 replayed; the oldest since \S+ \S+Z$"
    assert re.search(waiting, text, re.MULTILINE)
    assert re.search(r"^  sending +1$", text, re.MULTILINE)
    assert re.search(r"^  held back +1 ambiguous_match$", text, re.MULTILINE)
    assert re.search(r"^  calls +6 of 50 in the last 1 d$", text, re.MULTILINE)
    assert re.search(r"^  drains in +4 h after its release, at 1\.67 calls a lead$", text, re.MULTILINE)
    assert re.search(r"^  circuit +open after 7 failures in a row$", text, re.MULTILINE)
    assert re.search(r"^  today +0 of 200,000, counted anew from \S+ \S+Z$", text, re.MULTILINE)
    assert re.search(r"^  pauses +until \S+ \S+Z$", text, re.MULTILINE)


def test_programs_get_all_of_it(folder: Path) -> None:
    found = lanes(folder, *configured(folder))
    copper, dallas = found[COPPER], found[DALLAS]
    assert copper["destinations"] == ["copper"]
    assert copper["windows"] == [{"used": 6, "limit": 50, "seconds": 86400.0, "resets_at": None}]
    assert copper["calls_per_lead"] == pytest.approx(5 / 3)
    assert copper["drains_in_s"] == pytest.approx(5 * 5 / 3 / 50 * DAY, abs=0.1)
    backlog = {"live": 2, "retry": 1, "replay": 1, "sending": 1, "held": {"ambiguous_match": 1}}
    assert backlog.items() <= copper["backlog"].items()
    assert (copper["state"]["held"], copper["circuit"]) == ("bad_credentials", "closed")
    today = dallas["day"]
    assert (today["used"], today["limit"], today["resets_at"]) == (0, 200_000, dallas["state"]["daily_reset_at"])
    assert (dallas["circuit"], dallas["state"]["failures"], dallas["drains_in_s"]) == ("open", 7, 0)


def test_without_a_configuration_the_quotas_are_unknown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    copper = lanes(folder)[COPPER]
    assert (copper["destinations"], copper["windows"], copper["day"], copper["drains_in_s"]) == ([], [], None, None)


def test_a_usual_configuration_that_cannot_be_used_hides_no_books(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "config").mkdir()
    (folder / "config" / "leadbridge.yaml").write_text("version: 9\n")
    result = shown(folder)
    assert result.exit_code == 0
    assert "destinations and quotas are not shown: config/leadbridge.yaml cannot be used here" in result.stderr
    assert "The books balance." in result.stdout


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("UPDATE totals SET count = 9 WHERE name = 'copper'", "of the deliveries of copper 2 are missing"),
        ("UPDATE totals SET count = 5 WHERE name = 'website'", "of the submissions of website there are 2 too many"),
        ("UPDATE attempts SET status = 500", "1 delivery said to be in the CRM without an answered call"),
    ],
)
def test_books_that_do_not_balance_end_with_1(folder: Path, damage: str, problem: str) -> None:
    connection = apsw.Connection(str(folder / "leadbridge.db"))
    connection.execute(damage)
    connection.close()
    result = shown(folder, *configured(folder), **SECRETS)
    assert result.exit_code == 1
    assert f"The books do not balance: {problem}.\n" in result.stdout
    assert "The books balance." not in result.stdout
    result = shown(folder, *configured(folder), "--format", "json", **SECRETS)
    assert (result.exit_code, json.loads(result.stdout)["balances"]) == (1, False)


def test_an_empty_database_has_nothing_to_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asyncio.run(SqliteStore(tmp_path / "leadbridge.db", disk_reserve=0).close())
    result = shown(tmp_path)
    assert (result.exit_code, result.stdout) == (0, "Nothing was received yet.\n")


NOW = 1_700_000_000_000
BURST = Use(used=0, limit=100, seconds=10)
SLOW = Use(used=0, limit=180, seconds=60)


def day(left: int, *, resets_in: float | None = None) -> Use:
    resets_at = None if resets_in is None else NOW + round(resets_in * 1000)
    return Use(used=1_000 - left, limit=1_000, seconds=DAY, resets_at=resets_at)


@walked(
    ("calls", "windows", "of_day", "seconds"),
    [
        (0, [BURST], None, 0),
        (100, [BURST], None, 10),
        (300, [BURST, SLOW], None, 100),  # the stricter one: 3 a second
        (300, [], None, None),
        (300, [BURST], day(300), 30),
        (300, [BURST], day(299, resets_in=3_600), 3_600),  # the last call waits for the new day
        (1_300, [BURST], day(300), DAY),
        (1_301, [BURST], day(300), 2 * DAY),
        (300, [SLOW], day(299, resets_in=50), 100),  # the day begins anew long before
    ],
)
def test_the_time_to_drain_is_that_of_the_strictest_window_and_the_day(
    calls: float, windows: Sequence[Use], of_day: Use | None, seconds: float | None
) -> None:
    assert seconds_to_drain(calls, windows, of_day, now=NOW) == seconds


@walked(
    ("seconds", "said"),
    [(0.25, "0.2 s"), (10, "10 s"), (59.94, "59.9 s"), (60, "1 min"), (250, "4 min 10 s"), (90_000, "1 d 1 h")],
)
def test_a_length_of_time_is_said_in_two_units(seconds: float, said: str) -> None:
    assert span(seconds) == said


@walked(
    ("written", "read"),
    [
        ("90m", NOW - 5_400_000),
        (" 7d", NOW - 604_800_000),
        ("30s", NOW - 30_000),
        ("2h", NOW - 7_200_000),
        ("2023-11-14", 1_699_920_000_000),
        ("2023-11-14T22:13:20", NOW),
        ("2023-11-15T00:13:20+02:00", NOW),
        ("2023-11-14 22:13:20Z", NOW),
    ],
)
def test_a_time_can_be_written_in_several_ways(written: str, read: Millis) -> None:
    assert moment_of(written, now=NOW, option="--since") == read


@walked("written", ["", "soon", "2h ago", "-2h", "2023-13-01", "99999999d", "12:00"])
def test_what_is_no_time_is_refused_with_what_can_be_written(written: str) -> None:
    with pytest.raises(UsageError, match=r"--until .*is no time; write 2026-03-01"):
        moment_of(written, now=NOW, option="--until")


def test_no_time_stays_none() -> None:
    assert moment_of(None, now=NOW, option="--since") is None
