"""The preset `generic` with answers in shapes that no preset is there for: label and value come together."""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import pytest

from leadbridge.events import Event, FieldType, Json, Received, Verified
from leadbridge.parse import parse
from leadbridge.sources.registry import PRESETS
from leadbridge.testing import ARRIVED

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"


def events_of(body: Json, kind: str = JSON) -> tuple[Event, ...]:
    payload = (json.dumps(body) if kind == JSON else urlencode(body)).encode()
    request = Received(
        source="site",
        method="POST",
        url="https://leads.example.com/hooks/site",
        headers={"content-type": kind},
        body=payload,
        received_at=ARRIVED,
    )
    return parse(PRESETS["generic"], Verified(request=request, payload=payload, verified=True)).events


def event_of(body: Json, kind: str = JSON) -> Event:
    (event,) = events_of(body, kind)
    return event


def answers_of(event: Event) -> dict[str, Json]:
    """The fields that recognition reads first: no second names, nothing about the form."""
    return {
        name: value
        for name, value in event.fields.items()
        if name not in event.about and name not in event.second_names
    }


SPANISH: Final = {"Nombre completo": "Inés Robledo", "Correo": "ines@example.es"}
LISTS: Final[Mapping[str, Json]] = {
    "question and answer": {
        "respuestas": [
            {"question": "Nombre completo", "answer": "Inés Robledo"},
            {"question": "Correo", "answer": "ines@example.es"},
        ]
    },
    "heading and a list of answers": {
        "pages": [
            {
                "id": "p",
                "questions": [
                    {"heading": "Nombre completo", "answers": [{"text": "Inés Robledo"}]},
                    {"heading": "Correo", "answers": [{"text": "ines@example.es"}]},
                ],
            }
        ]
    },
    "column names": {
        "lead": {
            "column_data": [
                {"column_name": "Nombre completo", "column_id": "FULL", "string_value": "Inés Robledo"},
                {"column_name": "Correo", "column_id": "MAIL", "string_value": "ines@example.es"},
            ]
        }
    },
    "text and answer, by number": {
        "answers": {
            "1": {"text": "Bienvenida", "type": "control_head"},
            "4": {"text": "Nombre completo", "name": "nombre", "answer": "Inés Robledo"},
            "5": {"text": "Correo", "name": "correo", "answer": "ines@example.es"},
        }
    },
    "title and value, by id": {
        "fields": {
            "f_a1": {"id": "f_a1", "title": "Nombre completo", "value": "Inés Robledo", "raw_value": "Inés Robledo"},
            "f_b2": {"id": "f_b2", "title": "Correo", "value": "ines@example.es", "raw_value": "ines@example.es"},
        }
    },
    "the type's name": {
        "answers": [
            {"type": "text", "text": "Inés Robledo", "field": {"id": "x1", "title": "Nombre completo"}},
            {"type": "email", "email": "ines@example.es", "field": {"id": "x2", "title": "Correo"}},
        ]
    },
    "a nested question and a nested response": {
        "responses": [
            {"question": {"id": 1, "text": "Nombre completo"}, "response": {"value": "Inés Robledo"}},
            {"question": {"id": 2, "text": "Correo"}, "response": {"value": "ines@example.es"}},
        ]
    },
    "a prompt and its input": {
        "items": [
            {"prompt": "Nombre completo", "input": {"value": "Inés Robledo"}},
            {"prompt": "Correo", "input": {"value": "ines@example.es"}},
        ]
    },
    "values in lists of one": {
        "field_data": [
            {"name": "Nombre completo", "values": ["Inés Robledo"]},
            {"name": "Correo", "values": ["ines@example.es"]},
        ]
    },
    "an answer within its type's object": {
        "form": {"questions": [{"questionId": 1, "label": "Nombre completo"}, {"questionId": 2, "label": "Correo"}]},
        "answers": [
            {"questionId": 1, "answerDetails": {"textQuestionAnswer": {"answer": "Inés Robledo"}}},
            {"questionId": 2, "answerDetails": {"textQuestionAnswer": {"answer": "ines@example.es"}}},
        ],
    },
    "words of another language": {
        "datos": [
            {"pregunta": "Nombre completo", "respuesta": "Inés Robledo"},
            {"pregunta": "Correo", "respuesta": "ines@example.es"},
        ]
    },
    "couples": {"answers": [["Nombre completo", "Inés Robledo"], ["Correo", "ines@example.es"]]},
    "objects of one key": {"answers": [{"Nombre completo": "Inés Robledo"}, {"Correo": "ines@example.es"}]},
    "a table of one row": {"columns": ["Nombre completo", "Correo"], "rows": [["Inés Robledo", "ines@example.es"]]},
    "objects by their labels": {
        "Nombre completo": {"value": "Inés Robledo", "required": True},
        "Correo": {"value": "ines@example.es", "required": True},
    },
    "JSON in a text": {
        "answers": json.dumps(
            [
                {"label": "Nombre completo", "value": "Inés Robledo"},
                {"label": "Correo", "value": "ines@example.es"},
            ]
        )
    },
    "JSON in a text in JSON in a text": {
        "body": json.dumps({"answers": json.dumps({"Nombre completo": "Inés Robledo", "Correo": "ines@example.es"})})
    },
    "questions apart, by number": {
        "questions": [{"id": 31, "title": "Nombre completo"}, {"id": 32, "title": "Correo"}],
        "replies": [
            {"questionId": 31, "answer": "Inés Robledo"},
            {"questionId": 32, "answer": "ines@example.es"},
        ],
    },
    "questions apart, that have a name and an id": {
        "survey": {"questions": [{"uid": "q7aa1", "name": "Nombre completo"}, {"uid": "q7aa2", "name": "Correo"}]},
        "answers": {"q7aa1": "Inés Robledo", "q7aa2": "ines@example.es"},
    },
    "questions apart, and keys that hold their number": {
        "form": {"title": "Spring", "fields": [{"id": 1, "label": "Nombre completo"}, {"id": 2, "label": "Correo"}]},
        "input_1": "Inés Robledo",
        "input_2": "ines@example.es",
    },
    "a schema by key": {
        "schema": {"a": {"title": "Nombre completo"}, "b": {"title": "Correo"}},
        "values": {"a": "Inés Robledo", "b": "ines@example.es"},
    },
    "labels by key": {
        "labels": {"f_1": "Nombre completo", "f_2": "Correo"},
        "data": {"f_1": "Inés Robledo", "f_2": "ines@example.es"},
    },
}  # fmt: skip


@pytest.mark.parametrize("shape", LISTS)
def test_an_answer_stands_under_its_label(shape: str) -> None:
    assert list(answers_of(event_of(LISTS[shape])).items())[:2] == list(SPANISH.items())


@pytest.mark.parametrize("shape", LISTS)
@pytest.mark.parametrize("around", [("data",), ("event", "payload"), ("a", "b", "c", "d")], ids=".".join)
def test_answers_are_found_at_any_depth(shape: str, around: tuple[str, ...]) -> None:
    body = LISTS[shape]
    for key in reversed(around):
        body = {key: body}
    assert list(answers_of(event_of(body)).items())[:2] == list(SPANISH.items())


@pytest.mark.parametrize("shape", LISTS)
def test_answers_are_found_in_a_field_of_a_form(shape: str) -> None:
    event = event_of({"payload": json.dumps(LISTS[shape]), "sent": "yes"}, FORM)
    assert list(answers_of(event).items())[:2] == list(SPANISH.items())
    assert event.fields["payload"] == json.dumps(LISTS[shape])


@pytest.mark.parametrize("shape", LISTS)
def test_what_a_flat_reading_calls_a_value_stays(shape: str) -> None:
    """Configurations refer to these names."""
    event = event_of({"contact": {"email": "x@example.com"}, "of": LISTS[shape], "tags": ["a", "b"]})
    assert event.fields["contact.email"] == "x@example.com"
    assert event.fields["tags"] == ["a", "b"]
    assert answers_of(event).keys() >= {"contact.email", "tags"}


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"answers": [{"question": "Navn", "answer": "Bo"}]}, {"answers.0.question": "Navn", "answers.0.answer": "Bo"}),
        ({"fields": {"7": {"title": "Navn", "value": "Bo"}}}, {"fields.7.title": "Navn", "fields.7.value": "Bo"}),
        ({"fields": [{"name": "navn", "label": "Navn", "value": "Bo"}]}, {"navn": "Bo", "Navn": "Bo"}),
        ({"in": {"fields": [{"name": "navn", "value": "Bo"}]}}, {"in.navn": "Bo"}),
        ({"data": [{"name": "pets", "value": ["cat"]}]}, {"pets": ["cat"]}),
        ({"data": [{"name": "pet", "value": "cat"}, {"name": "pet", "value": "dog"}]}, {"pet": ["cat", "dog"]}),
        ({"raw": '{"navn": "Bo"}'}, {"raw": '{"navn": "Bo"}'}),
    ],
)  # fmt: skip
def test_names_that_were_there_before_are_there_still(body: Json, names: Mapping[str, Json]) -> None:
    fields = event_of(body).fields
    assert {name: fields.get(name) for name in names} == names


@pytest.mark.parametrize("made_up", ["x7Qk2mPd", "gr4lqyhotj8oza", "mkNnwcRLWIp"])
def test_the_label_comes_first_and_names_for_programs_second(made_up: str) -> None:
    event = event_of({"fields": [{"name": "kundennavn", "label": "Navn", "id": made_up, "value": "Bo"}]})
    assert list(event.fields)[:1] == ["Navn"]
    assert event.second_names[:2] == ("kundennavn", made_up)
    assert "kundennavn" not in event.about
    assert made_up in event.about  # nothing can be read in it


def test_a_label_of_two_answers_is_believed_of_each_alone() -> None:
    body = {"fields": [{"label": "E-mail", "value": "a@example.org"}, {"label": "E-mail", "value": "b@example.org"}]}
    assert answers_of(event_of(body)) == {"fields.0.E-mail": "a@example.org", "fields.1.E-mail": "b@example.org"}


def test_equal_labels_of_two_groups_have_the_groups_title() -> None:
    body = {
        "sections": [
            {"title": "Huurder", "fields": [{"label": "Naam", "value": "Jan"}, {"label": "Wens", "value": "tuin"}]},
            {"title": "Verhuurder", "fields": [{"label": "Naam", "value": "Piet"}]},
        ]
    }
    answers = answers_of(event_of(body))
    assert (answers["Huurder.Naam"], answers["Verhuurder.Naam"], answers["Wens"]) == ("Jan", "Piet", "tuin")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"value": "Rosso"}, "Rosso"),
        ({"id": 3, "label": "Rosso"}, "Rosso"),
        ({"value": "r", "label": "Rosso"}, "Rosso"),
        ({"label": "Casa", "value": "+39 347 123 4567"}, "+39 347 123 4567"),
        ({"labels": ["Rosso", "Blu"]}, ["Rosso", "Blu"]),
        ([{"id": 1, "label": "Rosso"}, {"id": 2, "label": "Blu"}], ["Rosso", "Blu"]),
        ([["Rosso"]], "Rosso"),
        ({"full": "06 1234 5678", "area": "06"}, "06 1234 5678"),
        ('{"label": "Rosso"}', "Rosso"),
        (False, False),
        (None, None),
    ],
)
def test_what_builders_wrap_around_a_value_is_taken_off(value: Json, read: Json) -> None:
    assert answers_of(event_of({"answers": [{"question": "Colore", "answer": value}]})) == {"Colore": read}


@pytest.mark.parametrize("key", ["options", "choices"])
def test_an_option_is_told_by_its_text(key: str) -> None:
    options = [{"id": "o1", "text": "Dach"}, {"id": "o2", "text": "Fenster"}]
    event = event_of({"answers": [{"question": "Was?", "answer": ["o2", "o1"], key: options}]})
    assert answers_of(event) == {"Was?": ["Fenster", "Dach"]}


def test_options_may_stand_with_the_question_elsewhere() -> None:
    body = {
        "form": {"fields": [{"id": 4, "label": "Was?", "choices": [{"value": "a", "text": "Dach"}]}]},
        "4": "a",
    }
    assert answers_of(event_of(body)) == {"Was?": "Dach"}
    assert event_of(body).fields["4"] == "a"


@pytest.mark.parametrize(
    "value",
    [
        {"first": "Aino", "last": "Korhonen"},
        [{"label": "first", "value": "Aino"}, {"label": "last", "value": "Korhonen"}],
        '{"first": "Aino", "last": "Korhonen"}',
    ],
)
def test_the_parts_of_an_answer_have_their_own_labels(value: Json) -> None:
    event = event_of({"fields": [{"label": "Nimi", "type": "full_name", "answer": value}]})
    assert answers_of(event) == {"Nimi.first": "Aino", "Nimi.last": "Korhonen"}
    assert event.types == {"Nimi.first": "first_name", "Nimi.last": "last_name"}


@pytest.mark.parametrize("parts", ["inputs", "SubFields"])
def test_parts_that_are_described_elsewhere_have_their_labels(parts: str) -> None:
    sub = [{"id": "1.3", "label": "Etunimi"}, {"id": "1.6", "label": "Sukunimi"}]
    body = {"form": {"fields": [{"id": 1, "label": "Nimi", parts: sub}]}, "1.3": "Aino", "1.6": "Korhonen"}
    assert answers_of(event_of(body)) == {"Nimi.Etunimi": "Aino", "Nimi.Sukunimi": "Korhonen"}


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("email", "email"), ("INPUT_EMAIL", "email"), ("control_email", "email"), ("EmailField", "email"),
        ("tel", "phone"), ("phone_number", "phone"), ("control_phone", "phone"), ("hs-form-phone", "phone"),
        ("url", "website"), ("fullname", "name"), ("first_name", "first_name"), ("gdpr", "consent"),
        ("textarea", "text"), ("MULTIPLE_CHOICE", "choice"), ("file_upload", "file"), ("hidden", "hidden"),
    ],
)  # fmt: skip
def test_the_senders_types_are_known(word: str, kind: FieldType) -> None:
    event = event_of({"fields": [{"label": "Q", "name": "q_name", "type": word, "answer": "x"}]})
    assert event.types == {"Q": kind, "q_name": kind}


def test_the_type_that_says_what_a_value_is_counts() -> None:
    body = {
        "form": {"fields": [{"id": "q1", "title": "Adresse", "type": "short_text"}]},
        "answers": [{"type": "email", "email": "z@example.fr", "field": {"id": "q1", "type": "short_text"}}],
    }
    assert event_of(body).types["Adresse"] == "email"


def test_an_object_with_few_of_the_names_is_not_what_was_answered() -> None:
    body = {
        "labels": {"name": "Navn", "mail": "E-post", "city": "By"},
        "data": {"name": "Bo", "mail": "bo@example.dk", "city": "Ribe"},
        "form": {"name": "Kontakt"},
    }
    assert answers_of(event_of(body)) == {"Navn": "Bo", "E-post": "bo@example.dk", "By": "Ribe"}


def test_a_type_that_nobody_knows_says_nothing() -> None:
    assert event_of({"fields": [{"label": "Q", "type": "sparkle", "answer": "x"}]}).types == {}


@pytest.mark.parametrize(
    "body",
    [
        {"type": "form_response", "name": "Lead form Q1", "fields": [{"label": "Adresse", "value": "z@example.fr"}]},
        {"form": {"id": "3", "name": "Lead form Q1"}, "answers": [{"question": "Adresse", "answer": "z@example.fr"}]},
        {"payload": {"name": "Lead form Q1", "siteId": "s", "data": {"Adresse": "z@example.fr"}}},
        {"formTitle": "Lead form Q1", "raw": '{"Adresse": "z@example.fr"}'},
        {"definition": {"title": "Lead form Q1", "fields": [{"id": "f1", "title": "Adresse"}]}, "f1": "z@example.fr"},
        {"meta": {"form": {"title": "Form", "value": "Lead form Q1"}}, "fields": [["a", "z@example.fr"], ["b", "c"]]},
    ],
)
def test_the_forms_own_name_is_no_answer_but_stays(body: Json) -> None:
    event = event_of(body)
    assert "Lead form Q1" in event.fields.values()
    assert "Lead form Q1" not in answers_of(event).values()
    assert "z@example.fr" in answers_of(event).values()


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Zoé", "email": "z@example.fr", "fields": [{"label": "Budget", "value": "5"}]},
        {"name": "Zoé", "email": "z@example.fr", "fields": [{"label": "Facture à", "value": "f@example.fr"}]},
        {"name": "Zoé", "phone": "0612345678", "data": {"message": "write to z@example.fr"}},
        {"name": "Zoé", "data": {"message": "write to z@example.fr"}},
        {"id": 5, "name": "Zoé", "extra": {"colour": "blue"}},
    ],
)
def test_a_persons_name_beside_other_answers_is_one(body: Json) -> None:
    assert answers_of(event_of(body))["name"] == "Zoé"


@pytest.mark.parametrize(
    "body",
    [
        {"email": "a@example.org", "products": [{"id": 1, "title": "Roof"}, {"id": 2, "title": "Door"}]},
        {"guests": [{"name": "Ann", "email": "ann@example.org", "response": "yes"}]},
        {"kinder": [{"vorname": "Ann", "mail": "a@example.org"}, {"vorname": "Bob", "mail": "b@example.org"}]},
        {"phones": [{"id": 4, "value": "+12025550123"}]},
        {"emails": [{"value": "a@example.org", "type": "work"}]},
        {"contact": {"name": "Ann", "address": {"city": "Bonn", "title": "Home"}}},
        {"title": "Dr", "note": "{not JSON}", "list": "[also none]"},
        {"colours": ["red", "blue"], "sizes": ["S", "M"]},
    ],
)
def test_what_only_looks_a_little_like_answers_is_read_flat(body: Json) -> None:
    event = event_of(body)
    assert (event.second_names, event.about, event.types) == ((), frozenset(), {})


@pytest.mark.parametrize(
    ("fields", "name", "whole"),
    [
        ({"tel1": "090", "tel2": "1234", "tel3": "5678"}, "tel", "090-1234-5678"),
        ({"携帯_1": "090", "携帯_2": "1234", "携帯_3": "5678"}, "携帯", "090-1234-5678"),
        ({"phone[0]": "02", "phone[1]": "312", "phone[2]": "3456"}, "phone 1-3", "02-312-3456"),
        ({"zip1": "604", "zip2": "8005"}, "zip", "604-8005"),
    ],
)
def test_a_number_in_several_boxes_is_one(fields: Mapping[str, str], name: str, whole: str) -> None:
    event = event_of(fields, FORM)
    assert answers_of(event) == {name: whole}


@pytest.mark.parametrize(
    "fields",
    [
        {"phone1": "+1 202 555 0123", "phone2": "+1 202 555 0124", "phone3": "none"},
        {"tel1": "090", "tel2": "1234"},
        {"tel1": "090", "tel3": "5678", "tel4": "1234"},
        {"telefax1": "090", "telefax2": "1234", "telefax3": "5678"},
        {"q1": "090", "q2": "1234", "q3": "5678"},
        {"tel": "0", "tel1": "090", "tel2": "1234", "tel3": "5678"},
    ],
)
def test_other_numbered_fields_stay_apart(fields: Mapping[str, str]) -> None:
    assert answers_of(event_of(fields, FORM)) == fields


@pytest.mark.parametrize(
    "form", ["q{}_label q{}_value", "label_{} value_{}", "question{} answer{}", "f.{}.title f.{}.value"]
)
def test_a_label_in_a_field_of_its_own_names_the_value_beside_it(form: str) -> None:
    label, value = form.split()
    fields = {label.format(1): "Jméno", value.format(1): "Ota", label.format(2): "Obec", value.format(2): "Brno"}
    assert answers_of(event_of(fields, FORM)) == {"Jméno": "Ota", "Obec": "Brno"}


def test_each_of_several_submissions_is_read_by_itself() -> None:
    body = [{"answers": [{"question": "Nome", "answer": name}]} for name in ("Ada", "Bice")]
    assert [answers_of(event) for event in events_of(body)] == [{"Nome": "Ada"}, {"Nome": "Bice"}]


def test_a_list_of_pairs_alone_is_one_submission() -> None:
    assert answers_of(event_of([{"name": "Nome", "value": "Ada"}, {"name": "Età", "value": 5}])) == {
        "Nome": "Ada",
        "Età": 5,
    }
