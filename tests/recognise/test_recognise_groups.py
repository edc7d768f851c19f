"""Whose a name is by what it stands in: the group of the contact, brackets behind a label, a path."""

from collections.abc import Mapping

import pytest

from leadbridge.events import Event, Json
from leadbridge.recognise import recognise
from leadbridge.sources.fields import flat
from tests.support.walked import walked


def lead(document: Mapping[str, Json], region: str = "US") -> Mapping[str, Json]:
    return recognise(Event(fields=flat(dict(document)), raw=dict(document)), region=region).lead


@pytest.mark.parametrize("group", ["data", "fields", "contact", "lead"])
@pytest.mark.parametrize("beside", [{}, {"event": "form.submitted"}], ids=["alone", "beside an event"])
def test_the_name_in_the_group_of_the_contact_goes_before_the_forms(group: str, beside: dict[str, Json]) -> None:
    person = {"name": "Ann Lee", "email": "a@x.io"}
    assert lead({"name": "Contact form", **beside, group: person}) == person


def test_the_name_of_a_form_is_no_half_of_a_persons() -> None:
    assert lead({"name": "Newsletter", "data": {"First Name": "Ann"}}) == {"first_name": "Ann"}


def test_a_name_outside_of_the_contacts_group_stays_where_that_has_none() -> None:
    assert lead({"name": "Ann Lee", "contact": {"email": "a@x.io"}}) == {"name": "Ann Lee", "email": "a@x.io"}
    beside = {"name": "Ann Lee", "email": "a@x.io", "company": {"name": "Acme", "email": "info@acme.io"}}
    assert lead(beside)["name"] == "Ann Lee"
    assert lead({"name": "Ann Lee", "data": {"first_name": "Ann"}})["name"] == "Ann Lee"


@walked(
    ("first", "last"),
    [
        ("4. Ihr Name (Besteller/in) (Vorname)", "4. Ihr Name (Besteller/in) (Nachname)"),
        ("Your name (buyer) (First)", "Your name (buyer) (Last)"),
        ("Votre nom (Prénom)", "Votre nom (Nom de famille)"),
        ("お名前（名）", "お名前（姓）"),
    ],
)
def test_brackets_behind_a_name_ask_for_a_part_of_it(first: str, last: str) -> None:
    found = lead({first: "Thorben", last: "von der Heyde", "E-mail": "t@example.com"})
    assert (found["first_name"], found["last_name"]) == ("Thorben", "von der Heyde")


@walked("label", ["ansprechpartner", "kontaktperson", "contactpersoon", "担当者", "contact_person"])
def test_the_contact_person_at_the_end_of_a_path_is_the_submitter(label: str) -> None:
    found = lead({f"tx_form_pi1[field][{label}]": "Eva Ott", "tx_form_pi1[field][email]": "eva@example.com"}, "DE")
    assert found["name"] == "Eva Ott"
