"""`move` and `migrate`, as they are typed."""

import asyncio
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import apsw
import pytest
from typer.testing import CliRunner, Result

from leadbridge.cli import app
from leadbridge.store.moving.target import Target
from leadbridge.store.opening import open_store
from leadbridge.store.postgres import migrating
from leadbridge.store.sqlite.connection import newest_schema
from leadbridge.store.sqlite.store import SqliteStore
from tests.cli.site import CONFIG, SECRETS
from tests.moving.life import changed
from tests.moving.test_moving import asked
from tests.support.postgres import Cluster

pytestmark = pytest.mark.whole


def typed(*arguments: str, environ: Mapping[str, str] | None = None) -> Result:
    return CliRunner().invoke(app, arguments, env={"LEADBRIDGE_DATABASE_URL": None, **(environ or {})})


def test_a_move_says_what_it_does_and_what_comes_next(source: Path, bare: str) -> None:
    result = typed("move", "--from", f"sqlite:///{source}", "--to", bare)
    assert result.exit_code == 0, result.output
    assert "moved requests: 17 of 17 rows\n" in result.stderr
    assert "checked tokens: 1 of 1 rows\n" in result.stderr
    shown = " ".join(result.stdout.split())
    assert "from website 16 16 16 16" in shown
    assert "to copper 13 13 13 13" in shown
    assert "NUL: 3 texts now have U+FFFD there" in shown
    assert "All is there, and the books agree. Next: set LEADBRIDGE_DATABASE_URL to the new database" in shown

    again = typed("move", "--from", f"sqlite:///{source}", "--to", bare)
    assert again.exit_code == 0
    assert "before; nothing was done. Next: set LEADBRIDGE_DATABASE_URL" in again.stdout

    refused = typed("list", environ={"LEADBRIDGE_DATABASE_URL": f"sqlite:///{source}"})
    assert refused.exit_code == 1
    assert refused.stderr.startswith("leadbridge: this database was moved to postgresql:///database_")


def test_the_target_may_be_the_database_that_is_set(source: Path, target: str) -> None:
    result = typed("move", "--from", f"sqlite:///{source}", "--format", "json",
                   environ={"LEADBRIDGE_DATABASE_URL": target})  # fmt: skip
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["good"], told["books_agree"], told["differences"], told["mended_texts"]) == (True, True, [], 3)
    assert told["moved"] == sum(told["rows"].values())
    assert told["books"]["from"]["accounts"] == told["books"]["to"]["accounts"]
    ledger = typed("ledger", environ={"LEADBRIDGE_DATABASE_URL": target})
    assert "The books balance." in ledger.stdout


def test_what_differs_is_named_and_ends_with_1(source: Path, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settle = Target.settle

    async def doctored(self: Target) -> None:
        await settle(self)
        await asked(target, "DELETE FROM record_keys")
        await asked(target, "UPDATE totals SET count = 99 WHERE kind = 'submissions'")

    monkeypatch.setattr(Target, "settle", doctored)
    result = typed("move", "--from", f"sqlite:///{source}", "--to", target)
    assert result.exit_code == 1
    assert "record_keys differs: rows before 1, after 0; for example copper:localhost:1 email:" in result.stdout
    assert "totals differs: " in result.stdout
    assert "from website 16 99" in " ".join(result.stdout.split())
    assert "It is not the same on both sides. No service may use either" in result.stdout
    told = typed("move", "--from", f"sqlite:///{source}", "--to", target, "--format", "json")
    assert told.exit_code == 1
    found = json.loads(told.stdout)
    assert (found["good"], found["books_agree"]) == (False, False)
    assert [one["table"] for one in found["differences"]] == ["totals", "record_keys"]


def test_books_that_did_not_balance_before_are_moved_as_they_are_and_said(source: Path, target: str) -> None:
    changed(source, "UPDATE totals SET count = count + 1")
    result = typed("move", "--from", f"sqlite:///{source}", "--to", target)
    assert result.exit_code == 0
    assert "They did not balance before either: see `leadbridge ledger`." in result.stdout


def test_the_way_back_says_what_it_means(source: Path, target: str) -> None:
    url = f"sqlite:///{source}"
    assert "is not marked as moved" in typed("move", "--from", url, "--undo").stdout
    assert typed("move", "--from", url, "--to", target).exit_code == 0
    result = typed("move", "--from", url, "--undo")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "let no service run on that one any more" in result.stdout
    asyncio.run(open_store(url).close())
    told = json.loads(typed("move", "--from", url, "--undo", "--format", "json").stdout)
    assert told == {"from": str(source), "was_marked": False, "mark": None}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "postgresql://a/b", "--to", "postgresql://a/b"), "--from must name a SQLite database"),
        (("--from", "sqlite:///", "--to", "postgresql://a/b"), "--from must name a SQLite database"),
        (("--from", "sqlite:///a.db", "--to", "sqlite:///b.db"), "--to must name a PostgreSQL database"),
        (("--from", "sqlite:///a.db"), "LEADBRIDGE_DATABASE_URL must name a PostgreSQL database"),
        (("--from", "sqlite:///a.db", "--to", "postgresql://a/b", "--undo"), "--undo takes --from alone"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(arguments: tuple[str, ...], said: str) -> None:
    result = typed("move", *arguments)
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr


def schema_of(path: Path) -> int:
    connection = apsw.Connection(str(path))
    found: int = connection.pragma("user_version")
    connection.close()
    return found


def test_a_file_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "leadbridge.db"
    environ = {"LEADBRIDGE_DATABASE_URL": f"sqlite:///{path}"}
    first = (resources.files("leadbridge.store.sqlite") / "migrations" / "0001_first.sql").read_text("utf-8")
    connection = apsw.Connection(str(path))
    connection.execute(first)
    connection.pragma("user_version", 1)
    connection.close()
    result = typed("migrate", environ=environ)
    newest = newest_schema()
    assert (result.exit_code, result.stdout) == (
        0,
        f"The database is brought up to date: from schema 1 to {newest}.\n",
    )
    assert schema_of(path) == newest
    assert typed("migrate", environ=environ).stdout == f"The database is up to date: schema {newest}.\n"


def test_tables_are_made_where_there_are_none(tmp_path: Path, bare: str) -> None:
    path = tmp_path / "new" / "leadbridge.db"
    for url, newest in ((f"sqlite:///{path}", newest_schema()), (bare, migrating.newest_schema())):
        made = typed("migrate", environ={"LEADBRIDGE_DATABASE_URL": url})
        assert (made.exit_code, made.stdout) == (0, f"The tables are made: schema {newest}.\n"), made.stderr
        again = typed("migrate", environ={"LEADBRIDGE_DATABASE_URL": url})
        assert (again.exit_code, again.stdout) == (0, f"The database is up to date: schema {newest}.\n")


def test_a_file_that_is_served_is_not_migrated(source: Path) -> None:
    store = SqliteStore(source, disk_reserve=0)
    result = typed("migrate", environ={"LEADBRIDGE_DATABASE_URL": f"sqlite:///{source}"})
    asyncio.run(store.close())
    assert (result.exit_code, "already serves" in result.stderr) == (1, True)


def test_a_newer_database_is_not_migrated(source: Path, bare: str) -> None:
    changed(source, "PRAGMA user_version = 999")
    typed("migrate", environ={"LEADBRIDGE_DATABASE_URL": bare})
    asyncio.run(asked(bare, "UPDATE leadbridge_schema SET version = 999, needs = 999 WHERE version = 1"))
    for url in (f"sqlite:///{source}", bare):
        result = typed("migrate", environ={"LEADBRIDGE_DATABASE_URL": url})
        assert (result.exit_code, "a newer leadbridge wrote this database" in result.stderr) == (1, True)


def tried(*commands: str) -> list[Any]:
    return [pytest.param(command.split(), id=command.split()[0]) for command in commands]


@pytest.mark.parametrize(
    "command",
    tried(
        "list",
        "show ID",
        "trace ID",
        "ledger",
        "hold ID",
        "release ID",
        "release --reason paused",
        "resolve ID --drop",
        "replay ID",
        "migrate",
        "check site.yaml",
        "serve --config site.yaml --port 0",
        "move --from sqlite:///leadbridge.db",
    ),
)
def test_every_command_says_what_is_wrong_with_the_database(
    command: list[str], source: Path, postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(source.parent)
    Path("site.yaml").write_text(CONFIG.format(crms="http://localhost:1"))
    nowhere = postgres.server.url("nowhere", user="postgres:planted0password")
    for url, said in ((nowhere, "there is no such database: create it"), ("mysql://u:planted0password@h/d", "")):
        result = typed(*command, environ={**SECRETS, "LEADBRIDGE_DATABASE_URL": url})
        assert result.exit_code in (1, 2), result.output
        assert said in result.output
        assert "postgresql://user:password@host" in result.output or said
        assert "planted0password" not in result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)


def test_the_other_usual_scheme_is_as_good(target: str) -> None:
    url = target.replace("postgresql://", "postgres://") + "\n"  # as a file of secrets ends
    assert typed("migrate", environ={"LEADBRIDGE_DATABASE_URL": url}).exit_code == 0
    assert typed("list", environ={"LEADBRIDGE_DATABASE_URL": url}).exit_code == 0


def checked(folder: Path, url: str) -> Result:
    file = folder / "site.yaml"
    file.write_text(CONFIG.format(crms="http://localhost:1"))
    return typed("check", str(file), "--format", "json", environ={**SECRETS, "LEADBRIDGE_DATABASE_URL": url})


def test_a_database_that_a_start_would_make_or_bring_up_to_date_is_good(
    source: Path, tmp_path: Path, target: str, bare: str
) -> None:
    older = tmp_path / "older.db"
    changed(older, "PRAGMA user_version = 1")
    for url in (target, bare, f"sqlite:///{source}", f"sqlite:///{older}", f"sqlite:///{tmp_path / 'none.db'}"):
        result = checked(tmp_path, url)
        assert (result.exit_code, json.loads(result.stdout)["database"]) == (0, None)
    assert not (tmp_path / "none.db").exists()
    assert schema_of(older) == 1
    assert asyncio.run(asked(bare, "SELECT to_regclass('requests')")) == [(None,)]


def test_a_database_that_no_service_would_start_on_is_said(source: Path, tmp_path: Path, target: str) -> None:
    assert typed("move", "--from", f"sqlite:///{source}", "--to", target).exit_code == 0
    result = checked(tmp_path, f"sqlite:///{source}")
    told = json.loads(result.stdout)
    assert (result.exit_code, {one["severity"] for one in told["problems"]}) == (1, {"warning"})
    assert "this database was moved to" in told["database"]
    newer = tmp_path / "newer.db"
    changed(newer, "PRAGMA user_version = 999")
    assert (
        "a newer leadbridge made this database"
        in json.loads(checked(tmp_path, f"sqlite:///{newer}").stdout)["database"]
    )
