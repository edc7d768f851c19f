"""Arguments and help of the commands for a configuration: `check`, `try`, `send`, `connect`, `schema`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from leadbridge.commands.arguments import (
    DEFAULT_CONFIG,
    DEFAULT_PORT,
    ConfigOption,
    FormatOption,
    end,
    loaded_from,
)
from leadbridge.commands.format import Format


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""

    @app.command(epilog="Example: leadbridge check config/leadbridge.yaml")
    def check(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration file.")] = DEFAULT_CONFIG,
        *,
        output: FormatOption = Format.TEXT,
    ) -> None:
        """Say everything that is wrong with a configuration.

        Nothing is sent. When LEADBRIDGE_DATABASE_URL is set, it is tried as well, and nothing is changed there. Exit
        code 0: both can be used; 1: they cannot.
        """
        from leadbridge.commands import checking

        end(checking.check(file, os.environ, output=output))

    @app.command(name="try", epilog="Example: leadbridge try website --config site.yaml --body lead.json")
    def try_(
        source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source it would arrive at.")],
        *,
        body: Annotated[Path, typer.Option(metavar="FILE", help="The request's body, as the sender posts it.")],
        headers: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Its headers: one 'Name: value' a line, or JSON.")
        ] = None,
        fetched: Annotated[
            Path | None,
            typer.Option(metavar="FILE", help="What the vendor answers, by the names of the calls: a JSON object."),
        ] = None,
        config: ConfigOption = DEFAULT_CONFIG,
        item: Annotated[int, typer.Option(help="Which submission of a body that holds several.", min=1)] = 1,
        existing: Annotated[bool, typer.Option("--existing", help="As if the CRM had a record of the person.")] = False,
        output: FormatOption = Format.TEXT,
    ) -> None:
        """Show a sample's way through every stage, and the exact calls.

        Nothing is sent or stored. Exit code 1: it would be refused, fail or be held.
        """
        from leadbridge.commands import trying
        from leadbridge.trial import Wish

        wish = Wish(source=source, item=item, existing=existing)
        loaded = loaded_from(config)
        end(trying.try_(loaded, config=config, wish=wish, body=body, headers=headers, fetched=fetched, output=output))

    @app.command(epilog="Example: leadbridge send website lead.json --url http://127.0.0.1:8080")
    def send(
        source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source to post as.")],
        file: Annotated[Path, typer.Argument(metavar="FILE", help="The body: JSON, a form, or multipart.")],
        *,
        url: Annotated[str, typer.Option(help="Where the service listens.")] = f"http://127.0.0.1:{DEFAULT_PORT}",
        config: ConfigOption = DEFAULT_CONFIG,
        header: Annotated[
            list[str] | None, typer.Option(help="Another header, 'Name: value'; may be repeated.")
        ] = None,
        message_id: Annotated[
            str | None, typer.Option("--id", help="The message id that is signed; new unless given.")
        ] = None,
        output: FormatOption = Format.TEXT,
    ) -> None:
        """Sign a sample as its sender would, and post it."""
        from leadbridge.commands import sending

        loaded, headers = loaded_from(config), header or []
        end(
            sending.send(
                loaded, source=source, file=file, url=url, headers=headers, message_id=message_id, output=output
            )
        )

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
        code: Annotated[
            str | None,
            typer.Option(
                help="The code, when it is at hand: no page is opened. With '-' it is read from standard input, "
                "so that no list of processes shows it."
            ),
        ] = None,
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
        from leadbridge.commands import connecting
        from leadbridge.store.opening import database_url

        consent = connecting.Consent(port=port, code=code, page=page, redirect_url=redirect_url, browser=browser)
        connecting.connect(
            loaded_from(config), os.environ, crm=crm, destination=destination, database=database_url(os.environ),
            consent=consent, replace_locked=replace,
        )  # fmt: skip

    @app.command(epilog="Example: leadbridge schema > schema.json")
    def schema() -> None:
        """Print the configuration's JSON Schema, for editors."""
        from leadbridge.commands import checking

        checking.schema()
