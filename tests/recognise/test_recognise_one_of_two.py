"""Which of two answers is the submitter's: whose it is, what it is for, and in which order a name was asked for."""

from collections.abc import Mapping
from typing import Any

import pytest

from leadbridge.events import Event, Json
from leadbridge.recognise import recognise
from tests.support.walked import walked

EMAIL = "ann@example.com"


def lead(fields: Mapping[str, Json], region: str = "US") -> dict[str, Any]:
    return dict(recognise(Event(fields=fields, raw=dict(fields)), region=region).lead)


@walked(
    ("label", "typed", "name"),
    [
        ("Surname and first name", "Lee Ann", "Ann Lee"),
        ("Cognome e nome", "Ghirelli Aurelio", "Aurelio Ghirelli"),
        ("Nazwisko i imię pacjenta", "Pietrzyk Apolonia", "Apolonia Pietrzyk"),
        ("Nachname, Vorname", "Fuchs Eva", "Eva Fuchs"),
        ("Příjmení a jméno", "Vrba Petr", "Petr Vrba"),
        ("Nazwisko i imię", "Nowak Anna Maria", "Nowak Anna Maria"),
        ("Nom et prénom", "Mehdi Benali", "Mehdi Benali"),
        ("First and last name", "Ann Lee", "Ann Lee"),
        ("Họ và tên", "Nguyễn Lan", "Nguyễn Lan"),
    ],
)
def test_two_words_are_turned_where_the_label_asks_for_the_family_name_first(label: str, typed: str, name: str) -> None:
    assert lead({label: typed}, "IT")["name"] == name


@pytest.mark.parametrize("title", ["Ph.D.", "CSc.", "M.D.", "MBA", "Jr."])
def test_what_stands_behind_a_name_is_no_given_name(title: str) -> None:
    assert lead({"Name": f"Radek Hora, {title}"})["name"] == f"Radek Hora, {title}"


@walked(
    ("asked", "own"),
    [
        (
            {"Referring member": "Ann Lee", "Referring member e-mail": EMAIL},
            {"Friend name": "Bob", "Friend e-mail": "b@x.com"},
        ),
        (
            {"추천인 이름 (본인)": "Ann Lee", "추천인 이메일": EMAIL},
            {"친구 이름": "Bob", "친구 휴대폰": "010-1111-9999"},
        ),
        ({"推薦人姓名_您": "Ann Lee", "推薦人email": EMAIL}, {"被推薦人姓名": "Bob", "被推薦人手機": "0935000111"}),
        ({"Name des Werbers": "Ann Lee", "E-Mail des Werbers": EMAIL}, {"Name des Freundes": "Bob"}),
    ],
)
def test_who_refers_a_friend_is_the_submitter(asked: dict[str, Json], own: dict[str, Json]) -> None:
    assert lead({**own, **asked}) == lead({**asked, **own}) == {"name": "Ann Lee", "email": EMAIL}


@walked(
    "others",
    [
        {"Referrer name": "Bob Fox", "Referrer e-mail": "bob@fox.example"},
        {"Doporučuji - jméno": "Bob Fox", "Doporučuji - e-mail": "bob@fox.example"},
        {"Her name": "Bob Fox", "Their email": "bob@fox.example", "His phone": "415-555-0199"},
        {"Jej imię i nazwisko": "Bob Fox", "Jego e-mail": "bob@fox.example"},
        {"Его имя": "Bob Fox", "Её почта": "bob@fox.example"},
    ],
)
def test_whom_somebody_recommends_or_tells_of_is_not_the_submitter(others: dict[str, Json]) -> None:
    own = {"Your name": "Ann Lee", "Your e-mail": EMAIL}
    assert lead({**others, **own}) == {"name": "Ann Lee", "email": EMAIL}


@walked(
    "label",
    [
        "Invoice e-mail", "Factuur e-mail", "factuurEmail", "Fakturační e-mail", "Rechnungs-E-Mail",
        "E-mail de facturation", "E-posta (fatura)", "E-mail do faktur", "請求先メール",
    ],
)  # fmt: skip
def test_an_address_for_invoices_goes_behind_another_one(label: str) -> None:
    assert lead({label: "bills@example.com", "E-mail contact": EMAIL})["email"] == EMAIL
    assert lead({label: "bills@example.com"})["email"] == "bills@example.com"


def test_a_mobile_phone_goes_before_a_landline() -> None:
    assert lead({"Teléfono fijo": "912 345 678", "Teléfono móvil": "612 345 678"}, "ES")["phone"] == "+34612345678"
    assert lead({"Festnetz": "030 901820"}, "DE")["phone"] == "+4930901820"


def test_what_stands_before_a_last_name_is_a_part_of_it() -> None:
    fields: dict[str, Json] = {"voornaam": "Berend", "tussenvoegsel": "van der", "achternaam": "Zwaan"}
    assert lead(fields) == {"first_name": "Berend", "last_name": "van der Zwaan"}


@walked(
    ("line", "address"),
    [
        ("Lindenweg 3, 6020 Innsbruck", {"street": "Lindenweg 3", "postal_code": "6020", "city": "Innsbruck"}),
        ("12 rue du Puits, 69005 Lyon", {"street": "12 rue du Puits", "postal_code": "69005", "city": "Lyon"}),
        ("Dorp 5b, 3512 AB Utrecht", {"street": "Dorp 5b", "postal_code": "3512 AB", "city": "Utrecht"}),
        ("1 Elm St, Reno, NV 89501", {"street": "1 Elm St", "city": "Reno", "state": "NV", "postal_code": "89501"}),
        (
            "88 Cedar St, Vancouver, BC V5K 0A1",
            {"street": "88 Cedar St", "city": "Vancouver", "state": "BC", "postal_code": "V5K 0A1"},
        ),
        (
            "145 rue des Érables, Québec (QC) G1R 2B5",
            {"street": "145 rue des Érables", "city": "Québec", "state": "QC", "postal_code": "G1R 2B5"},
        ),
        ("14 Mill Lane, Leeds LS1 4AB", {"street": "14 Mill Lane", "postal_code": "LS1 4AB", "city": "Leeds"}),
        (
            "Flat 2, 14 Mill Lane, Leeds, LS1 4AB, United Kingdom",
            {"street": "Flat 2, 14 Mill Lane", "postal_code": "LS1 4AB", "city": "Leeds", "country": "GB"},
        ),
        (
            "14 Mill Lane, Headingley, Leeds LS1 4AB",
            {"street": "14 Mill Lane, Headingley, Leeds", "postal_code": "LS1 4AB"},
        ),
        (
            "〒150-0002 東京都渋谷区渋谷1-2-3",
            {"street": "渋谷1-2-3", "postal_code": "150-0002", "state": "東京都", "city": "渋谷区"},
        ),
        (
            "604-8571 京都府京都市中京区寺町1",
            {"street": "中京区寺町1", "postal_code": "604-8571", "state": "京都府", "city": "京都市"},
        ),
        ("1 Elm St, Reno", {"street": "1 Elm St, Reno"}),
        ("House on the hill", {"street": "House on the hill"}),
    ],
)
def test_an_address_in_one_line_is_taken_apart_where_its_postal_code_tells(line: str, address: dict[str, str]) -> None:
    assert lead({"Address": line})["address"] == address
    street = line.removesuffix(", Reno")
    assert lead({"Address": line, "City": "Reno"})["address"] == {"street": street, "city": "Reno"}


def test_a_street_ends_before_the_town_that_has_a_field_of_its_own() -> None:
    parts = {"City": "Θεσσαλονίκη", "Postal code": "54623"}
    for line in ("Τσιμισκή 45, Θεσσαλονίκη 54623", "Τσιμισκή 45, Θεσσαλονίκη, 54623", "Τσιμισκή 45"):
        assert lead({"Address": line, **parts}, "GR")["address"]["street"] == "Τσιμισκή 45"
    assert lead({"Address": "Τσιμισκή 45, όροφος 2", **parts}, "GR")["address"]["street"] == "Τσιμισκή 45, όροφος 2"


def test_a_postal_code_and_a_city_in_one_field_are_taken_apart() -> None:
    assert lead({"PLZ/Ort": "24103 Kiel"}, "DE") == {"address": {"postal_code": "24103", "city": "Kiel"}}
    assert lead({"PLZ": "24103"}, "DE") == {"address": {"postal_code": "24103"}}


def test_the_text_of_a_ticked_box_is_consent() -> None:
    text = "Ich habe die Datenschutzerklärung gelesen und stimme zu."
    assert lead({"Datenschutz": text})["consent"] is True
    assert lead({"Datenschutz": "Ich möchte keinen Newsletter erhalten"})["consent"] is False


@pytest.mark.parametrize("name", ["hp_name", "hp_email", "name_hp", "website_hp", "fax_number_confirm_hp"])
def test_a_field_that_is_marked_as_a_trap_is_one(name: str) -> None:
    assert recognise(Event(fields={"Name": "Ann Lee", name: "x"}, raw={}), region="US").spam is not None


@pytest.mark.parametrize("name", ["hp", "no_hp", "contact_hp", "wa_hp", "hp_1", "hp_kantor", "hp_ayah", "phone_hp"])
def test_a_mobile_phone_is_no_trap(name: str) -> None:
    assert recognise(Event(fields={"Name": "Ann Lee", name: "0812 3456 789"}, raw={}), region="ID").spam is None


@walked(
    ("switchboard", "mobile", "region"),
    [
        ("Växel", "Mobil", "SE"),
        ("Zentrale", "Handy", "DE"),
        ("Centralita", "Móvil", "ES"),
        ("Centralino", "Cellulare", "IT"),
        ("总机", "手机", "CN"),
        ("대표번호", "휴대폰", "KR"),
    ],
)
def test_a_switchboard_is_a_phone_where_there_is_no_mobile(switchboard: str, mobile: str, region: str) -> None:
    assert lead({switchboard: "+46 8 123 456 00"}, region) == {"phone": "+46812345600"}
    assert lead({switchboard: "+46 8 123 456 00", mobile: "+46 70 812 34 56"}, region) == {"phone": "+46708123456"}


def test_what_is_booked_says_nothing_against_the_phone_of_who_books() -> None:
    phones = {"booking.kund.mobil": "0708123456", "booking.nummer": "0812345600"}
    assert lead({**phones, "booking.kund.mejl": EMAIL}, "SE") == {"email": EMAIL, "phone": "+46708123456"}
    assert "phone" not in lead({"order.number": "3125550199", "email": EMAIL})


def test_initials_are_the_first_name_only_where_nothing_else_is() -> None:
    named = {"voorletters": "M.J.", "achternaam": "Postma"}
    assert lead(named, "NL") == {"first_name": "M.J.", "last_name": "Postma"}
    assert lead({**named, "roepnaam": "Maaike"}, "NL") == {"first_name": "Maaike", "last_name": "Postma"}


def test_halves_beside_the_contact_go_before_a_full_name_elsewhere() -> None:
    halves = {"kontakt.vorname": "Ole", "kontakt.nachname": "Petersen"}
    whole = {"first_name": "Ole", "last_name": "Petersen", "email": EMAIL}
    assert lead({"name": "Familie Petersen", **halves, "kontakt.mail": EMAIL}, "DE") == whole
    assert lead({"name": "Ann Lee", **halves, "mail": EMAIL}, "DE") == {"name": "Ann Lee", "email": EMAIL}


def test_a_company_in_one_language_and_its_name_in_another_is_no_person() -> None:
    answers = {"Aapka naam kya hai?": "Deepak Yadav", "Aapki email ID": EMAIL, "Aapki company ka naam": "Yadav Traders"}
    assert lead(answers, "IN") == {"name": "Deepak Yadav", "email": EMAIL, "company": "Yadav Traders"}
    assert lead({"Company नाम": "Yadav Traders", "ईमेल": EMAIL}, "IN") == {"company": "Yadav Traders", "email": EMAIL}
    assert lead({"Company vardas": "Yadav Traders"}, "IN").keys() <= {"company"}


@walked(
    ("label", "typed"),
    [
        ("I do NOT want to receive marketing e-mails", "checked"),
        ("Kampanya bildirimi", "Hayır"),
        ("是否同意接收营销信息", "否"),
    ],
)
def test_no_to_advertising_is_no_consent(label: str, typed: str) -> None:
    assert lead({label: typed}) == {"consent": False}
