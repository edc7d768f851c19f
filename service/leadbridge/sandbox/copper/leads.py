"""The leads of one Copper account: kept, found by what an upsert may match, and shown late by search."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from leadbridge.events import Json
from leadbridge.sandbox.addresses import email_key
from leadbridge.sandbox.copper.catalog import Catalog
from leadbridge.sandbox.copper.names import PARTS, join_name, split_name
from leadbridge.sandbox.copper.problems import Invalid
from leadbridge.sandbox.index import Index

_LISTS: Final = ("phone_numbers", "socials", "tags", "websites")
MatchBy: TypeAlias = Literal["email", "name"] | int  # an int is a custom field's definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """One version of a lead; a write makes the next."""

    id: int
    values: Mapping[str, Json] = field(default_factory=dict)
    custom_fields: Mapping[int, Json] = field(default_factory=dict)
    date_created: int  # Unix seconds
    date_modified: int  # Unix seconds

    def modified_at(self, when: int) -> "Lead":
        """This lead with another time of its last write (Unix seconds)."""
        return replace(self, date_modified=when)

    def keys(self) -> Iterator[Hashable]:
        """Everything by which an upsert can find this lead."""
        email = self.values.get("email")
        if email:
            yield match_key("email", email["email"])
        yield match_key("name", self.values["name"])
        for definition, value in self.custom_fields.items():
            if value is not None and not isinstance(value, list):
                yield match_key(definition, value)


def match_key(by: MatchBy, value: Json) -> Hashable:
    """The form in which values are compared: e-mails without regard to case, all others exactly."""
    return by, email_key(value) if by == "email" else value, isinstance(value, bool)


class Leads:
    """The records, each found in one step by id, e-mail, name or custom field."""

    def __init__(self) -> None:
        self._leads: dict[int, Lead] = {}
        self._index: Index[int] = Index()
        self._shown: dict[int, tuple[float, Lead | None]] = {}  # until when search shows which older version

    def __iter__(self) -> Iterator[Lead]:
        return iter(self._leads.values())

    def get(self, lead_id: int) -> Lead | None:
        """The lead as the last write left it."""
        return self._leads.get(lead_id)

    def matching(self, by: MatchBy, value: Json) -> tuple[int, ...]:
        """The ids of the leads that an upsert by this value would find, oldest first."""
        return self._index.ids(match_key(by, value))

    def put(self, lead: Lead, *, now: float = 0.0, search_lag: float = 0.0) -> None:
        """Keep a new lead or a new version; search shows it `search_lag` seconds after `now` (monotonic)."""
        before = self._leads.get(lead.id)
        self._index.move(lead.id, before=before.keys() if before else (), after=lead.keys())
        self._leads[lead.id] = lead
        self._forget_settled(now)
        if search_lag > 0:
            _, shown = self._shown.pop(lead.id, (0.0, before))
            self._shown[lead.id] = (now + search_lag, shown)

    def delete(self, lead: Lead) -> None:
        """Remove a lead, also from search."""
        del self._leads[lead.id]
        self._index.move(lead.id, before=lead.keys(), after=())
        self._shown.pop(lead.id, None)

    def searchable(self, *, now: float) -> Iterator[Lead]:
        """Every lead as search knows it at `now` (monotonic seconds)."""
        self._forget_settled(now)
        for lead in self._leads.values():
            _, shown = self._shown.get(lead.id, (0.0, lead))
            if shown is not None:
                yield shown

    def _forget_settled(self, now: float) -> None:
        # Written in the order in which they settle, but for a lag that was made shorter: those settle a little late.
        while self._shown:
            lead_id = next(iter(self._shown))
            if self._shown[lead_id][0] > now:
                return
            del self._shown[lead_id]


def new_lead(values: Mapping[str, Json], *, lead_id: int, now: int, catalog: Catalog) -> Lead:
    """A lead with these values and the account's defaults for the rest; raises `Invalid` without a name."""
    status = catalog.default_status()
    empty = Lead(
        id=lead_id,
        values={"status": status.name, "status_id": status.id},
        date_created=now,
        date_modified=now,
    )
    return changed_lead(empty, values, now=now, catalog=catalog)


def changed_lead(lead: Lead, values: Mapping[str, Json], *, now: int, catalog: Catalog) -> Lead:
    """`lead` with `values` over it: what they leave out stays, lists and objects are replaced, null clears.

    `values["custom_fields"]` is by definition. Values that change nothing leave `date_modified` alone. Raises
    `Invalid` when no name would be left.
    """
    custom_fields = dict(lead.custom_fields) | values.get("custom_fields", {})
    merged = {**lead.values, **values, **_name(lead.values, values), **_status(values, catalog)}
    merged.pop("custom_fields", None)
    merged.update({key: [] for key in _LISTS if merged.get(key) is None})
    if merged == lead.values and custom_fields == lead.custom_fields:
        return lead
    return replace(lead, values=merged, custom_fields=custom_fields, date_modified=max(now, lead.date_created))


def _name(before: Mapping[str, Json], values: Mapping[str, Json]) -> dict[str, Json]:
    given = {part: values[part] for part in PARTS if part in values}
    if "name" in values:
        name = (values["name"] or "").strip()
        parts = split_name(name) | given
    else:
        parts = {part: before.get(part) for part in PARTS} | given
        name = join_name(parts) if given else before.get("name", "")
    if not name:
        raise Invalid("Name: can't be blank")
    return parts | {"name": name}


def _status(values: Mapping[str, Json], catalog: Catalog) -> dict[str, Json]:
    if values.get("status_id") is not None:
        status = catalog.statuses[values["status_id"]]
    elif values.get("status") is not None:
        status = catalog.status_named(values["status"]) or catalog.default_status()
    elif "status" in values or "status_id" in values:
        status = catalog.default_status()
    else:
        return {}
    return {"status": status.name, "status_id": status.id}
