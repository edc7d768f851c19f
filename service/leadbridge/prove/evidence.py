"""What the sandbox shows after a run, in words of our own: its records, and its calls in their order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from leadbridge.clock import Millis
from leadbridge.events import Json
from leadbridge.prove.ground import DESTINATIONS, SCORE, SERIAL, Destination
from leadbridge.store.ledger import Ledger

UNDER_WAY: Final = ("received", "pending", "sending", "retrying")  # states that end by themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One person's record in one account, as far as submissions wrote it."""

    destination: str
    id: str
    email: str
    serial: Json
    company: Json
    score: Json
    tags: frozenset[str]
    phones: frozenset[str]
    notes: tuple[str, ...] = ()
    other_emails: tuple[str, ...] = ()  # beyond `email`: leadbridge gives a person one

    @property
    def values(self) -> Mapping[str, Json]:
        """What stands, by the names of `Submission.values`."""
        return {"Serial": self.serial, "company": self.company, "Score": self.score}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that reached an account, in the order of the answers. `faulted`: a fault was put in its way.

    It came `at` a time and was under way until `ended_at`. `email` is that of the person it was for, where it says so.

    `record_id` is that of the record that it changed or read, None when the account did nothing. `serial`, `company`
    and `score` are a submission's, where the call wrote them.
    """

    destination: str
    at: Millis
    ended_at: Millis
    method: str
    path: str
    status: int | None
    faulted: bool
    record_id: str | None
    serial: int | None = None
    email: str | None = None
    company: str | None = None
    score: int | None = None

    @property
    def values(self) -> Mapping[str, Json]:
        """What it wrote, by the names of `Submission.values`."""
        return {"Serial": self.serial, "company": self.company, "Score": self.score}

    @property
    def writes(self) -> bool:
        """Whether it left a submission's values on a record."""
        return self.record_id is not None and any(value is not None for value in self.values.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A delivery, or a submission without one (`destination` is None), that did not end in a record, and why."""

    submission_id: str
    destination: str | None
    state: str
    reason: str | None
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that a verdict is made of, beside what was sent and answered."""

    records: Sequence[Record]
    calls: Sequence[Call]
    ledger: Ledger | None = None
    unfinished: Sequence[Unfinished] = ()
    cut_off_at: Sequence[Millis] = ()  # when all calls that were under way lost their caller, and nobody had to wait


def records_in(state: Mapping[str, Any]) -> Iterator[Record]:
    """Every record of the accounts, from the sandbox's state."""
    for destination in DESTINATIONS:
        account = state.get(destination.crm, {}).get(destination.account, {})
        for record in account.get(destination.records, ()):
            if destination.crm == "copper":
                yield _copper_record(destination, record, account)
            else:
                yield _leadconnector_record(destination, record, account)


def calls_in(history: Sequence[Mapping[str, Any]]) -> Iterator[Call]:
    """The calls of the accounts, from the sandbox's history with bodies."""
    places = {(one.crm, one.account): one for one in DESTINATIONS}
    for entry in history:
        destination = places.get((entry["crm"], entry["account"]))
        if destination is None:
            continue
        body = entry.get("request_body")
        sent: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
        sent = sent.get("properties") or sent
        yield Call(
            destination=destination.name,
            at=entry["at"],
            ended_at=entry["ended_at"],
            method=entry["method"],
            path=entry["path"],
            status=entry["status"],
            faulted=bool(entry["faults"]),
            record_id=entry["record_id"],
            serial=_number(_custom(sent, SERIAL)),
            email=_email(sent) or _email(entry.get("query") or {}),
            company=sent.get("company_name") or sent.get("companyName") or None,
            score=_number(_custom(sent, SCORE)),
        )


def _copper_record(destination: Destination, record: Mapping[str, Any], account: Mapping[str, Any]) -> Record:
    return Record(
        destination=destination.name,
        id=str(record["id"]),
        email=_email(record) or "",
        serial=_custom(record, SERIAL),
        company=record.get("company_name"),
        score=_custom(record, SCORE),
        tags=frozenset(record["tags"]),
        phones=frozenset(_digits(one["number"]) for one in record["phone_numbers"]),
        notes=tuple(
            one["details"]
            for one in account["activities"]
            if one["parent"] == {"type": destination.upsert, "id": record["id"]}
        ),
        other_emails=tuple(one["email"].lower() for one in record.get("emails") or ())[1:],
    )


def _leadconnector_record(destination: Destination, record: Mapping[str, Any], account: Mapping[str, Any]) -> Record:
    return Record(
        destination=destination.name,
        id=record["id"],
        email=_email(record) or "",
        serial=_custom(record, SERIAL),
        company=record.get("companyName"),
        score=_custom(record, SCORE),
        tags=frozenset(record["tags"]),
        phones=frozenset(filter(None, [_digits(record.get("phone") or "")])),
        notes=tuple(one["body"] for one in account["notes"] if one["contactId"] == record["id"]),
    )


def _email(record: Mapping[str, Any]) -> str | None:
    match record.get("email") or next(iter(record.get("emails") or ()), None):
        case {"email": str(address)} | str(address):
            return address.lower()
    return None


def _custom(record: Mapping[str, Any], field: int) -> Json:
    """A custom field's value: both CRMs list them, each under keys of its own."""
    for one in record.get("custom_fields") or record.get("customFields") or ():
        if str(one.get("custom_field_definition_id", one.get("id"))) == str(field):
            return one.get("value", one.get("field_value", one.get("fieldValue")))
    return None


def _number(value: Json) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _digits(phone: str) -> str:
    return "".join(letter for letter in phone if letter.isdigit())
