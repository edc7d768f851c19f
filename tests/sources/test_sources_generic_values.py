"""What the preset `generic` makes of one answer: its value, its parts, its options and the sender's type."""

import pytest

from leadbridge.events import FieldType, Json
from tests.sources.generic import answers_of, event_of


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


def test_a_part_may_have_the_id_of_the_whole() -> None:
    parts = [{"id": "1", "title": "First"}, {"id": "2", "title": "Last"}]
    questions = [{"id": "1", "title": "Name", "inputs": parts}, {"id": "3", "title": "City"}]
    event = event_of({"questions": questions, "data": {"1": "Ann", "2": "Lee", "3": "Oslo"}})
    assert answers_of(event) == {"Name.First": "Ann", "Name.Last": "Lee", "City": "Oslo"}


def test_parts_may_stand_beside_their_label() -> None:
    name = {"label": "Applicant", "first": "Ann", "last": "Lee"}
    phone = {"label": "Phone", "area": "718", "phone": "5550166", "full": "(718) 555-0166"}
    event = event_of({"submission": {"q3": name, "q4": phone, "q5": {"label": "E-mail", "value": "ann@example.com"}}})
    assert answers_of(event) == {
        "Applicant.first": "Ann",
        "Applicant.last": "Lee",
        "Phone": "(718) 555-0166",
        "E-mail": "ann@example.com",
    }


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


def test_a_type_that_nobody_knows_says_nothing() -> None:
    assert event_of({"fields": [{"label": "Q", "type": "sparkle", "answer": "x"}]}).types == {}
