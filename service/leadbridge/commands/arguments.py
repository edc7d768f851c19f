"""Arguments that several commands take, and how a command that found problems ends.

The files of arguments (`cli`, `*_cli`) are read for every command: each imports what it does only when it is run, so
that `--help` and `list` do not wait for web server, HTTP client and presets.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from leadbridge.commands.format import Format
from leadbridge.errors import LeadbridgeError, UsageError

if TYPE_CHECKING:
    from leadbridge.settings.loading import Loaded

FOUND_PROBLEMS: Final = 1  # an exit code
DEFAULT_CONFIG: Final = Path("config/leadbridge.yaml")
DEFAULT_PORT: Final = 8080

ConfigOption: TypeAlias = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration file.", metavar="FILE")
]
FormatOption: TypeAlias = Annotated[Format, typer.Option("--format", help="How to show the result.")]
HostOption: TypeAlias = Annotated[str, typer.Option(help="Address to listen on.")]
PortOption: TypeAlias = Annotated[int, typer.Option(help="Port to listen on; 0 takes any free one.", min=0, max=65535)]


def loaded_from(path: Path) -> "Loaded":
    """The configuration; raises `UsageError` when there is none, `ConfigProblems` when it cannot be used."""
    from leadbridge.settings.loading import load

    if not path.exists():
        raise UsageError(f"there is no configuration at {path}; say where yours is with --config FILE")
    return load(path, os.environ)


def usual_if_there() -> "Loaded | None":
    """The configuration that nobody named: without it the books are shown all the same."""
    if not DEFAULT_CONFIG.exists():
        return None
    try:
        return loaded_from(DEFAULT_CONFIG)
    except LeadbridgeError:
        from leadbridge.commands.output import err, say

        unknown = f"{DEFAULT_CONFIG} cannot be used here (`leadbridge check` says why)"
        say(f"leadbridge: destinations and quotas are not shown: {unknown}; name yours with --config", to=err)
        return None


def named_or_usual(config: Path) -> "Loaded | None":
    """The configuration that says which names there are; None when nobody named one and the usual one is of no use."""
    if config != DEFAULT_CONFIG:
        return loaded_from(config)
    with suppress(LeadbridgeError):
        return loaded_from(config)
    return None


def end(good: bool | None) -> None:  # noqa: FBT001  # read as what it is
    """End with the exit code for found problems unless all was good."""
    if not good:
        raise typer.Exit(FOUND_PROBLEMS)
