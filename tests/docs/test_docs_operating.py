"""What docs/operations.md tells people to type does what it says: look for a lead, back up, restore, run as a unit."""

import asyncio
import configparser
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx
import pytest

from leadbridge.clock import SystemClock
from leadbridge.deliver import deliverer
from leadbridge.http import server
from leadbridge.ids import new_id
from leadbridge.store.claims import DeliveryUpdate, TryResult
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.tokens import exchange
from tests.docs.pages import OPERATIONS, fences, section
from tests.docs.shell import printed
from tests.generated import ROOT
from tests.moving.life import changed
from tests.support.command import Started, run, started
from tests.support.patience import PATIENCE
from tests.support.postgres import Cluster
from tests.support.stand_in import stand_in
from tests.support.stored import LANE, add, claim, new_delivery

pytestmark = pytest.mark.whole

UNIT = ROOT / "docs" / "systemd" / "leadbridge.service"
CONFIG = """
version: 1
sources:
  website: {preset: generic, verify: none}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the page has it: `.venv`, a configuration, and `data` where the service makes it."""
    stand_in(tmp_path)
    (tmp_path / "site.yaml").write_text(CONFIG)
    return tmp_path


@contextmanager
def service(folder: Path) -> Iterator[tuple[Started, str]]:
    """The service on its default database, and its address; stopped in order."""
    with started("serve", "--config", "site.yaml", "--port", "0", cwd=folder) as process:
        (listening,) = process.events("service.listening")
        process.events("service.started")
        yield process, listening["url"]
        assert process.stop(signal.SIGTERM) == 0


def post(url: str, name: str) -> dict[str, str]:
    """Post as the open source's sender, and be accepted."""
    answer = httpx.post(f"{url}/hooks/website", json={"name": name}, timeout=PATIENCE)
    assert answer.status_code == 202
    reply: dict[str, str] = answer.json()
    return reply


def blocks(heading: str) -> list[str]:
    """The `sh` blocks under a heading of the page."""
    found = section(OPERATIONS, heading)
    return [fence.body for fence in fences(OPERATIONS, "sh") if f"```sh\n{fence.body}```" in found]


def test_a_lead_is_found_by_what_the_sender_was_answered(folder: Path) -> None:
    by_id, by_search = blocks("Where is my lead?")
    with service(folder) as (process, url):
        reply = post(url, "Ann")
        process.events("submission.unrouted", submission=reply["id"])
        shown = printed(by_id.replace("TRACE_ID", reply["trace_id"]).replace("show ID", f"show {reply['id']}"), folder)
        assert shown.count(reply["id"]) >= 2
        assert reply["id"] in printed(by_search, folder)


async def stored(path: Path, state: Literal["held", "failed"]) -> str:
    """A delivery in this state; returns its id."""
    store = SqliteStore(path, disk_reserve=0)
    now = SystemClock().now()
    delivery = new_delivery(f"email:{new_id()}")
    await add(store, delivery, now=now)
    claims = {one.delivery.delivery_id: one for one in await claim(store, now=now)}
    update = DeliveryUpdate(state=state, reason="unknown_custom_field" if state == "held" else None)
    await store.record(LANE, TryResult(claim=claims[delivery.delivery_id], at=now, update=update))
    await store.close()
    return delivery.delivery_id


def test_a_lead_that_failed_or_is_held_is_brought_in(folder: Path) -> None:
    one, many = blocks("A lead that failed or is held")
    said = []
    for line in one.splitlines():
        name = asyncio.run(stored(folder / "data/leadbridge.db", "failed" if " replay " in line else "held"))
        said.append(printed(line.replace(" ID", f" {name}").replace("RECORD", "27140"), folder).strip())
    assert said == [
        "1 delivery released: it updates the record 27140 in copper.",
        "1 delivery released: it makes a new record in copper.",
        "1 delivery dropped: nothing of it is sent to copper.",
        "1 delivery released.",
        "1 delivery replayed, behind what is live.",
    ]
    for state in ("held", "failed"):
        asyncio.run(stored(folder / "data/leadbridge.db", state))
    assert printed(many, folder).splitlines() == [
        "1 delivery would be replayed, behind what is live.",
        "1 delivery would be released.",
    ]


def test_a_file_of_an_earlier_version_is_made_to_give_its_free_pages_back(folder: Path) -> None:
    (shrink,) = blocks("What is kept for how long")
    (folder / "data").mkdir()
    asyncio.run(stored(folder / "data/leadbridge.db", "failed"))
    shell = ".venv/bin/python -m apsw data/leadbridge.db"
    printed(f'{shell} "PRAGMA auto_vacuum = none; VACUUM"', folder)
    assert printed(f'{shell} "PRAGMA auto_vacuum"', folder).strip() == "0"
    printed(shrink, folder)
    assert printed(f'{shell} "PRAGMA auto_vacuum"', folder).strip() == "2"


def test_a_backup_of_the_running_service_restores_all_that_was_accepted_before_it(folder: Path) -> None:
    back_up, restore = blocks("Backup and restore")
    with service(folder) as (process, url):
        kept = post(url, "Ann")
        assert (folder / "data/leadbridge.db-wal").stat().st_size > 0, "nothing would be missing from a plain copy"
        assert printed(back_up, folder).strip() == "ok"
        with pytest.raises(AssertionError, match="output file already exists"):
            printed(back_up, folder)  # a backup overwrites no other
        later = post(url, "Bea")
        process.events("submission.unrouted", submission=later["id"])
    printed(restore, folder)
    with service(folder) as (_, url):
        assert run("show", kept["id"], cwd=folder).returncode == 0
        assert run("show", later["id"], cwd=folder).returncode == 2
        assert post(url, "Cal")["status"] == "accepted"
    assert (folder / "aside/leadbridge.db").exists()


async def test_a_move_to_postgresql_and_the_way_back(folder: Path, postgres: Cluster) -> None:
    move, back = blocks("Moving to PostgreSQL")
    name = await postgres.server.make_database()
    typed = re.sub(r"postgresql://\S+", shlex.quote(postgres.server.url(name)), move)
    file = folder / "data" / "leadbridge.db"
    held = await stored(file, "held")
    changed(file, "UPDATE requests SET received_at = ?", SystemClock().now())  # each week since then would be made
    assert "All is there, and the books agree." in printed(typed, folder)
    url = postgres.server.url(name)
    assert run("show", held, cwd=folder, environ={"LEADBRIDGE_DATABASE_URL": url}).returncode == 0
    assert "was moved to" in run("show", held, cwd=folder).stderr
    assert "A service may use data/leadbridge.db again." in printed(back, folder)
    assert run("show", held, cwd=folder).returncode == 0
    await postgres.server.drop_database(name)


def test_the_page_has_no_block_that_no_test_runs() -> None:
    """`console` blocks need root, and are read by test_docs_pages; `sh` blocks are run here."""
    headings = (
        "Where is my lead?", "A lead that failed or is held", "What is kept for how long", "Backup and restore",
        "Moving to PostgreSQL",
    )  # fmt: skip
    ours = [block for heading in headings for block in blocks(heading)]
    assert [fence.body for fence in fences(OPERATIONS, "sh")] == ours


def unit() -> configparser.RawConfigParser:
    """The unit as systemd reads it, but for options that are given twice: of them the last."""
    parser = configparser.RawConfigParser(strict=False, comment_prefixes=("#", ";"), delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as its documentation has it
    parser.read_string(UNIT.read_text("utf-8"))
    return parser


def test_the_unit_starts_the_service_with_a_command_that_exists_and_no_secret() -> None:
    settings = dict(unit()["Service"])
    program, *arguments = settings["ExecStart"].split()
    assert Path(program).name == "leadbridge"
    assert run(*arguments, "--help", cwd=ROOT).returncode == 0
    assert settings["Environment"].startswith("LEADBRIDGE_DATABASE_URL=sqlite:////var/lib/leadbridge/")
    assert settings["EnvironmentFile"] == "/etc/leadbridge/secrets.env"
    assert re.findall(r"(?i)(token|password|secret)\s*=", UNIT.read_text("utf-8")) == []


def test_what_the_unit_names_is_put_there_by_the_commands_beside_it() -> None:
    settings = dict(unit()["Service"])
    program, *arguments = settings["ExecStart"].split()
    (typed, *_) = [fence.body for fence in fences(OPERATIONS, "console") if "systemctl" in fence.body]
    made = typed.partition("systemctl")[0].splitlines()
    assert f"# python3 -m venv {Path(program).parents[1]}" in made
    for file in (arguments[arguments.index("--config") + 1], settings["EnvironmentFile"]):
        assert [line.startswith("# install -D ") for line in made if line.endswith(f" {file}")] == [True]
    assert f"leadbridge{Path(UNIT).suffix} /etc/systemd/system/" in typed


def test_the_unit_waits_for_the_whole_stop_and_does_not_repeat_wrong_usage() -> None:
    settings = dict(unit()["Service"])
    longest = server.GRACE + deliverer.GRACE + exchange.DEADLINE
    assert int(settings["TimeoutStopSec"]) > longest
    assert (settings["Restart"], settings["RestartPreventExitStatus"]) == ("on-failure", "2")
    assert settings["KillSignal"] == "SIGTERM"
    assert f"within {longest:g} seconds" in OPERATIONS.read_text("utf-8")


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="the checker is a part of systemd, which is not installed here"
)
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text("utf-8"), flags=re.MULTILINE))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )
    said = [line for line in checked.stderr.splitlines() if UNIT.name in line]
    assert (checked.returncode, said) == (0, [])


def test_the_commands_in_blocks_are_told_apart_from_what_they_print() -> None:
    assert [fence.body for fence in fences(OPERATIONS, "console") if not fence.body.startswith("# ")] == []
