"""The corners of a LeadConnector contact: what is cleared, what no field takes, and tags that do not stick."""

from typing import Any

import pytest

from leadbridge.crm.adapter import Answer, Call, Done
from leadbridge.crm.contract import example_adapter
from leadbridge.crm.registry import CRMS
from leadbridge.outcome import Delivered, Hold
from leadbridge.plan import Plan
from tests.crm.plans import answer
from tests.support.walked import walked

LEADCONNECTOR = example_adapter(CRMS["leadconnector"])
EMAIL = {"email": "rosa@example.test"}


def plan(lead: dict[str, Any], **change: Any) -> Plan:
    return Plan.model_validate({"record": "contact", "lead": {**EMAIL, **lead}, "match": None, **change})


def upserted(lead: dict[str, Any], answers: dict[str, Answer] | None = None, **change: Any) -> dict[str, Any]:
    """The body of the upsert, without what every one of these has."""
    step = LEADCONNECTOR.next(plan(lead, **change), answers or {})
    assert isinstance(step, Call)
    assert step.purpose == "upsert contact"
    return {key: value for key, value in step.body.items() if key not in ("locationId", "email")}


def warned(lead: dict[str, Any], answers: dict[str, Answer] | None = None, **change: Any) -> list[str]:
    """The fields that an otherwise good delivery warns of."""
    body = upserted(lead, answers, **change)
    fields = [{"id": item["id"], "value": item["field_value"]} for item in body.get("customFields", [])]
    echo = {"contact": {"id": "c1", **EMAIL, **body, "customFields": fields}, "new": False}
    step = LEADCONNECTOR.next(plan(lead, **change), {**(answers or {}), "upsert contact": answer(200, echo)})
    assert isinstance(step, Done)
    assert isinstance(step.outcome, Delivered)
    return [warning.field for warning in step.outcome.warnings]


@walked(
    ("lead", "body"),
    [
        (
            {"phone": None, "website": None, "date_of_birth": None},
            {"phone": None, "website": None, "dateOfBirth": None},
        ),
        ({"first_name": None, "last_name": "Deo", "name": "Deo"}, {"firstName": None, "lastName": "Deo"}),
        (
            {"name": "Mary Jane Deo", "first_name": "Mary", "middle_name": "Jane", "last_name": "Deo"},
            {"firstName": "Mary Jane", "lastName": "Deo"},
        ),
        ({"name": "Deo, Rosa", "first_name": "Rosa", "middle_name": " "}, {"firstName": "Rosa"}),
        ({"company": " ", "gender": "", "owner": " ", "date_of_birth": " ", "address": {"city": ""}}, {}),
        ({"phones": ["call me", "+14155550123"]}, {"phone": "+14155550123"}),
        ({"address": {"country": "xk"}}, {"country": "XK"}),
        ({"dnd": False}, {"dnd": False}),
        ({"date_of_birth": "1990-09-25T00:00:00Z"}, {"dateOfBirth": "1990-09-25"}),
    ],
)
def test_a_contact_is_written_as_the_api_takes_it(lead: dict[str, Any], body: dict[str, Any]) -> None:
    assert upserted(lead) == body


@walked(
    ("lead", "fields"),
    [
        ({"phone": "555 0123"}, ["phone"]),
        ({"phone": "+14155550123", "phones": ["+14155550124"]}, ["phones"]),
        ({"emails": ["other@example.test"]}, ["emails"]),
        ({"emails": ["nonsense"]}, ["email"]),
        ({"websites": ["https://a.example", "https://b.example"]}, ["websites"]),
        ({"address": None}, ["address"]),
        ({"address": {"country": "SS"}}, ["address.country"]),
        ({"date_of_birth": "25.9.1990"}, ["date_of_birth"]),
        ({"owner": "Rep One"}, ["owner"]),
        ({"message": "Hello", "consent": False, "value": 0}, ["message", "value", "consent"]),
        ({"message": " ", "title": None}, []),
        ({"name": "Rosa M. Deo", "first_name": "Rosa", "middle_name": "M.", "last_name": "Deo"}, []),
        ({"name": "김민준", "first_name": "민준", "last_name": "김"}, []),
        ({"name": "DEO, Rosa", "first_name": "Rosa", "last_name": "Deo"}, []),
        ({"name": "Rosa Deo (web)", "first_name": "Rosa", "last_name": "Deo"}, ["name"]),
        ({"name": "Ros Deo", "first_name": "Rosa", "last_name": "Deo"}, ["name"]),
        ({"middle_name": "M.", "last_name": "Deo", "name": "M. Deo"}, ["middle_name"]),
    ],
)
def test_what_is_not_written_is_named(lead: dict[str, Any], fields: list[str]) -> None:
    assert warned(lead) == fields


def fields_answer(**definition: Any) -> dict[str, Answer]:
    listed = [{"id": "f1", "name": "Key", "fieldKey": "contact.key", **definition}]
    return {"read custom fields": answer(200, {"customFields": listed})}


@walked(
    ("definition", "value", "sent"),
    [
        ({"dataType": "TEXT"}, 5, "5"),
        ({"dataType": "NUMERICAL"}, "5", 5),
        ({"dataType": "FLOAT"}, "5.5", 5.5),
        ({"dataType": "A_NEW_KIND"}, "x", "x"),
        ({"dataType": "RADIO", "picklistOptions": ["Yes", "No"]}, "yes", "Yes"),
        ({"dataType": "RADIO", "picklistOptions": ["Yes"], "isAllowedCustomOption": True}, "Perhaps", "Perhaps"),
        ({"dataType": "CHECKBOX", "picklistOptions": ["Yes"], "isAllowedCustomOption": True}, ["a", ""], ["a"]),
        ({"dataType": "CHECKBOX"}, "a", ["a"]),
    ],
)
def test_a_custom_field_takes_what_its_kind_takes(definition: dict[str, Any], value: Any, sent: Any) -> None:
    answers = fields_answer(**definition)
    assert upserted({}, answers, custom_fields={"key": value}) == {"customFields": [{"id": "f1", "field_value": sent}]}
    assert warned({}, answers, custom_fields={"key": value}) == []


@pytest.mark.parametrize(
    ("kind", "value", "warns"),
    [("FILE_UPLOAD", "x", True), ("NUMERICAL", "many", True), ("TEXT", None, True), ("TEXT", " ", False)],
)
def test_a_custom_field_that_does_not_take_the_value_is_left_out(kind: str, value: Any, warns: bool) -> None:
    answers = fields_answer(dataType=kind)
    assert upserted({}, answers, custom_fields={"Key": value}) == {}
    assert warned({}, answers, custom_fields={"Key": value}) == (["custom_fields.Key"] if warns else [])


@pytest.mark.parametrize("status", [400, 404, 422])
def test_custom_fields_that_cannot_be_read_hold_the_delivery(status: int) -> None:
    step = LEADCONNECTOR.next(
        plan({}, custom_fields={"Key": "x"}), {"read custom fields": answer(status, {"message": "no"})}
    )
    assert isinstance(step, Done)
    assert isinstance(step.outcome, Hold)
    assert step.outcome.reason == "unknown_custom_field"


@walked(
    ("tags", "echo", "answers", "fields"),
    [
        ({"replace": ["a"]}, {"tags": ["a", "b"]}, {}, ["tags"]),
        ({"replace": []}, {"tags": []}, {}, []),
        ({"add": ["A"]}, {"tags": []}, {"add tags": {"tags": ["a"]}}, []),
        ({"add": ["A"]}, {"tags": []}, {"add tags": {"tags": []}}, ["tags"]),
        ({"add": ["A"]}, {"tags": []}, {"add tags": {"succeeded": True}}, []),
        ({"remove": ["A"]}, {"tags": ["a"]}, {"remove tags": {"tags": ["a"]}}, ["tags"]),
        ({"add": ["a"], "remove": ["b"]}, {}, {"add tags": {"tags": ["a"]}, "remove tags": {"tags": ["a"]}}, []),
        ({"add": ["a", "b"], "remove": ["B"]}, {"tags": ["a"]}, {}, []),
    ],
)
def test_a_tag_that_does_not_stick_is_named(
    tags: dict[str, Any], echo: dict[str, Any], answers: dict[str, Any], fields: list[str]
) -> None:
    contact = {"contact": {"id": "c1", **EMAIL, **echo}}
    given = {"upsert contact": contact, **answers}
    step = LEADCONNECTOR.next(plan({}, tags=tags), {name: answer(200, body) for name, body in given.items()})
    assert isinstance(step, Done)
    assert isinstance(step.outcome, Delivered)
    assert [warning.field for warning in step.outcome.warnings] == fields
