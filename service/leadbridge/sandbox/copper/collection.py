"""What can be done with the leads or the people of one Copper account."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.copper.answers import record_answer
from leadbridge.sandbox.copper.attributes import label_of, read_attributes
from leadbridge.sandbox.copper.custom_fields import read_custom_fields
from leadbridge.sandbox.copper.kinds import Kind, changed_record, new_record
from leadbridge.sandbox.copper.names import PARTS
from leadbridge.sandbox.copper.problems import Invalid
from leadbridge.sandbox.copper.records import MatchBy, Record, Records
from leadbridge.sandbox.copper.search import search
from leadbridge.sandbox.copper.setup import Setup

_ID: Final = re.compile(r"[0-9]{1,18}")
_SEED_ONLY: Final = ("id", "date_created", "date_modified")


class Collection:
    """Its methods raise `Invalid` for what Copper refuses, and then have changed nothing."""

    def __init__(self, kind: Kind, setup: Setup) -> None:
        self.kind = kind
        self._setup = setup
        self._records = Records()

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def get(self, record_id: str | int) -> Record | None:
        """The record that a path or body names; None when there is none."""
        text = str(record_id)
        return self._records.get(int(text)) if _ID.fullmatch(text) else None

    def matching(self, by: MatchBy, value: Json) -> list[Record]:
        """The records that hold this value, oldest first."""
        found = self._records.matching(by, value)
        if by == "email":
            wanted = self._setup.email_form(value)
            return [record for record in found if wanted in map(self._setup.email_form, record.emails())]
        return found

    def create(self, properties: Json, *, lost: frozenset[str], implied: Mapping[int, Json] | None = None) -> Record:
        """A new record; `implied` custom fields are those it gets without being told."""
        values = self._read(properties, creating=True)
        if implied:
            values["custom_fields"] = {**implied, **values.get("custom_fields", {})}
        return self.add(_without(values, lost))

    def add(self, values: Mapping[str, Json]) -> Record:
        """A new record of values that were read already."""
        world = self._setup.world
        made = self._made(values, record_id=world.ids.number(), now=world.unix_seconds())
        return self._keep(made)

    def update(self, record: Record, properties: Json, *, lost: frozenset[str]) -> Record:
        """The next version of `record`, with only what `properties` holds changed."""
        values = self._unfixed(record, self._read(properties, creating=False))
        return self.change(record, _without(values, lost))

    def change(self, record: Record, values: Mapping[str, Json]) -> Record:
        """The next version of `record`, of values that were read already."""
        now = self._setup.world.unix_seconds()
        changed = changed_record(record, values, self.kind, now=now, catalog=self._setup.catalog)
        return record if changed is record else self._keep(changed)

    def delete(self, record: Record) -> None:
        """Remove a record, also from search."""
        self._records.delete(record)

    def search(self, query: Mapping[str, Json], *, beside: Iterable[Record] = ()) -> tuple[list[Record], int]:
        """One page of what search finds, also among the records `beside` these, and how many it finds."""
        records = chain(self.searchable(), beside)
        return search(records, query, self._setup, filters=self.kind.filters, sort_by=self.kind.sort_by)

    def searchable(self) -> Iterator[Record]:
        """Every record as search knows it now."""
        return self._records.searchable(now=self._setup.world.clock.monotonic())

    def seeds(self, listed: Iterable[Mapping[str, Json]]) -> list[Record]:
        """Records to be planted, each as the API takes it and with an id and dates if it likes; keeps none of them."""
        made = [self._seeded(values) for values in listed]
        self._refuse_taken(made)
        return made

    def plant(self, records: Iterable[Record]) -> None:
        """Keep what `seeds` made; search shows it at once."""
        for record in records:
            self._records.put(record)

    def answer(self, record: Record) -> dict[str, Json]:
        """The record as the API answers it."""
        return record_answer(record, self.kind, self._setup)

    def _made(self, values: Mapping[str, Json], *, record_id: int, now: int) -> Record:
        return new_record(values, self.kind, record_id=record_id, now=now, catalog=self._setup.catalog)

    def _keep(self, record: Record) -> Record:
        self._refuse_taken([record])
        world = self._setup.world
        lag = world.scaled(self._setup.options.search_lag)
        self._records.put(record, now=world.clock.monotonic(), search_lag=lag)
        return record

    def _read(self, properties: Json, *, creating: bool) -> dict[str, Json]:
        if not isinstance(properties, Mapping):
            raise Invalid("Properties: must be an object")
        plain = {key: value for key, value in properties.items() if key != "custom_fields"}
        values, problems = read_attributes(plain, self._setup.catalog, table=self.kind.attributes)
        if creating and not any(properties.get(key) for key in ("name", *PARTS)):
            problems.append("Name: can't be blank")
        if properties.get("custom_fields") is not None:
            try:
                fields = read_custom_fields(properties["custom_fields"], self._setup, kind=self.kind.name)
                values["custom_fields"] = fields
            except Invalid as problem:
                problems.extend(problem.problems)
        if problems:
            raise Invalid(*problems)
        return values

    def _unfixed(self, record: Record, values: dict[str, Json]) -> dict[str, Json]:
        changed = {key for key in self.kind.fixed & values.keys() if values[key] != record.values.get(key)}
        if changed and self._setup.options.person_company == "refuse":
            raise Invalid(*(f"{label_of(key)}: cannot be changed here" for key in sorted(changed)))
        return {key: value for key, value in values.items() if key not in changed}

    def _refuse_taken(self, records: list[Record]) -> None:
        if not self.kind.unique_emails:
            return
        ids = {record.id for record in records}
        seen: set[str] = set()
        for email in chain.from_iterable(record.emails() for record in records):
            form = self._setup.email_form(email)
            holders = {record.id for record in self.matching("email", email)}
            if form in seen or holders - ids:
                raise Invalid(self._setup.options.person_email_taken.replace("{email}", email))
            seen.add(form)

    def _seeded(self, values: Mapping[str, Json]) -> Record:
        own = {key: values[key] for key in _SEED_ONLY if key in values}
        if not all(type(value) is int and value > 0 for value in own.values()):
            raise Invalid("Base: id, date_created and date_modified must be positive integers")
        world = self._setup.world
        kept = self._read({key: value for key, value in values.items() if key not in own}, creating=True)
        created = own.get("date_created", world.unix_seconds())
        made = self._made(kept, record_id=own.get("id") or world.ids.number(), now=created)
        return made.modified_at(own.get("date_modified", created))


def _without(values: dict[str, Json], lost: frozenset[str]) -> dict[str, Json]:
    return {key: value for key, value in values.items() if key not in lost}
