"""The corners of a Copper lead: its name, its lists, its address, and lookups that fail."""

from typing import Any

import pytest

from leadbridge.crm.adapter import Answer, Call, Done
from leadbridge.crm.contract import example_adapter
from leadbridge.crm.registry import CRMS
from leadbridge.outcome import Delivered, Fail, Hold, Retry
from leadbridge.plan import Plan
from tests.crm.plans import answer
from tests.support.walked import walked

COPPER = example_adapter(CRMS["copper"])
EMAIL = {"by": "email", "value": "a@example.test"}


def plan(lead: dict[str, Any], **change: Any) -> Plan:
    return Plan.model_validate({"record": "lead", "lead": lead, "match": EMAIL, **change})


def first_call(lead: dict[str, Any], answers: dict[str, Answer] | None = None, **change: Any) -> Call:
    step = COPPER.next(plan(lead, **change), answers or {})
    assert isinstance(step, Call)
    return step


def outcome_of(lead: dict[str, Any], echo: dict[str, Any], **change: Any) -> Delivered:
    step = COPPER.next(plan(lead, **change), {"upsert lead": answer(200, {"id": 7, **echo})})
    assert isinstance(step, Done)
    assert isinstance(step.outcome, Delivered)
    return step.outcome


@walked(
    ("lead", "name"),
    [
        ({"name": "Ann Lee"}, "Ann Lee"),
        ({"first_name": "Ann", "last_name": "Lee"}, "Ann Lee"),
        ({"first_name": "Ann"}, "Ann"),
        ({"first_name": "Thomas", "last_name": "Thomas"}, "Thomas Thomas"),
        ({"name": "ann lee", "first_name": "Ann", "last_name": "Lee", "middle_name": "M."}, "Ann M. Lee"),
        ({"name": "Dr. Ann Lee", "prefix": "Dr.", "first_name": "Ann", "last_name": "Lee"}, "Dr. Ann Lee"),
        ({"name": "Bob Lee", "first_name": "Robert", "last_name": "Lee"}, "Bob Lee"),
        ({"name": " "}, None),
        ({"name": None}, None),
        ({}, None),
    ],
)
def test_a_lead_has_one_name(lead: dict[str, Any], name: str | None) -> None:
    assert first_call(lead).body["properties"].get("name") == name


def test_a_part_of_the_name_that_is_not_written_is_named() -> None:
    lead = {"name": "Bob Lee", "first_name": "Robert", "last_name": "Lee"}
    came = outcome_of(lead, {"name": "Bob Lee", "email": {"email": "a@example.test"}})
    assert [(warning.field, warning.sent) for warning in came.warnings] == [("name", ["Robert"])]


def test_parts_whose_words_stand_apart_in_the_name_are_written_with_it() -> None:
    lead = {"name": "Mary Jane Lee (May)", "first_name": "Mary", "middle_name": "Jane (May)", "last_name": "Lee"}
    came = outcome_of(lead, {"name": "Mary Jane Lee (May)", "email": {"email": "a@example.test"}})
    assert came.warnings == ()


@pytest.mark.parametrize(
    ("lead", "match", "name"),
    [
        ({"email": "a@example.test"}, None, "a@example.test"),
        ({"company": "Lee & Sons", "phone": "+14155550123"}, None, "Lee & Sons"),
        ({"phone": "+14155550123"}, None, "+14155550123"),
        ({"message": "Hello"}, None, "Unnamed lead"),
    ],
)
def test_a_new_lead_without_a_name_is_called_after_what_is_known(lead: dict[str, Any], match: None, name: str) -> None:
    call = first_call(lead, match=match)
    assert (call.body["name"], call.safe_to_repeat) == (name, False)


def test_the_matched_value_is_written_even_when_the_lead_prefers_another() -> None:
    call = first_call({"email": "new@example.test"})
    assert call.body["properties"]["email"]["email"] == "a@example.test"
    by_name = first_call({"name": "Ann"}, match={"by": "name", "value": "Ann Lee"})
    assert by_name.body["properties"]["name"] == "Ann Lee"


@walked(
    ("lead", "sent"),
    [
        ({"address": {"city": "Bonn", "street": ""}}, {"address": {"city": "Bonn"}}),
        ({"address": {"street": " "}}, {}),
        ({"address": None, "value": None}, {"address": None, "monetary_value": None}),
        ({"value": 12.5}, {"monetary_value": 12.5}),
        ({"value": float("inf")}, {}),
        ({"website": None}, {"websites": []}),
        ({"website": None, "websites": ["https://a.example"]}, {}),  # added to what is there, when that is seen
    ],
)
def test_what_is_blank_stays_out_and_what_is_none_is_cleared(lead: dict[str, Any], sent: dict[str, Any]) -> None:
    properties = first_call(lead).body["properties"]
    assert {key: value for key, value in properties.items() if key != "email"} == sent


@pytest.mark.parametrize("standing", ["vip", {"a": 1}, 5])
def test_a_list_that_the_echo_does_not_show_is_left_alone_with_a_warning(standing: Any) -> None:
    for echo in ({"tags": standing}, {}):
        came = outcome_of({}, {"email": {"email": "a@example.test"}, **echo}, tags={"add": ["web"]})
        assert [warning.field for warning in came.warnings] == ["tags"]


def test_a_list_that_does_not_hold_what_was_added_is_named() -> None:
    echo = {"id": 7, "email": {"email": "a@example.test"}, "tags": ["vip"]}
    answers = {"upsert lead": answer(200, echo), "add to lists": answer(200, echo)}
    step = COPPER.next(plan({}, tags={"add": ["web"], "remove": ["vip"]}), answers)
    assert isinstance(step, Done)
    assert isinstance(step.outcome, Delivered)
    assert [(warning.field, warning.sent, warning.got) for warning in step.outcome.warnings] == [
        ("tags", ["web", "-vip"], ["vip"])
    ]


@pytest.mark.parametrize(
    ("standing", "fields"), [(["A"], []), (["vip", "a"], ["tags"]), (["vip"], ["tags"]), ([], ["tags"])]
)
def test_replaced_tags_cost_no_second_call_and_are_verified(standing: list[str], fields: list[str]) -> None:
    came = outcome_of({}, {"email": {"email": "a@example.test"}, "tags": standing}, tags={"replace": ["a"]})
    assert [warning.field for warning in came.warnings] == fields


def test_an_echo_without_an_attribute_that_was_sent_is_a_warning() -> None:
    came = outcome_of({"title": "CTO"}, {"email": {"email": "a@example.test"}})
    assert [(warning.field, warning.got) for warning in came.warnings] == [("title", None)]


@pytest.mark.parametrize(
    ("lookup", "kind"),
    [
        (answer(401, {}), Hold),
        (answer(503, {}), Retry),
        (answer(200, {}), Retry),
        (answer(404, {}), Call),
        (answer(403, {}), Call),
    ],
)
def test_a_lookup_of_an_owner_that_is_refused_for_good_costs_only_the_owner(lookup: Answer, kind: type) -> None:
    step = COPPER.next(plan({"owner": "Rep"}), {"read users": lookup})
    assert isinstance(step.outcome if isinstance(step, Done) else step, kind)


@pytest.mark.parametrize(
    ("lookup", "kind"),
    [(answer(401, {}), Hold), (answer(403, {}), Hold), (answer(404, {}), Hold), (answer(500, {}), Retry)],
)
def test_custom_fields_that_cannot_be_read_lose_nothing(lookup: Answer, kind: type) -> None:
    step = COPPER.next(plan({}, custom_fields={"Budget": 5}), {"read custom fields": lookup})
    assert isinstance(step, Done)
    assert isinstance(step.outcome, kind)
    assert not isinstance(step.outcome, Fail)


@pytest.mark.parametrize("wanted", ["rep one", "REP@example.test", "137658"])
def test_an_owner_is_found_by_name_e_mail_or_id(wanted: str) -> None:
    users = answer(200, [{"id": 137658, "name": "Rep One", "email": "rep@example.test"}])
    call = first_call({"owner": wanted}, {"read users": users})
    assert call.body["properties"]["assignee_id"] == 137658


def test_a_long_text_is_cut_to_what_a_string_field_holds() -> None:
    definitions = [{"id": 5, "name": "Key", "data_type": "String", "available_on": ["lead"]}]
    call = first_call({}, {"read custom fields": answer(200, definitions)}, custom_fields={"Key": "x" * 300})
    assert call.body["properties"]["custom_fields"] == [{"custom_field_definition_id": 5, "value": "x" * 255}]


@pytest.mark.parametrize(
    ("kind", "value"), [("Connect", 5), ("Date", "soon"), ("Checkbox", "perhaps"), ("MultiSelect", ["x"])]
)
def test_a_value_to_match_by_that_its_field_cannot_take_is_held(kind: str, value: Any) -> None:
    definitions = [{"id": 5, "name": "Key", "data_type": kind, "available_on": ["lead"], "options": []}]
    match = {"by": "custom", "field": "Key", "value": value if isinstance(value, str | int) else "x"}
    step = COPPER.next(plan({}, match=match), {"read custom fields": answer(200, definitions)})
    assert isinstance(step, Done)
    assert isinstance(step.outcome, Hold)
    assert step.outcome.reason == "no_match_key"
