"""Arguments and help of the commands for a whole database: `move`, `migrate`."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from leadbridge.commands.arguments import FormatOption, end
from leadbridge.commands.format import Format
from leadbridge.errors import UsageError
from leadbridge.store.opening import SQLITE, VARIABLE, database_url, is_postgres


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""

    @app.command(epilog="Example: leadbridge move --from sqlite:///data/leadbridge.db")
    def move(
        *,
        source: Annotated[str, typer.Option("--from", metavar="URL", help="The SQLite database: sqlite:///PATH.")],
        target: Annotated[
            str | None,
            typer.Option(
                "--to",
                metavar="URL",
                help=f"The PostgreSQL database, an empty one; {VARIABLE} unless given: a password on a command line "
                "can be seen by everybody on the machine.",
            ),
        ] = None,
        undo: Annotated[bool, typer.Option("--undo", help="Only let a service use the SQLite database again.")] = False,
        output: FormatOption = Format.TEXT,
    ) -> None:
        """Move everything from SQLite to PostgreSQL.

        No service may run on either. When it is interrupted, the same command goes on where it was. At the end every
        row and the books are compared, and no service starts on the SQLite database any more. Exit code 1: it could
        not be moved, or is not the same on both sides.
        """
        from leadbridge.commands import moving

        if not source.startswith(SQLITE) or source == SQLITE:
            raise UsageError("--from must name a SQLite database: sqlite:///relative.db or sqlite:////absolute/path.db")
        path = Path(source.removeprefix(SQLITE))
        if undo:
            if target is not None:
                raise UsageError("--undo takes --from alone: the other database stays as it is")
            moving.undo_move(path, output=output)
        else:
            url = target if target is not None else database_url(os.environ)
            if not is_postgres(url):
                named = "--to" if target is not None else f"without --to {VARIABLE}"
                raise UsageError(f"{named} must name a PostgreSQL database: postgresql://user:password@host/database")
            end(asyncio.run(moving.move_all(path, url, output=output)))

    @app.command(epilog="Example: leadbridge migrate")
    def migrate() -> None:
        """Bring the database's schema up to date, and exit.

        The database is LEADBRIDGE_DATABASE_URL; a start of the service does the same. Services that run on PostgreSQL
        meanwhile go on. Exit code 1: it could not be done.
        """
        from leadbridge.commands import moving

        moving.migrate_now(database_url(os.environ))
