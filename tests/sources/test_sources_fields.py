"""How nested documents become flat fields, in all presets that do not know better."""

from typing import Any

import pytest

from leadbridge.bodies import Document
from leadbridge.errors import Unparseable
from leadbridge.sources.fields import flat, is_pairs, submissions
from leadbridge.sources.registry import PRESETS
from tests.support.walked import walked


@walked(
    ("document", "fields"),
    [
        ({"a": 1, "b": None, "c": ""}, {"a": 1, "b": None, "c": ""}),
        ({"contact": {"name": {"first": "Ana"}}}, {"contact.name.first": "Ana"}),
        ({"tags": ["a", 1, None], "none": []}, {"tags": ["a", 1, None], "none": []}),
        ({"items": [{"sku": 1}, {"sku": 2}]}, {"items.0.sku": 1, "items.1.sku": 2}),
        ({"mixed": ["a", {"b": 1}, ["c"]]}, {"mixed.0": "a", "mixed.1.b": 1, "mixed.2": ["c"]}),
        ({"empty": {}}, {}),
        ({"fields": [{"name": "email", "value": "a@example.com"}]}, {"email": "a@example.com"}),
        ({"d": {"list": [{"label": "E-mail", "value": "x"}]}}, {"d.E-mail": "x"}),
        ({"f": [{"key": "q1", "label": "City", "name": "q1", "value": "Rome"}]}, {"q1": "Rome", "City": "Rome"}),
        ({"f": [{"name": "a", "value": {"b": 1}}]}, {"a.b": 1}),
        ({"f": [{"name": "a", "value": 1}, {"name": "a", "value": 2}, {"name": "a", "value": 3}]}, {"a": [1, 2, 3]}),
        ({"email": "top", "f": [{"name": "email", "value": "pair"}]}, {"email": ["top", "pair"]}),
        ({"a.b": 1, "a": {"b": 2}}, {"a.b": [1, 2]}),
        ({"a": [1], "f": [{"name": "a", "value": 2}]}, {"a": [1, 2]}),
        ({"a.b": [1, 2], "a": {"b": [3]}}, {"a.b": [1, 2, 3]}),
        (
            {"f": [{"name": "a", "value": 1}, {"name": "", "value": 2}]},
            {"f.0.name": "a", "f.0.value": 1, "f.1.name": "", "f.1.value": 2},
        ),
        ({"f": [{"id": "a", "value": 1}]}, {"f.0.id": "a", "f.0.value": 1}),
        ([{"name": "a", "value": 1}, {"label": "b", "value": 2}], {"a": 1, "b": 2}),
    ],
)
def test_a_document_becomes_flat_fields(document: Any, fields: dict[str, Any]) -> None:
    assert flat(document) == fields


def test_a_name_too_long_to_repeat_for_each_leaf_is_cut_off() -> None:
    found = flat({"k" * 999: {"x": 1, "y": 2}, "l" * 1_000: 3})
    assert found == {"k" * 999 + "…": [1, 2], "l" * 1_000: 3}


@pytest.mark.parametrize(
    ("value", "count"),
    [({"a": 1}, 1), ([{"a": 1}, {"a": 2}], 2), ([{"name": "a", "value": 1}, {"name": "b", "value": 2}], 1), ([], 0)],
)
def test_a_list_of_objects_is_several_submissions_and_a_list_of_pairs_is_one(value: Any, count: int) -> None:
    found = submissions(value)
    assert len(found) == count
    assert found == (value if count != 1 else [value])


def test_a_list_of_lists_of_pairs_is_a_submission_each() -> None:
    batch = [[{"name": "a", "value": 1}], [{"name": "a", "value": 2}]]
    assert [flat(item) for item in submissions(batch)] == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("value", "place"), [("text", None), (1, None), (None, None), ([{"a": 1}, "b"], "[1]"), ([[]], "[0]")]
)
def test_what_is_no_object_is_refused(value: Any, place: str | None) -> None:
    with pytest.raises(Unparseable) as refused:
        submissions(value)
    assert refused.value.place == place


@walked("value", [[], {}, "x", [{"value": 1}], [{"name": "a"}], [{"name": 1, "value": 1}]])
def test_other_lists_are_no_pairs(value: Any) -> None:
    assert not is_pairs(value)


@walked(
    ("body", "place"),
    [
        ({"event_type": "form_response"}, "form_response"),
        ({"form_response": []}, "form_response"),
        ([], "form_response"),
        ("form_response", "form_response"),
        ({"form_response": {"answers": {}}}, "form_response.answers"),
        ({"form_response": {"answers": ["x"]}}, "form_response.answers"),
        ({"form_response": {"definition": {"fields": "x"}}}, "form_response.definition.fields"),
        ({"form_response": {"variables": [1]}}, "form_response.variables"),
    ],
)
def test_typeform_says_where_a_response_has_another_shape(body: Any, place: str) -> None:
    with pytest.raises(Unparseable) as refused:
        list(PRESETS["typeform"].shape(Document(value=body)))
    assert refused.value.place == place


def test_typeform_takes_answers_that_lack_what_others_have() -> None:
    answers = [
        {"type": "text", "text": "by id", "field": {"id": "q1"}},
        {"type": "text", "text": "no field"},
        {"type": "choice", "choice": None, "field": {"id": "q2"}},
        {"type": "choices", "choices": {"other": "own words"}, "field": {"id": "q3"}},
        {"type": "unknown", "field": {"id": "q4"}},
        {"field": "odd"},
    ]
    (event,) = PRESETS["typeform"].shape(Document(value={"form_response": {"answers": answers, "hidden": "odd"}}))
    assert event.fields == {
        "q1": "by id",
        "answer": ["no field", None],
        "q2": None,
        "q3": ["own words"],
        "q4": None,
        "hidden": "odd",
    }
