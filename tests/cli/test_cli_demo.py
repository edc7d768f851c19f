"""`demo`: it proves what it says, works from anywhere, and cleans up behind itself."""

import re
import signal
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from leadbridge.cli import app
from leadbridge.demo.report import wrong_records, wrongs
from leadbridge.demo.scenario import AFTER_TAGGING, ANN, BEFORE_TAGGING, LOCATION, SAM, Row
from leadbridge.demo.sender import Seen
from leadbridge.store.rows import DeliveryRow
from tests.support.command import environment, run, run_on_terminal, started
from tests.support.patience import PATIENCE
from tests.support.walked import walked

pytestmark = pytest.mark.whole

ROWS = (*BEFORE_TAGGING, *AFTER_TAGGING)


def test_once_prints_a_row_a_line_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder, temporary = tmp_path / "here", tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    environ = {"TMPDIR": str(temporary), "NO_COLOR": "1"}
    ended = run_on_terminal("demo", "--once", columns=80, cwd=folder, environ=environ)
    assert ended.returncode == 0
    shown = re.sub(r"\x1b\[[0-9;]*m", "", ended.stdout)
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    table = [line for line in lines if line.endswith("✓")]
    assert [re.split(r"\s{2,}", line.strip(), maxsplit=2)[:2] for line in table] == [
        [str(number), row.title] for number, row in enumerate(ROWS, start=1)
    ]
    assert "202 accepted   held     created" in shown
    assert "held for ambiguous_match" in shown
    assert "202 duplicate  –        –" in shown
    assert "All 11 rows are as they should be" in shown
    assert list(folder.iterdir()) == list(temporary.iterdir()) == []


def test_once_fails_when_a_row_comes_out_otherwise(tmp_path: Path) -> None:
    ended = run("demo", "--once", cwd=tmp_path, module="tests.cli.doctored")
    assert ended.returncode == 1
    assert "wrong 1: copper: created is True, not False\nwrong 1: dallas: created is True, not False\n" in ended.stdout
    assert ended.stdout.count("✗") == 1
    assert "as they should be" not in ended.stdout


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_stopped_in_the_middle_it_ends_quietly_and_leaves_nothing_behind(
    tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with started("demo", "--once", cwd=tmp_path, environ={"TMPDIR": str(temporary)}) as demo:
        demo.line("leadbridge ")
        assert demo.stop(sent) == code
        assert demo.logged == []
    assert list(temporary.iterdir()) == []


def test_interactive_it_runs_on_a_free_port_and_what_it_prints_can_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started("demo", "--port", port, cwd=folder) as demo:
            demo.line("  the service's log:")
            demo.until(lambda: demo.printed[-1].endswith("leadbridge.log") or None)
            assert demo.until(lambda: demo.logged or None) == [f"Port {port} is taken; using another."]
            curl, trace, state = (
                shell(line.strip(), cwd=elsewhere)
                for line in demo.printed
                if line.startswith("    ") and line.strip().startswith(("curl", "LEADBRIDGE_DATABASE_URL"))
            )
            assert '"status":"accepted"' in curl
            assert "verified  yes, by hmac" in trace
            assert "→ dallas  delivered" in trace
            assert ANN in state
            monkeypatch.chdir(folder)
            again = CliRunner().invoke(app, ["demo"])
            assert again.exit_code == 1
            assert "another leadbridge already serves data/demo/leadbridge.db; stop it first" in again.stderr
            assert demo.stop(signal.SIGINT) == 0
            assert demo.printed[-1].startswith("Stopped.")
            assert len(demo.logged) == 1
    assert (folder / "data" / "demo" / "leadbridge.db").exists()


def shell(line: str, *, cwd: Path) -> str:
    """What a person who pastes this line sees."""
    done = subprocess.run(
        line,
        shell=True,
        cwd=cwd,
        env=environment(None, cwd),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return done.stdout


def test_a_configuration_that_is_not_the_examples_is_refused_with_what_to_do(folder: Path) -> None:
    (folder / "own.yaml").write_text("version: 1\nsources:\n  shop: {preset: generic, verify: none}\n")
    ended = CliRunner().invoke(app, ["demo", "--config", "own.yaml"])
    assert ended.exit_code == 2
    assert "own.yaml has no website, relay, typeform, partner, copper, dallas" in ended.stderr
    assert "run `leadbridge sandbox`" in ended.stderr
    assert list(folder.iterdir()) == [folder / "own.yaml"]


def test_a_folder_that_cannot_be_written_is_said_so(folder: Path) -> None:
    (folder / "data").write_text("a file is in the way")
    ended = CliRunner().invoke(app, ["demo"])
    assert ended.exit_code == 1
    assert "cannot write beside data/demo/leadbridge.db" in ended.stderr


def delivery(**changes: Any) -> DeliveryRow:
    plain: dict[str, Any] = dict.fromkeys(DeliveryRow.__dataclass_fields__)
    return DeliveryRow(**{**plain, "state": "delivered", "created": True, "warnings": (), "candidates": (), **changes})


def seen(row: Row, **changes: Any) -> Seen:
    """The row as it should come out, but for the changes."""
    good = {name: delivery(state=state, reason=row.reason, created=row.created) for name, state in row.states.items()}
    told = {"status": row.status, "answer": {"status": row.reply}, "kept_as": row.reason, "deliveries": good}
    return Seen(row=row, **{**told, **changes})


PLAIN, HELD, REFUSED = BEFORE_TAGGING[0], AFTER_TAGGING[1], AFTER_TAGGING[4]


@walked(
    ("came", "wrong"),
    [
        (seen(PLAIN), []),
        (seen(HELD), []),
        (seen(REFUSED), []),
        (seen(PLAIN, status=503), ["answered 503, not 202: {'status': 'accepted'}"]),
        (seen(PLAIN, answer={"status": "duplicate"}), ["the reply says 'duplicate', not 'accepted'"]),
        (seen(REFUSED, kept_as=None), ["kept as None, not failed"]),
        (seen(PLAIN, deliveries={"copper": delivery()}), ["nothing went to dallas"]),
        (
            seen(PLAIN, deliveries={"copper": delivery(), "dallas": delivery(state="failed", detail="HTTP 422")}),
            ["dallas: failed, not delivered: HTTP 422"],
        ),
        (
            seen(PLAIN, deliveries={"copper": delivery(created=False), "dallas": delivery()}),
            ["copper: created is False, not True"],
        ),
        (
            seen(HELD, deliveries={"copper": delivery(state="held", reason="no_match_key"), "dallas": delivery()}),
            ["copper: held for no_match_key, not ambiguous_match"],
        ),
    ],
)
def test_a_row_is_judged_by_all_that_can_be_wrong(came: Seen, wrong: list[str]) -> None:
    assert wrongs(came) == wrong


def records(*, ann: tuple[str, ...] = ("vip", "website"), people: tuple[str, ...] = (ANN, SAM, SAM)) -> dict[str, Any]:
    leads = [{"email": {"email": email}, "tags": ann} for email in people]
    contacts = [{"email": email, "tags": ann} for email in dict.fromkeys(people)]
    return {"copper": {"token": {"leads": leads}}, "leadconnector": {LOCATION: {"contacts": contacts}}}


def test_the_crms_records_are_judged_too() -> None:
    assert wrong_records(records()) == []
    assert wrong_records(records(ann=("website",))) == [
        "Copper: Ann's tags are ('website',)",
        "LeadConnector: Ann's tags are ('website',)",
    ]
    assert wrong_records(records(people=(ANN, ANN, SAM, SAM))) == [f"Copper has several records of {ANN}, {SAM}"]


def test_every_row_says_its_own_expectation() -> None:
    assert all(replace(row, status=299) != row for row in ROWS)
    assert len({row.title for row in ROWS}) == len(ROWS)
