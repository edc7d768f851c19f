"""How the presets fetch what their senders leave out: the calls, the lead that the answers make, and the troubles."""

import json
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.errors import Unparseable
from leadbridge.events import Event
from leadbridge.fetch.verdict import Document, Refused, read
from leadbridge.outgoing.client import Answered
from leadbridge.recognise import recognise
from leadbridge.sources.fetching import Fetch, NothingToAskFor, Part, Step, next_get
from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import BUILT_IN, PRESETS
from leadbridge.sources.samples import Sample
from tests.sources.fetching import FETCHED, announced, answers_of, completed, fetch_of, mutant, named

FETCHING = [preset for preset in BUILT_IN if preset.fetch is not None]
_PROPERTIES = (
    "properties=email,firstname,lastname,salutation,phone,mobilephone,company,jobtitle,website,address,city,state,zip,"
    "country,message,lifecyclestage,hs_lead_status,hs_language,hs_analytics_source"
)
_FIELDS = (
    "fields=id,created_time,form_id,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,is_organic,platform,"
)
# What a person would read in each of the fetched samples.
PEOPLE: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("meta", "fetched_lead"): {
        "name": "Joe Example", "email": "joe.example@example.com", "phone": "+12125550142",
        "company": "Example Roofing LLC", "title": "Owner",
    },
    ("meta", "fetched_localised"): {
        "first_name": "Jörg", "last_name": "Müller-Lüdenscheidt", "email": "joerg.mueller@example.de",
        "phone": "+493012345678",
    },
    ("linkedin", "fetched_lead"): {
        "first_name": "Amara", "last_name": "Okafor-Lindqvist", "email": "amara@example-energy.com",
        "phone": "+12125550147", "company": "Example Energy", "title": "Head of Facilities",
    },
    ("linkedin", "fetched_localised"): {
        "first_name": "Íñigo", "last_name": "Núñez Soler", "email": "inigo.nunez@example.es", "phone": "+34912345678",
    },
    ("surveymonkey", "fetched_contact_form"): {
        "name": "Wanda Nowak", "email": "wanda.nowak@example.pl", "phone": "+48123456789",
        "company": "Example Sp. z o.o.", "message": "Call me | after six",
    },
    ("surveymonkey", "fetched_invited"): {
        "first_name": "Mehmet", "last_name": "Yılmaz", "email": "mehmet.yilmaz@example.com.tr",
    },
    ("hubspot", "fetched_contact"): {
        "first_name": "Nadia", "last_name": "Haddad", "email": "nadia.haddad@example.fr", "phone": "+33123456789",
        "company": "Exemple SARL", "title": "Directrice", "message": "Devis pour 20 panneaux",
    },
    ("hubspot", "fetched_after_a_change"): {
        "first_name": "Tomáš", "last_name": "Novák", "email": "tomas.novak@example.cz", "phone": "+420601123456",
    },
    ("klaviyo", "fetched_profile"): {
        "first_name": "Elena", "last_name": "Rossi", "email": "elena.rossi@example.it", "phone": "+390612345678",
        "company": "Esempio S.r.l.", "title": "Responsabile acquisti",
    },
    ("klaviyo", "fetched_sms_only"): {"first_name": "Dana", "phone": "+14155550172"},
}  # fmt: skip
TOLD_APART = ("name", "first_name", "last_name", "email", "phone", "company", "title", "message")


def titled(value: Any) -> str:
    return str(getattr(value, "name", value))


@pytest.mark.parametrize(("preset", "sample"), FETCHED, ids=titled)
def test_the_person_is_recognised_in_the_completed_event(preset: Preset, sample: Sample) -> None:
    event = completed(preset, sample)
    if event.ignored is not None:
        assert (preset.name, sample.name) not in PEOPLE
        return
    lead = recognise(event, region="US").lead
    assert {key: lead[key] for key in TOLD_APART if key in lead} == PEOPLE[preset.name, sample.name]


def test_every_fetching_preset_has_a_recognised_name_email_and_phone() -> None:
    known = {name for (name, _), person in PEOPLE.items() if {"email", "phone"} <= set(person)}
    assert known == {preset.name for preset in FETCHING}


@pytest.mark.parametrize(
    ("preset", "name", "calls"),
    [
        (
            "meta",
            "fetched_lead",
            ["/v24.0/1234567890123460?" + _FIELDS + "field_data,custom_disclaimer_responses"],
        ),
        (
            "linkedin",
            "fetched_lead",
            ["/rest/leadFormResponses/8f2d6e3c-1a2b-4c3d-9e8f-0a1b2c3d4e5f-4?", "/rest/leadForms/7234?"],
        ),
        (
            "surveymonkey",
            "fetched_invited",
            ["/v3/surveys/123456789/responses/5007154411/details?simple=true"],
        ),
        (
            "hubspot",
            "fetched_contact",
            ["/crm/v3/objects/contacts/106314056590?" + _PROPERTIES],
        ),
        ("klaviyo", "fetched_profile", ["/api/profiles/01KP4EGHH8QJ3N3AY2Z6V7RMDP?"]),
    ],
)
def test_the_calls_are_those_of_the_vendors_api(preset: str, name: str, calls: list[str]) -> None:
    of, sample = named(preset, name)
    event, answers, made = announced(of, sample), dict[str, Any](), []
    while (get := next_get(fetch_of(of), event, answers)) is not None:
        made.append(f"{get.path}?{'&'.join(f'{key}={value}' for key, value in get.query.items())}")
        answers[get.step.name] = answers_of(sample)[get.step.name]
    assert made == calls


@pytest.mark.parametrize(
    "bad", [None, "", ".", "..", "../me", "1/2", "me?fields=access_token", "1 2", "١٢٣", True, [], {}, "x" * 400, "1\n"]
)
@pytest.mark.parametrize("preset", FETCHING, ids=titled)
def test_what_is_no_id_is_never_asked_for(preset: Preset, bad: Any) -> None:
    """An id comes from a request: whoever may post must not choose another path with our token."""
    _, sample = next((one, sample) for one, sample in FETCHED if one is preset)
    event = announced(preset, sample)
    for step in fetch_of(preset).steps:
        for part in step.parts.values():
            raw = json.loads(json.dumps(event.raw))
            holder = raw
            *way, last = part.path.split(".")
            for key in way:
                holder = holder[key]
            holder[last] = bad
            known: dict[str, Any] = {one.name: {} for one in fetch_of(preset).steps if one is not step}
            with pytest.raises(NothingToAskFor, match="has no id at"):
                next_get(fetch_of(preset), replace(event, raw=raw), known)


def test_parts_may_come_from_an_answer_and_are_escaped() -> None:
    steps = (
        Step(name="one", path="/{version}/one/{id}", parts={"id": Part("id", pattern=r".{1,20}")}),
        Step(name="two", path="/two/{form}", parts={"form": Part("form.id", of="one")}),
    )
    fetch = Fetch(
        base_url="https://a.example", version="v1", steps=steps, complete=lambda event, _: event, limit=2, window=1
    )
    event = Event(fields={}, raw={"id": "a b/ü?"})
    one = next_get(fetch, event, {}, version="v2")
    two = next_get(fetch, event, {"one": {"form": {"id": 12}}})
    assert one is not None
    assert two is not None
    assert (one.path, two.path) == ("/v2/one/a%20b%2F%C3%BC%3F", "/two/12")
    assert next_get(fetch, event, {"one": {}, "two": {}}) is None
    with pytest.raises(NothingToAskFor, match=r"the answer `one` has no id at `form\.id`"):
        next_get(fetch, event, {"one": {"form": {"id": ".."}}})


def test_a_source_may_ask_for_more_where_the_vendor_tells_only_what_it_is_asked_for() -> None:
    preset, sample = named("hubspot", "fetched_contact")
    get = next_get(fetch_of(preset), announced(preset, sample), {}, also=("budget", "email", "roof_area"))
    assert get is not None
    assert f"properties={get.query['properties']}" == f"{_PROPERTIES},budget,roof_area"
    answers = answers_of(sample)
    answers["contact"]["properties"] |= {"budget": "1200", "roof_area": None}
    fields = completed(preset, sample, answers).fields
    assert fields["budget"] == "1200"
    assert "roof_area" not in fields
    other, lead = named("meta", "fetched_lead")
    get = next_get(fetch_of(other), announced(other, lead), {}, also=("budget",))
    assert get is not None
    assert get.query == fetch_of(other).steps[0].query


@pytest.mark.parametrize(("preset", "sample"), FETCHED, ids=titled)
def test_completing_adds_and_keeps_what_was_announced(preset: Preset, sample: Sample) -> None:
    before, after = announced(preset, sample), completed(preset, sample)
    assert (after.dedupe_id, after.event_at) == (before.dedupe_id, before.event_at)
    assert after.raw == {**before.raw, "fetched": answers_of(sample)}
    assert set(before.fields) <= set(after.fields)
    assert set(before.meta) <= set(after.meta)
    assert completed(preset, sample) == after


@pytest.mark.parametrize(("preset", "sample"), FETCHED, ids=titled)
@settings(max_examples=40, deadline=None)
@given(dice=st.randoms(use_true_random=False))
def test_whatever_a_vendor_answers_is_an_event_or_unparseable(preset: Preset, sample: Sample, dice: Random) -> None:
    check(preset, sample, dice)


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "sample"), FETCHED, ids=titled)
@settings(max_examples=1_000, deadline=None)
@given(dice=st.randoms(use_true_random=False))
def test_whatever_it_answers_thousands_of_times_is_too(preset: Preset, sample: Sample, dice: Random) -> None:
    check(preset, sample, dice)


def check(preset: Preset, sample: Sample, dice: Random) -> None:
    try:
        event = completed(preset, sample, mutant(answers_of(sample), dice))
    except Unparseable:
        return
    assert set(event.types) <= set(event.fields)
    assert set(event.second_names) <= set(event.fields)
    for name, value in event.fields.items():
        assert isinstance(name, str)
        assert not isinstance(value, Mapping)
        assert not isinstance(value, list) or not any(isinstance(item, Mapping | list) for item in value)
    json.dumps([event.fields, event.meta, event.raw])
    recognise(event, region="US")


def kind_of(preset: str, status: int, document: Any) -> str:
    """What an answer of the vendor is taken for."""
    content = json.dumps(document).encode()
    answered = Answered(status=status, headers={"content-type": "application/json"}, content=content, whole=True)
    verdict = read(fetch_of(PRESETS[preset]), answered)
    assert isinstance(verdict, Document | Refused)
    return verdict.kind if isinstance(verdict, Refused) else "document"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1, "down"),
        (2, "down"),
        (3, "credentials"),
        (4, "quota"),
        (10, "forbidden"),
        (17, "quota"),
        (32, "quota"),
        (100, "missing"),  # also with the subcode 33: no such lead, or not for this token
        (102, "credentials"),
        (190, "credentials"),
        (200, "forbidden"),
        (299, "forbidden"),
        (300, "missing"),
        (341, "quota"),
        (613, "quota"),
        (2635, "credentials"),
        (80005, "quota"),
        (803, "missing"),
    ],
)
def test_metas_codes_say_what_its_status_does_not(code: int, kind: str) -> None:
    error = {"message": "…", "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    assert kind_of("meta", 400, {"error": error}) == kind


@pytest.mark.parametrize(
    ("preset", "status", "document", "kind"),
    [
        ("meta", 500, {"error": {"code": 190}}, "credentials"),
        ("meta", 200, {"id": "1", "field_data": []}, "document"),
        ("linkedin", 426, {"status": 426, "code": "NONEXISTENT_VERSION", "message": "…"}, "credentials"),
        ("linkedin", 401, {"status": 401, "serviceErrorCode": 65601, "message": "expired"}, "credentials"),
        ("linkedin", 404, {"status": 404, "message": "Not found"}, "missing"),
        ("linkedin", 429, {"status": 429, "message": "…"}, "quota"),
        ("surveymonkey", 403, {"error": {"id": "1014", "http_status_code": 403}}, "forbidden"),
        ("hubspot", 404, {"status": "error", "message": "resource not found"}, "missing"),
        ("hubspot", 403, {"status": "error", "category": "MISSING_SCOPES"}, "forbidden"),
        ("klaviyo", 404, {"errors": [{"code": "not_found"}]}, "missing"),
    ],
)
def test_other_answers_are_told_by_their_status_or_word(preset: str, status: int, document: Any, kind: str) -> None:
    assert kind_of(preset, status, document) == kind
