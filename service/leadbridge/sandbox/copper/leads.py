"""What a lead is.

https://developer.copper.com/leads/
"""

from collections.abc import Mapping
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.copper.attributes import LEAD_ATTRIBUTES
from leadbridge.sandbox.copper.catalog import Catalog
from leadbridge.sandbox.copper.kinds import Kind
from leadbridge.sandbox.copper.records import Record
from leadbridge.sandbox.copper.search import LEAD_FILTERS
from leadbridge.sandbox.copper.setup import Setup

_CURRENCY: Final = "USD"
_CONVERTED: Final = ("converted_at", "converted_contact_id", "converted_opportunity_id")


def _extras(lead: Record, _: Setup) -> dict[str, Json]:
    values = lead.values
    unit = (values.get("monetary_unit") or _CURRENCY) if values.get("monetary_value") is not None else None
    return {
        "monetary_unit": unit,
        "converted_unit": unit,
        "converted_value": values.get("monetary_value"),
        **{key: values[key] for key in _CONVERTED if key in values},
    }


def _status(values: Mapping[str, Json], catalog: Catalog) -> dict[str, Json]:
    if values.get("status_id") is not None:
        status = catalog.statuses[values["status_id"]]
    elif values.get("status") is not None:
        status = catalog.status_named(values["status"]) or catalog.default_status()
    elif "status" in values or "status_id" in values:
        status = catalog.default_status()
    else:
        return {}
    return {"status": status.name, "status_id": status.id}


LEAD: Final = Kind(
    name="lead",
    attributes=LEAD_ATTRIBUTES,
    scalars=(
        "name", "prefix", "first_name", "middle_name", "last_name", "suffix", "address", "assignee_id", "company_name",
        "customer_source_id", "details", "email", "monetary_value", "status", "status_id", "title",
    ),
    lists=("phone_numbers", "socials", "tags", "websites"),
    extras=_extras,
    defaults=lambda catalog: _status({"status": None}, catalog),
    settled=_status,
    filters=LEAD_FILTERS,
    sort_by="name",
)  # fmt: skip
