"""How each key of the lead reaches a Copper lead or person.

https://developer.copper.com/leads/overview.html and https://developer.copper.com/people/overview.html
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from leadbridge.crm.adapter import LeadKey

_NAME_PART = LeadKey(attribute="name", how="Copper takes one name and derives its parts; the parts are joined into it.")
_PHONES = LeadKey(
    attribute="phone_numbers", how="Added to those that are there, with the category mobile.", merges=True
)
_WEBSITES = LeadKey(attribute="websites", how="Added to those that are there, with the category work.", merges=True)
_EMAILS = LeadKey(attribute="emails", how="Added to those that are there, with the category work.", merges=True)


def _none(kind: str, what: str) -> LeadKey:
    return LeadKey(attribute=None, how=f"A Copper {kind} has no {what}; map it under `custom_fields`.")


def _shared(kind: str) -> dict[str, LeadKey]:
    """What leads and people take alike."""
    return {
        "name": LeadKey(
            attribute="name", how=f"As it is; a {kind} without one is named after its e-mail when created."
        ),
        "first_name": _NAME_PART,
        "last_name": _NAME_PART,
        "middle_name": _NAME_PART,
        "prefix": _NAME_PART,
        "suffix": _NAME_PART,
        "phone": _PHONES,
        "phones": _PHONES,
        "title": LeadKey(attribute="title", how="As it is."),
        "website": _WEBSITES,
        "websites": _WEBSITES,
        "message": LeadKey(attribute="details", how="As it is."),
        "tags": LeadKey(attribute="tags", how="Added to those that are there.", merges=True),
        "owner": LeadKey(attribute="assignee_id", how="A user's e-mail, name or id, looked up per account."),
        "date_of_birth": _none(kind, "date of birth"),
        "gender": _none(kind, "gender"),
        "timezone": _none(kind, "time zone"),
        "consent": _none(kind, "consent"),
        "dnd": _none(kind, "do-not-disturb switch"),
        "utm": _none(kind, "campaign tags"),
        "other": _none(kind, "room for other fields"),
    }


LEAD_KEYS: Final[Mapping[str, LeadKey]] = MappingProxyType(
    _shared("lead")
    | {
        "email": LeadKey(attribute="email", how="With the category work."),
        "emails": LeadKey(attribute="email", how="The first one: a Copper lead has a single e-mail address."),
        "company": LeadKey(attribute="company_name", how="Text; Copper links a company on conversion."),
        "address": LeadKey(attribute="address", how="Its street, city, state, postal_code and country.", whole=True),
        "source": LeadKey(attribute="customer_source_id", how="A customer source's name or id, looked up per account."),
        "status": LeadKey(attribute="status_id", how="A lead status's name or id, looked up per account."),
        "value": LeadKey(attribute="monetary_value", how="A number in the account's currency."),
    }
)
PERSON_KEYS: Final[Mapping[str, LeadKey]] = MappingProxyType(
    _shared("person")
    | {
        "email": _EMAILS,
        "emails": _EMAILS,
        "company": LeadKey(
            attribute=None,
            how="A Copper person has a link to a company and no text for one; map it under `custom_fields`.",
        ),
        "address": LeadKey(attribute="address", how="The parts that are set; the others stay as they are."),
        "source": _none("person", "source"),
        "status": _none("person", "status"),
        "value": _none("person", "monetary value"),
    }
)
