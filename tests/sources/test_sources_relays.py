"""What automation tools pass on: the user's fields, whatever wrapper stands around them."""

import json

import pytest

from leadbridge.errors import Unparseable
from leadbridge.events import Json
from tests.sources.generic import answers_of
from tests.sources.traps import FORM, event_of, form_body, json_body, parsed
from tests.support.walked import walked

LEAD = {"email": "ann@example.com"}


@walked(
    "body",
    [
        LEAD,
        {"data": LEAD},
        {"payload": LEAD},
        {"body": LEAD},
        {"body": LEAD, "headers": {"host": "x"}, "params": {}, "query": {}, "webhookUrl": "u", "executionMode": "test"},
        {"json": LEAD, "pairedItem": {"item": 0}},
        {"json": {"body": LEAD, "headers": {}}},
        [{"json": {"body": LEAD, "headers": {}}}],
        {"data": [{"name": "email", "value": "ann@example.com"}]},
        [{"name": "email", "value": "ann@example.com"}],
    ],
)
@walked("preset", ["zapier", "make", "n8n"])
def test_a_submission_is_found_in_its_wrapper_and_the_whole_is_kept(preset: str, body: Json) -> None:
    event = event_of(preset, json_body(body))
    assert event.fields == LEAD
    assert event.raw == (body[0] if isinstance(body, list) and "name" not in body[0] else body)


@walked(
    ("body", "names"),
    [
        ({"body": "A message", "name": "Ann"}, ["body", "name"]),
        ({"data": LEAD, "name": "Ann"}, ["data.email", "name"]),
        ({"body": LEAD, "subject": "Roof"}, ["body.email", "subject"]),
        ({"data": ["a", "b"]}, ["data"]),
        ({"data": [{"email": "a@example.com"}, "b"]}, ["data.0.email", "data.1"]),
        ({"data": {"data": {"data": {"data": LEAD}}}}, ["data.email"]),
    ],
)
def test_what_only_looks_like_a_wrapper_is_left_as_it_is(body: Json, names: list[str]) -> None:
    assert list(event_of("n8n", json_body(body)).fields) == names


def test_each_item_of_a_list_is_a_submission_with_its_own_raw() -> None:
    events = parsed("n8n", json_body({"data": [{"email": "a@example.com"}, {"email": "b@example.com"}]})).events
    assert [event.fields["email"] for event in events] == ["a@example.com", "b@example.com"]
    assert [event.raw for event in events] == [{"data": {"email": f"{name}@example.com"}} for name in "ab"]


ANSWERS = [{"question": "Name", "answer": "Ann"}, {"question": "E-mail", "answer": "ann@example.com"}]
CODED = {"7": "Ann", "8": "ann@example.com"}


RELAYS = ["zapier", "make", "n8n"]
WITHIN = [
    {"answers": ANSWERS},
    {"data": ANSWERS},
    {"data": {"response": {"answers": ANSWERS}}},
    {"data": {"answers": json.dumps(ANSWERS)}},
    {"data": [["Name", "Ann"], ["E-mail", "ann@example.com"]]},
    {"data": {"questions": [{"id": 7, "title": "Name"}, {"id": 8, "title": "E-mail"}]} | CODED},
]
WRAPPED = [
    ANSWERS,
    {"json": {"body": {"answers": ANSWERS}, "headers": {}}, "pairedItem": {"item": 0}},
    {"body": {"answers": json.dumps(ANSWERS)}, "headers": {}, "query": {}},
]


@walked(
    ("preset", "body"),
    [
        *((preset, body) for preset in RELAYS for body in [*WITHIN, *WRAPPED]),
        *(("standard-webhooks", body) for body in WITHIN),
    ],
)
def test_answers_stand_first_and_under_their_labels_whatever_is_around_them(preset: str, body: Json) -> None:
    event = event_of(preset, json_body(body))
    assert list(event.fields)[:2] == ["Name", "E-mail"]
    assert answers_of(event) == {"Name": "Ann", "E-mail": "ann@example.com"}
    assert event.raw == body


@walked("preset", [*RELAYS, "standard-webhooks"])
def test_several_forms_in_a_list_are_submissions_of_their_own(preset: str) -> None:
    items = [{"answers": ANSWERS}, {"answers": ANSWERS}]
    events = parsed(preset, json_body({"data": items})).events
    assert [event.fields["Name"] for event in events] == ["Ann", "Ann"]
    assert [event.raw for event in events] == [{"data": items[0]}] * 2


@walked("preset", [*RELAYS, "standard-webhooks"])
def test_what_a_sender_says_of_its_fields_is_known(preset: str) -> None:
    fields = [{"label": "Kontakt", "type": "email", "value": "ann@example.com"}, {"label": "Ort", "value": "Ulm"}]
    event = event_of(preset, json_body({"data": {"fields": fields}}))
    assert event.types == {"Kontakt": "email"}


def test_the_query_of_a_passed_on_webhook_yields_to_its_fields() -> None:
    body = {"body": LEAD, "headers": {}, "query": {"utm_source": "ads", "email": "link@example.com"}}
    event = event_of("n8n", json_body(body))
    assert event.fields == {
        "email": "ann@example.com",
        "query.utm_source": "ads",
        "query.email": "link@example.com",
        "utm_source": "ads",
    }
    assert event.second_names == ("utm_source",)


def test_of_two_queries_the_one_beside_the_submission_counts() -> None:
    inner = {"body": LEAD, "query": {"utm_source": "ads"}}
    event = event_of("n8n", json_body({"body": inner, "query": {"utm_source": "n8n"}}))
    assert event.fields["utm_source"] == "ads"


def test_a_query_alone_is_no_submission() -> None:
    assert parsed("n8n", json_body({"body": {}, "query": {"utm_source": "ads"}})).ignored == "the body holds no fields"


def test_zapiers_flattened_names_can_be_written_with_dots_too() -> None:
    event = event_of(
        "zapier", form_body({"contact__name__first": "Ann", "contact.name.last": "Lee", "__own": "x"}), FORM
    )
    assert event.fields == {
        "contact__name__first": "Ann",
        "contact.name.last": "Lee",
        "__own": "x",
        "contact.name.first": "Ann",
    }
    assert event.second_names == ("contact.name.first",)


def test_what_is_about_the_form_stands_in_meta() -> None:
    event = event_of("make", json_body(LEAD | {"form_id": 0, "form_name": "", "page_url": {"a": 1}}))
    assert event.meta == {"form_id": 0}


@pytest.mark.parametrize("body", [b"3", b'"text"', b'[{"a": 1}, 2]', b"[[1]]"])
def test_anything_but_objects_is_refused(body: bytes) -> None:
    with pytest.raises(Unparseable):
        parsed("zapier", body)
