"""How each key of the lead reaches a person in Acme CRM."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from leadbridge.crm.adapter import LeadKey
from leadbridge.lead import LEAD_KEYS as ALL_KEYS

_WRITTEN: Final = {
    "name": LeadKey(attribute="name", how="As it is, else put together from its parts."),
    "first_name": LeadKey(attribute="name", how="The first part of the name."),
    "last_name": LeadKey(attribute="name", how="The last part of the name."),
    "email": LeadKey(attribute="email", how="As it is; Acme finds people by it."),
    "phone": LeadKey(attribute="phone", how="As it is."),
    "company": LeadKey(attribute="company", how="As it is."),
    "tags": LeadKey(attribute="labels", how="Added to those that are there.", merges=True),
}

LEAD_KEYS: Final[Mapping[str, LeadKey]] = MappingProxyType(
    {
        key: _WRITTEN.get(key, LeadKey(attribute=None, how=f"People in Acme have no {key.replace('_', ' ')}."))
        for key in ALL_KEYS
    }
)
