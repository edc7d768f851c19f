"""One Copper account: its lists, its leads, and what is done with them."""

from collections.abc import Mapping
from typing import Final, Literal
from zoneinfo import ZoneInfo

from leadbridge.events import Json
from leadbridge.sandbox.copper.answers import lead_answer
from leadbridge.sandbox.copper.attributes import read_attributes, unrecognised
from leadbridge.sandbox.copper.catalog import Catalog
from leadbridge.sandbox.copper.custom_fields import read_custom_fields
from leadbridge.sandbox.copper.leads import Lead, Leads, changed_lead, new_lead
from leadbridge.sandbox.copper.names import PARTS
from leadbridge.sandbox.copper.problems import Invalid
from leadbridge.sandbox.copper.search import search
from leadbridge.sandbox.copper.upsert import Match
from leadbridge.sandbox.ids import digest
from leadbridge.sandbox.seeds import CopperSeed
from leadbridge.sandbox.world import World

_SEED_ONLY: Final = ("id", "date_created", "date_modified")


class Account:
    """Its methods raise `Invalid` for what Copper refuses, and then have changed nothing."""

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self.number = 10_000 + int.from_bytes(digest(name, size=3))
        self.catalog = Catalog()
        self.leads = Leads()
        self._world = world

    @property
    def zone(self) -> ZoneInfo:
        """Where the account's days begin."""
        return ZoneInfo(self._world.options.copper.timezone)

    @property
    def ambiguous_ids(self) -> Literal["message", "ids"]:
        """Where an ambiguous upsert names the leads."""
        return self._world.options.copper.ambiguous_ids

    def create(self, properties: Json, *, lost: frozenset[str], match: Match | None = None) -> Lead:
        """A new lead; `match` is what an upsert looked for in vain."""
        values = self._read(properties, creating=True)
        if match and isinstance(match.by, int) and self._world.options.copper.writes_custom_match:
            values["custom_fields"] = {match.by: match.value} | values.get("custom_fields", {})
        kept = _without(values, lost)
        lead_id, now = self._world.ids.number(), self._world.unix_seconds()
        return self._keep(new_lead(kept, lead_id=lead_id, now=now, catalog=self.catalog))

    def update(self, lead: Lead, properties: Json, *, lost: frozenset[str]) -> Lead:
        """The next version of `lead`, with only what `properties` holds changed."""
        values = _without(self._read(properties, creating=False), lost)
        changed = changed_lead(lead, values, now=self._world.unix_seconds(), catalog=self.catalog)
        return lead if changed is lead else self._keep(changed)

    def search(self, query: Mapping[str, Json]) -> tuple[list[Lead], int]:
        """One page of what search finds, and how many it finds."""
        leads = self.leads.searchable(now=self._world.clock.monotonic())
        return search(leads, query, self.catalog, zone=self.zone)

    def seed(self, seed: CopperSeed) -> list[Lead]:
        """Put lists and leads beforehand; search shows them at once."""
        before = self.catalog
        self.catalog = before.extended(
            definitions=seed.custom_field_definitions,
            statuses=seed.lead_statuses,
            sources=seed.customer_sources,
            users=seed.users,
        )
        try:
            leads = [self._seeded(values) for values in seed.leads]
        except Invalid:
            self.catalog = before
            raise
        for lead in leads:
            self.leads.put(lead)
        return leads

    def answer(self, lead: Lead) -> dict[str, Json]:
        """The lead as the API answers it."""
        return lead_answer(lead, self.catalog, self._world.options.copper)

    def _keep(self, lead: Lead) -> Lead:
        lag = self._world.scaled(self._world.options.copper.search_lag)
        self.leads.put(lead, now=self._world.clock.monotonic(), search_lag=lag)
        return lead

    def _read(self, properties: Json, *, creating: bool) -> dict[str, Json]:
        if not isinstance(properties, Mapping):
            raise Invalid("Properties: must be an object")
        scalars = {key: value for key, value in properties.items() if key != "custom_fields"}
        values, problems = read_attributes(scalars, self.catalog)
        if creating and not any(properties.get(key) for key in ("name", *PARTS)):
            problems.append("Name: can't be blank")
        if properties.get("custom_fields") is not None:
            try:
                values["custom_fields"] = read_custom_fields(properties["custom_fields"], self.catalog, self.zone)
            except Invalid as problem:
                problems.extend(problem.problems)
        if problems:
            raise Invalid(*problems)
        return values

    def _seeded(self, values: Mapping[str, Json]) -> Lead:
        own = {key: values[key] for key in _SEED_ONLY if key in values}
        if not all(isinstance(value, int) and value > 0 for value in own.values()):
            raise Invalid("Base: id, date_created and date_modified must be positive integers")
        kept = self._read({key: value for key, value in values.items() if key not in own}, creating=True)
        created = own.get("date_created", self._world.unix_seconds())
        lead_id = own.get("id") or self._world.ids.number()
        made = new_lead(kept, lead_id=lead_id, now=created, catalog=self.catalog)
        return made.modified_at(own.get("date_modified", created))


def body_of(payload: Json, *known: str) -> Mapping[str, Json]:
    """A body that is an object with only `known` keys (any, when none is given)."""
    if not isinstance(payload, Mapping):
        raise Invalid("Base: the request body must be an object")
    unknown = [key for key in payload if known and key not in known]
    if unknown:
        raise Invalid(unrecognised(unknown))
    return payload


def _without(values: dict[str, Json], lost: frozenset[str]) -> dict[str, Json]:
    return {key: value for key, value in values.items() if key not in lost}
