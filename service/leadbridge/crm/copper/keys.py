"""How each key of the lead reaches a Copper lead: https://developer.copper.com/leads/overview.html."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from leadbridge.crm.adapter import LeadKey

_NAME_PART = LeadKey(attribute="name", how="Copper takes one name and derives its parts; the parts are joined into it.")


def _none(what: str) -> LeadKey:
    return LeadKey(attribute=None, how=f"A Copper lead has no {what}; map it under `custom_fields`.")


LEAD_KEYS: Final[Mapping[str, LeadKey]] = MappingProxyType(
    {
        "name": LeadKey(attribute="name", how="As it is; a lead without one is named after its e-mail when created."),
        "first_name": _NAME_PART,
        "last_name": _NAME_PART,
        "middle_name": _NAME_PART,
        "prefix": _NAME_PART,
        "suffix": _NAME_PART,
        "email": LeadKey(attribute="email", how="With the category work."),
        "emails": LeadKey(attribute="email", how="The first one: a Copper lead has a single e-mail address."),
        "phone": LeadKey(attribute="phone_numbers", how="Added to those that are there, with the category mobile."),
        "phones": LeadKey(attribute="phone_numbers", how="Added to those that are there, with the category mobile."),
        "company": LeadKey(attribute="company_name", how="Text; Copper links a company on conversion."),
        "title": LeadKey(attribute="title", how="As it is."),
        "website": LeadKey(attribute="websites", how="Added to those that are there, with the category work."),
        "websites": LeadKey(attribute="websites", how="Added to those that are there, with the category work."),
        "address": LeadKey(attribute="address", how="Its street, city, state, postal_code and country."),
        "message": LeadKey(attribute="details", how="As it is."),
        "source": LeadKey(attribute="customer_source_id", how="A customer source's name or id, looked up per account."),
        "tags": LeadKey(attribute="tags", how="Added to those that are there."),
        "owner": LeadKey(attribute="assignee_id", how="A user's e-mail, name or id, looked up per account."),
        "status": LeadKey(attribute="status_id", how="A lead status's name or id, looked up per account."),
        "value": LeadKey(attribute="monetary_value", how="A number in the account's currency."),
        "date_of_birth": _none("date of birth"),
        "gender": _none("gender"),
        "timezone": _none("time zone"),
        "consent": _none("consent"),
        "dnd": _none("do-not-disturb switch"),
        "utm": _none("campaign tags"),
        "other": _none("room for other fields"),
    }
)
