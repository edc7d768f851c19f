"""What was probably meant by an option that is not there: one that is planned, or another tool's word for ours."""

from collections.abc import Collection, Mapping
from typing import Final

from leadbridge.settings.choices import near
from leadbridge.settings.problem import Path

# Options that are to come, each with what can be done today.
_PLANNED: Final[Mapping[tuple[str, ...], str]] = {
    ("tests",): "leave it out, and send samples to `leadbridge sandbox` with `leadbridge send`",
    ("sources", "*", "capture"): "leave it out: the submissions of a source without a route are kept as well",
    ("routes", "*", "shadow"): "leave it out, and try the route with `base_url` set to a `leadbridge sandbox`",
    ("routes", "*", "then"): "leave it out, and add a tag that begins a workflow in the CRM",
}

_OTHER_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "access_key": ("access_token", "token"),
    "address1": ("street",),
    "algorithm": ("hash",),
    "amount": ("value",),
    "api_key": ("access_token", "token"),
    "apikey": ("access_token", "token"),
    "api_url": ("base_url",),
    "assigned_to": ("owner",),
    "assignee": ("owner",),
    "auth": ("verify",),
    "authentication": ("verify",),
    "birthdate": ("date_of_birth",),
    "birthday": ("date_of_birth",),
    "comment": ("message",),
    "comments": ("message",),
    "company_name": ("company",),
    "condition": ("when",),
    "country_code": ("country",),
    "country": ("region",),
    "crm": ("to",),
    "description": ("message",),
    "destination": ("to",),
    "dob": ("date_of_birth",),
    "email": ("user_email",),
    "endpoint": ("base_url", "public_url"),
    "family_name": ("last_name",),
    "fields": ("lead",),
    "filter": ("when",),
    "full_name": ("name",),
    "given_name": ("first_name",),
    "host": ("base_url", "public_url"),
    "id": ("location_id",),
    "if": ("when",),
    "job_title": ("title",),
    "key": ("access_token", "token", "secrets"),
    "kind": ("preset", "crm", "scheme", "upsert"),
    "location": ("location_id",),
    "map": ("lead",),
    "mapping": ("lead",),
    "mobile": ("phone",),
    "note": ("message",),
    "notes": ("note", "message"),
    "object": ("upsert",),
    "organisation": ("company",),
    "organization": ("company",),
    "password": ("secrets",),
    "position": ("title",),
    "postcode": ("postal_code",),
    "province": ("state",),
    "provider": ("preset", "crm"),
    "record": ("upsert",),
    "record_type": ("upsert",),
    "rules": ("write",),
    "secret": ("secrets", "verify"),
    "signature": ("verify",),
    "source": ("from",),
    "surname": ("last_name",),
    "target": ("to",),
    "telephone": ("phone",),
    "token": ("access_token", "secrets", "verify"),
    "trigger": ("from",),
    "type": ("preset", "crm", "scheme"),
    "url": ("base_url", "public_url", "website"),
    "user": ("username", "user_email"),
    "utm_campaign": ("utm",),
    "utm_content": ("utm",),
    "utm_medium": ("utm",),
    "utm_source": ("utm",),
    "utm_term": ("utm",),
    "verify_token": ("token", "handshake"),
    "vendor": ("preset", "crm"),
    "write_rules": ("write",),
    "zip": ("postal_code",),
    "zip_code": ("postal_code",),
    "zipcode": ("postal_code",),
}


def planned(path: Path) -> str | None:
    """What can be done today instead of the option at `path`; None when it is not a planned one."""
    named = path[:1] in {("sources",), ("destinations",)}
    return _PLANNED.get(
        tuple("*" if isinstance(step, int) or (named and at == 1) else step for at, step in enumerate(path))
    )


def meant_option(wrong: str, options: Collection[str]) -> str | None:
    """The option that was probably meant: by another tool's word for it, else by its spelling."""
    by_word = (option for option in _OTHER_WORDS.get(wrong.casefold(), ()) if option in options)
    return next(by_word, None) or near(wrong, options)
