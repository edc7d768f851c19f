"""How Copper answers a lead: every attribute and every lead custom field, those without a value as null.

https://developer.copper.com/leads/ (the lead object)
"""

from typing import Final
from zoneinfo import ZoneInfo

from leadbridge.events import Json
from leadbridge.sandbox.copper.catalog import Catalog
from leadbridge.sandbox.copper.custom_fields import answer_value
from leadbridge.sandbox.copper.leads import Lead
from leadbridge.sandbox.options import CopperOptions

_SCALARS: Final = (
    "name", "prefix", "first_name", "middle_name", "last_name", "suffix", "address", "assignee_id", "company_name",
    "customer_source_id", "details", "email", "monetary_value", "status", "status_id", "title",
)  # fmt: skip
_LISTS: Final = ("phone_numbers", "socials", "tags", "websites")
_CURRENCY: Final = "USD"


def lead_answer(lead: Lead, catalog: Catalog, options: CopperOptions) -> dict[str, Json]:
    """The lead as every endpoint answers it. Nothing in it says whether it was just created."""
    values = lead.values
    unit = (values.get("monetary_unit") or _CURRENCY) if values.get("monetary_value") is not None else None
    zone = ZoneInfo(options.timezone)
    return {
        "id": lead.id,
        **{key: values.get(key) for key in _SCALARS},
        **{key: values.get(key) or [] for key in _LISTS},
        "monetary_unit": unit,
        "converted_unit": unit,
        "converted_value": values.get("monetary_value"),
        "custom_fields": [
            {
                "custom_field_definition_id": definition.id,
                "value": answer_value(
                    lead.custom_fields.get(definition.id), definition, zone=zone, dates=options.date_echo
                ),
            }
            for definition in catalog.lead_definitions()
        ],
        "interaction_count": 0,
        "date_created": lead.date_created,
        "date_modified": lead.date_modified,
        "date_last_contacted": None,
    }
