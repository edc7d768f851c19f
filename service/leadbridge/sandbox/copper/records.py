"""The records of one kind in one Copper account: kept, found by what they hold, and shown late by search."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from leadbridge.events import Json
from leadbridge.sandbox.addresses import email_key
from leadbridge.sandbox.index import Index

MatchBy: TypeAlias = Literal["email", "name"] | int  # an int is a custom field's definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One version of a lead or person; a write makes the next."""

    id: int
    values: Mapping[str, Json] = field(default_factory=dict)
    custom_fields: Mapping[int, Json] = field(default_factory=dict)
    date_created: int  # Unix seconds
    date_modified: int  # Unix seconds

    def modified_at(self, when: int) -> "Record":
        """This record with another time of its last write (Unix seconds)."""
        return replace(self, date_modified=when)

    def emails(self) -> list[str]:
        """Its e-mail addresses: a lead has one at the most, a person any number."""
        single = self.values.get("email")
        return [entry["email"] for entry in ([single] if single else self.values.get("emails") or [])]

    def keys(self) -> Iterator[Hashable]:
        """Everything by which the record can be found."""
        for email in self.emails():
            yield match_key("email", email)
        yield match_key("name", self.values["name"])
        for definition, value in self.custom_fields.items():
            if value is not None and not isinstance(value, list):
                yield match_key(definition, value)


def match_key(by: MatchBy, value: Json) -> Hashable:
    """The form in which values are compared: e-mails without regard to case, all others exactly."""
    return by, email_key(value) if by == "email" else value, isinstance(value, bool)


class Records:
    """Each is found in one step by id, e-mail, name or custom field."""

    def __init__(self) -> None:
        self._records: dict[int, Record] = {}
        self._index: Index[int] = Index()
        self._shown: dict[int, tuple[float, Record | None]] = {}  # until when search shows which older version

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def get(self, record_id: int) -> Record | None:
        """The record as the last write left it."""
        return self._records.get(record_id)

    def matching(self, by: MatchBy, value: Json) -> list[Record]:
        """The records that hold this value, in the order in which they came to hold it."""
        return [self._records[record_id] for record_id in self._index.ids(match_key(by, value))]

    def put(self, record: Record, *, now: float = 0.0, search_lag: float = 0.0) -> None:
        """Keep a new record or a new version; search shows it `search_lag` seconds after `now` (monotonic)."""
        before = self._records.get(record.id)
        self._index.move(record.id, before=before.keys() if before else (), after=record.keys())
        self._records[record.id] = record
        self._forget_settled(now)
        _, shown = self._shown.pop(record.id, (0.0, before))
        if search_lag > 0:
            self._shown[record.id] = (now + search_lag, shown)

    def delete(self, record: Record) -> None:
        """Remove a record, also from search."""
        del self._records[record.id]
        self._index.move(record.id, before=record.keys(), after=())
        self._shown.pop(record.id, None)

    def searchable(self, *, now: float) -> Iterator[Record]:
        """Every record as search knows it at `now` (monotonic seconds)."""
        self._forget_settled(now)
        for record in self._records.values():
            _, shown = self._shown.get(record.id, (0.0, record))
            if shown is not None:
                yield shown

    def _forget_settled(self, now: float) -> None:
        # Written in the order in which they settle, but for a lag that was made shorter: those settle a little late.
        while self._shown:
            record_id = next(iter(self._shown))
            if self._shown[record_id][0] > now:
                return
            del self._shown[record_id]
