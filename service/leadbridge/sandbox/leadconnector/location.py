"""One LeadConnector location: its settings, its contacts, and what is done with them."""

from collections.abc import Mapping
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.leadconnector.catalog import FIELDS, ContactField, DuplicatePriority, LocationSettings
from leadbridge.sandbox.leadconnector.contacts import IDENTIFIERS, Contact, Contacts, Identifier, changed_contact
from leadbridge.sandbox.leadconnector.notes import Notes
from leadbridge.sandbox.leadconnector.problems import Invalid, Refused
from leadbridge.sandbox.leadconnector.properties import (
    CREATE,
    SEED,
    UPDATE,
    UPSERT,
    Context,
    Operation,
    read_properties,
)
from leadbridge.sandbox.leadconnector.search import Found, search
from leadbridge.sandbox.leadconnector.workflows import Workflows
from leadbridge.sandbox.seeds import LeadConnectorSeed
from leadbridge.sandbox.world import World

NOTHING_GIVEN: Final = "Pass at least one of number, email query parameter"  # sic, also for a body
_SEED_LISTS: Final = ("additionalEmails", "additionalPhones")


class Location:
    """Its methods raise `Invalid` or `Refused` for what LeadConnector refuses, and then have changed nothing."""

    def __init__(self, location_id: str, world: World) -> None:
        self.id = location_id
        self.contacts = Contacts()
        self.fields: dict[str, ContactField] = {field.id: field for field in FIELDS}
        self.tags: dict[str, str] = {}  # name to id: every tag that a contact here ever had
        self.notes = Notes(world)
        self.workflows = Workflows()
        self._settings = LocationSettings()
        self._world = world

    def upsert(self, body: Mapping[str, Json], *, v3: bool, lost: frozenset[str]) -> tuple[Contact, bool]:
        """The contact that the body's e-mail or phone finds, or a new one; and whether it is new."""
        values = self._read(body, UPSERT, v3=v3)
        if not values.get("email") and not values.get("phone"):
            raise Refused(400, NOTHING_GIVEN)
        duplicate = values.pop("createNewIfDuplicateAllowed", False) and self.allow_duplicates
        found = None if duplicate else self._found(values)
        kept = {key: value for key, value in values.items() if key not in lost}
        if found is None:
            return self._add(kept), True
        # Another contact's identifier is passed over in silence (issue 37), and so is a gender (issue 313).
        kept = {key: value for key, value in kept.items() if key != "gender" and not self._taken(key, value, by=found)}
        return self._keep(changed_contact(found, kept, now=self._world.clock.now())), False

    def create(self, body: Mapping[str, Json], *, v3: bool, lost: frozenset[str]) -> Contact:
        """A new contact; raises `Refused` when the body is not as the API takes it, or the location has the person."""
        values = self._read(body, CREATE, v3=v3)
        if not any(values.get(key) for key in ("email", "phone", "firstName", "lastName")):
            raise Refused(422, "Contacts without email, phone, firstName and lastName are not allowed.")
        self._refuse_duplicates(values, of=None)
        return self._add({key: value for key, value in values.items() if key not in lost})

    def update(self, contact: Contact, body: Mapping[str, Json], *, v3: bool, lost: frozenset[str]) -> Contact:
        """The next version of a contact."""
        values = self._read(body, UPDATE, v3=v3)
        self._refuse_duplicates(values, of=contact)
        kept = {key: value for key, value in values.items() if key not in lost}
        return self._keep(changed_contact(contact, kept, now=self._world.clock.now()))

    def retag(self, contact: Contact, tags: tuple[str, ...]) -> Contact:
        """The contact with exactly these tags."""
        return self._keep(changed_contact(contact, {"tags": tags}, now=self._world.clock.now()))

    def duplicate(self, *, email: str | None, phone: str | None) -> tuple[Contact, Identifier] | None:
        """The contact that has the e-mail or else the phone, and by which of them it was found."""
        given: Mapping[Identifier, str | None] = {"email": email, "phone": phone}
        for identifier, value in given.items():
            owners = self.contacts.owners(identifier, value)
            contact = self.contacts.get(owners[0]) if owners else None
            if contact is not None:
                return contact, identifier
        return None

    def delete(self, contact: Contact) -> None:
        """Remove a contact with its notes and its places in workflows."""
        self.contacts.delete(contact)
        self.notes.forget(contact.id)
        self.workflows.forget(contact.id)

    def search(self, query: Mapping[str, Json]) -> Found:
        """One page of what search finds; it learns of a write a little later than every other call."""
        return search(self.contacts.searchable(now=self._world.clock.monotonic()), query)

    def seed(self, seed: LeadConnectorSeed) -> list[Contact]:
        """Put settings, fields and contacts beforehand."""
        before = self.fields
        self.fields = before | {field.id: field for field in seed.custom_fields}
        try:
            contacts = [self._seeded(values) for values in seed.contacts]
        except Invalid:
            self.fields = before
            raise
        given = seed.settings.model_dump(exclude_unset=True)
        self._settings = self._settings.model_copy(update=given)
        self.workflows.add(seed.workflows)
        return [self._keep(contact, search_lag=0.0) for contact in contacts]

    def about(self) -> dict[str, Json]:
        """The location as the API answers it."""
        return {
            "id": self.id,
            "companyId": self.company,
            "name": self._settings.name or self._world.options.leadconnector.name,
            "country": self.country,
            "timezone": self._settings.timezone or self._world.options.leadconnector.timezone,
            "settings": {"allowDuplicateContact": self.allow_duplicates},
        }

    @property
    def allow_duplicates(self) -> bool:
        """Whether two contacts may share an e-mail or phone."""
        own = self._settings.allow_duplicates
        return self._world.options.leadconnector.allow_duplicates if own is None else own

    @property
    def country(self) -> str:
        """What a new contact that gives no country gets."""
        return self._settings.country or self._world.options.leadconnector.country

    @property
    def priority(self) -> DuplicatePriority:
        """Which identifier decides."""
        return self._settings.duplicate_priority or self._world.options.leadconnector.duplicate_priority

    @property
    def active(self) -> bool:
        """Whether its apps' tokens are renewed."""
        own = self._settings.active
        return self._world.options.leadconnector.active if own is None else own

    @property
    def own_company(self) -> str | None:
        """The company that a seed says it belongs to; without, it is any company's."""
        return self._settings.company

    @property
    def company(self) -> str:
        """The company that its tokens name."""
        return self._settings.company or self._world.options.leadconnector.company

    def matching_field(self, identifier: Identifier) -> str:
        """How a duplicate search says by what it found a contact."""
        as_recorded = self._world.options.leadconnector.duplicate_field == "contactId"
        return "contactId" if as_recorded else identifier

    @property
    def tags_status(self) -> int:
        """The status of a good addition of tags."""
        return self._world.options.leadconnector.tags_status

    def _read(self, body: Mapping[str, Json], operation: Operation, *, v3: bool) -> dict[str, Json]:
        options = self._world.options.leadconnector
        context = Context(
            fields=tuple(self.fields.values()),
            v3=v3,
            unknown_custom_field=options.unknown_custom_field,
            bad_phone=options.bad_phone,
            bad_country=options.bad_country,
            country_refusal=options.country_refusal,
            bad_date=options.bad_date,
        )
        return read_properties(body, operation, context)

    def _found(self, values: Mapping[str, Json]) -> Contact | None:
        for identifier in IDENTIFIERS if self.priority == "email,phone" else IDENTIFIERS[::-1]:
            owners = self.contacts.owners(identifier, values.get(identifier))
            if owners:
                return self.contacts.get(owners[0])
        return None

    def _taken(self, key: str, value: Json, *, by: Contact) -> bool:
        owners = next((self.contacts.owners(known, value) for known in IDENTIFIERS if known == key), ())
        return bool(owners) and by.id not in owners

    def _refuse_duplicates(self, values: Mapping[str, Json], *, of: Contact | None) -> None:
        if self.allow_duplicates:
            return
        for identifier in IDENTIFIERS:
            owners = self.contacts.owners(identifier, values.get(identifier))
            other = self.contacts.get(owners[0]) if owners and (of is None or of.id not in owners) else None
            if other is not None:
                name = " ".join(other.values[key] for key in ("firstName", "lastName") if key in other.values)
                meta = {"contactId": other.id, "contactName": name, "matchingField": identifier}
                raise Refused(400, "This location does not allow duplicated contacts.", meta=meta)

    def _add(self, values: Mapping[str, Json]) -> Contact:
        now = self._world.clock.now()
        blank = Contact(
            id=self._world.ids.code(),
            location_id=self.id,
            values={"country": self.country},
            added=now,
            updated=now,
        )
        return self._keep(changed_contact(blank, values, now=now))

    def _keep(self, contact: Contact, *, search_lag: float | None = None) -> Contact:
        for tag in contact.tags:
            if tag not in self.tags:
                self.tags[tag] = self._world.ids.code()
        lag = self._world.scaled(self._world.options.leadconnector.search_lag) if search_lag is None else search_lag
        return self.contacts.put(contact, now=self._world.clock.monotonic(), search_lag=lag)

    def _seeded(self, values: Mapping[str, Json]) -> Contact:
        now = self._world.clock.now()
        more = {key: values.get(key, []) for key in _SEED_LISTS}
        for key, listed in more.items():
            if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
                raise Invalid(f"{key} must be an array of strings")
        contact_id = values.get("id") or self._world.ids.code()
        if not isinstance(contact_id, str):
            raise Invalid("id must be a string")
        known = {key: value for key, value in values.items() if key != "id" and key not in _SEED_LISTS}
        blank = Contact(
            id=contact_id,
            location_id=self.id,
            values={"country": self.country},
            additional_emails=tuple(more["additionalEmails"]),
            additional_phones=tuple(more["additionalPhones"]),
            added=now,
            updated=now,
        )
        return changed_contact(blank, self._read(known, SEED, v3=False), now=now)
