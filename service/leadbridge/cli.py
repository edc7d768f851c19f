"""The command line: its root, the commands that run something, and where the others are declared."""

import gc
import io
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

import leadbridge
from leadbridge.commands import configuring_cli, looking_cli, moving_cli, operating_cli, quarantine_cli
from leadbridge.commands.arguments import (
    DEFAULT_CONFIG,
    DEFAULT_PORT,
    FOUND_PROBLEMS,
    ConfigOption,
    HostOption,
    PortOption,
    end,
    loaded_from,
)
from leadbridge.errors import LeadbridgeError, UsageError
from leadbridge.settings.problem import ConfigProblems

WRONG_USAGE: Final = 2
# New objects until those without an owner are looked for: more than are made by the imports of any command, among which
# there are none. By Python's own 700 that takes a tenth of a start. What runs for long sets its own.
GARBAGE: Final = 500_000


class _Commands(TyperGroup):
    """All commands: what goes wrong in one becomes words and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")  # pydantic's words, by which typer reads values
            raise
        except LeadbridgeError as error:
            from leadbridge.commands.output import err, say, say_problems

            if isinstance(error, ConfigProblems):
                say_problems(error.problems, error.warnings, to=err)
            else:
                say(f"leadbridge: {error}", to=err)
            raise typer.Exit(WRONG_USAGE if isinstance(error, UsageError) else FOUND_PROBLEMS) from error


app = typer.Typer(
    name="leadbridge",
    cls=_Commands,
    help="Webhook submissions become the right record in Copper or LeadConnector, once.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line. Exit codes: 0 good, 1 found problems, 2 wrong usage, 130 interrupted."""
    gc.set_threshold(GARBAGE)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows no Unicode still gets its answer
    app()


def _version(asked: bool) -> None:  # noqa: FBT001  # typer calls it so
    if asked:
        typer.echo(f"leadbridge {leadbridge.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Webhook submissions become the right record in Copper or LeadConnector, once."""
    del version


@app.command(epilog="Example: leadbridge demo --once")
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Print the table and exit: 0 when every row is right.")] = False,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="The configuration; the example unless given.", metavar="FILE")
    ] = None,
    port: PortOption = DEFAULT_PORT,
) -> None:
    """Try it all in one: sandbox CRMs, the service, sample submissions.

    Nothing leaves this machine. What came of each submission is printed as a table; the service then keeps running.
    """
    from leadbridge.demo.run import demo as run

    end(run(config, once=once, port=port))


@app.command(epilog="Example: leadbridge serve --config site.yaml --host 0.0.0.0 --port 8080")
def serve(
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    linger: Annotated[
        float,
        typer.Option(
            help="Seconds after SIGTERM in which requests are still taken, with /readyz at 503: behind a balancer, "
            "until it has heard of it.",
            min=0,
        ),
    ] = 0.0,
    admin_listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Where operators find /metrics and the probes, in place of the configuration's server.admin_listen.",
        ),
    ] = None,
) -> None:
    """Run the service: take submissions, deliver them.

    The database is LEADBRIDGE_DATABASE_URL, or sqlite:///data/leadbridge.db.
    """
    from leadbridge.commands import serving

    serving.serve(loaded_from(config), config=config, host=host, port=port, linger=linger, admin=admin_listen)


@app.command(epilog="Example: leadbridge sandbox --port 8090 --no-quotas")
def sandbox(
    *,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8090,
    quotas: Annotated[bool, typer.Option(help="Whether quotas are kept.")] = True,
    time_scale: Annotated[float, typer.Option(help="How many times shorter the quota windows are.", min=0.001)] = 1.0,
) -> None:
    """Run the emulated CRMs, and vendors that leads are fetched from."""
    from leadbridge.commands import sandboxing

    sandboxing.sandbox(host=host, port=port, quotas=quotas, time_scale=time_scale)


@app.command(epilog="Example: leadbridge prove --rounds 12")
def prove(  # noqa: PLR0913  # an option each
    *,
    rounds: Annotated[int, typer.Option(help="How often something goes wrong; a round takes 2 to 5 s.", min=1)] = 200,
    seed: Annotated[int | None, typer.Option(help="Makes the same plan again; drawn unless given.", min=0)] = None,
    leads: Annotated[int | None, typer.Option(help="Submissions in all; 24 a round unless given.", min=1)] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report there, and as JSON beside it.")
    ] = None,
    page: Annotated[Path | None, typer.Option(metavar="FILE", help="Put the report into this Markdown page.")] = None,
    folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the scratch copy is made: the disk that is proved.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Prove several processes on this PostgreSQL server, in a database made for it; SQLite unless given.",
        ),
    ] = None,
    replicas: Annotated[
        int | None, typer.Option(help="How many processes share the --database; 3 unless given.", min=2, max=9)
    ] = None,
    restart_command: Annotated[
        str | None,
        typer.Option(metavar="COMMAND", help="What restarts the --database server; no restarts unless given."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the scratch copy, also when nothing was found.")] = False,
) -> None:
    """Kill a scratch copy of the service again and again, and count.

    Nothing leaves this machine, and nothing of yours is touched. Exit code 1: something was lost, doubled, out of
    order or over a quota; the scratch copy is kept then.
    """
    from leadbridge.prove import run

    if database is None and (replicas, restart_command) != (None, None):
        raise UsageError("--replicas and --restart-command are for a --database postgresql://…")
    wish = run.Wish(
        rounds=rounds, seed=seed, leads=leads, folder=folder, report=report, page=page, keep=keep, database=database,
        replicas=replicas or run.REPLICAS, restart_command=restart_command,
    )  # fmt: skip
    end(run.prove(wish))


configuring_cli.register(app)
looking_cli.register(app)
operating_cli.register(app)
quarantine_cli.register(app)
moving_cli.register(app)


if __name__ == "__main__":
    main()
