"""`POST /contacts/search`: filters, order and pages.

https://github.com/GoHighLevel/highlevel-api-docs, apps/contacts.json says no more than that the endpoint exists and
where its description is (https://doc.clickup.com/8631005/d/h/87cpx-158396/6e629989abe7fad): 500 contacts a page, 10,000
by page number, further ones by `searchAfter`, and changes that show a few seconds late.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.leadconnector.answers import contact_answer
from leadbridge.sandbox.leadconnector.contacts import Contact
from leadbridge.sandbox.leadconnector.filters import FIELDS, Record, Test, all_of, listed
from leadbridge.sandbox.leadconnector.problems import Invalid

_LARGEST_PAGE: Final = 500
_BY_PAGE_AT_MOST: Final = 10_000
_LONGEST_QUERY: Final = 75  # characters
_TAKES: Final = frozenset({"locationId", "page", "pageLimit", "searchAfter", "filters", "sort", "query"})
_SEARCHED_BY_QUERY: Final = ("fullNameLowerCase", "emailLowerCase", "phone", "companyName")


@dataclass(frozen=True, slots=True)
class Found:
    """One page as the API answers it, and how many contacts there are on all pages."""

    page: list[dict[str, Json]]
    total: int


def search(contacts: Iterable[Contact], query: Mapping[str, Json]) -> Found:
    """One page of the contacts that pass every filter; raises `Invalid` for a bad query."""
    unknown = [f"property {key} should not exist" for key in query if key not in _TAKES]
    if unknown:
        raise Invalid(*unknown)
    size = _whole_number(query, "pageLimit", largest=_LARGEST_PAGE)
    passes = all_of(listed(query, "filters"))
    wanted = _query(query.get("query", ""))
    answers = (contact_answer(contact) for contact in contacts)
    found = [answer for answer in answers if passes(answer) and wanted(answer)]
    _sort(found, listed(query, "sort"))
    start = _start(query, found, size=size)
    page = [{**answer, "searchAfter": _cursor(answer)} for answer in found[start : start + size]]
    return Found(page, len(found))


def _whole_number(query: Mapping[str, Json], key: str, *, largest: int) -> int:
    value = query.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(f"{key} must be a number")
    if not 1 <= value <= largest:
        raise Invalid(f"{key} must be from 1 to {largest}")
    return value


def _start(query: Mapping[str, Json], found: list[dict[str, Json]], *, size: int) -> int:
    after = query.get("searchAfter")
    if after is None:
        page = _whole_number({"page": 1, **query}, "page", largest=_BY_PAGE_AT_MOST)
        if page * size > _BY_PAGE_AT_MOST:
            raise Invalid(f"page and pageLimit reach {_BY_PAGE_AT_MOST} contacts; searchAfter reaches further")
        return (page - 1) * size
    if "page" in query:
        raise Invalid("page and searchAfter cannot be given together")
    for place, answer in enumerate(found):
        if _cursor(answer) == after:
            return place + 1
    raise Invalid("searchAfter must be that of a contact of this search")


def _cursor(answer: Record) -> list[Json]:
    return [answer["dateAdded"], answer["id"]]


def _query(text: Json) -> Test:
    if not isinstance(text, str) or len(text) > _LONGEST_QUERY:
        raise Invalid(f"query must be a string of at most {_LONGEST_QUERY} characters")
    wanted = text.lower()
    return lambda answer: any(wanted in str(answer.get(field, "")).lower() for field in _SEARCHED_BY_QUERY)


def _sort(found: list[dict[str, Json]], orders: list[Mapping[str, Json]]) -> None:
    found.sort(key=lambda answer: (answer["dateAdded"], answer["id"]), reverse=True)
    for order in reversed(orders):
        field, direction = order.get("field"), order.get("direction")
        if not isinstance(field, str) or field not in FIELDS:
            raise Invalid(f"sort by {field} is not supported")
        if direction not in ("asc", "desc"):
            raise Invalid("direction must be one of the following values: asc, desc")
        found.sort(key=partial(_text_of, field=field), reverse=direction == "desc")


def _text_of(answer: Record, *, field: str) -> str:
    return str(answer.get(field, "")).lower()
