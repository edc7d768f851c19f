"""`POST /leads/search`: filters, order and pages.

https://developer.copper.com/leads/list-leads-search.html. Filters that leadbridge has no use for are not emulated and
refused like any unknown attribute.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from leadbridge.events import Json
from leadbridge.sandbox.addresses import email_key
from leadbridge.sandbox.copper.attributes import label_of, unrecognised
from leadbridge.sandbox.copper.catalog import Catalog
from leadbridge.sandbox.copper.custom_fields import definition_of, read_value
from leadbridge.sandbox.copper.leads import Lead
from leadbridge.sandbox.copper.problems import Invalid

_PAGE: Final = 20
_LARGEST_PAGE: Final = 200
_SEARCHED_AT_MOST: Final = 100_000
_PAGING: Final = frozenset({"page_number", "page_size", "sort_by", "sort_direction", "include_converted_leads"})
Filter: TypeAlias = Callable[[Lead], bool]


def search(
    leads: Iterable[Lead], query: Mapping[str, Json], catalog: Catalog, *, zone: ZoneInfo
) -> tuple[list[Lead], int]:
    """One page of the leads that pass every filter, and how many pass; raises `Invalid` for a bad query."""
    unknown = [key for key in query if key not in _FILTERS and key not in _PAGING]
    if unknown:
        raise Invalid(unrecognised(unknown))
    size = _whole_number(query, "page_size", default=_PAGE, largest=_LARGEST_PAGE)
    number = _whole_number(query, "page_number", default=1, largest=_SEARCHED_AT_MOST)
    sort_by, direction = query.get("sort_by", "name"), query.get("sort_direction", "asc")
    if not isinstance(sort_by, str) or sort_by not in _SORT:
        raise Invalid(f"Sort By: Invalid value for Sort By: {sort_by}")
    if direction not in ("asc", "desc"):
        raise Invalid(f"Sort Direction: Invalid value for Sort Direction: {direction}")
    filters = [
        _FILTERS[key](value, catalog, zone) for key, value in query.items() if key in _FILTERS and value is not None
    ]
    found = [lead for lead in leads if all(passes(lead) for passes in filters)][:_SEARCHED_AT_MOST]
    found.sort(key=_SORT[sort_by], reverse=direction == "desc")
    return found[(number - 1) * size : number * size], len(found)


def _whole_number(query: Mapping[str, Json], key: str, *, default: int, largest: int) -> int:
    value = query.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
        raise Invalid(f"{label_of(key)}: must be a whole number from 1 to {largest}")
    return value


def _email(lead: Lead) -> str:
    email = lead.values.get("email")
    return email_key(email["email"]) if email else ""


def _string(key: str, value: Json) -> str:
    if not isinstance(value, str):
        raise Invalid(f"{label_of(key)}: must be a string")
    return value


def _by_email(value: Json, *_: object) -> Filter:
    # One string for leads, where people take an array.
    wanted = email_key(_string("emails", value))
    return lambda lead: _email(lead) == wanted


def _by_name(value: Json, *_: object) -> Filter:
    wanted = _string("name", value).lower()
    return lambda lead: wanted in lead.values["name"].lower()


def _by_phone(value: Json, *_: object) -> Filter:
    wanted = _digits(_string("phone_number", value))
    return lambda lead: any(wanted in _digits(phone["number"]) for phone in lead.values["phone_numbers"])


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _by_tags(value: Json, *_: object) -> Filter:
    wanted = {value} if isinstance(value, str) else value
    if not isinstance(wanted, set | list) or not all(isinstance(tag, str) for tag in wanted):
        raise Invalid("Tags: must be an array of strings")
    return lambda lead: any(tag in wanted for tag in lead.values["tags"])


def _by_ids(attribute: str) -> Callable[[Json, Catalog, ZoneInfo], Filter]:
    def make(value: Json, *_: object) -> Filter:
        if not isinstance(value, list):
            raise Invalid(f"{label_of(attribute)}s: must be an array of ids")
        return lambda lead: lead.values.get(attribute) in value

    return make


def _by_custom_fields(value: Json, catalog: Catalog, zone: ZoneInfo) -> Filter:
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) and "value" in entry for entry in value):
        raise Invalid("Custom Fields: must be an array of custom_field_definition_id and value")
    wanted: list[tuple[int, Json]] = []
    for entry in value:
        definition = definition_of(entry.get("custom_field_definition_id"), catalog)
        if definition.data_type == "Text" or not definition.is_filterable:
            raise Invalid(f"Custom Fields: Custom Field Definition Id {definition.id} cannot be searched by")
        wanted.append((definition.id, read_value(entry["value"], definition, zone)))
    return lambda lead: all(_holds(lead.custom_fields.get(field), sought) for field, sought in wanted)


def _holds(kept: Json, sought: Json) -> bool:
    if isinstance(kept, list) and isinstance(sought, list):
        return any(item in kept for item in sought)
    return bool(kept == sought)


_FILTERS: Final[Mapping[str, Callable[[Json, Catalog, ZoneInfo], Filter]]] = {
    "emails": _by_email,
    "name": _by_name,
    "phone_number": _by_phone,
    "tags": _by_tags,
    "custom_fields": _by_custom_fields,
    "status_ids": _by_ids("status_id"),
    "assignee_ids": _by_ids("assignee_id"),
    "customer_source_ids": _by_ids("customer_source_id"),
}
_SORT: Final[Mapping[str, Callable[[Lead], Any]]] = {
    "name": lambda lead: lead.values["name"].lower(),
    "first_name": lambda lead: (lead.values.get("first_name") or "").lower(),
    "last_name": lambda lead: (lead.values.get("last_name") or "").lower(),
    "email": _email,
    "date_created": lambda lead: lead.date_created,
    "date_modified": lambda lead: lead.date_modified,
}
