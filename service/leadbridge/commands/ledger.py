"""`ledger`: both sides of the books, and how each account stands."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.text import Text

from leadbridge.clock import Millis, SystemClock
from leadbridge.commands.accounts import Standing, standings
from leadbridge.commands.fetching import Fetching, fetching_of
from leadbridge.commands.format import Format
from leadbridge.commands.output import counted, facts, moment, say, show, show_json, state, table, text
from leadbridge.commands.states import State
from leadbridge.settings.loading import Loaded
from leadbridge.store.fetching import FetchBacklog
from leadbridge.store.ledger import Account, Ledger
from leadbridge.store.opening import Reader

_ORDER: Final = {one.value: place for place, one in enumerate(State)}
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


async def ledger(reader: Reader, loaded: Loaded | None, *, output: Format) -> bool:
    """Show the books and the accounts; true when the books balance."""
    now = SystemClock().now()
    books = await reader.ledger()
    accounts = await standings(reader, loaded, now=now)
    fetches = await reader.fetch_backlogs()
    aside = await reader.quarantined()  # no submissions, so they stand in no book
    if output is Format.JSON:
        show_json({**_document(books, accounts, fetches, loaded), "quarantine": dict(sorted(aside.items()))})
        return books.balances
    _print_books(books)
    for standing in accounts:
        say()
        named = ", ".join(standing.destinations)
        say((standing.lane, "bold"), f"  {named}" if named else "")
        shown = facts(indent=2)
        for name, said in _of_account(standing, now=now):
            shown.add_row(name, said)
        show(shown)
    for backlog in fetches:
        say()
        say((backlog.source, "bold"), "  to be fetched")
        shown = facts(indent=2)
        for name, said in _of_fetches(backlog, fetching_of(backlog.source, backlog.pause, loaded=loaded), now=now):
            shown.add_row(name, said)
        show(shown)
    if aside:
        say()
        told = ", ".join(f"{count:,} of {source}" for source, count in sorted(aside.items()))
        say(
            ("In quarantine", "yellow"),
            f", in no book: {told}; `leadbridge reverify SOURCE` once its secret is mended.",
        )
    return books.balances


def _document(
    books: Ledger, accounts: Sequence[Standing], fetches: Sequence[FetchBacklog], loaded: Loaded | None
) -> dict[str, Any]:
    standing = {backlog.source: fetching_of(backlog.source, backlog.pause, loaded=loaded) for backlog in fetches}
    return {
        "balances": books.balances,
        "mapped_without_delivery": books.mapped_without_delivery,
        "delivered_without_attempt": books.delivered_without_attempt,
        "accounts": [{**asdict(account), "balances": account.balances} for account in books.accounts],
        "lanes": [{**asdict(standing), "circuit": standing.circuit} for standing in accounts],
        "fetches": [{**asdict(backlog), "configured": standing[backlog.source].configured} for backlog in fetches],
    }


def _print_books(books: Ledger) -> None:
    if not books.accounts:
        say("Nothing was received yet.")
        return
    shown = table("", "arrived", "in the states")
    for account in books.accounts:
        kind = "from" if account.kind == "submissions" else "to"
        shown.add_row(text(f"{kind} {account.name}"), text(str(account.arrived)), _states(account))
    show(shown)
    for problem in _problems(books):
        say((f"The books do not balance: {problem}.", "red"))
    if books.balances:
        say("The books balance.")


def _states(account: Account) -> Text:
    found = sorted(account.states.items(), key=lambda one: _ORDER.get(one[0], len(_ORDER)))
    return Text(", ").join(Text.assemble(state(name), f" {count:,}") for name, count in found)


def _problems(books: Ledger) -> Iterator[str]:
    for account in books.accounts:
        if not account.balances:
            rest = account.arrived - sum(account.states.values())
            said = f"{rest:,} are missing" if rest > 0 else f"there are {-rest:,} too many"
            yield f"of the {account.kind} of {account.name} {said}"
    if books.mapped_without_delivery:
        yield f"{counted(books.mapped_without_delivery, 'mapped submission')} without a delivery"
    if books.delivered_without_attempt:
        yield f"{counted(books.delivered_without_attempt, 'delivery')} said to be in the CRM without an answered call"


def _of_account(standing: Standing, *, now: Millis) -> Iterator[tuple[str, Text]]:
    backlog, lane = standing.backlog, standing.state
    if lane.held is not None:
        since = f" since {moment(lane.since)}" if lane.since else ""
        yield "held", text((f"{lane.held}{since}: {lane.detail or 'no reason given'}", "yellow"))
        if lane.probe_at is not None:
            yield "next probe", text(moment(lane.probe_at))
    if standing.circuit == "open":
        yield "circuit", text((f"open after {counted(lane.failures, 'failure')} in a row", "yellow"))
    if (lane.paused_until or 0) > now:
        yield "pauses", text((f"until {moment(lane.paused_until or 0)}", "yellow"))
    waiting = [("live", backlog.live), ("to be tried again", backlog.retry), ("replayed", backlog.replay)]
    told = ", ".join(f"{count:,} {what}" for what, count in waiting if count) or "nothing"
    oldest = f"; the oldest since {moment(backlog.oldest_at)}" if backlog.oldest_at is not None else ""
    yield "waiting", text(f"{told}{oldest}")
    if backlog.sending:
        yield "sending", text(f"{backlog.sending:,}")
    if backlog.held:
        yield "held back", text(", ".join(f"{count:,} {reason}" for reason, count in backlog.held.items()))
    for window in standing.windows:
        yield "calls", text(f"{window.used:,} of {window.limit:,} in the last {span(window.seconds)}")
    if (day := standing.day) is not None:
        reset = f", counted anew from {moment(day.resets_at)}" if day.resets_at else ""
        yield "today", text(f"{day.used:,} of {day.limit:,}{reset}")
    if standing.drains_in_s:
        per_lead = 1.0 if standing.calls_per_lead is None else standing.calls_per_lead
        after = " after its release" if lane.held else " after the pause" if (lane.paused_until or 0) > now else ""
        yield "drains in", text(f"{span(standing.drains_in_s)}{after}, at {per_lead:.2f} calls a lead")


def _of_fetches(backlog: FetchBacklog, fetching: Fetching, *, now: Millis) -> Iterator[tuple[str, Text]]:
    if fetching.configured is False:
        yield "nobody asks", text(("the configuration has no `fetch:` for this source", "yellow"))
    elif backlog.pause is not None:
        until = f"until {moment(backlog.pause.until)}" if backlog.pause.until > now else "until one shows it has ended"
        yield "pauses", text((f"{until}: {backlog.pause.reason}", "yellow"))
    oldest = f"; the oldest since {moment(backlog.oldest)}" if backlog.oldest is not None else ""
    yield "waiting", text(f"{backlog.waiting or 'nothing'}{oldest}")
    if fetching.to_do is not None and (backlog.waiting or fetching.configured):
        yield "to do", text(fetching.to_do)


def span(seconds: float) -> str:
    """A length of time in its two largest units: `4 min 10 s`, `2 d 3 h`; less than a minute to a tenth."""
    if seconds < 60:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    rest, parts = round(seconds), []
    for unit, length in _UNITS:
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
