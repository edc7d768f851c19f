"""What a person is, and what sets people apart from leads: a person's e-mail is nobody else's.

https://developer.copper.com/people/
"""

from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.copper.attributes import PERSON_ATTRIBUTES
from leadbridge.sandbox.copper.kinds import Kind
from leadbridge.sandbox.copper.records import Record
from leadbridge.sandbox.copper.search import PERSON_FILTERS
from leadbridge.sandbox.copper.setup import Setup


def _extras(person: Record, setup: Setup) -> dict[str, Json]:
    company = setup.catalog.companies.get(person.values.get("company_id") or 0)
    return {
        "company_name": company.name if company else None,
        "date_lead_created": person.values.get("date_lead_created"),
    }


PERSON: Final = Kind(
    name="person",
    attributes=PERSON_ATTRIBUTES,
    scalars=(
        "name", "prefix", "first_name", "middle_name", "last_name", "suffix", "address", "assignee_id", "company_id",
        "contact_type_id", "details", "title",
    ),
    lists=("emails", "leads_converted_from", "phone_numbers", "socials", "tags", "websites"),
    extras=_extras,
    defaults=lambda catalog: {"contact_type_id": next(iter(catalog.contact_types), None)},
    settled=lambda *_: {},
    filters=PERSON_FILTERS,
    sort_by="first_name",
    unique_emails=True,
    # Another company is for the related items: https://developer.copper.com/people/update-a-person.html
    fixed=frozenset({"company_id"}),
)  # fmt: skip
