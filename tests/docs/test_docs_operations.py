"""What docs/operations.md lists is what the source has: neither more nor less."""

import re
from collections.abc import Mapping
from functools import cache
from typing import get_args

import pytest
from typer.main import get_command

from leadbridge.cli import app
from leadbridge.commands.states import State
from leadbridge.errors import SignatureReason
from leadbridge.outcome import HoldReason
from leadbridge.store.postgres.troubles import WORDS
from tests.docs import source
from tests.docs.pages import OPERATIONS, named, section, table
from tests.docs.source import PACKAGE, LogLine

TABLES_OF_EVENTS = ("Requests and submissions", "Deliveries", "Fetching", "The service")
SCHEMA = (PACKAGE / "store/sqlite/migrations/0001_first.sql").read_text("utf-8")
# Not the service's own HTTP: what the emulated CRMs answer, what CRMs answer us, and what `send` shows.
OTHER_HTTP = ("sandbox", "crm", "deliver", "demo", "sending.py")


@cache
def events() -> dict[str, list[str]]:
    """The cells of every event's row, by its name."""
    rows = [cells for heading in TABLES_OF_EVENTS for cells in table(OPERATIONS, heading)]
    return {cells[0].strip("`"): cells for cells in rows}


@cache
def all_lines() -> list[LogLine]:
    return [line for path in source.files() for line in source.log_lines(path)]


@cache
def lines_by_event() -> dict[str, list[LogLine]]:
    found: dict[str, list[LogLine]] = {}
    for line in all_lines():
        found.setdefault(line.event or "", []).append(line)
    return found


def test_every_event_has_a_constant_name() -> None:
    assert [line.place for line in all_lines() if line.event is None] == [], (
        "an event's name is put together while the program runs, so that nobody finds it: write each name out, "
        'for example `case "failed": log.warning("submission.failed", …)`'
    )


def test_every_event_is_listed_and_nothing_else() -> None:
    emitted = set(lines_by_event()) - {""}
    assert emitted - set(events()) == set(), "add a row for each to docs/operations.md, under `Log events`"
    assert set(events()) - emitted == set(), "nothing logs these: take their rows out of docs/operations.md"


def test_an_event_is_named_by_its_thing_and_what_happened() -> None:
    assert [event for event in events() if not re.fullmatch(r"[a-z]+\.[a-z_]+", event)] == []


@pytest.mark.parametrize("event", sorted(events()))
def test_the_level_and_the_fields_of_an_event_are_those_that_are_logged(event: str) -> None:
    lines = lines_by_event().get(event, [])
    _, level, _, fields, to_do = events()[event]
    assert set(level.split(" or ")) == {one for line in lines for one in line.levels}, f"{event}: mend its level"
    logged = {one for line in lines for one in line.fields}
    told = fields_of(fields)
    assert logged - told == set(), f"{event}: tell of these fields in docs/operations.md"
    assert told - logged == set(), f"{event}: no line has these fields; take them out of docs/operations.md"
    assert to_do, f"{event}: say what the person on call does about it"


def fields_of(cell: str) -> set[str]:
    """The fields that a cell names, what stands in brackets left out; `as above`: those of `submission.accepted`."""
    bare = re.sub(r"\([^)]*\)", "", cell)
    inherited = fields_of(events()["submission.accepted"][3]) if bare.startswith("as above") else set()
    return {*re.findall(r"`(\w+)`", bare), *inherited}


def states_of(kind: str) -> set[str]:
    """The states that a table may hold, as its schema says."""
    found = re.search(rf"CREATE TABLE {kind} \(.*?state IN\s*\((.*?)\)\)", SCHEMA, re.DOTALL)
    assert found is not None
    return set(re.findall(r"'(\w+)'", found[1]))


@pytest.mark.parametrize(("heading", "kind"), [("Of a submission", "submissions"), ("Of a delivery", "deliveries")])
def test_every_state_is_explained(heading: str, kind: str) -> None:
    assert named(OPERATIONS, heading) == states_of(kind), f"docs/operations.md, `{heading}`: one row for each state"


def test_the_states_that_the_commands_know_are_those_of_the_database() -> None:
    assert set(State) == states_of("submissions") | states_of("deliveries")


def test_a_state_is_said_to_be_reserved_when_nothing_makes_it() -> None:
    rows = [*table(OPERATIONS, "Of a submission"), *table(OPERATIONS, "Of a delivery")]
    reserved = {cells[0].strip("`") for cells in rows if "not made by this version" in cells[2]}
    # The list for options and colours aside, a state that is made is written as a text somewhere.
    texts = "".join(path.read_text("utf-8") for path in source.files() if path.name != "states.py")
    made = {state for state in State if f'"{state}"' in texts or f"'{state}'" in texts}
    assert reserved == set(State) - made


@pytest.mark.parametrize(
    ("heading", "reasons"),
    [("Reasons to hold", get_args(HoldReason)), ("Reasons to refuse", get_args(SignatureReason))],
)
def test_every_reason_is_explained(heading: str, reasons: tuple[str, ...]) -> None:
    assert named(OPERATIONS, heading) == set(reasons), f"docs/operations.md, `{heading}`: one row for each reason"


def test_every_status_that_the_service_can_answer_is_listed() -> None:
    paths = [path for path in source.files() if not set(OTHER_HTTP) & {*path.relative_to(PACKAGE).parts}]
    answered = {status for path in paths for status in source.statuses(path)}
    listed = {int(cells[0]) for cells in table(OPERATIONS, "HTTP answers")}
    assert listed == answered | {200}, "docs/operations.md, `HTTP answers`: one row for each status, and no other"


def test_every_exit_code_is_listed() -> None:
    ended = {code for path in source.files() for code in source.exit_codes(path)}
    first = re.findall(r"^\| (\d+) \|", section(OPERATIONS, "Exit codes"), re.MULTILINE)
    # 130 is typer's, for Ctrl-C.
    assert set(map(int, first)) == ended | {130}, "docs/operations.md, `Exit codes`: one row for each, and no other"


def test_every_command_has_its_exit_codes() -> None:
    commands = set(getattr(get_command(app), "commands", {}))
    listed = set(re.findall(r"^\| `([a-z]+)` \|", section(OPERATIONS, "Exit codes"), re.MULTILINE))
    assert commands == listed, "docs/operations.md, `Exit codes`: one row for each command"


REFUSALS: Mapping[str, tuple[str, str | None]] = {
    "store/sqlite/connection.py": ("StorageUnavailable", None),
    "store/sqlite/mark.py": ("StorageUnavailable", None),
    "store/opening.py": ("UsageError", None),
    "http/server.py": ("UsageError", None),
    "commands/arguments.py": ("UsageError", "loaded_from"),
    "settings/loading.py": ("UsageError", None),
    "commands/serving.py": ("UsageError", None),
    "outgoing/ways.py": ("UsageError", None),
    "plugins.py": ("ConfigError", None),
    "tokens/sealing.py": ("ConfigError", None),
    "commands/granting.py": ("ConfigError", None),
}


def test_every_refusal_to_start_is_listed_in_its_own_words() -> None:
    said = source.messages(PACKAGE / "http/server.py", "LeadbridgeError")
    said |= source.messages(PACKAGE / "commands/serving.py", "LeadbridgeError")
    for path, (error, function) in REFUSALS.items():
        said |= source.messages(PACKAGE / path, error, within=function)
    said = {message.replace("`", "'") for message in said}  # a backtick would end the code that it is shown as
    listed = {cells[0].strip("`") for cells in table(OPERATIONS, "When it does not start")}
    assert listed - {"FILE:LINE:COL: PATH: PROBLEM; HINT"} == said, (
        "docs/operations.md, `When it does not start`: one row for each message, with `…` for what is filled in"
    )


def test_everything_that_is_said_of_a_postgresql_is_listed() -> None:
    listed = {cells[0].strip("`") for cells in table(OPERATIONS, "On PostgreSQL")}
    assert listed == set(WORDS.values()), "docs/operations.md, `On PostgreSQL`: one row for each"


def test_every_environment_variable_is_listed() -> None:
    assert named(OPERATIONS, "Environment variables") == source.environment_variables()


def test_the_page_begins_with_a_way_to_each_of_its_parts() -> None:
    begun = OPERATIONS.read_text("utf-8").partition("\n## ")[0]
    headings = re.findall(r"^## (.+)$", OPERATIONS.read_text("utf-8"), re.MULTILINE)
    missing = [
        heading for heading in headings if f"(#{heading.lower().replace(' ', '-').replace('?', '')})" not in begun
    ]
    assert missing == []


def test_the_events_and_holds_of_the_failure_table_exist() -> None:
    cells = " ".join(" ".join(row) for row in table(OPERATIONS, "When something fails"))
    named_events = set(re.findall(r"`([a-z]+\.[a-z_]+)`", cells))
    assert named_events <= set(events())
    assert set(re.findall(r"`held: (\w+)`", cells)) <= set(get_args(HoldReason))
