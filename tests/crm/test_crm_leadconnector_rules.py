"""What the `write` rules let onto a contact, with how many calls; held against a small model of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.crm.adapter import Call, Done
from leadbridge.outcome import Delivered, Fail, Hold, Retry
from leadbridge.plan import WriteRule
from tests.crm.leadconnector_crm import ADAPTER, Location, delivered, plan_of
from tests.crm.plans import answer
from tests.support.walked import walked

EMAIL = {"email": "rosa@example.test"}
RULES: list[WriteRule] = ["always", "if_empty", "on_create", "never"]
# The key of the lead, the attribute of the contact, what the form says, what a rep had written.
KEYS = {
    "source": ("source", "Website", "Fair"),
    "company": ("companyName", "Deos & Co", "Deo Ltd"),
    "website": ("website", "https://deos.example", "https://old.example"),
    "timezone": ("timezone", "America/Chicago", "Europe/Berlin"),
    "owner": ("assignedTo", "rep0User0Id0000001", "rep0User0Id0000009"),
    "phone": ("phone", "+14155550123", "+14155550999"),
    "date_of_birth": ("dateOfBirth", "1990-09-25", "1980-01-01"),
}
FIELD = "extId0Sandbox0Field1"


def known(**values: Any) -> dict[str, Any]:
    return {"id": "C1", **EMAIL, **values}


def stands_in(rule: WriteRule, *, new: bool, was: str | None, says: str) -> str | None:
    """What stands there afterwards."""
    if rule == "never" or (rule == "on_create" and not new) or (rule == "if_empty" and was is not None):
        return was
    return says


@given(
    rules=st.dictionaries(st.sampled_from(sorted(KEYS)), st.sampled_from(RULES), max_size=7),
    given_keys=st.sets(st.sampled_from(sorted(KEYS))),
    filled=st.none() | st.sets(st.sampled_from(sorted(KEYS))),
)
def test_each_value_stands_where_its_rule_lets_it(
    rules: dict[str, WriteRule], given_keys: set[str], filled: set[str] | None
) -> None:
    location = Location()
    if filled is not None:
        location.seed(known(**{KEYS[key][0]: KEYS[key][2] for key in filled}))
    lead = {**EMAIL, **{key: KEYS[key][1] for key in given_keys}}
    outcome = delivered(location, plan_of(lead, write=rules))

    assert isinstance(outcome, Delivered)
    assert (outcome.created, outcome.warnings) == (filled is None, ())
    (contact,) = location.contacts
    conditional = False
    for key, (attribute, says, rep) in KEYS.items():
        was = rep if filled is not None and key in filled else None
        rule = rules.get(key, "always")
        after = stands_in(rule, new=filled is None, was=was, says=says) if key in given_keys else was
        assert contact.get(attribute) == after, key
        conditional |= rule in ("if_empty", "on_create") and key in given_keys and after != was
    # The phone cannot go in the upsert that carries a company: it finds contacts.
    both = conditional and len(location.calls) == 3
    assert both or len(location.calls) == 1 + conditional
    assert not both or {"company", "phone"} <= given_keys & rules.keys()


@walked(
    ("more", "standing", "calls"),
    [
        ({}, {}, 1),
        ({"tags": {"add": ["web"]}}, {"tags": ["web"]}, 1),
        ({"tags": {"add": ["web"]}}, {"tags": ["vip"]}, 2),
        ({"write": {"city": "always"}, "tags": {"replace": ["web"]}}, {"tags": ["vip"]}, 1),
        ({"write": {"source": "if_empty"}}, {"source": "Fair"}, 1),
        ({"write": {"source": "if_empty"}}, {}, 2),
        ({"write": {"source": "on_create"}}, {}, 1),
        ({"write": {"source": "on_create"}}, None, 2),
        ({"write": {"tags": "if_empty"}, "tags": {"add": ["web"]}}, {"tags": ["vip"]}, 1),
        ({"write": {"tags": "on_create"}, "tags": {"add": ["web"]}}, {}, 1),
        ({"write": {"tags": "on_create"}, "tags": {"add": ["web"]}}, None, 2),
        ({"write": {"tags": "never"}, "tags": {"add": ["web"], "remove": ["vip"]}}, {"tags": ["vip"]}, 1),
        ({"write": {"tags": "always"}, "tags": {"add": ["web"]}}, {"tags": ["vip"]}, 1),
        ({"write": {"tags": "always"}}, {"tags": ["vip"]}, 1),
    ],
)
def test_a_contact_costs_as_few_calls_as_it_can(
    more: dict[str, Any], standing: dict[str, Any] | None, calls: int
) -> None:
    location = Location()
    if standing is not None:
        location.seed(known(**standing))
    outcome = delivered(location, plan_of({**EMAIL, "source": "Website"}, **more))

    assert isinstance(outcome, Delivered)
    assert outcome.warnings == ()
    assert len(location.calls) == calls


def test_a_rule_for_tags_without_any_leaves_those_of_others() -> None:
    location = Location()
    location.seed(known(tags=["vip"]))
    delivered(location, plan_of(EMAIL, write={"tags": "always"}))

    assert location.contacts[0]["tags"] == ["vip"]


def test_tags_that_are_all_there_is_take_nothing_away_where_none_is_left_to_add() -> None:
    location = Location()
    location.seed(known(tags=["rep's own", "gone"]))
    delivered(location, plan_of(EMAIL, tags={"add": ["Gone"], "remove": ["gone"]}, write={"tags": "always"}))

    assert location.contacts[0]["tags"] == ["rep's own"]


def test_tags_that_the_location_itself_gives_a_new_contact_are_no_reason_to_add_none() -> None:
    plan = plan_of({**EMAIL, "tags": ["web"]}, write={"tags": "if_empty"})
    for new, kind in ((True, Call), (False, Done)):
        shown = answer(200, {"new": new, "contact": {"id": "C1", **EMAIL, "tags": ["by a workflow"]}})
        assert isinstance(ADAPTER.next(plan, {"upsert contact": shown}), kind)


def test_half_a_name_is_not_put_beside_half_of_anothers() -> None:
    location = Location()
    location.seed(known(firstName="Bob"))
    lead = {**EMAIL, "first_name": "Rosa", "last_name": "Deo", "name": "Rosa Deo"}
    delivered(location, plan_of(lead, write={"name": "if_empty"}))
    assert (location.contacts[0]["firstName"], location.contacts[0].get("lastName")) == ("Bob", None)

    delivered(location, plan_of(lead, write={"first_name": "if_empty", "last_name": "if_empty"}))
    assert (location.contacts[0]["firstName"], location.contacts[0].get("lastName")) == ("Bob", "Deo")


@pytest.mark.parametrize(
    ("key", "written"), [("name", (None, None)), ("first_name", (None, "Deo")), ("middle_name", ("Rosa", "Deo"))]
)
def test_a_part_of_the_name_that_is_never_written_is_no_warning_either(key: str, written: tuple[str, str]) -> None:
    location = Location()
    lead = {**EMAIL, "name": "Rosa Maria Deo", "first_name": "Rosa", "middle_name": "Maria", "last_name": "Deo"}
    outcome = delivered(location, plan_of(lead, write={key: "never"}))

    assert isinstance(outcome, Delivered)
    assert outcome.warnings == ()
    assert (location.contacts[0].get("firstName"), location.contacts[0].get("lastName")) == written


def test_a_new_contact_gets_the_leads_country_and_not_its_locations() -> None:
    location = Location({"country": "US"})
    lead = {**EMAIL, "address": {"country": "DE"}}
    delivered(location, plan_of(lead, write={"address": "on_create"}))
    assert location.contacts[0]["country"] == "DE"

    location = Location({"country": "US"})
    location.seed(known())
    delivered(location, plan_of(lead, write={"address": "if_empty"}))
    assert location.contacts[0]["country"] == "US"


@pytest.mark.parametrize("rule", ["always", "if_empty", "on_create"])
def test_a_gender_goes_with_the_creation_whatever_its_rule(rule: WriteRule) -> None:
    location = Location()
    first, again = (
        delivered(location, plan_of({**EMAIL, "gender": gender}, write={"gender": rule}))
        for gender in ("female", "male")
    )

    assert isinstance(first, Delivered)
    assert isinstance(again, Delivered)
    assert first.warnings == ()
    assert [warning.field for warning in again.warnings] == (["gender"] if rule == "always" else [])
    assert location.contacts[0]["gender"] == "female"


@pytest.mark.parametrize("rule", RULES)
def test_a_custom_field_has_its_own_rule_by_the_name_that_the_route_uses(rule: WriteRule) -> None:
    for new, was in ((True, None), (False, None), (False, "E-1")):
        location = Location()
        if not new:
            location.seed(known(**({"customFields": [{"id": FIELD, "field_value": was}]} if was else {})))
        delivered(location, plan_of(EMAIL, custom_fields={"external id": "E-7"}, write={"custom:external id": rule}))
        kept = {one["id"]: one["value"] for one in location.contacts[0]["customFields"]}
        assert kept.get(FIELD) == stands_in(rule, new=new, was=was, says="E-7")


def test_a_custom_field_that_is_never_written_need_not_exist() -> None:
    outcome = delivered(Location(), plan_of(EMAIL, custom_fields={"Nobody's": 1}, write={"custom:Nobody's": "never"}))

    assert isinstance(outcome, Delivered)


def test_the_key_that_finds_the_contact_is_sent_whatever_its_rule() -> None:
    location = Location()
    location.seed(known(firstName="Ann"))
    for rule in RULES:
        outcome = delivered(location, plan_of({**EMAIL, "last_name": "Lee"}, write={"email": rule}))
        assert isinstance(outcome, Delivered)
        assert (outcome.record_id, outcome.warnings) == ("C1", ())
    delivered(location, plan_of({**EMAIL, "phone": "+14155550123"}, write={"phone": "if_empty"}))
    assert location.contacts[0]["phone"] == "+14155550123"


def test_a_phone_that_is_conditional_finds_the_contact_where_nothing_else_can() -> None:
    step = ADAPTER.next(plan_of({"phone": "+14155550123"}, write={"phone": "if_empty"}), {})

    assert isinstance(step, Call)
    assert step.body == {"locationId": ADAPTER.account, "phone": "+14155550123"}


def test_a_phone_that_is_conditional_finds_nobody() -> None:
    location = Location({"duplicate_priority": "phone,email"})
    location.seed(known(), {"id": "C2", "phone": "+14155550123"})
    lead = {**EMAIL, "phone": "+14155550123", "last_name": "Deo"}
    outcome = delivered(location, plan_of(lead, write={"phone": "if_empty"}))

    assert isinstance(outcome, Delivered)
    assert outcome.record_id == "C1"
    assert [warning.field for warning in outcome.warnings] == ["phone"]
    assert "lastName" not in location.contact("C2")


UPSERTED = answer(200, {"new": True, "contact": {"id": "C1", **EMAIL}})


@walked(
    ("filled", "kind", "said"),
    [
        (answer(503, {"message": "busy"}), Retry, "busy"),
        (answer(401, {"message": "Invalid JWT"}), Hold, "Invalid JWT"),
        (answer(400, {"message": "Contact with id C1 not found"}), Retry, "deleted"),
        (answer(422, {"message": "no"}), Delivered, "the contact is written, this is not"),
        (answer(200, {"contact": {"id": "C1"}}), Delivered, "shows another value"),
        (answer(200, {"contact": {"id": "C2", "companyName": "Deos"}}), Delivered, "found another contact"),
    ],
)
def test_what_a_second_call_says(filled: Any, kind: type, said: str) -> None:
    plan = plan_of({**EMAIL, "company": "Deos"}, write={"company": "on_create"})
    step = ADAPTER.next(plan, {"upsert contact": UPSERTED, "fill in contact": filled})

    assert isinstance(step, Done)
    assert isinstance(step.outcome, kind)
    assert said in repr(step.outcome)


def test_a_contact_that_is_not_said_to_be_new_is_taken_for_an_old_one_with_a_warning() -> None:
    plan = plan_of({**EMAIL, "source": "Website"}, write={"source": "on_create"})
    step = ADAPTER.next(plan, {"upsert contact": answer(200, {"contact": {"id": "C1", **EMAIL}})})

    assert isinstance(step, Done)
    assert isinstance(step.outcome, Delivered)
    assert step.outcome.created is None
    assert [warning.field for warning in step.outcome.warnings] == ["source"]


def test_the_verdict_of_the_first_write_is_known_before_the_second() -> None:
    plan = plan_of({**EMAIL, "source": "Website"}, write={"source": "on_create"})
    progress = ADAPTER.progress(plan, {"upsert contact": UPSERTED})
    later = plan.model_copy(update={"progress": progress})
    found = answer(200, {"new": False, "contact": {"id": "C1", **EMAIL}})
    another = answer(200, {"new": False, "contact": {"id": "C2", **EMAIL}})

    assert (progress.record_id, progress.created) == ("C1", True)
    assert ADAPTER.progress(plan, {}) is plan.progress
    assert ADAPTER.progress(later, {"upsert contact": found}).created is True
    assert ADAPTER.progress(later, {"upsert contact": another}).created is False


@walked(
    ("added", "created", "fields"),
    [
        ("2026-11-03T10:00:00.000Z", True, []),
        ("2026-11-03T10:00:04.000Z", True, []),
        ("2026-11-03T09:59:59.000Z", None, ["source", "tags"]),  # perhaps theirs, perhaps the clocks differ
        ("2026-11-03T09:59:00.000Z", None, ["source", "tags"]),
        ("2026-11-03T09:58:59.999Z", False, []),
        (None, None, ["source", "tags"]),
    ],
)
def test_the_verdict_of_an_upsert_whose_answer_was_lost_is_told_by_the_contacts_age(
    added: str | None, created: bool | None, fields: list[str]
) -> None:
    sent_at = 1_793_700_000_000  # 2026-11-03T10:00:00Z
    rules = {"source": "on_create", "tags": "on_create"}
    lead = {**EMAIL, "source": "Website", "tags": ["web"]}
    plan = plan_of(lead, write=rules, progress={"unsure": {"upsert contact": sent_at, "another call": 5}})
    contact = {"id": "C1", **EMAIL, "tags": [], **({"dateAdded": added} if added else {})}
    answers = {"upsert contact": answer(200, {"new": False, "contact": contact})}

    progress = ADAPTER.progress(plan, answers)
    assert (progress.record_id, progress.created, progress.unsure) == ("C1", created, {"another call": 5})
    step = ADAPTER.next(plan, answers)
    if created:
        assert isinstance(step, Call)
        assert step.body == {"source": "Website"}
    else:
        assert isinstance(step, Done)
        assert isinstance(step.outcome, Delivered)
        assert step.outcome.created is created
        assert [warning.field for warning in step.outcome.warnings] == fields


def test_what_a_rep_wrote_between_two_tries_stays() -> None:
    plan = plan_of(
        {**EMAIL, "source": "Website"},
        write={"source": "on_create"},
        progress={"record_id": "C1", "created": True},
    )
    shown = answer(200, {"new": False, "contact": {"id": "C1", **EMAIL, "source": "Fair"}})

    assert isinstance(ADAPTER.next(plan, {"upsert contact": shown}), Done)


def test_what_the_engine_knows_beside_the_adapter_is_kept() -> None:
    plan = plan_of(EMAIL, progress={"done": ["landed on C9"], "unsure": {"another call": 5}})
    progress = ADAPTER.progress(plan, {"upsert contact": UPSERTED})

    assert progress.done == ("landed on C9",)
    assert progress.unsure == {"another call": 5}


@pytest.mark.parametrize(
    ("choice", "said"),
    [("../C1", "is no id"), ("C9", "answered 400: Contact with id C9 not found")],
)
def test_a_choice_that_cannot_be_is_given_back(choice: str, said: str) -> None:
    for lead in (EMAIL, {"gender": "female"}):
        outcome = delivered(Location(), plan_of(lead, choice={"use": choice}))
        assert isinstance(outcome, Hold)
        assert said in outcome.detail


def test_a_chosen_contact_is_written_and_nobody_else() -> None:
    location = Location()
    location.seed(known(), {"id": "C2", "firstName": "Ann", "tags": ["vip"], "companyName": "Lee Ltd"})
    lead = {**EMAIL, "last_name": "Lee", "company": "Deos", "phone": "+14155550123", "source": "Website"}
    outcome = delivered(
        location, plan_of(lead, choice={"use": "C2"}, write={"company": "if_empty", "source": "on_create"})
    )

    assert isinstance(outcome, Delivered)
    assert (outcome.record_id, outcome.created) == ("C2", False)
    assert [warning.field for warning in outcome.warnings] == ["email"]
    assert location.contact("C1").get("lastName") is None
    second = location.contact("C2")
    assert (second["lastName"], second["phone"], second["companyName"], second.get("source")) == (
        "Lee", "+14155550123", "Lee Ltd", None,
    )  # fmt: skip


def test_a_company_for_a_chosen_contact_without_one_is_a_warning() -> None:
    location = Location()
    location.seed({"id": "C2", "firstName": "Ann"})
    outcome = delivered(location, plan_of({"company": "Deos"}, choice={"use": "C2"}, write={"company": "if_empty"}))

    assert isinstance(outcome, Delivered)
    assert [warning.field for warning in outcome.warnings] == ["company"]


@pytest.mark.parametrize("field", ["email", "phone", "contactId", None])
def test_an_identifier_of_another_contact_is_left_out_whichever_it_is(field: str | None) -> None:
    lead = {"email": "ann@example.test", "phone": "+14155550123", "last_name": "Lee"}
    plan = plan_of(lead, choice={"use": "C2"})
    refused = answer(
        400, {"message": "This location does not allow duplicated contacts.", "meta": {"matchingField": field}}
    )
    answers: dict[str, Any] = {"update contact": refused}
    bodies = []
    while not isinstance(step := ADAPTER.next(plan, dict(answers)), Done):
        bodies.append(set(step.body))
        answers[step.purpose] = refused
    assert isinstance(step.outcome, Fail)
    assert bodies[-1] == {"lastName"}
    assert len(bodies) == (2 if field in ("email", "phone") else 1)


def test_a_phone_that_is_conditional_goes_in_no_upsert_that_carries_a_company() -> None:
    location = Location({"duplicate_priority": "phone,email"})
    location.seed(known(), {"id": "C2", "phone": "+14155550123", "companyName": "Lee Ltd"})
    lead = {**EMAIL, "phone": "+14155550123", "company": "Deos"}
    outcome = delivered(location, plan_of(lead, write={"phone": "if_empty", "company": "if_empty"}))

    assert isinstance(outcome, Delivered)
    assert (location.contact("C1")["companyName"], location.contact("C2")["companyName"]) == ("Deos", "Lee Ltd")
    assert [warning.field for warning in outcome.warnings] == ["phone"]
