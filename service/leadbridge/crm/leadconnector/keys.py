"""How each key of the lead reaches a LeadConnector contact: https://marketplace.gohighlevel.com/docs/ghl/contacts/upsert-contact."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from leadbridge.crm.adapter import LeadKey


def _none(what: str) -> LeadKey:
    return LeadKey(attribute=None, how=f"LeadConnector contacts have no {what}; map it under `custom_fields`.")


LEAD_KEYS: Final[Mapping[str, LeadKey]] = MappingProxyType(
    {
        "name": LeadKey(
            attribute="name", how="Sent when neither first_name nor last_name is known; else they hold its words."
        ),
        "first_name": LeadKey(attribute="firstName", how="With the middle name behind it."),
        "last_name": LeadKey(attribute="lastName", how="As it is."),
        "middle_name": LeadKey(attribute="firstName", how="Behind the first name: contacts have no middle name."),
        "prefix": _none("name prefix"),
        "suffix": _none("name suffix"),
        "email": LeadKey(attribute="email", how="Left out when it is no e-mail address.", finds=True),
        "emails": LeadKey(attribute="email", how="The first one: the API takes a single e-mail address.", finds=True),
        "phone": LeadKey(attribute="phone", how="E.164; left out when the number could not be read.", finds=True),
        "phones": LeadKey(attribute="phone", how="The first that is E.164: the API takes a single number.", finds=True),
        "company": LeadKey(attribute="companyName", how="As it is."),
        "title": _none("job title"),
        "website": LeadKey(attribute="website", how="As it is."),
        "websites": LeadKey(attribute="website", how="The first one: the API takes a single website."),
        "address": LeadKey(attribute="address1", how="With city, state, postalCode and country (ISO 3166-1 alpha-2)."),
        "message": _none("message"),
        "source": LeadKey(attribute="source", how="As it is."),
        "tags": LeadKey(
            attribute="tags", how="Added to those that are there; LeadConnector stores them lower-cased.", merges=True
        ),
        "owner": LeadKey(attribute="assignedTo", how="A user's id; names are not looked up."),
        "status": _none("status"),
        "value": _none("monetary value"),
        "date_of_birth": LeadKey(attribute="dateOfBirth", how="As YYYY-MM-DD."),
        "gender": LeadKey(attribute="gender", how="As it is; LeadConnector keeps it on new contacts only."),
        "timezone": LeadKey(attribute="timezone", how="An IANA name, such as America/Chicago."),
        "consent": _none("consent"),
        "dnd": LeadKey(attribute="dnd", how="True switches every channel off."),
        "utm": _none("campaign tags that the API may write"),
        "other": _none("room for other fields"),
    }
)
