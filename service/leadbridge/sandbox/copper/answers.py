"""How Copper answers a record: every attribute and every custom field of its kind, those without a value as null.

https://developer.copper.com/leads/ and https://developer.copper.com/people/
"""

from leadbridge.events import Json
from leadbridge.sandbox.copper.custom_fields import answer_value
from leadbridge.sandbox.copper.kinds import Kind
from leadbridge.sandbox.copper.records import Record
from leadbridge.sandbox.copper.setup import Setup


def record_answer(record: Record, kind: Kind, setup: Setup) -> dict[str, Json]:
    """The record as every endpoint answers it. Nothing in it says whether it was just created."""
    return {
        "id": record.id,
        **{key: record.values.get(key) for key in kind.scalars},
        **{key: record.values.get(key) or [] for key in kind.lists},
        **kind.extras(record, setup),
        "custom_fields": [
            {
                "custom_field_definition_id": definition.id,
                "value": answer_value(record.custom_fields.get(definition.id), definition, setup),
            }
            for definition in setup.catalog.definitions_on(kind.name)
        ],
        "interaction_count": 0,
        "date_created": record.date_created,
        "date_modified": record.date_modified,
        "date_last_contacted": None,
    }
