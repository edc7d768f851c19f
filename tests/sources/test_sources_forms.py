"""What the form builders' shapes do where no sample goes: answers half there, or not what they seem."""

import json
from typing import Any

import pytest

from leadbridge.bodies import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event
from leadbridge.sources.registry import PRESETS
from tests.support.walked import walked


def events(preset: str, value: Any) -> list[Event]:
    return list(PRESETS[preset].shape(Document(value=value)))


def only(preset: str, value: Any) -> Event:
    (found,) = events(preset, value)
    return found


@walked(
    ("text", "fields"),
    [
        ("first = John\nlast = Smith", {"A.first": "John", "A.last": "Smith"}),
        ("first = John\r\nlast = Smith\r\n", {"A.first": "John", "A.last": "Smith"}),
        ("first = \nlast = Smith", {"A.first": "", "A.last": "Smith"}),
        ("city = a = b", {"A.city": "a = b"}),
        ("first = John\nand then more", {"A": "first = John\nand then more"}),
        ("size = 80", {"A": "size = 80"}),
        ("first=John", {"A": "first=John"}),
        ("", {"A": ""}),
        ("value = a\nb\nfield_type = checkbox", {"A": "a\nb"}),
        ("value = field_type = x\nfield_type = text", {"A": "field_type = x"}),
        ("my value = a\nfield_type = text", {"A": "my value = a\nfield_type = text"}),
    ],
)
def test_formstack_takes_a_value_apart_only_when_all_of_its_lines_are_parts(text: str, fields: dict[str, str]) -> None:
    assert only("formstack", {"FormID": "1", "A": text}).fields == fields


def test_formstack_tells_what_the_vendor_knows_of_a_field() -> None:
    found = only(
        "formstack", {"Work": "value = a@example.com\nfield_type = email", "Who": "first = Ann\nfield_type = name"}
    )
    assert found.types == {"Work": "email", "Who.first": "first_name", "email": "email"}


def wufoo(fields: dict[str, Any], structure: Any, **more: Any) -> dict[str, Any]:
    return {**fields, "EntryId": "1", "FieldStructure": json.dumps({"Fields": structure}), **more}


def test_wufoo_joins_the_answers_with_their_titles() -> None:
    structure = [
        {
            "ID": "Field1",
            "Title": "Name",
            "Type": "shortname",
            "SubFields": [{"ID": "Field1", "Label": "First"}, "odd"],
        },
        {"ID": "Field3", "Title": "Name", "Type": "text"},
        {"ID": "Field4", "Type": "text"},
    ]
    found = only("wufoo", wufoo({"Field1": "Ann", "Field3": "x", "Field4": "y", "Field5": "z"}, structure))
    assert found.fields == {
        "Name.First": "Ann",
        "Name": "x",
        "Field4": "y",
        "Field5": "z",
        "Field1": "Ann",
        "Field3": "x",
    }


def test_wufoo_leaves_out_boxes_that_were_not_ticked() -> None:
    parts = [{"ID": "Field2", "Label": "A"}, {"ID": "Field3", "Label": "B"}]
    structure = [{"ID": "Field2", "Title": "Which?", "Type": "checkbox", "SubFields": parts}]
    assert only("wufoo", wufoo({"Field2": "", "Field3": "B"}, structure)).fields == {"Which?": "B", "Field3": "B"}
    assert only("wufoo", wufoo({"Field2": "", "Field3": ""}, structure)).fields == {}


@pytest.mark.parametrize("structure", ["text", [1], {"a": 1}])
def test_wufoo_refuses_a_structure_that_is_none(structure: Any) -> None:
    with pytest.raises(Unparseable) as refused:
        events("wufoo", wufoo({"Field1": "Ann"}, structure))
    assert refused.value.place == "FieldStructure.Fields"


def jotform(answers: Any) -> dict[str, Any]:
    return {"submissionID": "6114090137116205381", "rawRequest": json.dumps(answers)}


def test_jotforms_fields_keep_both_names_and_files_are_told_by_the_uploads() -> None:
    answers = {
        "slug": "submit/1",
        "q1_email": "a@example.com",
        "q2_plan": "in words",
        "q30_email": "b@example.com",
        "temp_upload": {"q9_plan": ["x#1"]},
        "plan": ["https://www.jotform.com/uploads/x.pdf"],
        "q_odd": "kept",
    }
    found = only("jotform", jotform(answers))
    assert found.fields == {
        "email": ["a@example.com", "b@example.com"],
        "plan": ["in words", "https://www.jotform.com/uploads/x.pdf"],
        "q_odd": "kept",
        "q1_email": "a@example.com",
        "q2_plan": "in words",
        "q30_email": "b@example.com",
    }
    assert found.types == {"plan": "file"}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (jotform([]), "rawRequest"),
        (jotform("text"), "rawRequest"),
        ({"rawRequest": "{"}, "rawRequest, line 1, column 2"),
        ({"formID": "1"}, "rawRequest"),
        ([], "rawRequest"),
    ],
)
def test_jotform_refuses_a_body_without_answers(body: Any, place: str) -> None:
    with pytest.raises(Unparseable) as refused:
        events("jotform", body)
    assert refused.value.place == place


def test_jotform_ignores_uploads_of_another_shape() -> None:
    assert only("jotform", jotform({"temp_upload": "x", "a": "b"})).fields == {"a": "b"}


def test_unbounce_takes_what_stands_beside_the_json() -> None:
    body = {"page_id": "p", "data.json": '{"email": ["a@example.com"], "date_submitted": ["2026-11-20"]}', "extra": "x"}
    found = only("unbounce", body)
    assert found.fields == {"email": "a@example.com", "extra": "x"}
    assert found.meta == {"form_id": "p", "date_submitted": "2026-11-20"}


def test_fillouts_own_mail_question_goes_before_the_link_and_the_calendar() -> None:
    submission = {
        "questions": [{"id": "q1", "name": "Mail", "type": "EmailInput", "value": "own@example.com"}],
        "scheduling": [{"id": "s1", "name": "email", "value": {"email": "calendar@example.com"}}],
        "urlParameters": [{"id": "email", "name": "email", "value": "link@example.com"}],
    }
    found = only("fillout", {"submission": submission}).fields
    assert (found["email"], found["email.email"]) == ("own@example.com", "calendar@example.com")
    assert found["urlParameters.email"] == "link@example.com"


def test_tally_resolves_only_ids_that_it_has_options_for() -> None:
    fields = [
        {
            "key": "k",
            "label": "Colour",
            "type": "DROPDOWN",
            "value": ["a", "mine"],
            "options": [{"id": "a", "text": "Red"}],
        }
    ]
    assert only("tally", {"data": {"fields": fields}}).fields["Colour"] == ["Red", "mine"]
