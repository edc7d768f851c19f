"""Website builders' and WordPress plugins' forms: which names an answer has, and what is about the form itself."""

import pytest

from leadbridge.errors import Unparseable
from leadbridge.events import Json
from tests.mapping.mapping_of import lead_from
from tests.sources.traps import FORM, JSON, event_of, form_body, json_body, parsed
from tests.support.walked import walked


def netlify(**over: Json) -> Json:
    answers = [{"title": "Work email", "name": "mail", "value": "ann@example.com"}]
    return {"id": "1", "ordered_human_fields": answers, "data": {"mail": "ann@example.com"}} | over


def test_netlifys_reading_of_the_person_yields_to_the_persons_own_answers() -> None:
    guessed = {"email": "guessed@example.com", "name": "Ann", "first_name": "Ann", "company": None}
    answers = [
        {"title": "Work email", "name": "email", "value": "ann@example.com"},
        {"title": "roof", "name": "roof", "value": "Flat"},
    ]
    data = {"email": "ann@example.com", "roof": "Flat", "name": "B"}
    event = event_of("netlify", json_body({"id": "1", "ordered_human_fields": answers, "data": data} | guessed))
    assert event.fields == {
        "Work email": "ann@example.com",
        "roof": "Flat",
        "name": "B",
        "email": "ann@example.com",
        "first_name": "Ann",
    }
    assert event.second_names == ("email", "first_name")


def test_netlify_without_labels_has_the_answers_by_name_and_not_the_visitors_browser() -> None:
    data = {"mail": "ann@example.com", "ip": "203.0.113.9", "user_agent": "M", "referrer": "https://example.com/"}
    event = event_of("netlify", json_body({"id": "1", "data": data}))
    assert event.fields == {"mail": "ann@example.com"}
    assert event.meta == {"submission_id": "1", "page_url": "https://example.com/"}


def test_a_function_may_pass_a_netlify_submission_on_in_its_payload() -> None:
    bare, wrapped = netlify(), {"payload": netlify(), "site": {}}
    assert event_of("netlify", json_body(wrapped)).fields == event_of("netlify", json_body(bare)).fields
    assert event_of("netlify", json_body(wrapped)).dedupe_id == "1"
    assert parsed("netlify", json_body({"payload": netlify(state="spam")})).ignored == "Netlify says that it is spam"


def test_uploaded_files_are_known_as_files() -> None:
    plan = {"filename": "plan.pdf", "type": "application/pdf", "size": 1, "url": "https://files.example.com/plan.pdf"}
    assert event_of("netlify", json_body({"id": "1", "data": {"plan": plan}})).types["plan.url"] == "file"
    entity = {"submissions": {"upload": [{"fileId": "x", "displayName": "plan.pdf"}], "choices": ["A"]}}
    event = event_of("wix", wix({"createdEvent": {"entity": entity}}))
    assert event.types == {"upload.0.fileId": "file", "upload.0.displayName": "file"}


def test_a_netlify_submission_without_answers_is_no_lead() -> None:
    assert parsed("netlify", json_body({"id": "1", "email": "ann@example.com", "data": None})).events == ()


def test_elementors_first_email_and_phone_have_plain_names_too() -> None:
    fields = {
        "a1": ("email", "Ihre Mail", "ann@example.de"),
        "b2": ("tel", "Handy", "0151 1"),
        "c3": ("email", "", "b@x.de"),
    }
    pairs = {
        f"fields[{name}][{key}]": value
        for name, (kind, title, answer) in fields.items()
        for key, value in {"id": name, "type": kind, "title": title, "value": answer}.items()
    }
    event = event_of("elementor", form_body({"form[id]": "7", "form[name]": "Kontakt"} | pairs), FORM)
    assert event.fields["email"] == "ann@example.de"
    assert event.fields["phone"] == "0151 1"
    assert event.fields["c3"] == "b@x.de"
    assert event.types["Handy"] == "phone"
    assert event.meta == {"form_id": "7", "form_name": "Kontakt"}


def test_an_elementor_label_that_is_called_fields_does_not_make_the_form_an_advanced_one() -> None:
    event = event_of("elementor", form_body({"fields": "2 hectares", "form": "x", "No Label ": "y"}), FORM)
    assert event.fields == {"fields": "2 hectares", "form": "x", "No Label ": "y"}


def test_an_elementor_id_yields_to_a_label_that_is_called_so() -> None:
    event = event_of("elementor", form_body({"No Label email": "a@example.com", "email": "b@example.com"}), FORM)
    assert event.fields == {"No Label email": "a@example.com", "email": "b@example.com"}


ENTRY = {"id": "9", "form_id": "3", "date_created": "2026-11-20 14:03:21", "status": "active", "currency": "USD"}


@walked(
    ("answers", "name"),
    [
        ({"1.3": "Ann", "1.6": "Lee"}, ("Ann", "Lee")),
        ({"1.2": "Dr", "1.3": "Ann", "1.4": "", "1.6": "Lee", "1.8": ""}, ("Ann", "Lee")),
        ({"2.3": "Ann", "2.6": "Lee", "5.3": "Bo", "5.6": "Li"}, ("Ann", "Lee")),
        ({"4.1": "1 Main St", "4.3": "Dallas", "4.6": "US"}, None),
        ({"4.3": "Battery", "4.6": "Heat pump", "4.7": "Wall box"}, None),
        ({"1.3": "Ann"}, None),
        ({"x.3": "Ann", "x.6": "Lee"}, None),
    ],
)
def test_gravitys_name_field_is_known_by_its_inputs(answers: dict[str, str], name: tuple[str, str] | None) -> None:
    event = event_of("gravity-forms", json_body(ENTRY | answers))
    named = (event.fields["first_name"], event.fields["last_name"]) if "first_name" in event.fields else None
    assert named == name
    assert event.fields.items() >= answers.items()


def test_what_a_gravity_entry_says_of_itself_is_no_answer_and_what_an_administrator_chose_is() -> None:
    assert event_of("gravity-forms", json_body(ENTRY | {"2": "a@example.com"})).fields == {"2": "a@example.com"}
    chosen = {"email": "a@example.com", "status": "customer", "currency": "USD", "id": "A-17"}
    event = event_of("gravity-forms", json_body(chosen))
    assert event.fields == chosen
    assert event.dedupe_id is None


def test_contact_form_7s_conventional_names_yield_to_plain_ones() -> None:
    body = form_body({"_wpcf7": "42", "_wpnonce": "x", "your-name": "Ann", "email": "a@x.org", "your-email": "b@x.org"})
    event = event_of("wordpress-forms", body, FORM)
    assert event.fields == {"your-name": "Ann", "email": "a@x.org", "your-email": "b@x.org", "name": "Ann"}
    assert event.second_names == ("name",)
    assert event.meta == {"form_id": "42"}


@pytest.mark.parametrize("honeypot", ["honeypot", "_honeypot", "your-honeypot", "wpforms[hp]"])
def test_a_filled_honeypot_is_spam_and_an_empty_one_is_not(honeypot: str) -> None:
    lead = {"your-email": "ann@example.com"}
    assert "is filled in" in (parsed("wordpress-forms", form_body(lead | {honeypot: "x"}), FORM).ignored or "")
    assert parsed("wordpress-forms", form_body(lead | {honeypot: ""}), FORM).ignored is None


def test_an_indonesian_mobile_number_is_no_honeypot() -> None:
    assert event_of("wordpress-forms", form_body({"hp": "0812 3456 7890"}), FORM).fields == {"hp": "0812 3456 7890"}


def wix(data: Json) -> bytes:
    return json_body({"eventType": "wix.forms.v4.submission_created", "instanceId": "i", "data": data})


def test_wix_is_read_as_text_within_text_and_as_an_object() -> None:
    inner = {"id": "e1", "createdEvent": {"entity": {"id": "s1", "submissions": {"email_1": "ann@example.com"}}}}
    for data in (inner, json_body(inner).decode()):
        event = event_of("wix", wix(data))
        assert event.fields == {"email_1": "ann@example.com"}
        assert (event.dedupe_id, event.meta["submission_id"]) == ("e1", "s1")


@walked(
    ("preset", "body"),
    [
        ("wix", wix("{broken")),
        ("wix", wix({"createdEvent": {"entity": {"submissions": "text"}}})),
        ("wix", json_body({"eventType": "wix.forms.v4.submission_created"})),
        ("webflow", json_body({"payload": {"data": "text"}})),
        ("netlify", json_body({"data": ["text"]})),
        *((name, b"[]") for name in ("netlify", "elementor", "gravity-forms", "wordpress-forms", "shopify", "stripe")),
    ],
)
def test_another_shape_is_refused(preset: str, body: bytes) -> None:
    with pytest.raises(Unparseable):
        parsed(preset, body, JSON)


@pytest.mark.parametrize(
    ("written", "read", "warnings"),
    [
        ("(214) 555-0148", "+12145550148", 0),
        ("214 555 0148 ext. 4", "+12145550148", 1),
        ("ask at the desk", "ask at the desk", 1),
    ],
)
def test_phones_are_national_or_have_extensions_and_never_become_other_numbers(
    written: str, read: str, warnings: int
) -> None:
    event = event_of("wordpress-forms", form_body({"your-tel": written}), FORM)
    assert event.fields["your-tel"] == written
    lead, said = lead_from({"phone": "{{ fields.tel }}"}, dict(event.fields))
    assert (lead.phone, len(said)) == (read, warnings)
