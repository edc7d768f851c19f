"""`move`, and `migrate`: a database that goes elsewhere, or is brought up to date."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from leadbridge.clock import SystemClock
from leadbridge.commands.format import Format
from leadbridge.commands.ledger import span
from leadbridge.commands.output import counted, err, moment, say, show, show_json, table, text
from leadbridge.store.ledger import Account, Ledger
from leadbridge.store.moving import Moved, Progress, move, undo
from leadbridge.store.opening import migrate_database

EVERY: Final = 2.0  # seconds between two lines of one table
_NEXT: Final = "set LEADBRIDGE_DATABASE_URL to the new database and start the service"


async def move_all(path: Path, url: str, *, output: Format) -> bool:
    """Move a SQLite file into a PostgreSQL database, or go on with that; true when all is there, as it was."""
    began = time.monotonic()
    moved = await move(path, url, tell=_Teller(), now=SystemClock().now)
    seconds = time.monotonic() - began
    if output is Format.JSON:
        show_json(_document(path, moved, seconds))
    elif moved.already:
        say(f"{path} was moved to {moved.target} before; nothing was done. Next: {_NEXT}.")
    else:
        _print(path, moved, seconds)
    return moved.good


def undo_move(path: Path, *, output: Format) -> None:
    """Let a service use a file again that was moved, or is half moved."""
    mark = undo(path)
    if output is Format.JSON:
        show_json({"from": str(path), "was_marked": mark is not None, "mark": None if mark is None else asdict(mark)})
    elif mark is None:
        say(f"{path} is not marked as moved: a service may use it.")
    else:
        say(f"A service may use {path} again. It knows nothing of what {mark.target} took since "
            f"{moment(mark.moved_at or mark.begun_at)}: let no service run on that one any more.")  # fmt: skip


def migrate_now(url: str) -> None:
    """Bring a database up to date, and say from which schema to which."""
    before, after = migrate_database(url)
    if before == after:
        say(f"The database is up to date: schema {after}.")
    elif not before:
        say(f"The tables are made: schema {after}.")
    else:
        say(f"The database is brought up to date: from schema {before} to {after}.")


class _Teller:
    """A line for each table, and every two seconds one of how far it is."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.rows < progress.of and now - self._told < EVERY:
            return
        self._told = now
        say(f"{progress.doing} {progress.table}: {progress.rows:,} of {progress.of:,} rows", to=err)


def _document(path: Path, moved: Moved, seconds: float) -> dict[str, Any]:
    return {
        "from": str(path),
        "to": moved.target,
        "good": moved.good,
        "already": moved.already,
        "rows": dict(moved.rows),
        "moved": moved.moved,
        "seconds": round(seconds, 3),
        "mended_texts": moved.mended,
        "books_agree": moved.books_agree,
        "books": {"from": _books(moved.here), "to": _books(moved.there)},
        "differences": [
            {"table": one.table, "from": one.here, "to": one.there, "rows": list(one.rows)}
            for one in moved.differences
        ],
    }  # fmt: skip


def _books(books: Ledger | None) -> Any:
    return None if books is None else {"balances": books.balances, **asdict(books)}


def _print(path: Path, moved: Moved, seconds: float) -> None:
    for wrong in moved.differences:
        rows = f"; for example {', '.join(wrong.rows)}" if wrong.rows else ""
        say((f"{wrong.table} differs: rows before {wrong.here:,}, after {wrong.there:,}{rows}", "red"))
    _print_books(moved)
    if moved.mended:
        mended = counted(moved.mended, "text")
        say(f"PostgreSQL cannot hold the character NUL: {mended} now have U+FFFD there, as a service stores them.")
    rate = f", {moved.moved / seconds:,.0f} a second with the check" if seconds else ""
    say(f"{sum(moved.rows.values()):,} rows of {path} in {moved.target}; "
        f"{moved.moved:,} moved now in {span(seconds)}{rate}.")  # fmt: skip
    if moved.good:
        say(("All is there, and the books agree.", "green"), f" Next: {_NEXT}.")
        if moved.here is not None and not moved.here.balances:
            say(("They did not balance before either: see `leadbridge ledger`.", "yellow"))
    else:
        say(("It is not the same on both sides.", "bold red"), " No service may use either: make the new database "
            "empty and move again, or stay with `leadbridge move --from … --undo`.")  # fmt: skip


def _print_books(moved: Moved) -> None:
    here, there = _accounts(moved.here), _accounts(moved.there)
    if not here and not there:
        return
    shown = table("", "arrived before", "after", "in their states before", "after")
    for kind, name in sorted({*here, *there}, reverse=True):
        one, other = here.get((kind, name)), there.get((kind, name))
        named = f"{'from' if kind == 'submissions' else 'to'} {name}"
        shown.add_row(text(named), *(text(_count(each)) for each in (one, other)),
                      *(text(_counted(each)) for each in (one, other)))  # fmt: skip
    show(shown)


def _accounts(books: Ledger | None) -> Mapping[tuple[str, str], Account]:
    return {} if books is None else {(account.kind, account.name): account for account in books.accounts}


def _count(account: Account | None) -> str:
    return "–" if account is None else f"{account.arrived:,}"


def _counted(account: Account | None) -> str:
    return "–" if account is None else f"{sum(account.states.values()):,}"
