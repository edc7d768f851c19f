"""The names of the preset `generic`: configurations refer to those of a flat reading, whatever else is read."""

from collections.abc import Mapping
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadbridge.events import Json
from leadbridge.sources.fields import flat
from tests.sources.generic import answers_of, event_of


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


TAKEN: Final[tuple[Json, ...]] = (
    {
        "form_id": "F-77",
        "utm": {"source": "x"},
        "answers": [{"label": "email", "answer": "a@example.org"}],
        "q1_question": "form_id",
        "q1_answer": "W-8BEN",
    },
    {
        "form_id": "1",
        "form_name": "Contact",
        "ip": "192.0.2.4",
        "q1_label": "form_name",
        "q1_value": "Ann",
        "data": {"email": "a@example.org"},
    },
    {"key": [{"label": "2", "text": "x"}, {"2": True, "label": "2", "text": 0}]},
    {"values": [{"answer": 1.5, "label": "label"}], "label": []},
    {"a": [{"label": "b", "value": True}, {"label": "c", "answer": [1]}], "b": 1, "c": [True]},
)
WORDS: Final = (
    "label",
    "value",
    "values",
    "answer",
    "answers",
    "name",
    "id",
    "fields",
    "form_id",
    "q1_label",
    "q1_value",
)
LEAVES: Final = st.sampled_from(
    [*WORDS, "", "1", "a@example.org", '{"label": "id", "value": 1}', 0, 1, 1.0, True, None]
)
DOCUMENTS: Final = st.dictionaries(
    st.sampled_from(WORDS),
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
        max_leaves=12,
    ),
    max_size=5,
).map(lambda body: {**body, "sent": "yes"})


@given(DOCUMENTS)
@example(TAKEN[0])
@example(TAKEN[1])
@example(TAKEN[2])
@example(TAKEN[3])
@example(TAKEN[4])
def test_whatever_is_asked_a_flat_readings_names_keep_their_values(body: Json) -> None:
    fields = event_of(body).fields
    assert {name: repr(fields.get(name)) for name in flat(body)} == {
        name: repr(one) for name, one in flat(body).items()
    }


@given(DOCUMENTS)
def test_what_is_told_of_fields_is_told_of_fields_that_are_there(body: Json) -> None:
    event = event_of(body)
    assert {*event.second_names, *event.about, *event.types} <= event.fields.keys()


def test_the_forms_id_is_not_what_somebody_answered() -> None:
    event = event_of(TAKEN[0])
    assert (event.meta["form_id"], event.fields["q1_answer"]) == ("F-77", "W-8BEN")
    assert "q1_answer" in answers_of(event)  # and not hidden, as it has no other name


def test_of_two_answers_with_one_label_in_a_flat_form_none_is_hidden() -> None:
    body = {"q1_label": "Navn", "q1_value": "Bo", "q2_label": "Navn", "q2_value": "Ib"}
    assert answers_of(event_of(body)) == {"Navn": "Bo", "q2_label": "Navn", "q2_value": "Ib"}


def test_questions_that_are_described_one_by_one_name_the_answers() -> None:
    described = [{"field_1": {"label": "您的姓名", "type": "text"}}, {"field_2": {"label": "手机", "type": "mobile"}}]
    event = event_of({"form": "Zx8", "entry": {"field_1": "贾铭宇", "field_2": "15912345678"}, "fields": described})
    assert answers_of(event) == {"您的姓名": "贾铭宇", "手机": "15912345678"}
