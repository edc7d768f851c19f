"""Arguments and help of the commands that look: `list`, `show`, `trace`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadbridge.commands.arguments import DEFAULT_CONFIG, ConfigOption, FormatOption, named_or_usual
from leadbridge.commands.database import ask
from leadbridge.commands.format import Format
from leadbridge.commands.states import State

if TYPE_CHECKING:
    from leadbridge.commands.fetching import Fetching
    from leadbridge.store.fetching import FetchPause


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""

    @app.command(name="list", epilog="Example: leadbridge list --state failed")
    def list_(
        *,
        limit: Annotated[int, typer.Option(help="How many at the most.", min=1, max=10_000)] = 20,
        state: Annotated[
            State | None,
            typer.Option(metavar="STATE", help=f"Only those with themselves or a delivery in it: {', '.join(State)}."),
        ] = None,
        source: Annotated[str | None, typer.Option(help="Only those of this source.")] = None,
        output: FormatOption = Format.TEXT,
    ) -> None:
        """List the newest submissions and what became of them."""
        from leadbridge.commands import looking

        ask(lambda reader: looking.list_submissions(reader, limit=limit, wanted=state, source=source, output=output))

    @app.command(epilog="Example: leadbridge show 01928f6e-7a3c-7b1e-9d5a-3f2c1b0a9e8d")
    def show(
        wanted: Annotated[str, typer.Argument(metavar="ID", help="A submission's or a delivery's id.")],
        *,
        config: ConfigOption = DEFAULT_CONFIG,
        output: FormatOption = Format.TEXT,
    ) -> None:
        """Show one submission: its request, its deliveries, every call."""
        from leadbridge.commands import looking

        stands = partial(_stands, config)
        ask(lambda reader: looking.show_one(reader, wanted=wanted, stands=stands, output=output))

    @app.command(epilog="Example: leadbridge trace 4bf92f3577b34da6a3ce929d0e0e4736")
    def trace(
        trace_id: Annotated[str, typer.Argument(metavar="TRACE_ID", help="The trace ID from the sender's reply.")],
        *,
        config: ConfigOption = DEFAULT_CONFIG,
        output: FormatOption = Format.TEXT,
    ) -> None:
        """Show the whole way of a lead, to what the CRM kept."""
        from leadbridge.commands import looking

        stands = partial(_stands, config)
        ask(lambda reader: looking.trace(reader, trace_id=trace_id, stands=stands, output=output))


def _stands(config: Path, source: str, pause: "FetchPause | None") -> "Fetching":
    """How a source stands with its vendor, as far as a configuration says so that can be read."""
    from leadbridge.commands.fetching import fetching_of

    return fetching_of(source, pause, loaded=named_or_usual(config))
