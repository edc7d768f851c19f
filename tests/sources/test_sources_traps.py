"""The traps in what senders write: ids, labels, lists, dates, and what is no lead at all."""

import json
from collections.abc import Mapping

import pytest

from leadbridge.events import Json
from tests.sources.traps import FORM, JSON, event_of, form_body, json_body, parsed
from tests.support.walked import walked

MULTIPART = {"content-type": "multipart/form-data; boundary=XX"}


def multipart(parts: Mapping[str, str]) -> bytes:
    written = [f'--XX\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in parts.items()]
    return ("\r\n".join(written) + "\r\n--XX--\r\n").encode()


JOTFORM: dict[str, str] = {
    "formID": "260001234567890",
    "submissionID": "5308741572752112119",
    "formTitle": "Roof, quote: now",
    "pretty": "Name:Ann Lee, E-mail:ann@example.com, Note:Call, please: today",
    "rawRequest": json.dumps(
        {
            "slug": "submit/260001234567890/",
            "q3_name": {"first": "Ann", "last": "Lee"},
            "q4_email": "ann@example.com",
            "q5_note": "Call, please: today",
            "plan": ["https://files.example.com/plan.pdf"],
        }
    ),
}


def google(**over: Json) -> bytes:
    document = {
        "lead_id": "TeSter-123-ABCDEFGHIJKLMNOPQRSTUVWXYZ-abcdefghijklmnopqrstuvwxyz-0123456789",
        "api_version": "1.0",
        "form_id": 40_000_000_000,
        "campaign_id": 12_345_678_901_234,
        "google_key": "***",
        "is_test": False,
        "user_column_data": [
            {"column_id": "WORK_EMAIL", "string_value": "ann@example.com"},
            {"column_id": "FULL_NAME", "string_value": "Ann Lee", "column_name": "Full Name"},
        ],
    }
    return json_body(document | over)


def linkedin(action: str) -> bytes:
    urn = "urn:li:leadGenFormResponse:1c6b-5"
    return json_body(
        {
            "type": "LEAD_ACTION",
            "leadGenFormResponse": urn,
            "leadGenForm": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:3162,1)",
            "leadType": "SPONSORED",
            "leadAction": action,
            "occurredAt": 1_795_183_401_000,
        }
    )


def intercom(topic: str) -> bytes:
    item = {"type": "contact", "id": "c1", "email": "ann@example.com", "name": "Ann"}
    return json_body({"type": "notification_event", "topic": topic, "id": "notif_1", "data": {"item": item}})


def mailchimp(kind: str) -> bytes:
    fields = {"type": kind, "fired_at": "2026-11-20 14:03:21", "data[id]": "8a25", "data[email]": "ann@example.com"}
    return form_body(fields | {"data[merges][EMAIL]": "ann@example.com", "data[merges][FNAME]": "Ann"})


def calendly(event: str, **payload: Json) -> bytes:
    invitee = {"uri": "https://api.calendly.com/invitees/new", "name": "Ann Lee", "email": "ann@example.com"}
    return json_body({"event": event, "created_at": "2026-11-20T14:03:21.000000Z", "payload": invitee | payload})


ACTIVE = {"contact[id]": "5", "contact[email]": "ann@example.com", "date_time": "2026-11-20T14:03:21-06:00"}


@walked(
    ("preset", "lead", "no_lead", "headers"),
    [
        ("google-ads", google(), google(is_test=True), JSON),
        ("linkedin", linkedin("CREATED"), linkedin("DELETED"), JSON),
        ("intercom", intercom("contact.lead.signed_up"), intercom("ping"), JSON),
        ("mailchimp", mailchimp("subscribe"), mailchimp("unsubscribe"), FORM),
        (
            "activecampaign",
            form_body(ACTIVE | {"type": "subscribe"}),
            form_body(ACTIVE | {"type": "unsubscribe"}),
            FORM,
        ),
        (
            "calendly",
            calendly("invitee.created"),
            calendly("invitee.canceled", rescheduled=True, new_invitee="https://api.calendly.com/invitees/new"),
            JSON,
        ),
        (
            "netlify",
            json_body({"id": "1", "data": {"email": "ann@example.com"}}),
            json_body({"id": "1", "data": {"email": "ann@example.com"}, "state": "spam"}),
            JSON,
        ),
        (
            "gravity-forms",
            json_body({"id": "1", "form_id": "2", "2": "ann@example.com", "status": "active"}),
            json_body({"id": "1", "form_id": "2", "2": "ann@example.com", "status": "spam"}),
            JSON,
        ),
        (
            "wordpress-forms",
            form_body({"your-email": "ann@example.com", "honeypot": ""}),
            form_body({"your-email": "ann@example.com", "honeypot": "filled"}),
            FORM,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tests_pings_spam_deletions_and_unsubscribes_are_no_leads(
    preset: str, lead: bytes, no_lead: bytes, headers: Mapping[str, str]
) -> None:
    assert parsed(preset, lead, headers).ignored is None
    ignored = parsed(preset, no_lead, headers)
    assert ignored.ignored
    assert ignored.events == ()


def test_google_may_send_the_work_address_alone_and_no_column_names() -> None:
    event = event_of("google-ads", google())
    assert event.fields["WORK_EMAIL"] == "ann@example.com"
    assert event.fields["email"] == "ann@example.com"
    assert event.fields["Full Name"] == "Ann Lee"


def test_metas_announcement_holds_ids_and_no_field_names_to_trust() -> None:
    """The answers' names are the form's, in its language: nothing here may wait for `email`."""
    value = {"leadgen_id": "1000000000000000001", "form_id": "2000000000000000002", "page_id": "3", "created_time": 1}
    body = json_body({"object": "page", "entry": [{"id": "3", "changes": [{"field": "leadgen", "value": value}]}]})
    event = event_of("meta", body)
    assert event.dedupe_id == "1000000000000000001"
    assert event.meta["form_id"] == "2000000000000000002"


def test_tallys_choices_are_ids_and_become_what_people_saw() -> None:
    options = [{"id": "a1", "text": "Flat roof"}, {"id": "b2", "text": "Gable roof"}]
    fields = [
        {"key": "q1", "label": "Your roof", "type": "MULTIPLE_CHOICE", "value": ["b2"], "options": options},
        {"key": "q2", "label": "E-mail", "type": "INPUT_EMAIL", "value": "ann@example.com"},
    ]
    data = {"submissionId": "s1", "formId": "f1", "createdAt": "2026-11-20T14:03:21.000Z", "fields": fields}
    event = event_of("tally", json_body({"eventId": "e1", "eventType": "FORM_RESPONSE", "data": data}))
    assert event.fields["Your roof"] in ("Gable roof", ["Gable roof"])
    assert "b2" not in json.dumps(event.fields)
    assert event.fields["email"] == "ann@example.com"


def test_jotforms_answers_come_from_the_raw_request_and_files_keep_their_names() -> None:
    event = event_of("jotform", multipart(JOTFORM), MULTIPART)
    said = json.dumps(event.fields)
    assert "Call, please: today" in event.fields.values()
    assert "Name:Ann Lee" not in said
    assert any(name == "plan" or name.startswith("plan.") for name in event.fields)
    assert "https://files.example.com/plan.pdf" in said


def test_formstack_packs_a_name_into_one_text() -> None:
    fields = {"FormID": "1", "UniqueID": "2", "Name": "first = John\nlast = Smith", "Note": "a = b"}
    event = event_of("formstack", form_body(fields), FORM)
    assert (event.fields["Name.first"], event.fields["Name.last"]) == ("John", "Smith")
    assert event.fields["Note"] == "a = b"


def test_unbounce_wraps_every_value_in_a_list() -> None:
    data = {"email": ["ann@example.com"], "interests": ["Roof", "Battery"]}
    event = event_of(
        "unbounce", form_body({"page_id": "p1", "page_name": "Solar", "data.json": json.dumps(data)}), FORM
    )
    assert event.fields["email"] == "ann@example.com"
    assert event.fields["interests"] == ["Roof", "Battery"]


def test_elementors_unlabelled_fields_stand_under_their_ids_too() -> None:
    event = event_of("elementor", form_body({"No Label email": "ann@example.com", "Name": "Ann"}), FORM)
    assert event.fields["email"] == "ann@example.com"
    assert event.fields["No Label email"] == "ann@example.com"


def test_elementors_dates_are_texts_of_the_sites_language() -> None:
    fields = {"form[id]": "1", "fields[email][id]": "email", "fields[email][value]": "ann@example.com"}
    date = {"meta[date][title]": "Datum", "meta[date][value]": "20. November 2026"}
    event = event_of("elementor", form_body(fields | date), FORM)
    assert event.meta["date"] == "20. November 2026"
    assert event.event_at is None


@pytest.mark.parametrize(
    ("preset", "body"),
    [
        ("gravity-forms", {"id": "1", "form_id": "2", "2": "a@example.com", "date_created": "2026-11-20 14:03:21"}),
        ("woocommerce", {"id": 1, "email": "a@example.com", "date_created_gmt": "2026-11-20T14:03:21"}),
        ("webflow-v1", {"_id": "1", "data": {"Email": "a@example.com"}, "d": "2026-11-20T14:03:21"}),
    ],
)
def test_a_time_without_a_zone_orders_nothing(preset: str, body: Json) -> None:
    """Read as ours it would be hours off, and put an old value over a new one."""
    assert event_of(preset, json_body(body)).event_at is None


def test_mailchimps_time_has_no_zone_either() -> None:
    assert event_of("mailchimp", mailchimp("subscribe"), FORM).event_at is None


def test_one_payload_may_hold_several_addresses_and_all_are_kept() -> None:
    """Fillout's scheduling and payments have one each; the submitter's is the question's."""
    submission = {
        "submissionId": "s1",
        "submissionTime": "2026-11-20T14:03:21.000Z",
        "questions": [{"id": "q1", "name": "Your e-mail", "type": "EmailInput", "value": "ann@example.com"}],
        "scheduling": [{"id": "q2", "name": "Call", "value": {"fullName": "Ann", "email": "booking@example.com"}}],
        "payments": [{"id": "q3", "name": "Deposit", "value": {"email": "payer@example.com"}}],
        "urlParameters": [{"id": "email", "name": "email", "value": "link@example.com"}],
    }
    event = event_of("fillout", json_body({"formId": "f1", "formName": "Quote", "submission": submission}))
    said = json.dumps(event.fields)
    assert event.fields["Your e-mail"] == "ann@example.com"
    for address in ("booking@example.com", "payer@example.com", "link@example.com"):
        assert address in said
    assert event.types["Your e-mail"] == "email"


def test_ids_are_text_however_long_they_are() -> None:
    big = 9_007_199_254_740_993  # 2^53 + 1: where numbers are floats it becomes …992
    shopify = event_of("shopify", json_body({"id": big, "email": "a@example.com"}))
    assert shopify.meta["submission_id"] == "9007199254740993"
    assert event_of("google-ads", google()).meta["form_id"] == "40000000000"  # more than 32 bits
    assert event_of("jotform", multipart(JOTFORM), MULTIPART).dedupe_id == "5308741572752112119"
