"""Arguments and help of the commands that operate: `ledger`, `hold`, `release`, `resolve`, `replay`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias, get_args

import typer

from leadbridge.clock import SystemClock
from leadbridge.commands.arguments import (
    DEFAULT_CONFIG,
    ConfigOption,
    FormatOption,
    end,
    loaded_from,
    named_or_usual,
    usual_if_there,
)
from leadbridge.commands.database import ask, change
from leadbridge.commands.format import Format
from leadbridge.commands.moments import moment_of
from leadbridge.commands.states import State
from leadbridge.errors import UsageError
from leadbridge.outcome import HoldReason
from leadbridge.plan import Choice
from leadbridge.store.selecting import REPLAYABLE, REPLAYABLE_SUBMISSIONS
from leadbridge.store.values import Selection

if TYPE_CHECKING:
    from leadbridge.commands.operating import Accounts

CAN_BE_REPLAYED: Final = tuple(dict.fromkeys((*REPLAYABLE, *REPLAYABLE_SUBMISSIONS, State.IGNORED.value)))
DryRunOption: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Only say how many it would be.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    _ledger(app)
    _hold(app)
    _release(app)
    _resolve(app)
    _replay(app)


def _ledger(app: typer.Typer) -> None:
    @app.command(name="ledger", epilog="Example: leadbridge ledger --config site.yaml")
    def command(
        *,
        config: Annotated[
            Path | None,
            typer.Option(
                "--config",
                "-c",
                metavar="FILE",
                help=f"Where quotas are; {DEFAULT_CONFIG} unless given, if it is there.",
            ),
        ] = None,
        output: FormatOption = Format.TEXT,
    ) -> None:
        """Show both sides of the books, and how every account stands.

        Exit code 1: they do not balance.
        """
        from leadbridge.commands import ledger

        loaded = loaded_from(config) if config is not None else usual_if_there()
        end(ask(lambda reader: ledger.ledger(reader, loaded, output=output)))


def _hold(app: typer.Typer) -> None:
    @app.command(name="hold", epilog='Example: leadbridge hold copper --because "moving to another account"')
    def command(
        wanted: Annotated[
            str, typer.Argument(metavar="DESTINATION|ID", help="A destination, a delivery, a submission.")
        ],
        *,
        because: Annotated[str | None, typer.Option(metavar="TEXT", help="Why, for those who look later.")] = None,
        config: ConfigOption = DEFAULT_CONFIG,
        output: FormatOption = Format.TEXT,
    ) -> None:
        """Send nothing to a destination, or nothing of a delivery.

        Until a release. Submissions are still accepted; a running service takes it over within a second or two. Exit
        code 1: nothing could be held.
        """
        from leadbridge.commands import operating

        end(
            change(
                lambda operator: operating.hold(
                    operator,
                    wanted,
                    because=because,
                    accounts=lambda: _accounts(config),
                    output=output,
                )
            )
        )


def _release(app: typer.Typer) -> None:
    @app.command(name="release", epilog="Example: leadbridge release --reason unknown_custom_field")
    def command(
        wanted: Annotated[
            str | None, typer.Argument(metavar="DESTINATION|ID", help="A destination, a delivery, a submission.")
        ] = None,
        *,
        reason: Annotated[
            str | None, typer.Option(metavar="REASON", help="Release all deliveries that are held for this reason.")
        ] = None,
        route: Annotated[str | None, typer.Option(help="Of those only what this route made.")] = None,
        dry_run: DryRunOption = False,
        config: ConfigOption = DEFAULT_CONFIG,
        output: FormatOption = Format.TEXT,
    ) -> None:
        """Let go what is held, and send now what waits for another try.

        A destination, a delivery, or all that is held for a reason. They go in the order they had. Of a destination or
        a delivery retries are due at once, too; one whose last call may have been done goes when the CRM can show it.
        What has no match key stays held for `resolve`. Exit code 1: what was named is not held, or stays so, and waits
        for no other try.
        """
        from leadbridge.commands import operating

        if (wanted is None) == (reason is None) or (reason is None and (route is not None or dry_run)):
            raise UsageError("say what to release: DESTINATION or ID, or --reason REASON (with --route and --dry-run)")
        if reason is not None:
            _known(reason, get_args(HoldReason), "reason")
            selection = Selection(reasons=(reason,), routes=(route,) if route is not None else ())
            change(
                lambda operator: operating.release_all(
                    operator, selection, configured=lambda: named_or_usual(config), dry_run=dry_run, output=output
                )
            )
        elif wanted is not None:
            end(
                change(
                    lambda operator: operating.release(
                        operator, wanted, accounts=lambda: _accounts(config), output=output
                    )
                )
            )


def _resolve(app: typer.Typer) -> None:
    @app.command(name="resolve", epilog="Example: leadbridge resolve 01928f6e-7a3c-7b1e-9d5a-3f2c1b0a9e8d --use 27140")
    def command(
        wanted: Annotated[str, typer.Argument(metavar="ID", help="A held delivery, or the submission it belongs to.")],
        *,
        use: Annotated[str | None, typer.Option(metavar="RECORD", help="Update this record of the CRM.")] = None,
        create: Annotated[bool, typer.Option("--create", help="Make a new record, whatever matches.")] = False,
        drop: Annotated[bool, typer.Option("--drop", help="Send nothing of it.")] = False,
        output: FormatOption = Format.TEXT,
    ) -> None:
        """Decide what becomes of a held delivery.

        `leadbridge show ID` lists the records it may mean. Exit code 1: it is not held.
        """
        from leadbridge.commands import operating

        if [use is not None, create, drop].count(True) != 1 or use == "":
            raise UsageError("say what becomes of it: --use RECORD, --create or --drop")
        choice = None if drop else Choice(use=use, create=create)
        end(change(lambda operator: operating.resolve(operator, wanted, choice=choice, output=output)))


def _replay(app: typer.Typer) -> None:
    @app.command(name="replay", epilog="Example: leadbridge replay --state failed --destination copper --since 2h")
    def command(  # noqa: PLR0913  # an option each
        ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Deliveries, or submissions.")] = None,
        *,
        state: Annotated[
            list[str] | None,
            typer.Option(metavar="STATE", help=f"Those in it: {', '.join(CAN_BE_REPLAYED)}. Without an id: failed."),
        ] = None,
        destination: Annotated[list[str] | None, typer.Option(help="Those of this destination.")] = None,
        source: Annotated[list[str] | None, typer.Option(help="Those of this source.")] = None,
        route: Annotated[list[str] | None, typer.Option(help="Those of this route.")] = None,
        since: Annotated[
            str | None,
            typer.Option(metavar="TIME", help="Those made then or later: 2026-03-01T09:30, or 90m, 2h, 7d ago."),
        ] = None,
        until: Annotated[str | None, typer.Option(metavar="TIME", help="Those made before.")] = None,
        limit: Annotated[int | None, typer.Option(help="How many at the most, the oldest first.", min=1)] = None,
        dry_run: DryRunOption = False,
        config: ConfigOption = DEFAULT_CONFIG,
        output: FormatOption = Format.TEXT,
    ) -> None:
        """Send once more, or map once more what could not be mapped.

        What was taken for spam is mapped once more too. All go behind what is live, and never put an old value over a
        newer one. What is held without a match key stays so for `resolve`. Options that may be repeated take in more;
        different ones narrow down. Exit code 1: one of the ids cannot be replayed, and nothing was changed.
        """
        from leadbridge.commands import operating

        if not (ids or state or destination or source or route or since or until):
            raise UsageError("say what to replay: an ID, --state, --destination, --source, --route, --since or --until")
        for one in state or ():
            _known(one, CAN_BE_REPLAYED, "state that can be replayed")
        now = SystemClock().now()
        selection = Selection(
            ids=tuple(ids or ()),
            states=tuple(state or (() if ids else (State.FAILED,))),
            destinations=tuple(destination or ()),
            sources=tuple(source or ()),
            routes=tuple(route or ()),
            since=moment_of(since, now=now, option="--since"),
            until=moment_of(until, now=now, option="--until"),
            limit=limit,
        )
        end(
            change(
                lambda operator: operating.replay(
                    operator, selection, configured=lambda: named_or_usual(config), dry_run=dry_run, output=output
                )
            )
        )


def _accounts(config: Path) -> "Accounts":
    from leadbridge.commands.operating import Accounts

    return Accounts.of(loaded_from(config))


def _known(value: str, values: tuple[str, ...], what: str) -> None:
    if value not in values:
        raise UsageError(f"{value} is no {what}; there are {', '.join(values)}")
