"""`check` and `schema`: what is wrong with a configuration, and what may stand in one."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from leadbridge.commands.database import done
from leadbridge.commands.fetching import put_back
from leadbridge.commands.format import Format
from leadbridge.commands.granting import key_problems
from leadbridge.commands.output import counted, say, say_problems, show_json
from leadbridge.configured import adapters
from leadbridge.errors import LeadbridgeError
from leadbridge.settings.loading import load
from leadbridge.settings.models import Settings
from leadbridge.settings.problem import ConfigProblems, Problem
from leadbridge.settings.schema import json_schema
from leadbridge.store.opening import VARIABLE, database_url, look_at, open_reader


def check(path: Path, environ: Mapping[str, str], *, output: Format) -> bool:
    """Print every problem and warning; true when the configuration can be used, and the database that is named.

    Raises `UsageError` for a file that is not there or cannot be read.
    """
    settings = None
    problems: Sequence[Problem] = ()
    try:
        loaded = load(path, environ)
    except ConfigProblems as found:
        problems, warnings = found.problems, found.warnings
    else:
        quarantined = [name for name, source in loaded.settings.sources.items() if source.quarantine]
        problems = key_problems(path, adapters(loaded.settings), environ, quarantined=quarantined)
        warnings = loaded.warnings
        settings = None if problems else loaded.settings
    database = _trouble_with_the_database(environ)
    stranded = _stranded(settings, environ) if settings is not None and database is None else {}
    if output is Format.JSON:
        told_of = {"database": database, "stranded": stranded}
        show_json({"file": str(path), "problems": [*problems, *warnings], **told_of})
        return settings is not None and database is None
    say_problems(problems, warnings)
    if database is not None:
        say(("database: ", "red"), database)
    for source, waiting in stranded.items():
        leads = counted(waiting, "lead")
        said = f"{leads} of `{source}` still to be fetched, and it has no `fetch:`; {put_back(source)}"
        say(("warning: ", "yellow"), "database: ", said)
    count = len(warnings) + len(stranded)
    told = f", {counted(count, 'warning')}" if count else ""
    if settings is None:
        say((f"{path} cannot be used", "bold red"), f": {counted(len(problems), 'problem')}{told}")
        return False
    counts = (
        counted(len(settings.sources), "source"),
        counted(len(settings.destinations), "destination"),
        counted(len(settings.routes), "route"),
    )
    say((f"{path} is good", "green"), f": {', '.join(counts)}{told}")
    if database is not None:
        say(("The database cannot be used", "bold red"), ": no service would start")
    return database is None


def _trouble_with_the_database(environ: Mapping[str, str]) -> str | None:
    """What keeps a service from its database; the one that nobody named needs no look."""
    if not environ.get(VARIABLE):
        return None
    try:
        look_at(database_url(environ))
    except LeadbridgeError as error:
        return str(error)
    return None


def _stranded(settings: Settings, environ: Mapping[str, str]) -> Mapping[str, int]:
    """How many leads wait for their answers of each source that fetches none any more."""
    if not environ.get(VARIABLE):
        return {}
    try:
        backlogs = asyncio.run(done(lambda reader: reader.fetch_backlogs(), opened=open_reader, environ=environ))
    except LeadbridgeError:  # there is none yet, or one that the start brings up to date
        return {}
    fetching = {name for name, source in settings.sources.items() if source.fetch is not None}
    return {one.source: one.waiting for one in backlogs if one.waiting and one.source not in fetching}


def schema() -> None:
    """Print the JSON Schema."""
    show_json(json_schema())
