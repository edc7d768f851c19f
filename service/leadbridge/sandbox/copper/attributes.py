"""What a write to a Copper lead or person may hold, as tables: every attribute, and how it is read.

Where Copper's pages leave open whether something is refused, it is refused: what passes here should pass there.
https://developer.copper.com/leads/ and https://developer.copper.com/people/
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

import pycountry

from leadbridge.events import Json
from leadbridge.sandbox.addresses import is_email
from leadbridge.sandbox.copper.catalog import Catalog
from leadbridge.sandbox.copper.problems import Invalid

Reader: TypeAlias = Callable[[str, Json, Catalog], Json]  # label, value and lists to what is kept; raises Invalid

# https://developer.copper.com/introduction/appendix.html
_EMAIL_CATEGORIES: Final = frozenset({"work", "personal", "other"})
_PHONE_CATEGORIES: Final = frozenset({"mobile", "work", "home", "other"})
_WEBSITE_CATEGORIES: Final = frozenset({"work", "personal", "other"})
_SOCIAL_CATEGORIES: Final = frozenset(
    {
        "linkedin", "twitter", "googleplus", "facebook", "youtube",
        "quora", "foursquare", "klout", "gravatar", "other",
    }
)  # fmt: skip
_ADDRESS_KEYS: Final = ("street", "city", "state", "postal_code", "country")


def label_of(attribute: str) -> str:
    """How Copper names an attribute in its messages: `company_id` is Company Id."""
    return attribute.replace("_", " ").title()


def unrecognised(attributes: list[str]) -> str:
    """The problem with attributes that the API does not know."""
    return f"Base: Unrecognized attributes specified: {', '.join(attributes)}"


def read_attributes(
    values: Mapping[str, Json], catalog: Catalog, *, table: Mapping[str, Reader]
) -> tuple[dict[str, Json], list[str]]:
    """What is kept of a record's attributes, and every problem with them; `custom_fields` is not among them."""
    unknown = [attribute for attribute in values if attribute not in table]
    problems = [unrecognised(unknown)] if unknown else []
    kept: dict[str, Json] = {}
    for attribute, value in values.items():
        reader = table.get(attribute)
        if reader is None:
            continue
        try:
            kept[attribute] = None if value is None else reader(label_of(attribute), value, catalog)
        except Invalid as problem:
            problems.append(str(problem))
    return kept, problems


def _text(label: str, value: Json, _: Catalog) -> Json:
    if not isinstance(value, str):
        raise Invalid(f"{label}: must be a string")
    return value


def _number(label: str, value: Json, _: Catalog) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"{label}: is not a number")
    return value


def _reference(known: Callable[[Catalog], Mapping[int, Any]]) -> Reader:
    def read(label: str, value: Json, catalog: Catalog) -> Json:
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise Invalid(f"{label}: Invalid value for {label}: IDs must be positive integers: {value}")
        if value not in known(catalog):
            raise Invalid(f"{label}: Invalid value for {label}: {value}")
        return value

    return read


def _status(label: str, value: Json, catalog: Catalog) -> Json:
    status = catalog.status_named(_text(label, value, catalog))
    if status is None:
        raise Invalid(f"{label}: Invalid value for {label}: {value}")
    return status.name


def _entry(label: str, value: Json, key: str, categories: frozenset[str]) -> dict[str, Json]:
    if not isinstance(value, Mapping):
        raise Invalid(f"{label}: must be an object of {key} and category")
    unknown = [name for name in value if name not in (key, "category")]
    if unknown:
        raise Invalid(unrecognised(unknown))
    text, category = value.get(key), value.get("category")
    if not isinstance(text, str) or not text.strip():
        raise Invalid(f"{label}: {label_of(key)} can't be blank")
    if not isinstance(category, str) or category not in categories:
        raise Invalid(f"{label}: Invalid value for Category: {category}")
    return {key: text, "category": category}


def _email(label: str, value: Json, _: Catalog) -> Json:
    entry = _entry(label, value, "email", _EMAIL_CATEGORIES)
    if not is_email(entry["email"].strip()):
        raise Invalid(f"{label}: Invalid value for Email: {entry['email']}")
    return entry


def _emails(label: str, value: Json, catalog: Catalog) -> Json:
    if not isinstance(value, list):
        raise Invalid(f"{label}: must be an array")
    return [_email(label, item, catalog) for item in value]


def _entries(key: str, categories: frozenset[str]) -> Reader:
    def read(label: str, value: Json, _: Catalog) -> Json:
        if not isinstance(value, list):
            raise Invalid(f"{label}: must be an array")
        return [_entry(label, item, key, categories) for item in value]

    return read


def _tags(label: str, value: Json, _: Catalog) -> Json:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Invalid(f"{label}: must be an array of strings")
    return list(dict.fromkeys(value))


def _address(label: str, value: Json, catalog: Catalog) -> Json:
    if not isinstance(value, Mapping):
        raise Invalid(f"{label}: must be an object")
    unknown = [name for name in value if name not in _ADDRESS_KEYS]
    if unknown:
        raise Invalid(unrecognised(unknown))
    parts = {key: value.get(key) for key in _ADDRESS_KEYS}
    for key, part in parts.items():
        if part is not None:
            _text(f"{label} {label_of(key)}", part, catalog)
    return parts | {"country": country_code(parts["country"]) if parts["country"] else None}


@lru_cache(maxsize=1024)
def country_code(country: str) -> str:
    """The two letters that Copper answers for a country's name; a name nobody knows stays."""
    try:
        return str(pycountry.countries.lookup(country).alpha_2)
    except LookupError:
        return country


_COMMON: Final[Mapping[str, Reader]] = {
    "name": _text,
    "prefix": _text,
    "first_name": _text,
    "middle_name": _text,
    "last_name": _text,
    "suffix": _text,
    "address": _address,
    "assignee_id": _reference(lambda catalog: catalog.users),
    "details": _text,
    "phone_numbers": _entries("number", _PHONE_CATEGORIES),
    "socials": _entries("url", _SOCIAL_CATEGORIES),
    "tags": _tags,
    "title": _text,
    "websites": _entries("url", _WEBSITE_CATEGORIES),
}
LEAD_ATTRIBUTES: Final[Mapping[str, Reader]] = {
    **_COMMON,
    "company_name": _text,
    "customer_source_id": _reference(lambda catalog: catalog.sources),
    "email": _email,
    "monetary_unit": _text,
    "monetary_value": _number,
    "status": _status,
    "status_id": _reference(lambda catalog: catalog.statuses),
}
PERSON_ATTRIBUTES: Final[Mapping[str, Reader]] = {
    **_COMMON,
    "company_id": _reference(lambda catalog: catalog.companies),
    "contact_type_id": _reference(lambda catalog: catalog.contact_types),
    "emails": _emails,
}
OPPORTUNITY_ATTRIBUTES: Final[Mapping[str, Reader]] = {
    "name": _text,
    "assignee_id": _COMMON["assignee_id"],
    "monetary_value": _number,
    "pipeline_id": _reference(lambda catalog: catalog.pipelines),
    "pipeline_stage_id": _reference(lambda catalog: {stage.id: stage for stage in catalog.stages()}),
}
