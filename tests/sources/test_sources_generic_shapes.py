"""The preset `generic` with answers in shapes that no preset is there for: label and value come together."""

import json
from collections.abc import Mapping
from typing import Final

import pytest

from leadbridge.events import Json
from tests.sources.generic import FORM, answers_of, event_of, events_of

SPANISH: Final = {"Nombre completo": "Inés Robledo", "Correo": "ines@example.es"}
LISTS: Final[Mapping[str, Json]] = {
    "question and answer": {
        "respuestas": [
            {"question": "Nombre completo", "answer": "Inés Robledo"},
            {"question": "Correo", "answer": "ines@example.es"},
        ]
    },
    "question and answer in Spanish, with a type": {
        "respuestas": [
            {"pregunta": "Nombre completo", "respuesta": "Inés Robledo", "type": "text"},
            {"pregunta": "Correo", "respuesta": "ines@example.es", "type": "email"},
        ]
    },
    "a subject and a list with the one answer": {
        "title": "Solicitud",
        "result": [
            {"subject": "Nombre completo", "type": "TXTSHORT", "sn": 1, "answer": ["Inés Robledo"]},
            {"subject": "Correo", "type": "EMAIL", "sn": 2, "answer": ["ines@example.es"]},
        ],
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


def test_an_object_with_few_of_the_names_is_not_what_was_answered() -> None:
    body = {
        "labels": {"name": "Navn", "mail": "E-post", "city": "By"},
        "data": {"name": "Bo", "mail": "bo@example.dk", "city": "Ribe"},
        "form": {"name": "Kontakt"},
    }
    assert answers_of(event_of(body)) == {"Navn": "Bo", "E-post": "bo@example.dk", "By": "Ribe"}


def test_labels_that_stand_in_one_text_name_the_answers_beside_it() -> None:
    answers = {"slug": "submit/1", "q3_input3": "朝比奈 奏恵", "q4_input4": "kanae@example.net, :x", "q5_input5": ""}
    body = {"rawRequest": json.dumps(answers), "pretty": "保護者氏名:朝比奈 奏恵, メール:kanae@example.net, :x"}
    event = event_of(body, FORM)
    assert event.fields["保護者氏名"] == "朝比奈 奏恵"
    assert event.fields["メール"] == "kanae@example.net, :x"
    assert {"q3_input3", "q4_input4", "pretty"} <= {*event.second_names}


def test_each_of_several_submissions_is_read_by_itself() -> None:
    body = [{"answers": [{"question": "Nome", "answer": name}]} for name in ("Ada", "Bice")]
    assert [answers_of(event) for event in events_of(body)] == [{"Nome": "Ada"}, {"Nome": "Bice"}]


def test_a_list_of_pairs_alone_is_one_submission() -> None:
    assert answers_of(event_of([{"name": "Nome", "value": "Ada"}, {"name": "Età", "value": 5}])) == {
        "Nome": "Ada",
        "Età": 5,
    }


@pytest.mark.parametrize(
    "body",
    [
        [
            {"question": "Nombre completo", "answer": "Inés Robledo"},
            {"question": "Correo", "answer": "ines@example.es"},
        ],
        [["Nombre completo", "Inés Robledo"], ["Correo", "ines@example.es"]],
        [{"Nombre completo": "Inés Robledo"}, {"Correo": "ines@example.es"}],
    ],
)
def test_a_list_of_answers_alone_is_one_submission(body: Json) -> None:
    assert answers_of(event_of(body)) == SPANISH


@pytest.mark.parametrize(
    "lead",
    [
        {"full_name": "Ann Lee", "title": "CEO", "value": "5000"},
        {"nombre": "Ann Lee", "title": "CEO", "telefono": "600 123 456", "value": "5000"},
        {"customer_phone": "+14155550177", "question": "How long?", "answer": "3 weeks"},
        {"nombre": "Ana", "titulo": "Directora", "valor": "5000", "telefono": "600 123 456"},
        {"nombre": "Ana", "titulo": "Directora", "valor": "5000", "empresa": "Acme"},
        {"Name": "Ana Berg", "Titel": "Direktorin", "Wert": "5000", "Firma": "Acme GmbH"},
        {"nom": "Ana", "titre": "Directrice", "valeur": "5000", "entreprise": "Acme"},
    ],
)
def test_records_of_people_with_a_title_and_a_value_are_no_answers_of_one_form(lead: dict[str, Json]) -> None:
    other = {name: f"{value}1" for name, value in lead.items()}
    first, second = events_of([lead, other])
    assert (lead.items() <= first.fields.items(), other.items() <= second.fields.items()) == (True, True)


def test_equal_questions_in_a_list_are_several_submissions() -> None:
    assert len(events_of([{"question": "Correo", "answer": each} for each in ("a@example.es", "b@example.es")])) == 2


def test_a_property_of_a_company_is_not_the_contacts() -> None:
    fields = [
        {"objectTypeId": "0-1", "name": "email", "value": "ann@example.com"},
        {"objectTypeId": "0-2", "name": "name", "value": "Example Works"},
    ]
    event = event_of({"fields": fields})
    assert answers_of(event) == {"email": "ann@example.com", "company.name": "Example Works"}
    assert event.fields["name"] == "Example Works"  # as a flat reading has it


def test_the_halves_of_a_name_beside_it_are_answers() -> None:
    whole = {"name": "Full name", "value": "Ann Lee", "id": 1, "type": "name", "first": "Ann", "last": "Lee"}
    event = event_of({"fields": {"1": whole, "2": {"name": "Remarks", "value": "Call me.", "id": 2, "type": "text"}}})
    assert answers_of(event) == {
        "Full name": "Ann Lee",
        "Remarks": "Call me.",
        "Full name.first": "Ann",
        "Full name.last": "Lee",
    }
    assert event.types["Full name.last"] == "last_name"


def test_a_name_that_only_counts_questions_says_nothing() -> None:
    listed = {
        "soru_1": {"title": "Ad Soyad", "value": "Eda Kaya"},
        "soru_2": {"title": "Posta", "value": "e@example.tr"},
    }
    event = event_of({"cevaplar": listed})
    assert answers_of(event) == {"Ad Soyad": "Eda Kaya", "Posta": "e@example.tr"}
    assert {"soru_1", "soru_2"} <= event.about


def test_a_label_behind_an_answer_that_the_text_says_otherwise() -> None:
    answers = {
        "q3_born": {"month": "06", "day": "14"},
        "q4_name": {"first": "Ann", "last": "Lee"},
        "q5_mail": "ann@example.com",
    }
    body = {"rawRequest": json.dumps(answers), "pretty": "Born:06/14, Parent Name:Ann Lee, E-mail:ann@example.com"}
    found = answers_of(event_of(body))
    assert (found["Parent Name.first"], found["E-mail"]) == ("Ann", "ann@example.com")
