"""`POST /leads/search` and `/people/search`: filters, order and pages.

https://developer.copper.com/leads/list-leads-search.html and https://developer.copper.com/people/list-people-search.html.
Filters that leadbridge has no use for are not emulated and refused like any unknown attribute.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from leadbridge.events import Json
from leadbridge.sandbox.copper.attributes import label_of, unrecognised
from leadbridge.sandbox.copper.catalog import RecordKind
from leadbridge.sandbox.copper.custom_fields import definition_of, read_value
from leadbridge.sandbox.copper.problems import Invalid
from leadbridge.sandbox.copper.records import Record
from leadbridge.sandbox.copper.setup import Setup

_PAGE: Final = 20
_LARGEST_PAGE: Final = 200
_SEARCHED_AT_MOST: Final = 100_000
_PAGING: Final = frozenset({"page_number", "page_size"})
_SORTING: Final = frozenset({"sort_by", "sort_direction"})
Filter: TypeAlias = Callable[[Record], bool]
FilterMaker: TypeAlias = Callable[[Json, Setup], Filter]  # raises Invalid for a value that cannot be searched by


def search(
    records: Iterable[Record],
    query: Mapping[str, Json],
    setup: Setup,
    *,
    filters: Mapping[str, FilterMaker],
    sort_by: str,
) -> tuple[list[Record], int]:
    """One page of the records that pass every filter, and how many pass; raises `Invalid` for a bad query."""
    page = page_of(query, known=filters.keys() | _SORTING)
    sort_by, direction = query.get("sort_by", sort_by), query.get("sort_direction", "asc")
    if not isinstance(sort_by, str) or sort_by not in _SORT:
        raise Invalid(f"Sort By: Invalid value for Sort By: {sort_by}")
    if direction not in ("asc", "desc"):
        raise Invalid(f"Sort Direction: Invalid value for Sort Direction: {direction}")
    wanted = [filters[key](value, setup) for key, value in query.items() if key in filters and value is not None]
    found = [record for record in records if all(passes(record) for passes in wanted)][:_SEARCHED_AT_MOST]
    found.sort(key=_SORT[sort_by], reverse=direction == "desc")
    return found[page], len(found)


def page_of(query: Mapping[str, Json], *, known: Collection[str]) -> slice:
    """Which part of what is found a query asks for; raises `Invalid` also for what is not `known`."""
    unknown = [key for key in query if key not in known and key not in _PAGING]
    if unknown:
        raise Invalid(unrecognised(unknown))
    size = _whole_number(query, "page_size", default=_PAGE, largest=_LARGEST_PAGE)
    number = _whole_number(query, "page_number", default=1, largest=_SEARCHED_AT_MOST)
    return slice((number - 1) * size, number * size)


def _whole_number(query: Mapping[str, Json], key: str, *, default: int, largest: int) -> int:
    value = query.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
        raise Invalid(f"{label_of(key)}: must be a whole number from 1 to {largest}")
    return value


def _string(key: str, value: Json) -> str:
    if not isinstance(value, str):
        raise Invalid(f"{label_of(key)}: must be a string")
    return value


def _by_lead_email(value: Json, setup: Setup) -> Filter:
    # One string for leads, where people take an array.
    return _by_person_emails([_string("emails", value)], setup)


def _by_person_emails(value: Json, setup: Setup) -> Filter:
    if not isinstance(value, list) or not all(isinstance(email, str) for email in value):
        raise Invalid("Emails: must be an array of strings")
    wanted = {setup.email_form(email) for email in value}
    return lambda record: any(setup.email_form(email) in wanted for email in record.emails())


def _by_name(value: Json, _: Setup) -> Filter:
    wanted = _string("name", value).lower()
    return lambda record: wanted in record.values["name"].lower()


def _by_phone(value: Json, _: Setup) -> Filter:
    wanted = _digits(_string("phone_number", value))
    return lambda record: any(wanted in _digits(phone["number"]) for phone in record.values["phone_numbers"])


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _by_tags(value: Json, _: Setup) -> Filter:
    wanted = [value] if isinstance(value, str) else value
    if not isinstance(wanted, list) or not all(isinstance(tag, str) for tag in wanted):
        raise Invalid("Tags: must be an array of strings")
    return lambda record: any(tag in wanted for tag in record.values["tags"])


def _by_ids(key: str, of: Callable[[Record], Json]) -> FilterMaker:
    def make(value: Json, _: Setup) -> Filter:
        if not isinstance(value, list):
            raise Invalid(f"{label_of(key)}: must be an array of ids")
        return lambda record: of(record) in value

    return make


def _by_references(*attributes: str) -> dict[str, FilterMaker]:
    """A filter `status_ids` for an attribute `status_id`."""
    return {f"{name}s": _by_ids(f"{name}s", partial(_value, name)) for name in attributes}


def _value(attribute: str, record: Record) -> Json:
    return record.values.get(attribute)


def _by_custom_fields(kind: RecordKind) -> FilterMaker:
    def make(value: Json, setup: Setup) -> Filter:
        if not isinstance(value, list) or not all(isinstance(entry, Mapping) and "value" in entry for entry in value):
            raise Invalid("Custom Fields: must be an array of custom_field_definition_id and value")
        wanted: list[tuple[int, Json]] = []
        for entry in value:
            definition = definition_of(entry.get("custom_field_definition_id"), setup.catalog, kind=kind)
            if definition.data_type == "Text" or not definition.is_filterable:
                raise Invalid(f"Custom Fields: Custom Field Definition Id {definition.id} cannot be searched by")
            sought = entry["value"]
            if definition.data_type == "Dropdown" and isinstance(sought, list):  # any of these options
                wanted.append((definition.id, [read_value(one, definition, setup) for one in sought]))
            else:
                wanted.append((definition.id, read_value(sought, definition, setup)))
        return lambda record: all(_holds(record.custom_fields.get(field), sought) for field, sought in wanted)

    return make


def _holds(kept: Json, sought: Json) -> bool:
    if isinstance(sought, list):
        return any(item in (kept if isinstance(kept, list) else [kept]) for item in sought)
    return bool(kept == sought)


def _with_converted(value: Json, _: Setup) -> Filter:
    # Which leads are looked through at all is the endpoint's to say.
    if not isinstance(value, bool):
        raise Invalid("Include Converted Leads: must be true or false")
    return lambda _: True


_COMMON: Final[Mapping[str, FilterMaker]] = {
    "ids": _by_ids("ids", lambda record: record.id),
    "name": _by_name,
    "phone_number": _by_phone,
    "tags": _by_tags,
    **_by_references("assignee_id"),
}
LEAD_FILTERS: Final[Mapping[str, FilterMaker]] = {
    **_COMMON,
    "emails": _by_lead_email,
    "custom_fields": _by_custom_fields("lead"),
    "include_converted_leads": _with_converted,
    **_by_references("status_id", "customer_source_id"),
}
PERSON_FILTERS: Final[Mapping[str, FilterMaker]] = {
    **_COMMON,
    "emails": _by_person_emails,
    "custom_fields": _by_custom_fields("person"),
    **_by_references("contact_type_id", "company_id"),
}
_SORT: Final[Mapping[str, Callable[[Record], Any]]] = {
    "name": lambda record: record.values["name"].lower(),
    "first_name": lambda record: (record.values.get("first_name") or "").lower(),
    "last_name": lambda record: (record.values.get("last_name") or "").lower(),
    "email": lambda record: record.emails()[0].lower() if record.emails() else "",
    "date_created": lambda record: record.date_created,
    "date_modified": lambda record: record.date_modified,
}
