"""Whose the fields are, and how a person's name and numbers are written."""

from collections.abc import Mapping
from typing import Any

import pytest

from leadbridge.events import Event, Json
from leadbridge.recognise import Recognised, recognise

EMAIL = "ann@example.com"


def read(fields: Mapping[str, Json], region: str = "US") -> Recognised:
    return recognise(Event(fields=fields, raw=dict(fields)), region=region)


def lead(fields: Mapping[str, Json], region: str = "US") -> dict[str, Any]:
    return dict(read(fields, region).lead)


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Partner name", "Partner e-mail"),
        ("Landlord", "Landlord e-mail"),
        ("Name des Vermieters", "E-Mail des Vermieters"),
        ("Nom du partenaire", "E-mail du partenaire"),
        ("Nome do corretor", "E-mail do corretor"),
        ("Dane doradcy: imię i nazwisko", "E-mail doradcy"),
        ("ФИО агента", "E-mail агента"),
        ("合作伙伴姓名", "合作伙伴邮箱"),
        ("اسم الوكيل", "بريد الوكيل"),
    ],
)
def test_a_partner_is_the_submitter_where_nobody_else_is_asked_for(name: str, email: str) -> None:
    fields: dict[str, Json] = {name: "Ann Lee", email: EMAIL}
    assert lead(fields) == {"name": "Ann Lee", "email": EMAIL}
    for own in ({"Name": "Bo Ray"}, {"Your e-mail": ""}):
        assert lead({**own, **fields}).get("email") is None
        assert lead({**fields, **own}).get("name") in (None, "Bo Ray")
    assert "name" not in lead({"Partner name": "Ann Lee", "Partner e-mail": EMAIL, "Phone": "(415) 555-2671"})


@pytest.mark.parametrize(
    "fields",
    [
        {"Friend name": "Ann Lee", "Friend e-mail": EMAIL},
        {"Spouse name": "Ann Lee", "Spouse e-mail": EMAIL},
        {"Doctor's name": "Ann Lee", "Doctor's e-mail": EMAIL},
        {"Emergency contact": "Ann Lee", "Emergency phone": "(415) 555-2671"},
        {"Referrer name": "Ann Lee", "Referrer e-mail": EMAIL},
        {"Landlord": "Ann Lee"},  # nobody can be reached
        {"Landlord name": "Ann Lee", "Agent e-mail": EMAIL},  # two people
    ],
)
def test_others_never_are(fields: dict[str, Json]) -> None:
    assert (read(fields).lead, read(fields).other) == ({}, fields)


@pytest.mark.parametrize(
    ("fields", "region"),
    [
        ({"Nom de l'enfant": "Tim Roy", "Responsable légal": "Luc Roy", "E-mail du responsable": EMAIL}, "FR"),
        ({"Name des Kindes": "Tim Roy", "Erziehungsberechtigter": "Luc Roy", "Mailadresse": EMAIL}, "DE"),
        ({"Nome del bambino": "Tim Roy", "Nome del genitore": "Luc Roy", "Mail del genitore": EMAIL}, "IT"),
        ({"Nombre del alumno": "Tim Roy", "Padre, madre o tutor": "Luc Roy", "Correo del tutor": EMAIL}, "ES"),
        ({"Imię dziecka": "Tim Roy", "Opiekun prawny": "Luc Roy", "E-mail opiekuna": EMAIL}, "PL"),
        ({"ФИО ребёнка": "Tim Roy", "ФИО законного представителя": "Luc Roy", "Почта родителя": EMAIL}, "RU"),
        ({"Öğrencinin adı soyadı": "Tim Roy", "Velinin adı soyadı": "Luc Roy", "Veli e-posta": EMAIL}, "TR"),
        ({"お子様のお名前": "Tim Roy", "保護者氏名": "Luc Roy", "保護者メールアドレス": EMAIL}, "JP"),
        ({"자녀 이름": "Tim Roy", "보호자 성함": "Luc Roy", "보호자 이메일": EMAIL}, "KR"),
        ({"孩子姓名": "Tim Roy", "家长姓名": "Luc Roy", "家长邮箱": EMAIL}, "CN"),
    ],
)
def test_who_answers_for_a_child_is_the_submitter(fields: dict[str, Json], region: str) -> None:
    assert lead(fields, region) == {"name": "Luc Roy", "email": EMAIL}


@pytest.mark.parametrize(
    ("written", "name", "region"),
    [
        ("Brandt, Ole", "Ole Brandt", "DE"),
        ("van der Berg, Jan", "Jan van der Berg", "NL"),
        ("LEGRAND Anne-Sophie", "Anne-Sophie LEGRAND", "FR"),
        ("DE LA TOUR Jean", "Jean DE LA TOUR", "FR"),
        ("ŠŤASTNÝ Petr", "Petr ŠŤASTNÝ", "CZ"),
        ("ANN LEE", "ANN LEE", "US"),
        ("Ann LEE", "Ann LEE", "US"),
        ("JP Morgan", "JP Morgan", "US"),
        ("MRS Ann Lee", "MRS Ann Lee", "US"),
        ("Ann Lee, MD", "Ann Lee, MD", "US"),
        ("Lee, Ann, Bo", "Lee, Ann, Bo", "US"),
        ("KISS Éva", "KISS Éva", "HU"),
        ("NGUYỄN Văn An", "NGUYỄN Văn An", "VN"),
        ("山田, 太郎", "山田, 太郎", "JP"),
    ],
)
def test_a_family_name_in_front_is_turned_where_a_comma_or_capitals_tell(written: str, name: str, region: str) -> None:
    assert lead({"Name": written}, region) == {"name": name}


def test_your_name_first_name_asks_for_the_whole_name() -> None:
    assert lead({"Ihr Name, Vorname": "Brandt, Ole", "Mailadresse": EMAIL}, "DE")["name"] == "Ole Brandt"


@pytest.mark.parametrize(
    ("family", "given", "region", "name"),
    [("山田", "太郎", "JP", "山田 太郎"), ("王", "小明", "CN", "王小明"), ("김", "민수", "KR", "김민수")],
)
def test_halves_in_eastern_scripts_make_a_name_with_the_family_first(
    family: str, given: str, region: str, name: str
) -> None:
    result = read({"姓": family, "名": given}, region)
    assert result.lead == {"name": name, "first_name": given, "last_name": family}
    assert result.other == {}


def test_two_surnames_are_one_last_name() -> None:
    fields = {"Nombres": "Ana María", "Apellido materno": "Gil", "Apellido paterno": "Ruiz"}
    result = read(fields, "MX")
    assert result.lead == {"first_name": "Ana María", "last_name": "Ruiz Gil"}
    assert result.other == {}
    assert {finding.target for finding in result.used} == {"first_name", "last_name"}


@pytest.mark.parametrize(
    ("written", "number", "region"),
    [
        ("22 123 45 67 wew. 5", "+48221234567", "PL"),
        ("06-1234-5678(内線 31)", "+81612345678", "JP"),
        ("01 42 34 56 78 poste 12", "+33142345678", "FR"),
        ("8 (495) 123-45-67 доб. 21", "+74951234567", "RU"),
        ("030 901820 (Durchwahl 12)", "+4930901820", "DE"),
        ("055/123-4567, int. 3", "+390551234567", "IT"),
        ("11 98765-4321 ramal 20", "+5511987654321", "BR"),
        ("(01) 234-5678 anexo 12", "+5112345678", "PE"),
        ("02-123-4567 내선 12", "+8221234567", "KR"),
        ("010-12345678 转 801", "+861012345678", "CN"),
        ("0212 345 67 89 dahili 112", "+902123456789", "TR"),
        ("03-6123 4567 #5", "+81361234567", "JP"),
        ("030 901820 oder 0171 9876543", "+4930901820", "DE"),
    ],
)
def test_an_extension_is_left_out_and_kept_beside(written: str, number: str, region: str) -> None:
    result = read({"Phone": written}, region)
    assert (result.lead, result.other) == ({"phone": number}, {"Phone": written})


@pytest.mark.parametrize(
    ("written", "number", "region"),
    [
        ("+49 (0) 30 901820", "+4930901820", "DE"),
        ("0049 30/901820", "+4930901820", "US"),
        ("415.555.2671", "+14155552671", "US"),
        ("Tel.: 030 901820", "+4930901820", "DE"),
        ("٠٥٠١٢٣٤٥٦٧", "+966501234567", "SA"),
        ("९८७६५४३२१०", "+919876543210", "IN"),
        ("０９０－１２３４－５６７８", "+819012345678", "JP"),
    ],
)
def test_a_number_is_read_in_any_digits_and_signs(written: str, number: str, region: str) -> None:
    result = read({"Phone": written}, region)
    assert (result.lead, result.other) == ({"phone": number}, {})


@pytest.mark.parametrize("text", ["DE89 3704 0044 0532 0130 00", "12.03.2026 um 14 Uhr", "10115 Berlin 5"])
def test_what_has_a_word_and_digits_too_may_be_no_number(text: str) -> None:
    assert lead({"Telefon": text}, "DE") == {}
    assert lead({"q5": text}, "DE") == {}
