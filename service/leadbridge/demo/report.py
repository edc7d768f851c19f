"""The demo's table: what was sent, what was answered, what the CRMs hold, and whether that is right."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from leadbridge.commands.output import facts, listed, say, show, state, table, text
from leadbridge.demo.scenario import ANN, DESTINATIONS, LOCATION, Row
from leadbridge.demo.sender import Seen
from leadbridge.store.ledger import Ledger
from leadbridge.store.rows import DeliveryRow


def print_welcome(*, hook_url: str, crm_url: str) -> None:
    """Say what is running."""
    say(f"leadbridge     {hook_url}/hooks/SOURCE")
    say(f"sandbox CRMs   {crm_url}  (Copper; LeadConnector: dallas)")
    say()


def print_report(seen: Sequence[Seen], *, records: Mapping[str, Any], ledger: Ledger) -> bool:
    """Print the table; true when every row, the records and the books are as they should be."""
    shown = table("#", "what was sent", "reply", *DESTINATIONS, "")
    shown.columns[1].no_wrap = True
    problems: list[str] = []
    for number, one in enumerate(seen, start=1):
        wrong = wrongs(one)
        problems += [f"{number}: {said}" for said in wrong]
        mark = ("✗", "red") if wrong else ("✓", "green")
        cells = (text(one.row.title), text(_reply(one)), *(_delivery(one, name) for name in DESTINATIONS))
        shown.add_row(str(number), *cells, text(mark))
    show(shown)
    say()
    show(_notes(seen))
    say()
    problems += wrong_records(records)
    if not ledger.balances:
        problems.append(f"the ledger does not balance: {ledger}")
    for said in problems:
        say(("wrong ", "red"), said)
    if not problems:
        people = len(_people(records["copper"].values(), "leads"))
        say((f"All {len(seen)} rows are as they should be", "green"), f": {people} people in Copper, one record each")
        say("but Sam's three; nothing doubled, nothing lost, the ledger balances.")
    return not problems


def wrongs(seen: Seen) -> list[str]:
    """How a row differs from what it should be."""
    row, wrong = seen.row, []
    if seen.status != row.status:
        wrong.append(f"answered {seen.status}, not {row.status}: {seen.answer}")
    if row.reply != "refused" and seen.answer.get("status") != row.reply:
        wrong.append(f"the reply says {seen.answer.get('status')!r}, not {row.reply!r}")
    if row.reply == "refused" and seen.kept_as != row.reason:
        wrong.append(f"kept as {seen.kept_as}, not {row.reason}")
    for destination, expected in row.states.items():
        wrong += _wrong_delivery(row, destination, seen.deliveries.get(destination), expected=expected)
    return wrong


def _wrong_delivery(row: Row, destination: str, delivery: DeliveryRow | None, *, expected: str) -> list[str]:
    if delivery is None:
        return [f"nothing went to {destination}"]
    if delivery.state != expected:
        return [f"{destination}: {delivery.state}, not {expected}: {delivery.detail or delivery.warnings}"]
    if expected == "held" and delivery.reason != row.reason:
        return [f"{destination}: held for {delivery.reason}, not {row.reason}"]
    if row.created is not None and delivery.created is not row.created:
        return [f"{destination}: created is {delivery.created}, not {row.created}"]
    return []


def wrong_records(records: Mapping[str, Any]) -> list[str]:
    """What must not be found in the CRMs: a person twice, or a tag of someone else gone."""
    leads = _people(records["copper"].values(), "leads")
    contacts = _people([records["leadconnector"][LOCATION]], "contacts")
    wrong = []
    for crm, people, several in (("Copper", leads, 1), ("LeadConnector", contacts, 0)):
        doubled = [email for email, found in people.items() if len(found) > 1]
        if len(doubled) != several:
            wrong.append(f"{crm} has several records of {', '.join(doubled) or 'nobody'}")
        wrong += [
            f"{crm}: Ann's tags are {person['tags']}"
            for person in people.get(ANN, [])
            if not {"vip", "website"} <= set(person["tags"])
        ]
    return wrong


def _people(accounts: Any, kind: str) -> dict[str, list[dict[str, Any]]]:
    people: dict[str, list[dict[str, Any]]] = {}
    for account in accounts:
        for record in account[kind]:
            email = record.get("email")
            address = email["email"] if isinstance(email, dict) else email
            people.setdefault(address or "", []).append(record)
    return people


def _reply(seen: Seen) -> str:
    if seen.status < 300:
        return f"{seen.status} {seen.answer.get('status')}"
    return f"{seen.status} {'kept' if seen.kept_as else 'refused'}"


def _delivery(seen: Seen, destination: str) -> Text:
    delivery = seen.deliveries.get(destination)
    if delivery is None:
        return text("–")
    if delivery.warnings:
        return text((f"without {', '.join(warning.field for warning in delivery.warnings)}", "yellow"))
    if delivery.state != "delivered":
        return state(delivery.state)
    how = {True: "created", False: "updated", None: "written"}[delivery.created]
    return text((how, "green"))


def _notes(seen: Sequence[Seen]) -> Table:
    """What a person has to look at: candidates, what a CRM did not keep, and what a refused sender was told."""
    notes = facts(indent=0)
    for number, one in enumerate(seen, start=1):
        for destination, delivery in one.deliveries.items():
            place = text(f"{number} {destination}")
            if delivery.state == "held":
                notes.add_row(place, text(f"held for {delivery.reason}: a person is to pick the record"))
            for candidate in delivery.candidates:
                told = [text(f"{name} {value}") for name, value in candidate.summary.items() if value]
                notes.add_row("", listed([text(f"record {candidate.record_id}"), *told]))
            for warning in delivery.warnings:
                notes.add_row(place, text(f"delivered, but {warning.field} was not kept: {warning.cause}"))
        if one.status >= 400:
            kept = f" (kept as {one.kept_as})" if one.kept_as else ""
            notes.add_row(str(number), text(f"the sender was told{kept}: {one.answer['detail']}"))
    return notes
