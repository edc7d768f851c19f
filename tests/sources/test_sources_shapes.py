"""What shapes are put together from: lists of questions, flat objects, batches, JSON within forms."""

import json
from typing import Any

import pytest

from leadbridge.bodies import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event, FilePart
from leadbridge.sources.preset import Shape
from leadbridge.sources.shapes import each, event, flat_at, json_at, labelled
from tests.support.walked import walked

ANSWERS = labelled(
    "data.fields",
    key="key",
    type="type",
    types={"INPUT_EMAIL": "email", "INPUT_PHONE": "phone", "DROPDOWN": "choice"},
    options="options",
)


def events(shape: Shape, value: Any) -> list[Event]:
    return list(shape(Document(value=value)))


def only(shape: Shape, value: Any) -> Event:
    (found,) = events(shape, value)
    return found


def answered(*answers: dict[str, Any]) -> Event:
    return only(event(ANSWERS), {"data": {"fields": list(answers)}})


def test_an_answer_stands_under_its_label_and_its_key_is_a_second_name() -> None:
    found = answered({"key": "q1", "label": " City ", "value": "Rome"})
    assert (found.fields, found.second_names) == ({"City": "Rome", "q1": "Rome"}, ("q1",))


@pytest.mark.parametrize("label", [None, "", "  ", ["x"]])
def test_an_answer_without_a_label_stands_under_its_key(label: Any) -> None:
    found = answered({"key": "q1", "label": label, "value": "Rome"})
    assert (found.fields, found.second_names) == ({"q1": "Rome"}, ())


def test_an_answer_without_any_name_is_kept_under_the_lists() -> None:
    assert answered({"value": 1}, {"value": 2}).fields == {"fields": [1, 2]}


def test_two_questions_of_one_label_keep_their_own_keys() -> None:
    found = answered({"key": "a", "label": "City", "value": 1}, {"key": "b", "label": "City", "value": 2})
    assert found.fields == {"City": [1, 2], "a": 1, "b": 2}


def test_a_key_yields_to_a_label_that_comes_later() -> None:
    found = answered({"key": "email", "label": "Work", "value": 1}, {"key": "x", "label": "email", "value": 2})
    assert found.fields == {"Work": 1, "email": 2, "x": 2}


def test_types_are_told_and_the_first_answer_that_is_given_stands_under_email_and_phone() -> None:
    found = answered(
        {"label": "Old", "type": "INPUT_EMAIL", "value": ""},
        {"label": "Mail", "type": "INPUT_EMAIL", "value": "a@example.com"},
        {"label": "Other", "type": "INPUT_EMAIL", "value": "b@example.com"},
        {"label": "phone", "type": "INPUT_PHONE", "value": "1"},
        {"label": "City", "type": "INPUT_TEXT", "value": "Rome"},
    )
    assert found.fields["email"] == "a@example.com"
    assert found.second_names == ("email",)
    assert found.types == {"Old": "email", "Mail": "email", "Other": "email", "phone": "phone", "email": "email"}


@walked(
    ("value", "text"),
    [
        ("a", "Red"),
        (["a", "b"], ["Red", "Blue"]),
        (["b", "my own words"], ["Blue", "my own words"]),
        (7, "Seven"),
        (None, None),
        ([["a"], "a"], [["a"], "Red"]),
        ({"a": 1}, None),
    ],
)
def test_the_ids_of_options_become_what_people_see(value: Any, text: Any) -> None:
    options = [{"id": "a", "text": "Red"}, {"id": "b", "text": "Blue"}, {"id": 7, "text": "Seven"}, "odd"]
    found = answered({"label": "Colour", "type": "DROPDOWN", "value": value, "options": options}).fields
    if value == [["a"], "a"]:
        assert found == {"Colour.0": ["a"], "Colour.1": "Red"}
    elif value == {"a": 1}:
        assert found == {"Colour.a": 1}
    else:
        assert found == {"Colour": text}


@pytest.mark.parametrize("options", [None, [], "odd", {}])
def test_without_options_a_value_is_what_it_is(options: Any) -> None:
    assert answered({"label": "Colour", "value": "a", "options": options}).fields == {"Colour": "a"}


def test_a_compound_answer_has_its_type_on_each_part() -> None:
    shape = event(labelled("q", type="type", types={"Address": "address"}))
    found = only(shape, {"q": [{"label": "Home", "type": "Address", "value": {"city": "Rome", "zip": "00100"}}]})
    assert found.fields == {"Home.city": "Rome", "Home.zip": "00100"}
    assert found.types == {"Home.city": "address", "Home.zip": "address"}


def test_answers_may_be_an_object_of_them() -> None:
    shape = event(labelled("fields", label="title", key="id"))
    assert only(shape, {"fields": {"x1": {"id": "x1", "title": "Name", "value": "Ann"}}}).fields == {
        "Name": "Ann",
        "x1": "Ann",
    }


@pytest.mark.parametrize(
    ("unwrap", "fields"),
    [
        (True, {"a": 1, "b": [1, 2], "c": [], "d.0.x": 1}),
        (False, {"a": [1], "b": [1, 2], "c": [], "d.0.x": 1}),
    ],
)
def test_lists_of_one_value_may_be_that_value(unwrap: bool, fields: dict[str, Any]) -> None:
    body = {"a": [1], "b": [1, 2], "c": [], "d": [{"x": 1}]}
    assert only(event(flat_at(unwrap=unwrap)), body).fields == fields
    listed = [{"label": name, "value": value} for name, value in body.items()]
    assert only(event(labelled("q", unwrap=unwrap)), {"q": listed}).fields == fields


def test_an_object_is_flat_without_its_envelope() -> None:
    body = {"submission": {"name": "Ann", "_gotcha": "", "contact": {"city": "Rome"}}}
    shape = event(flat_at("submission", leave_out=("_gotcha",)))
    assert only(shape, body).fields == {"name": "Ann", "contact.city": "Rome"}


def test_parts_come_together_and_meta_has_what_is_there() -> None:
    shape = event(
        flat_at("contact"), labelled("custom", label="id"), meta={"form_id": "form.id", "page_url": "page", "x": "form"}
    )
    body = {"form": {"id": 7}, "page": "", "contact": {"name": "Ann"}, "custom": [{"id": "c1", "value": 5}]}
    found = only(shape, body)
    assert (found.fields, found.meta, found.raw) == ({"name": "Ann", "c1": 5}, {"form_id": "7"}, body)


def test_files_are_told_in_meta_beside_the_rest() -> None:
    part = FilePart(name="cv.pdf", content_type="application/pdf", size=3, sha256="0" * 64)
    (found,) = event(flat_at(), meta={"form_id": "f"})(Document(value={"cv": "cv.pdf", "f": 1}, files=(("cv", part),)))
    assert found.files == (part,)
    assert (found.meta["form_id"], found.meta["files"][0]["field"]) == ("1", "cv")


def test_a_part_that_finds_nothing_makes_no_fields() -> None:
    assert only(event(flat_at("a.b"), labelled("c.d")), {"a": 1}).fields == {}


@walked(
    ("shape", "body", "place"),
    [
        (event(flat_at()), ["x"], None),
        (event(flat_at()), "text", None),
        (event(flat_at("a")), {"a": "text"}, "a"),
        (event(flat_at("a")), {"a": []}, "a"),
        (event(labelled("a.b")), {"a": {"b": "text"}}, "a.b"),
        (event(labelled("a")), {"a": ["text"]}, "a"),
        (event(labelled("a")), {"a": {"x": 1}}, "a"),
        (each("", event(flat_at())), [{"a": 1}, 2], "[1]"),
        (each("", event(flat_at())), "text", None),
        (each("entry.changes", event(flat_at())), {"entry": [{"changes": [{}, 1]}]}, "entry[0].changes[1]"),
        (each("entry.changes", event(flat_at())), {"entry": [{"changes": "x"}]}, "entry[0].changes"),
        (each("entry", event(flat_at())), {}, "entry"),
        (json_at("raw", event(flat_at())), {}, "raw"),
        (json_at("raw", event(flat_at())), [], "raw"),
        (json_at("raw", event(flat_at())), {"raw": "{"}, "raw, line 1, column 2"),
        (json_at("a.b", event(flat_at())), {"a": "x"}, "a.b"),
    ],
)
def test_another_shape_is_unparseable_and_says_where(shape: Shape, body: Any, place: str | None) -> None:
    with pytest.raises(Unparseable) as refused:
        events(shape, body)
    assert refused.value.place == place


def test_each_item_is_an_event_with_the_whole_around_it() -> None:
    shape = each("entry.changes", event(flat_at("entry.changes.value"), meta={"page": "entry.id", "o": "object"}))
    body: dict[str, Any] = {
        "object": "page",
        "entry": [
            {"id": 1, "changes": [{"value": {"a": 1}}, {"value": {"a": 2}}]},
            {"id": 2, "changes": [{"value": {"a": 3}}]},
            {"id": 3, "changes": []},
            {"id": 4, "messaging": [{"text": "hello"}]},
        ],
    }
    found = events(shape, body)
    assert [(one.fields["a"], one.meta["page"], one.meta["o"]) for one in found] == [
        (1, 1, "page"),
        (2, 1, "page"),
        (3, 2, "page"),
    ]
    assert found[1].raw == {"object": "page", "entry": {"id": 1, "changes": {"value": {"a": 2}}}}
    assert body["entry"][0]["changes"][0] == {"value": {"a": 1}}


def test_an_object_instead_of_a_list_is_the_document_itself() -> None:
    body = {"items": {"a": 1}, **{f"k{number}": number for number in range(100)}}
    (found,) = events(each("items", event(flat_at("items"))), body)
    assert found.raw is body


def test_a_list_with_too_much_around_it_is_refused_since_each_item_copies_it() -> None:
    body = {"items": [{"a": 1}, {"a": 2}], **{f"k{number}": number for number in range(64)}}
    with pytest.raises(Unparseable, match="at most 64 keys"):
        events(each("items", event(flat_at("items"))), body)
    del body["k0"]
    assert len(events(each("items", event(flat_at("items"))), body)) == 2


@pytest.mark.parametrize(("body", "count"), [([{"a": 1}, {"a": 2}], 2), ({"a": 1}, 1), ([], 0), ([[{"a": 1}]], 1)])
def test_a_body_may_be_the_list_itself_or_one_object(body: Any, count: int) -> None:
    assert [one.fields["a"] for one in events(each("", event(flat_at())), body)] == [1, 2][:count]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("raw", {"raw": '{"a": 1}', "id": "7"}),
        ("data_json", {"data_json": '{"a": 1}', "id": "7"}),
        ("data.json", {"data": {"json": '{"a": 1}'}, "id": "7"}),
        ("raw", {"raw": {"a": 1}, "id": "7"}),
    ],
)
def test_json_within_a_body_is_read_where_it_stands(path: str, body: dict[str, Any]) -> None:
    before = json.dumps(body)
    found = only(json_at(path, event(flat_at(), meta={"id": "id"})), body)
    assert found.fields == {f"{path}.a": 1, "id": "7"}
    assert found.meta == {"id": "7"}
    assert json.dumps(body) == before


def test_json_under_a_key_with_dots_is_put_where_a_path_leads() -> None:
    shape = json_at("data.json", event(flat_at("answers"), flat_at(leave_out=("answers",))), into="answers")
    found = only(shape, {"data.json": '{"a": 1}', "id": "7", "data": {"json": "other"}})
    assert (found.fields, found.raw["answers"]) == ({"a": 1, "id": "7", "data.json": "other"}, {"a": 1})
    assert "data.json" not in found.raw


def test_json_that_may_be_absent_is_read_when_it_is_there() -> None:
    shape = json_at("raw", event(flat_at()), optional=True)
    assert only(shape, {"raw": '{"a": 1}'}).fields == {"raw.a": 1}
    assert only(shape, {"b": 1}).fields == {"b": 1}
    with pytest.raises(Unparseable):
        events(shape, {"raw": "{"})


def test_answers_may_stand_under_a_name_of_their_list_and_yield_to_questions() -> None:
    shape = event(labelled("q"), labelled("url", label="name", key="id", under="url", kind="hidden"))
    body = {
        "q": [{"label": "email", "value": "asked"}],
        "url": [{"id": "x1", "name": "email", "value": "given"}, {"name": "utm_source", "value": "ads"}],
    }
    found = only(shape, body)
    assert found.fields == {
        "email": "asked",
        "url.email": "given",
        "x1": "given",
        "url.utm_source": "ads",
        "utm_source": "ads",
    }
    assert found.second_names == ("x1", "utm_source")
    assert found.types["url.email"] == "hidden"
    assert "email" not in found.types


def test_the_mail_that_was_asked_for_goes_before_one_that_came_in_the_link() -> None:
    shape = event(
        labelled("q", key="id", type="type", types={"mail": "email"}),
        labelled("url", label="name", under="url", kind="hidden"),
    )
    body = {
        "q": [{"id": "x1", "label": "Write to you where?", "type": "mail", "value": "asked@example.com"}],
        "url": [{"name": "email", "value": "link@example.com"}],
    }
    assert only(shape, body).fields == {
        "Write to you where?": "asked@example.com",
        "x1": "asked@example.com",
        "email": "asked@example.com",
        "url.email": "link@example.com",
    }


def test_json_within_json_within_a_form_is_read_too() -> None:
    body = {"data": json.dumps({"data": json.dumps({"a": 1})})}
    shape = json_at("data", json_at("data.data", event(flat_at("data.data"))))
    assert only(shape, body).fields == {"a": 1}


def test_a_number_that_travels_as_json_keeps_its_digits() -> None:
    shape = json_at("raw", event(flat_at("raw")))
    assert only(shape, {"raw": '{"id": 9007199254740993}'}).fields == {"id": 9007199254740993}
