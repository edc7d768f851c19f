"""Arguments and help of `reverify`."""

import asyncio
import os
from typing import Annotated

import typer

from leadbridge.commands.arguments import DEFAULT_CONFIG, ConfigOption, FormatOption, end, loaded_from
from leadbridge.commands.format import Format
from leadbridge.store.opening import database_url, open_operator, open_quarantine


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command(epilog="Example: leadbridge reverify typeform --config site.yaml")
    def reverify(
        source: Annotated[
            str | None, typer.Argument(metavar="SOURCE", help="The source whose secret was mended.", show_default=False)
        ] = None,
        *,
        drop: Annotated[bool, typer.Option("--drop", help="Delete what still does not prove itself.")] = False,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Only say what it would be; duplicates are not looked for.")
        ] = False,
        config: ConfigOption = DEFAULT_CONFIG,
        output: FormatOption = Format.TEXT,
    ) -> None:
        """Take in refused requests, after a secret was mended.

        A source with `quarantine` sets aside what does not prove itself. Here it is verified again, as of the time it
        came, and what proves itself now is stored as it would have been then; beside the service or without it. Exit
        code 1: some still do not prove themselves, and stay. Without SOURCE: how many of each source are there. With
        --drop also for a source that is no longer in the configuration.
        """
        from leadbridge.commands import reverifying
        from leadbridge.errors import UsageError
        from leadbridge.tokens import Sealing

        if source is None:
            if drop or dry_run:
                raise UsageError("say of which SOURCE; `leadbridge reverify` alone lists what is there")

            async def count() -> None:
                quarantine = open_quarantine(database_url(os.environ))
                try:
                    await reverifying.show_counts(quarantine, output=output)
                finally:
                    await quarantine.close()

            asyncio.run(count())
            return
        loaded = loaded_from(config)
        sealing = Sealing.from_environ(os.environ)
        database = database_url(os.environ)

        async def look() -> bool:
            operator, quarantine = open_operator(database), open_quarantine(database)
            try:
                return await reverifying.reverify(
                    source,
                    loaded,
                    quarantine=quarantine,
                    operator=operator,
                    sealing=sealing,
                    drop=drop,
                    dry_run=dry_run,
                    output=output,
                )
            finally:
                await quarantine.close()
                await operator.close()

        end(asyncio.run(look()))
