"""How the lead's values are normalised, and what becomes of those that cannot be."""

from typing import Any

import pytest

from leadbridge.events import Json
from leadbridge.lead import Address, Utm
from tests.mapping.mapping_of import lead_from
from tests.support.walked import walked


@walked(
    ("mapping", "fields", "expected"),
    [
        ({"email": "{{ fields.a }}"}, {"a": " Ann@Example.COM "}, {"email": "ann@example.com"}),
        ({"email": "{{ fields.a }}"}, {"a": "Ann Lee <ann@example.com>"}, {"email": "ann@example.com"}),
        ({"email": "{{ fields.a }}"}, {"a": '"Lee, Ann" <ann@example.com>'}, {"email": "ann@example.com"}),
        ({"email": "{{ fields.a }}"}, {"a": "mailto:ann@example.com."}, {"email": "ann@example.com"}),
        ({"email": "{{ fields.a }}"}, {"a": "ann@office.invalid"}, {"email": "ann@office.invalid"}),
        ({"email": "{{ fields.a }}"}, {"a": "jörg@bücher.example"}, {"email": "jörg@bücher.example"}),
        (
            {"email": "{{ fields.a }}"},
            {"a": "a@example.com, B@example.com"},
            {"email": "a@example.com", "emails": ("a@example.com", "b@example.com")},
        ),
        (
            {"email": "{{ fields.a }}", "emails": ["{{ fields.b }}", "C@example.com"]},
            {"a": "a@example.com", "b": "b@example.com; A@example.com"},
            {"email": "a@example.com", "emails": ("a@example.com", "b@example.com", "c@example.com")},
        ),
        (
            {"emails": "{{ fields.a }}"},
            {"a": ["x@example.com", None]},
            {"email": "x@example.com", "emails": ("x@example.com",)},
        ),
        ({"phone": "{{ fields.a }}"}, {"a": "(214) 555-0100"}, {"phone": "+12145550100"}),
        ({"phone": "{{ fields.a }}"}, {"a": 2145550100}, {"phone": "+12145550100"}),
        (
            {"phone": "{{ fields.a }}"},
            {"a": "214 555 0100 / 972 555 0101"},
            {"phone": "+12145550100", "phones": ("+12145550100", "+19725550101")},
        ),
        (
            {"phone": "{{ fields.a }}", "phones": ["{{ fields.a }}", "{{ fields.b }}"]},
            {"a": "214 555 0100", "b": "+44 20 7946 0958"},
            {"phone": "+12145550100", "phones": ("+12145550100", "+442079460958")},
        ),
        ({"name": "{{ fields.a }}"}, {"a": "Madonna"}, {"name": "Madonna", "first_name": "Madonna"}),
        (
            {"name": "{{ fields.a }}"},
            {"a": " Dr. Ann Mary Lee Jr. "},
            {
                "name": "Dr. Ann Mary Lee Jr.",
                "prefix": "Dr.",
                "first_name": "Ann",
                "middle_name": "Mary",
                "last_name": "Lee",
                "suffix": "Jr.",
            },
        ),
        *(
            ({"name": "{{ fields.a }}"}, {"a": whole}, {"name": whole, **parts})
            for whole, parts in (
                ("Ann (Annie) Lee", {"first_name": "Ann", "middle_name": "(Annie)", "last_name": "Lee"}),
                ("Li Wei (李伟)", {"first_name": "Li", "middle_name": "(李伟)", "last_name": "Wei"}),
                ("Lee, Ann (Annie)", {"first_name": "Ann", "middle_name": "(Annie)", "last_name": "Lee"}),
                ("(Ann) Ann Lee", {"first_name": "Ann", "middle_name": "(Ann)", "last_name": "Lee"}),
                ('Ann "Annie Bee" Lee', {"first_name": "Ann", "middle_name": '"Annie Bee"', "last_name": "Lee"}),
                ("Mary (May) Jane Lee", {"first_name": "Mary", "middle_name": "(May) Jane", "last_name": "Lee"}),
                ("Mary Jane Lee (May)", {"first_name": "Mary", "middle_name": "Jane (May)", "last_name": "Lee"}),
                ("田中（たなか）太郎", {"first_name": "太郎", "middle_name": "（たなか）", "last_name": "田中"}),
                ("김민준", {"first_name": "민준", "last_name": "김"}),
                ("Ann née Lee", {"last_name": "Ann née Lee"}),
            )
        ),
        (
            {"first_name": "{{ fields.a }}", "last_name": "{{ fields.b }}"},
            {"a": "Ann", "b": "Lee"},
            {"first_name": "Ann", "last_name": "Lee", "name": "Ann Lee"},
        ),
        ({"last_name": "{{ fields.b }}"}, {"b": "Lee"}, {"last_name": "Lee", "name": "Lee"}),
        (
            {"name": "{{ fields.n }}", "first_name": "{{ fields.a }}"},
            {"n": "Ann Mary Lee", "a": "Ann Mary"},
            {"name": "Ann Mary Lee", "first_name": "Ann Mary", "last_name": "Lee"},
        ),
        (
            {"name": "{{ fields.n }}", "last_name": "{{ fields.b }}"},
            {"n": "Ann Lee", "b": "Lee"},
            {"name": "Ann Lee", "first_name": "Ann", "last_name": "Lee"},
        ),
        (
            {"name": "{{ fields.n }}", "first_name": "{{ none }}"},
            {"n": "Ann Lee"},
            {"name": "Ann Lee", "first_name": None},
        ),
        ({"value": "{{ fields.a }}"}, {"a": "$1,200.50"}, {"value": 1200.5}),
        ({"value": 5}, {}, {"value": 5}),
        ({"value": "{{ none }}"}, {}, {"value": None}),
        ({"date_of_birth": "{{ fields.a }}"}, {"a": "31/05/1990"}, {"date_of_birth": "1990-05-31"}),
        ({"consent": "{{ fields.a }}"}, {"a": True}, {"consent": True}),
        ({"consent": "{{ fields.a }}"}, {"a": "I agree to the terms "}, {"consent": "I agree to the terms"}),
        ({"dnd": "{{ fields.a }}"}, {"a": "yes"}, {"dnd": True}),
        ({"website": "{{ fields.a }}"}, {"a": " example.com/about "}, {"website": "example.com/about"}),
        ({"website": "{{ fields.a }}"}, {"a": "https://"}, {}),
        (
            {"websites": "{{ fields.a }}"},
            {"a": "a.example, https://b.example"},
            {"website": "a.example", "websites": ("a.example", "https://b.example")},
        ),
        ({"tags": ["x", "{{ fields.a }}"]}, {"a": "X, y ,,"}, {"tags": ("x", "y")}),
        ({"message": "{{ fields.a }}"}, {"a": "  line one\nline two "}, {"message": "line one\nline two"}),
        ({"message": "{{ fields.a }}"}, {"a": "  \n "}, {}),
        ({"message": "{{ none }}"}, {}, {"message": None}),
        ({"title": "{{ fields.a }}"}, {"a": ["CEO", "CTO"]}, {"title": "CEO, CTO"}),
        ({"email": "{{ none }}"}, {}, {"email": None}),
        (
            {"email": "{{ none }}", "emails": "{{ fields.a }}"},
            {"a": "a@example.com"},
            {"email": None, "emails": ("a@example.com",)},
        ),
        (
            {"address": {"postal_code": "{{ fields.zip }}", "city": "{{ fields.city }}"}},
            {"zip": "02134"},
            {"address": Address(postal_code="02134")},
        ),
        ({"address": {"postal_code": "{{ fields.zip }}"}}, {"zip": 75001}, {"address": Address(postal_code="75001")}),
        ({"address": {"city": "{{ fields.city }}"}}, {}, {}),
        ({"address": {"country": "Deutschland"}}, {}, {"address": Address(country="DE")}),
        ({"utm": {"source": "{{ fields.s }}", "term": "{{ fields.t }}"}}, {"s": "ads"}, {"utm": Utm(source="ads")}),
    ],
)
def test_values_are_normalised_and_absent_ones_left_out(
    mapping: dict[str, Any], fields: dict[str, Json], expected: dict[str, Any]
) -> None:
    lead, warnings = lead_from(mapping, fields)
    assert {key: getattr(lead, key) for key in lead.model_fields_set} == expected
    assert warnings == []


@walked(
    ("mapping", "value", "kept", "problem"),
    [
        ("email", "nobody", {}, "is no e-mail address: it has no @-sign"),
        ("email", "Nobody <at home>", {}, "is no e-mail address: it has no @-sign"),
        ("email", "ann@localhost", {}, "is no e-mail address: there is no period after the @-sign"),
        ("email", "ann@", {}, "is no e-mail address: there is nothing after the @-sign"),
        ("email", "x" * 3_000 + "@example.com", {}, "is too long"),
        ("phone", "call me", {"phone": "call me"}, "cannot be read as a phone number"),
        ("phone", "214 555 0100 ext. 9", {"phone": "+12145550100"}, "has an extension"),
        ("date_of_birth", "03/05/1990", {"date_of_birth": "03/05/1990"}, "can be read as two dates"),
        ("value", "a lot", {}, "cannot be read as a number"),
        ("dnd", "sometimes", {}, "cannot be read as yes or no"),
    ],
)
def test_what_cannot_be_normalised_is_named_and_not_sent_as_something_it_is_not(
    mapping: str, value: str, kept: dict[str, Any], problem: str
) -> None:
    lead, (warning,) = lead_from({mapping: "{{ fields.a }}"}, {"a": value})
    assert {key: getattr(lead, key) for key in lead.model_fields_set} == kept
    assert (warning.field, warning.got) == (mapping, value)
    assert problem in warning.problem


def test_a_country_that_cannot_be_read_stays_as_it_came() -> None:
    lead, (warning,) = lead_from({"address": {"country": "{{ fields.a }}"}}, {"a": "Atlantis"})
    assert lead.address == Address(country="Atlantis")
    assert (warning.field, warning.got) == ("address.country", "Atlantis")


@pytest.mark.parametrize(
    ("country", "region", "phone"),
    [
        ("UK", "US", "+442079460958"),
        ("gb", "US", "+442079460958"),
        (None, "GB", "+442079460958"),
        ("Atlantis", "GB", "+442079460958"),
        (None, None, "020 7946 0958"),
    ],
)
def test_a_national_number_is_read_as_of_the_country_of_the_form_then_of_the_source(
    country: str | None, region: str | None, phone: str
) -> None:
    mapping = {"phone": "{{ fields.p }}", "address": {"country": "{{ fields.c }}"}}
    lead, _ = lead_from(mapping, {"p": "020 7946 0958", "c": country}, region=region)
    assert lead.phone == phone
    filtered, _ = lead_from(
        {**mapping, "phone": "{{ fields.p | e164 }}"}, {"p": "020 7946 0958", "c": country}, region=region
    )
    assert filtered.phone == phone


def test_the_same_trouble_is_told_once() -> None:
    lead, warnings = lead_from({"phone": "{{ fields.a | e164 }}"}, {"a": "call me"})
    assert lead.phone == "call me"
    assert [warning.field for warning in warnings] == ["phone"]
