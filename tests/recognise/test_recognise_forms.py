"""What recognition makes of a form: by label, key, vendor's type and value, and by what it is not fooled."""

from collections.abc import Mapping
from typing import Any

import pytest

from leadbridge.events import Event, FieldType, Json
from leadbridge.recognise import Recognised, recognise
from tests.support.walked import walked

EMAIL = "ann@example.com"
PHONE = "(415) 555-2671"
E164 = "+14155552671"


def read(
    fields: Mapping[str, Json],
    *,
    region: str | None = "US",
    types: Mapping[str, FieldType] | None = None,
    second_names: tuple[str, ...] = (),
) -> Recognised:
    event = Event(fields=fields, raw=dict(fields), types=types or {}, second_names=second_names)
    return recognise(event, region=region)


def lead(fields: Mapping[str, Json], **given: Any) -> dict[str, Any]:
    return dict(read(fields, **given).lead)


@walked(
    ("fields", "found"),
    [
        ({"Your Name *": " Ann  Lee "}, {"name": "Ann Lee"}),
        ({"q3_fullName.first": "Ann", "q3_fullName.last": "Lee"}, {"first_name": "Ann", "last_name": "Lee"}),
        ({"FNAME": "Ann", "LNAME": "Lee"}, {"first_name": "Ann", "last_name": "Lee"}),
        ({"What's your full name?": "Ann Lee"}, {"name": "Ann Lee"}),
        ({"data.merges.EMAIL": "ANN@Example.com"}, {"email": EMAIL}),
        ({"No Label email": EMAIL}, {"email": EMAIL}),
        ({"E-mail": "Ann Lee <ann@example.com>"}, {"email": EMAIL}),
        ({"email": [EMAIL, EMAIL]}, {"email": EMAIL}),
        ({"field_8a2c41f0": EMAIL}, {"email": EMAIL}),
        ({"input_4": "+49 30 901820"}, {"phone": "+4930901820"}),
        ({"Mobile (so we can text you)": PHONE}, {"phone": E164}),
        ({"phone": 4155552671}, {"phone": E164}),
        ({"q5_phone.area": "415", "q5_phone.phone": "555-2671"}, {"phone": E164}),
        ({"Company website": "acme.example"}, {"website": "acme.example"}),
        ({"billing.city": "Reno", "billing.zip": "89501"}, {"address": {"city": "Reno", "postal_code": "89501"}}),
        ({"utm_source": "google", "utm_campaign": "spring"}, {"utm": {"source": "google", "campaign": "spring"}}),
        ({"I agree to the privacy policy": ["Yes"]}, {"consent": True}),
        ({"Country": "Deutschland"}, {"address": {"country": "DE"}}),
        ({"customeremail": EMAIL, "customername": "Ann Lee"}, {"name": "Ann Lee", "email": EMAIL}),
        ({"Mietername": "Eva Kurz"}, {"name": "Eva Kurz"}),
        ({"Tenant": "Ann Lee"}, {"name": "Ann Lee"}),
    ],
)  # fmt: skip
def test_a_field_is_read_whatever_its_label_looks_like(fields: dict[str, Json], found: dict[str, Any]) -> None:
    assert lead(fields) == found


@walked(
    "fields",
    [
        {"Friend's e-mail": EMAIL},
        {"Spouse phone": PHONE},
        {"Emergency contact name": "Bo Lee"},
        {"Referred by": "Bo Lee"},
        {"Name of your dog": "Rex"},
        {"Product name": "Chair"},
        {"Username": "annlee"},
        {"Fax": PHONE},
        {"Order number": "4155552671"},
        {"Preferred contact method": "phone"},
        {"How did you hear about our company?": "Radio"},
        {"Title": "Mrs"},
        {"Website": "https://"},
        {"entry_id": "4155552671"},
        {"leadgen_id": "120210000000000000"},
        {"E-mail": "not given"},
        {"Phone": "12"},
        {"Name": "https://spam.example"},
        {"IBAN": "DE89 3704 0044 0532 0130 00"},
        {"Datum": "12.03.2025"},
    ],
)
def test_it_is_not_fooled_and_nothing_is_lost(fields: dict[str, Json]) -> None:
    result = read(fields)
    assert (result.lead, result.used, result.other) == ({}, (), fields)


def test_consent_to_e_mails_is_no_address() -> None:
    assert lead({"E-mail consent": "yes"}) == {"consent": True}
    assert lead({"Newsletter": "No thanks", "Mail": EMAIL}) == {"consent": False, "email": EMAIL}


def test_the_same_address_again_is_used_and_not_left_over() -> None:
    result = read({"E-mail": EMAIL, "Confirm e-mail": " ANN@example.com "})
    assert result.lead == {"email": EMAIL}
    assert [finding.field for finding in result.used] == ["E-mail", "Confirm e-mail"]
    assert result.other == {}


def test_an_address_in_a_text_counts_only_when_there_is_no_other_and_it_is_the_writers() -> None:
    text = "Please write to me at ann@example.com, thanks."
    assert lead({"Message": text}) == {"message": text, "email": EMAIL}
    assert lead({"Message": text, "E-mail": "bo@example.com"})["email"] == "bo@example.com"
    assert "email" not in lead({"Message": "Please ask my accountant at cpa@example.com."})


def test_the_surest_field_wins_and_then_the_first() -> None:
    assert lead({"Blog comment author e-mail": "bo@example.com", "E-mail": EMAIL})["email"] == EMAIL
    assert lead({"Home phone": PHONE, "Mobile": "(415) 555-2672"})["phone"] == E164


def test_a_name_goes_with_the_contact_that_has_the_same_word() -> None:
    fields = {"Landlady name": "Bo Ray", "Tenant name": "Ann Lee", "Tenant e-mail": EMAIL, "Tenant phone": PHONE}
    assert lead(fields)["name"] == "Ann Lee"
    assert "name" not in lead({"Skipper name": "Ann Lee"})
    assert lead({"Deckhand name": "Bo Ray", "Skipper name": "Ann Lee", "Skipper phone": PHONE})["name"] == "Ann Lee"


def test_a_parents_name_is_not_mixed_with_a_students() -> None:
    fields = {"Student first name": "Tim", "Parent name": "Ann Lee", "E-mail": EMAIL}
    result = read(fields)
    assert result.lead == {"name": "Ann Lee", "email": EMAIL}
    assert result.other == {"Student first name": "Tim"}


@pytest.mark.parametrize(
    ("fields", "first", "last"),
    [
        ({"Vorname": "Eva", "Name": "Kurz"}, "Eva", "Kurz"),
        ({"Name": "Kurz", "Vorname": "Eva"}, "Eva", "Kurz"),
        ({"Nombre": "Ana", "Apellidos": "Ruiz Gil"}, "Ana", "Ruiz Gil"),
        ({"donateur_nom": "Roy", "donateur_prenom": "Luc"}, "Luc", "Roy"),
    ],
)
def test_beside_one_half_of_a_name_the_bare_word_is_the_other(fields: dict[str, Json], first: str, last: str) -> None:
    assert lead(fields, region="DE") == {"first_name": first, "last_name": last}


def test_a_full_name_beside_its_first_name_stays_whole() -> None:
    assert lead({"name": "Ann Lee", "first_name": "Ann"})["name"] == "Ann Lee"


def test_a_word_of_two_languages_is_read_in_the_forms_own() -> None:
    assert lead({"Firma": "ACME", "Vorname": "Eva", "Nachname": "Kurz"}, region="DE")["company"] == "ACME"
    assert lead({"name": "서연", "이메일주소": EMAIL, "연락처": "010-3030-4040"}, region="KR")["name"] == "서연"
    assert "company" not in lead({"Firma": "si", "Nome": "Ada", "Cognome": "Bini", "Cellulare": "347 1234567"})


def test_the_forms_country_says_how_a_number_is_read() -> None:
    fields = {"Phone": "030 901820", "Country": "Germany"}
    assert lead(fields)["phone"] == "+4930901820"
    assert "phone" not in lead({"Phone": "089 1234567"})  # nowhere in North America
    assert lead({"Phone": "030 901820"}, region=None)["phone"] == "030 901820"


def test_the_vendors_type_tells_what_the_label_does_not() -> None:
    result = read({"Wo bist du?": EMAIL, "Q7": PHONE}, types={"Wo bist du?": "email", "Q7": "phone"})
    assert result.lead == {"email": EMAIL, "phone": E164}
    assert {finding.sure for finding in result.used} == {0.9}
    assert "email" not in lead({"Friend's address": EMAIL}, types={"Friend's address": "email"})


def test_a_second_name_is_no_field_of_its_own() -> None:
    fields = {"ref_1": EMAIL, "Your friend's e-mail?": EMAIL, "email": EMAIL}
    result = read(fields, second_names=("ref_1", "email"))
    assert (result.lead, result.other) == ({}, {"Your friend's e-mail?": EMAIL})
    result = read({"Where can we write to?": EMAIL, "email": EMAIL}, second_names=("email",))
    assert (result.lead, result.other) == ({"email": EMAIL}, {})


def test_a_second_name_that_may_be_of_several_fields_is_of_none() -> None:
    """A vendor gives the names of its fields apart: `billing_contact_email` may be of either."""
    fields = {"Your email": EMAIL, "Billing contact email": EMAIL, "email": EMAIL, "billing_contact_email": EMAIL}
    result = read(fields, second_names=("email", "billing_contact_email"))
    assert (result.lead, result.other) == ({"email": EMAIL}, {"Billing contact email": EMAIL})


@pytest.mark.parametrize("text", ["a:Σ@b.gr", "γράψτε x@y.ΓΡΣ:abc"])
def test_letters_that_change_when_they_are_made_small(text: str) -> None:
    assert "email" in lead({"Message": text})


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"Phone": "415-555-2671 / 415-555-2672"}, {"phone": E164}),
        ({"Phone": "(415) 555-2671 ext. 512"}, {"phone": E164}),
        ({"E-mail": "Ann Lee <ann@example.com>"}, {"email": EMAIL}),
    ],
)
def test_a_field_that_says_more_than_the_lead_has_is_kept_too(fields: dict[str, Json], found: dict[str, Any]) -> None:
    result = read(fields)
    assert (result.lead, result.other) == (found, fields)


@pytest.mark.parametrize("wrong", ["jane@x..com", "jane..roe@x.com", "jane@-x.com"])
def test_an_address_that_no_lead_takes_is_left_over_and_another_one_is_tried(wrong: str) -> None:
    assert (read({"E-mail": wrong}).lead, read({"E-mail": wrong}).other) == ({}, {"E-mail": wrong})
    assert lead({"E-mail": wrong, "Second e-mail": EMAIL})["email"] == EMAIL
    assert lead({"E-mail": wrong, "Note": f"{wrong} or ann@example.com"})["email"] == EMAIL


def test_quotes_around_an_address_are_none_of_it() -> None:
    assert lead({"E-mail": "'ann@example.com'"}) == {"email": EMAIL}


@walked(
    "label",
    [
        "I do not want to receive marketing emails", "Do not send me newsletters", "Opt out of newsletter",
        "Unsubscribe from newsletter", "No newsletter please", "Ich möchte keinen Newsletter erhalten",
        "Kein Newsletter", "Je ne souhaite pas recevoir la newsletter", "No deseo recibir el boletín",
        "No acepto publicidad", "Non desidero ricevere la newsletter", "Geen nieuwsbrief",
        "Não quero receber newsletter", "email_opt_out", "Nie chcę otrzymywać newslettera",
        "Не хочу получать рассылку",
    ],
)  # fmt: skip
def test_a_ticked_refusal_is_a_no_and_one_that_is_not_ticked_says_nothing(label: str) -> None:
    assert lead({"Name": "Ann Lee", label: True}).get("consent") in (False, None)
    assert lead({"Name": "Ann Lee", label: True}, types={label: "consent"}) == {"name": "Ann Lee", "consent": False}
    result = read({"Name": "Ann Lee", label: False})
    assert (result.lead, result.other) == ({"name": "Ann Lee"}, {label: False})


def test_consent_by_one_way_and_not_by_another_is_neither() -> None:
    fields: dict[str, Json] = {"E-mail newsletter": True, "Text newsletter": False}
    assert (read(fields).lead, read(fields).other) == ({}, fields)
    assert lead({"Privacy policy": True, "Newsletter": True}) == {"consent": True}


@pytest.mark.parametrize(
    "trap", ["_gotcha", "bot-field", "honeypot", "Leave this field empty", "Lass das Feld bitte leer"]
)
def test_a_filled_trap_is_spam_and_an_empty_one_is_not(trap: str) -> None:
    spam = read({"name": "Ann Lee", trap: "http://x.example"}).spam
    assert spam == f"the field `{trap}`, a trap that people do not see, was filled"
    blank: tuple[Json, ...] = ("", " ", None, False, "0", "no", [])
    for empty in blank:
        assert read({"name": "Ann Lee", trap: empty}).spam is None


def test_campaign_tags_are_read_from_the_pages_address_when_no_field_has_them() -> None:
    page = "https://acme.example/?utm_source=news%20letter&utm_term=&gclid=x"
    event = Event(fields={"Name": "Ann Lee"}, raw={}, meta={"page_url": page})
    result = recognise(event, region="US")
    assert result.lead["utm"] == {"source": "news letter"}
    assert result.used[-1].field == "meta.page_url"
    tagged = Event(fields={"utm_source": "shop"}, raw={}, meta={"page_url": page})
    assert recognise(tagged, region="US").lead["utm"] == {"source": "shop"}
    odd = Event(fields={"Name": "Ann Lee"}, raw={}, meta={"page_url": "http://[utm_source=x"})
    assert "utm" not in recognise(odd, region="US").lead


def test_every_finding_says_which_rule_and_how_sure() -> None:
    (finding,) = read({"City": "Reno"}).used
    assert (finding.field, finding.target, finding.rule, finding.sure) == (
        "City",
        "address.city",
        "its label says `city`",
        0.95,
    )


def test_it_is_the_same_each_time_and_in_any_order_of_unequal_fields() -> None:
    fields = {"Name": "Ann Lee", "E-mail": EMAIL, "Phone": PHONE, "Company": "Acme", "Notes": "Call me"}
    once = read(fields)
    assert read(fields) == once
    assert dict(read(dict(reversed(fields.items()))).lead) == dict(once.lead)
