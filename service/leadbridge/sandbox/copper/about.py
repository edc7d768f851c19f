"""Whose record a call to Copper is about: every e-mail address that it names or that its record has."""

from collections.abc import Iterator, Mapping

from leadbridge.events import Json
from leadbridge.sandbox.addresses import email_key
from leadbridge.sandbox.copper.account import Account
from leadbridge.sandbox.copper.records import Record
from leadbridge.sandbox.exchange import ApiRequest


def emails_about(request: ApiRequest, account: Account) -> frozenset[str]:
    """The addresses in lower case: of the body, an upsert's match, a bulk call's items, and the records it is about."""
    named = [*_in_body(request.payload)]
    records = (*_records(request, account), *_parents(request, account))
    named += [email for record in records for email in record.emails()]
    return frozenset(email_key(email) for email in named)


def _in_body(payload: Json) -> Iterator[str]:
    if not isinstance(payload, Mapping):
        return
    yield from _in_values(payload)
    yield from _in_values(payload.get("properties"))
    match = payload.get("match")
    if isinstance(match, Mapping) and match.get("field_name") == "email":
        yield from _in_entry(match.get("field_value"))
    for item in _bulk_items(payload):
        yield from _in_values(item)


def _in_values(values: Json) -> Iterator[str]:
    """A record's own: `email` is an object for leads and a text for a fetch, `emails` a text or a list of either."""
    if isinstance(values, Mapping):
        emails = values.get("emails")
        for entry in (values.get("email"), *(_listed(emails) or [emails])):
            yield from _in_entry(entry)


def _in_entry(entry: Json) -> Iterator[str]:
    email = entry.get("email") if isinstance(entry, Mapping) else entry
    if isinstance(email, str):
        yield email


def _records(request: ApiRequest, account: Account) -> Iterator[Record]:
    _, plural, record_id, *_ = (*request.path.split("/"), "", "")
    collection = {"leads": account.leads, "people": account.people}.get(plural)
    if collection is None:
        return
    stated = [item.get("id") for item in _bulk_items(request.payload) if isinstance(item, Mapping)]
    for named in (record_id, *stated):
        record = collection.get(named) if isinstance(named, str | int) else None
        if record is not None:
            yield record


def _parents(request: ApiRequest, account: Account) -> Iterator[Record]:
    """The record that an activity is about."""
    parent = request.payload.get("parent") if isinstance(request.payload, Mapping) else None
    if not request.path.startswith("/activities") or not isinstance(parent, Mapping):
        return
    collection = {"lead": account.leads, "person": account.people}.get(str(parent.get("type")))
    record_id = parent.get("id")
    record = collection.get(record_id) if collection is not None and isinstance(record_id, int) else None
    if record is not None:
        yield record


def _bulk_items(payload: Json) -> list[Json]:
    if not isinstance(payload, Mapping):
        return []
    return _listed(payload.get("leads")) or _listed(payload.get("people"))


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
