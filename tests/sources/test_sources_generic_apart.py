"""What the preset `generic` reads from several fields of a flat form: numbers in boxes, labels beside values."""

from collections.abc import Mapping

import pytest

from tests.sources.generic import FORM, answers_of, event_of


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


def test_a_title_beside_a_value_is_somebodys() -> None:
    lead = {"name": "Ann Lee", "title": "CEO", "value": "5000"}
    assert answers_of(event_of(lead)) == lead
