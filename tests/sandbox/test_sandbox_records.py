"""What is shown of a record, whichever CRM it is of."""

from typing import Any

from leadbridge.events import Json
from leadbridge.sandbox.emulator import CrmName
from leadbridge.sandbox.records import CustomField, summary
from tests.support.walked import walked

from .support import Bench

FIELDS = {"7": CustomField(name="Plan", options={1: "Starter", 2: "Growth"})}


@walked(
    ("crm", "record", "shown"),
    [
        ("copper", {}, {"id": "", "name": "", "emails": (), "created": ""}),
        (
            "copper",
            {"id": 5, "name": "Ann", "date_created": 0},
            {"id": "5", "name": "Ann", "created": "1970-01-01 00:00:00"},
        ),
        ("copper", {"email": {"email": "a@b.test", "category": "work"}}, {"emails": ("a@b.test",)}),
        ("copper", {"emails": [{"email": "a@b.test"}, {"email": "c@b.test"}]}, {"emails": ("a@b.test", "c@b.test")}),
        ("copper", {"phone_numbers": [{"number": "1"}, {"number": "1"}, {"number": ""}]}, {"phones": ("1",)}),
        ("copper", {"tags": ["a", "b"]}, {"tags": ("a", "b")}),
        (
            "copper",
            {"custom_fields": [{"custom_field_definition_id": 7, "value": 2}]},
            {"custom_fields": (("Plan", "Growth"),)},
        ),
        (
            "copper",
            {"custom_fields": [{"custom_field_definition_id": 7, "value": [1, 9]}]},
            {"custom_fields": (("Plan", "Starter, 9"),)},
        ),
        (
            "copper",
            {"custom_fields": [{"custom_field_definition_id": 8, "value": False}]},
            {"custom_fields": (("8", "False"),)},
        ),
        ("copper", {"custom_fields": [{"custom_field_definition_id": 7, "value": None}]}, {"custom_fields": ()}),
        ("leadconnector", {"firstName": "Ann", "lastName": "Lee"}, {"name": "Ann Lee"}),
        ("leadconnector", {"firstName": None, "lastName": "Lee"}, {"name": "Lee"}),
        ("leadconnector", {"id": "N1", "body": "x" * 100}, {"name": "x" * 80}),
        (
            "leadconnector",
            {"email": "a@b.test", "additionalEmails": ["a@b.test", "c@b.test"]},
            {"emails": ("a@b.test", "c@b.test")},
        ),
        ("leadconnector", {"customFields": [{"id": "7", "value": ["x", "y"]}]}, {"custom_fields": (("Plan", "x, y"),)}),
        ("leadconnector", {"dateUpdated": "2021-07-02T05:18:26.704Z"}, {"updated": "2021-07-02 05:18:26"}),
    ],
)
def test_a_record_in_one_line(crm: CrmName, record: dict[str, Json], shown: dict[str, Any]) -> None:
    line = summary(record, crm, FIELDS)
    assert {name: getattr(line, name) for name in shown} == shown


async def test_a_field_whose_name_cannot_be_asked_for_is_called_by_its_id() -> None:
    bench = Bench()
    field = {"id": "plan0Sandbox0Field04", "field_value": "Growth"}
    body = {"locationId": "a/b", "email": "a@b.test", "customFields": [field]}
    assert (await bench.leadconnector("POST", "/contacts/upsert", body)).status_code == 200

    assert "plan0Sandbox0Field04: Growth" in (await bench.client.get("/sandbox/")).text
