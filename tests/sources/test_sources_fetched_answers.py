"""What each vendor's answers become, beyond the samples: odd forms, what is missing in them, and what is no lead."""

from dataclasses import replace
from typing import Any

import pytest

from leadbridge.errors import Unparseable
from leadbridge.events import Event
from leadbridge.sources.fetching import next_get
from leadbridge.sources.registry import PRESETS
from tests.sources.fetching import announced, answers_of, completed, fetch_of, named


def meta(*answers: tuple[str, list[Any]], **more: Any) -> Event:
    preset, sample = named("meta", "fetched_lead")
    lead = {"id": "1", "field_data": [{"name": name, "values": values} for name, values in answers], **more}
    return completed(preset, sample, {"lead": lead})


def test_a_meta_answer_is_a_text_or_a_list_and_a_name_that_comes_twice_loses_none() -> None:
    fields = meta(("a", ["1"]), ("b", ["1", "2"]), ("c", []), ("a", ["2"])).fields
    assert {name: fields[name] for name in "abc"} == {"a": ["1", "2"], "b": ["1", "2"], "c": []}


@pytest.mark.parametrize("value", ["<test lead: dummy data for email>", "<test lead: dummy data for vorname>"])
def test_a_meta_test_lead_is_known_by_any_answer_in_any_language(value: str) -> None:
    assert meta(("city", ["Reno"]), ("x", ["y", value])).ignored == "a test lead of the Lead Ads Testing Tool"
    assert meta(("message", [f"they wrote {value}"])).ignored is None


def test_a_meta_lead_without_answers_is_none() -> None:
    preset, sample = named("meta", "fetched_lead")
    with pytest.raises(Unparseable, match="leads_retrieval"):
        completed(preset, sample, {"lead": {"id": "1", "created_time": "2026-11-20T14:05:21+0000"}})


def test_metas_unchecked_checkbox_is_no_consent() -> None:
    event = meta(("email", ["a@example.com"]), custom_disclaimer_responses=[{"checkbox_key": "mail", "is_checked": ""}])
    assert (event.fields["mail"], event.types["mail"]) == ("", "consent")


def linkedin(answers: list[Any], form: Any, **more: Any) -> Event:
    preset, sample = named("linkedin", "fetched_lead")
    return completed(preset, sample, {"response": {"formResponse": {"answers": answers, **more}}, "form": form})


def text(number: int, answer: str) -> dict[str, Any]:
    return {"questionId": number, "answerDetails": {"textQuestionAnswer": {"answer": answer}}}


def chosen(number: int, *options: int) -> dict[str, Any]:
    return {"questionId": number, "answerDetails": {"multipleChoiceAnswer": {"options": list(options)}}}


def question(number: int, words: Any, **more: Any) -> dict[str, Any]:
    return {"questionId": number, "question": words, **more}


@pytest.mark.parametrize("urn", ["urn:li:versionedLeadGenForm:(urn:li:leadGenForm:7234,12)", "urn:li:leadGenForm:7234"])
def test_linkedins_form_is_asked_for_by_its_number(urn: str) -> None:
    preset, sample = named("linkedin", "fetched_lead")
    event = replace(announced(preset, sample), raw={"leadGenForm": urn})
    get = next_get(fetch_of(preset), event, {"response": {}})
    assert get is not None
    assert get.path == "/rest/leadForms/7234"


def test_linkedins_questions_are_in_the_language_of_the_form() -> None:
    words = {"localized": {"en_US": "Phone", "de_DE": "Telefon"}}
    content = {"questions": [question(1, words, predefinedField="PHONE_NUMBER")]}
    german = {"creationLocale": {"language": "de", "country": "DE"}, "content": content}
    other = {"creationLocale": {"language": "fr", "country": "FR"}, "content": content}
    assert linkedin([text(1, "+49 30 1")], german).fields["Telefon"] == "+49 30 1"
    assert linkedin([text(1, "+49 30 1")], other).fields["Phone"] == "+49 30 1"
    assert linkedin([text(1, "+49 30 1")], other).fields["phone_number"] == "+49 30 1"


def test_linkedins_options_are_texts_and_an_unknown_one_its_number() -> None:
    options = [{"id": 0, "text": {"localized": {"en_US": "Yes"}}}, {"id": 1, "label": "No"}]
    details = {"multipleChoiceQuestionDetails": {"options": options}}
    form = {"content": {"questions": [question(1, "Which?", label="Which", questionDetails=details)]}}
    for given, value in (((0,), "Yes"), ((1,), "No"), ((0, 1), ["Yes", "No"]), ((7,), 7), ((), [])):
        assert linkedin([chosen(1, *given)], form).fields["Which?"] == value
        assert linkedin([chosen(1, *given)], form).fields["Which"] == value


def test_linkedins_answers_without_their_question_are_kept() -> None:
    event = linkedin([text(1, "one"), text(2, "two")], {"content": {"questions": [question(1, None, name="own")]}})
    assert (event.fields["own"], event.fields["answer 2"]) == ("one", "two")


def test_linkedins_consents_have_the_words_beside_the_checkbox() -> None:
    legal = {"consents": [{"id": 1, "consent": {"localized": {"en_US": "I agree"}}}, {"id": 2, "label": "Calls"}]}
    consents = [{"consentId": 1, "accepted": True}, {"consentId": 2, "accepted": False}, {"id": 3, "accepted": True}]
    event = linkedin(
        [text(1, "x")], {"content": {"legalInfo": legal, "questions": [question(1, "Q")]}}, consentResponses=consents
    )
    found = {name: (event.fields[name], event.types[name]) for name in ("I agree", "Calls", "consent 3")}
    assert found == {"I agree": (True, "consent"), "Calls": (False, "consent"), "consent 3": (True, "consent")}


def test_a_linkedin_response_without_answers_is_none() -> None:
    preset, sample = named("linkedin", "fetched_lead")
    with pytest.raises(Unparseable, match="no answers"):
        completed(preset, sample, {"response": {"id": "x"}, "form": {}})


def surveymonkey(*questions: dict[str, Any], **more: Any) -> Event:
    preset, sample = named("surveymonkey", "fetched_contact_form")
    return completed(preset, sample, {"response": {"pages": [{"id": "1", "questions": list(questions)}], **more}})


@pytest.mark.parametrize(
    ("answer", "name", "value"),
    [
        ({"text": "a | b", "simple_text": "a | b"}, "Q", "a | b"),
        ({"row_id": "1", "text": "a | b", "simple_text": "Row | a | b"}, "Q.Row", "a | b"),
        ({"row_id": "1", "text": "Ann", "simple_text": "Your | name | Ann"}, "Q.Your | name", "Ann"),
        ({"row_id": "1", "choice_id": "2", "simple_text": "Price | Good"}, "Q.Price", "Good"),
        ({"row_id": "1", "text": "Ann"}, "Q", "Ann"),
        ({"choice_id": "2", "simple_text": "Tom &amp; Jerry"}, "Q", "Tom & Jerry"),
        ({"other_id": "3", "text": "Blue", "simple_text": "Other (please specify) | Blue"}, "Q", "Blue"),
        ({"choice_id": "2"}, "Q", "2"),
        ({"row_id": "1"}, "Q", "1"),
    ],
)
def test_a_surveymonkey_answer_stands_under_its_question_or_its_row(answer: Any, name: str, value: str) -> None:
    assert surveymonkey({"id": "7", "heading": "<b>Q</b>", "answers": [answer]}).fields[name] == value


def test_surveymonkeys_question_without_a_heading_is_kept() -> None:
    assert surveymonkey({"id": "7", "answers": [{"text": "x"}]}).fields["answer 7"] == "x"


def test_surveymonkeys_rows_of_two_questions_stay_apart() -> None:
    rows = [{"row_id": "1", "choice_id": "5", "simple_text": "Price | 5"}]
    event = surveymonkey({"id": "1", "heading": "A", "answers": rows}, {"id": "2", "heading": "B", "answers": rows})
    assert (event.fields["A.Price"], event.fields["B.Price"], event.fields["Price"]) == ("5", "5", "5")


def test_surveymonkeys_custom_variables_are_fields_and_blank_ones_none() -> None:
    event = surveymonkey(custom_variables={"utm_source": "mail", "utm_medium": ""}, custom_value="C-7")
    assert (event.fields["utm_source"], event.fields["custom_value"]) == ("mail", "C-7")
    assert "utm_medium" not in event.fields


def test_a_surveymonkey_response_without_pages_is_none() -> None:
    preset, sample = named("surveymonkey", "fetched_contact_form")
    with pytest.raises(Unparseable, match="View Response Details"):
        completed(preset, sample, {"response": {"id": "5007154410", "response_status": "completed"}})


def test_hubspots_contact_is_newer_than_the_change_that_was_announced() -> None:
    preset, sample = named("hubspot", "fetched_after_a_change")
    answers = answers_of(sample)
    answers["contact"]["properties"]["favourite_colour"] = "red"
    assert completed(preset, sample, answers).fields["favourite_colour"] == "red"
    assert "null" not in str(completed(preset, sample, answers).fields)


def test_klaviyos_event_keeps_its_own_property_beside_the_persons() -> None:
    preset, sample = named("klaviyo", "fetched_profile")
    answers = answers_of(sample)
    answers["profile"]["data"]["attributes"]["properties"]["method"] = "by hand"
    fields = completed(preset, sample, answers).fields
    assert (fields["method"], fields["event.method"]) == ("by hand", "FORM")
    assert "event.method_detail" not in fields


def test_klaviyos_event_without_a_profile_needs_nothing() -> None:
    preset, sample = named("klaviyo", "fetched_profile")
    event = announced(preset, sample)
    assert fetch_of(preset).needed(event)
    assert not fetch_of(preset).needed(Event(fields=event.fields, raw={}, meta={}))


def test_others_always_need_their_answers() -> None:
    for name in ("meta", "linkedin", "surveymonkey", "hubspot"):
        assert fetch_of(PRESETS[name]).needed(Event(fields={}, raw={}))
