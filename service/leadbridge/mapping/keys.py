"""By what a record is found, and by what two leads are known to be about one person."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from leadbridge.events import Json
from leadbridge.expressions.filters.phones import is_e164
from leadbridge.lead import Lead
from leadbridge.plan import MatchKey
from leadbridge.settings.route import MatchBy


def match_of(wanted: Sequence[MatchBy], lead: Lead, custom_fields: Mapping[str, Json]) -> MatchKey | None:
    """The first of the route's match keys that the lead has; a phone number that could not be read is none."""
    for key in wanted:
        value = _value(key, lead, custom_fields)
        if value is not None:
            return MatchKey(by=key.by, value=value, field=key.field)
    return None


def _value(key: MatchBy, lead: Lead, custom_fields: Mapping[str, Json]) -> str | int | float | None:
    match key.by:
        case "email":
            return next(iter(_emails(lead)), None)
        case "phone":
            return next(iter(_phones(lead)), None)
        case "name":
            return lead.name
        case "custom":
            value = custom_fields.get(key.field or "")
            return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def flight_keys(lead: Lead, match: MatchKey | None) -> tuple[str, ...]:
    """What deliveries about the same person have in common: a hash of every e-mail, phone and of the match key.

    Sorted, each once, and stable between versions: they are compared with those of stored deliveries.
    """
    keys = {f"email:{_hash(email)}" for email in _emails(lead)}
    keys |= {f"phone:{_hash(phone)}" for phone in _phones(lead)}
    match match:
        case MatchKey(by="custom"):
            keys.add(f"custom:{match.field}:{_hash(str(match.value).strip())}")
        case MatchKey(by="name"):
            keys.add(f"name:{_hash(' '.join(str(match.value).casefold().split()))}")
    return tuple(sorted(keys))


def _emails(lead: Lead) -> Iterator[str]:
    yield from filter(None, (lead.email, *lead.emails))


def _phones(lead: Lead) -> Iterator[str]:
    yield from (phone for phone in (lead.phone, *lead.phones) if phone and is_e164(phone))


def _hash(value: str) -> str:
    return hashlib.blake2b(value.encode(errors="replace"), digest_size=10).hexdigest()
