"""What stands around the answers of a form: the preset `generic` keeps it, and takes none of it for an answer."""

import pytest

from leadbridge.events import Json
from tests.sources.generic import answers_of, event_of


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


def test_campaign_tags_are_no_part_of_the_circumstances() -> None:
    event = event_of({"data": {"email": "ann@example.com"}, "context": {"utm_source": "x", "ip": "203.0.113.7"}})
    assert answers_of(event) == {"data.email": "ann@example.com", "context.utm_source": "x"}
