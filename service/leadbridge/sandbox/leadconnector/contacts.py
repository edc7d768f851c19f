"""The contacts of one location: kept, and found by e-mail or phone, additional ones among them."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from leadbridge.clock import Millis
from leadbridge.events import Json
from leadbridge.sandbox.addresses import email_key
from leadbridge.sandbox.index import Index

Identifier: TypeAlias = Literal["email", "phone"]
IDENTIFIERS: Final[tuple[Identifier, ...]] = ("email", "phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One version of a contact; a write makes the next."""

    id: str
    location_id: str
    values: Mapping[str, Json] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    custom_fields: Mapping[str, Json] = field(default_factory=dict)
    additional_emails: tuple[str, ...] = ()
    additional_phones: tuple[str, ...] = ()
    added: Millis
    updated: Millis

    def keys(self) -> Iterator[Hashable]:
        """Everything by which this contact is found."""
        for identifier, more in (("email", self.additional_emails), ("phone", self.additional_phones)):
            for value in (self.values.get(identifier), *more):
                if value:
                    yield contact_key(identifier, value)


def contact_key(identifier: str, value: str) -> Hashable:
    """The form in which identifiers are compared: e-mails without regard to case."""
    return identifier, email_key(value) if identifier == "email" else value


class Contacts:
    """The records, each found in one step by id, e-mail or phone."""

    def __init__(self) -> None:
        self._contacts: dict[str, Contact] = {}
        self._index: Index[str] = Index()
        self._shown: dict[str, tuple[float, Contact | None]] = {}  # until when search shows the version before

    def __iter__(self) -> Iterator[Contact]:
        return iter(self._contacts.values())

    def get(self, contact_id: str) -> Contact | None:
        """The contact as the last write left it."""
        return self._contacts.get(contact_id)

    def owners(self, identifier: Identifier, value: str | None) -> tuple[str, ...]:
        """The ids of the contacts that have this e-mail or phone, oldest first."""
        return self._index.ids(contact_key(identifier, value)) if value else ()

    def put(self, contact: Contact, *, now: float = 0.0, search_lag: float = 0.0) -> Contact:
        """Keep a new contact or a new version; search shows it `search_lag` seconds after `now` (monotonic)."""
        before = self._contacts.get(contact.id)
        if search_lag > 0:
            until, shown = self._shown.get(contact.id, (now, before))
            self._shown[contact.id] = (now + search_lag, before if until <= now else shown)
        self._index.move(contact.id, before=before.keys() if before else (), after=contact.keys())
        self._contacts[contact.id] = contact
        return contact

    def delete(self, contact: Contact) -> None:
        """Remove a contact: it is not found by its e-mail or phone any more."""
        del self._contacts[contact.id]
        self._index.move(contact.id, before=contact.keys(), after=())
        self._shown.pop(contact.id, None)

    def searchable(self, *, now: float) -> Iterator[Contact]:
        """Every contact as search knows it at `now` (monotonic seconds)."""
        self._shown = {contact_id: entry for contact_id, entry in self._shown.items() if entry[0] > now}
        for contact in self._contacts.values():
            _, shown = self._shown.get(contact.id, (now, contact))
            if shown is not None:
                yield shown


def changed_contact(contact: Contact, values: Mapping[str, Json], *, now: Millis) -> Contact:
    """`contact` with `values` over it: what they leave out stays, tags are replaced, None clears.

    An e-mail or phone that the contact had as an additional one becomes its main one, and the main one is lost
    (https://github.com/GoHighLevel/highlevel-api-docs/issues/337). A permanent do-not-disturb stays.
    """
    merged = {**contact.values, **_names(values)}
    for key in ("tags", "customFields", "createNewIfDuplicateAllowed"):
        merged.pop(key, None)
    if "dndSettings" in values:
        merged["dndSettings"] = _kept_dnd(contact.values.get("dndSettings") or {}, values["dndSettings"])
    custom_fields = {**contact.custom_fields, **values.get("customFields", {})}
    return replace(
        contact,
        values={key: value for key, value in merged.items() if value is not None},
        tags=tuple(values.get("tags", contact.tags)),
        custom_fields={key: value for key, value in custom_fields.items() if value is not None},
        additional_emails=_without(contact.additional_emails, "email", values.get("email")),
        additional_phones=_without(contact.additional_phones, "phone", values.get("phone")),
        updated=now,
    )


def _names(values: Mapping[str, Json]) -> dict[str, Json]:
    read = dict(values)
    name = read.pop("name", None)
    if name and "firstName" not in read and "lastName" not in read:
        first, _, last = name.strip().partition(" ")
        read |= {"firstName": first or None, "lastName": last.strip() or None}
    return read


def _kept_dnd(before: Mapping[str, Json], after: Mapping[str, Json]) -> dict[str, Json]:
    permanent = {channel: setting for channel, setting in before.items() if setting["status"] == "permanent"}
    return {**before, **after, **permanent}


def _without(more: tuple[str, ...], identifier: Identifier, main: str | None) -> tuple[str, ...]:
    if main is None:
        return more
    return tuple(value for value in more if contact_key(identifier, value) != contact_key(identifier, main))
