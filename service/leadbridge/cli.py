"""The command line: arguments and help. What the commands do is in `commands`."""

import io
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

import leadbridge
from leadbridge.commands import checking, connecting, looking_cli, operating_cli, sandboxing, sending, serving, trying
from leadbridge.commands.output import Format, err, say
from leadbridge.demo import run as demo_run
from leadbridge.errors import LeadbridgeError, UsageError
from leadbridge.prove import run as prove_run
from leadbridge.settings.loading import Loaded, load
from leadbridge.settings.problem import ConfigProblems
from leadbridge.store.opening import database_url
from leadbridge.trial import Wish

FOUND_PROBLEMS: Final = 1
WRONG_USAGE: Final = 2
DEFAULT_PORT: Final = 8080


class _Commands(TyperGroup):
    """All commands: what goes wrong in one becomes words and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except ConfigProblems as found:
            checking.say_problems(found.problems, found.warnings, to_stderr=True)
            raise typer.Exit(FOUND_PROBLEMS) from found
        except LeadbridgeError as error:
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

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.", metavar="FILE")]
FormatOption = Annotated[Format, typer.Option("--format", help="How to show the result.")]
HostOption = Annotated[str, typer.Option(help="Address to listen on.")]
PortOption = Annotated[int, typer.Option(help="Port to listen on; 0 takes any free one.", min=0, max=65535)]
DEFAULT_CONFIG: Final = Path("config/leadbridge.yaml")


def main() -> None:
    """Run the command line. Exit codes: 0 good, 1 found problems, 2 wrong usage, 130 interrupted."""
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
    if not demo_run.demo(config, once=once, port=port):
        raise typer.Exit(FOUND_PROBLEMS)


@app.command(epilog="Example: leadbridge serve --config site.yaml --host 0.0.0.0 --port 8080")
def serve(
    *, config: ConfigOption = DEFAULT_CONFIG, host: HostOption = "127.0.0.1", port: PortOption = DEFAULT_PORT
) -> None:
    """Run the service: take submissions, deliver them.

    The database is LEADBRIDGE_DATABASE_URL, or sqlite:///data/leadbridge.db.
    """
    serving.serve(_load(config), config=config, host=host, port=port, database=database_url(os.environ))


@app.command(epilog="Example: leadbridge check config/leadbridge.yaml")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration file.")] = DEFAULT_CONFIG,
    *,
    output: FormatOption = Format.TEXT,
) -> None:
    """Say everything that is wrong with a configuration.

    Nothing is sent. Exit code 0: it can be used; 1: it cannot.
    """
    if not checking.check(file, os.environ, output=output):
        raise typer.Exit(FOUND_PROBLEMS)


@app.command(name="try", epilog="Example: leadbridge try website --config site.yaml --body lead.json")
def try_(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source it would arrive at.")],
    *,
    body: Annotated[Path, typer.Option(metavar="FILE", help="The request's body, as the sender posts it.")],
    headers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its headers: one 'Name: value' a line, or JSON.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    item: Annotated[int, typer.Option(help="Which submission of a body that holds several.", min=1)] = 1,
    existing: Annotated[bool, typer.Option("--existing", help="As if the CRM had a record of the person.")] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Show a sample's way through every stage, and the exact calls.

    Nothing is sent or stored. Exit code 1: it would be refused, fail or be held.
    """
    wish = Wish(source=source, item=item, existing=existing)
    if not trying.try_(_load(config), config=config, wish=wish, body=body, headers=headers, output=output):
        raise typer.Exit(FOUND_PROBLEMS)


@app.command(epilog="Example: leadbridge send website lead.json --url http://127.0.0.1:8080")
def send(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source to post as.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The body: JSON, a form, or multipart.")],
    *,
    url: Annotated[str, typer.Option(help="Where the service listens.")] = f"http://127.0.0.1:{DEFAULT_PORT}",
    config: ConfigOption = DEFAULT_CONFIG,
    header: Annotated[list[str] | None, typer.Option(help="Another header, 'Name: value'; may be repeated.")] = None,
    message_id: Annotated[
        str | None, typer.Option("--id", help="The message id that is signed; new unless given.")
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Sign a sample as its sender would, and post it."""
    good = sending.send(
        _load(config), source=source, file=file, url=url, headers=header or [], message_id=message_id, output=output
    )
    if not good:
        raise typer.Exit(FOUND_PROBLEMS)


@app.command(epilog="Example: leadbridge sandbox --port 8090 --no-quotas")
def sandbox(
    *,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8090,
    quotas: Annotated[bool, typer.Option(help="Whether the CRMs keep their quotas.")] = True,
    time_scale: Annotated[float, typer.Option(help="How many times shorter the quota windows are.", min=0.001)] = 1.0,
) -> None:
    """Run the emulated Copper and LeadConnector alone."""
    sandboxing.sandbox(host=host, port=port, quotas=quotas, time_scale=time_scale)


@app.command(epilog="Example: leadbridge prove --rounds 12")
def prove(
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
    keep: Annotated[bool, typer.Option("--keep", help="Keep the scratch copy, also when nothing was found.")] = False,
) -> None:
    """Kill a scratch copy of the service again and again, and count.

    Nothing leaves this machine, and nothing of yours is touched. Exit code 1: something was lost, doubled, out of
    order or over a quota; the scratch copy is kept then.
    """
    wish = prove_run.Wish(rounds=rounds, seed=seed, leads=leads, folder=folder, report=report, page=page, keep=keep)
    if not prove_run.prove(wish):
        raise typer.Exit(FOUND_PROBLEMS)


@app.command(epilog="Example: leadbridge connect leadconnector dallas --config site.yaml")
def connect(  # noqa: PLR0913  # an option each
    crm: Annotated[str, typer.Argument(metavar="CRM", help="What the destination's `crm:` says: leadconnector.")],
    destination: Annotated[
        str | None, typer.Argument(metavar="DESTINATION", help="May be left out when only one uses OAuth.")
    ] = None,
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    port: Annotated[
        int, typer.Option(help="Port on this machine that the browser comes back to.", min=1, max=65535)
    ] = 8765,
    code: Annotated[str | None, typer.Option(help="The code, when it is at hand: no page is opened.")] = None,
    page: Annotated[
        str | None, typer.Option(metavar="URL", help="The page that asks for consent, of a white label.")
    ] = None,
    redirect_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The app's redirect URL, where it is not this machine's.")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Whether to open the page here.")] = True,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also replace tokens that LEADBRIDGE_SECRET_KEY does not open.")
    ] = False,
) -> None:
    """Let a destination's OAuth app in, for the first time or anew.

    The tokens are stored in the service's database, which may be running. What waited for them goes on.
    """
    consent = connecting.Consent(port=port, code=code, page=page, redirect_url=redirect_url, browser=browser)
    connecting.connect(
        _load(config), os.environ, crm=crm, destination=destination, database=database_url(os.environ),
        consent=consent, replace_locked=replace,
    )  # fmt: skip


@app.command(epilog="Example: leadbridge schema > schema.json")
def schema() -> None:
    """Print the configuration's JSON Schema, for editors."""
    checking.schema()


def _load(path: Path) -> Loaded:
    if not path.exists():
        raise UsageError(f"there is no configuration at {path}; say where yours is with --config FILE")
    return load(path, os.environ)


looking_cli.register(app)
operating_cli.register(app, _load)


if __name__ == "__main__":
    main()
