"""A route with `recognise: true`: what the rules leave out is filled from the form's own fields."""

from typing import Any

from leadbridge.lead import Address, Utm
from leadbridge.mapping import Filtered
from tests.mapping.mapping_of import mapped, planned, route

FORM: dict[str, Any] = {
    "Your name": "Ann Lee",
    "E-mail": " Ann@Example.com",
    "Mobile": "(415) 555-2671",
    "City": "Reno",
    "Message": "Please call.",
    "utm_source": "google",
    "Budget": "5000",
    "Friend's e-mail": "bo@example.com",
    "Fax": "",
}
LEFT = {"Budget": "5000", "Friend's e-mail": "bo@example.com"}


def test_what_the_rules_leave_out_is_filled_and_the_rest_goes_to_other() -> None:
    plan = planned({"recognise": True}, FORM).plan
    lead = plan.lead
    assert (lead.name, lead.first_name, lead.last_name) == ("Ann Lee", "Ann", "Lee")
    assert (lead.email, lead.phone, lead.message) == ("ann@example.com", "+14155552671", "Please call.")
    assert (lead.address, lead.utm) == (Address(city="Reno"), Utm(source="google"))
    assert lead.other == LEFT
    assert plan.match is not None
    assert plan.match.value == "ann@example.com"
    assert set(plan.recognised) == {"name", "email", "phone", "address", "message", "utm"}


def test_without_the_option_nothing_is_recognised_nor_kept_in_other() -> None:
    plan = planned({"lead": {"email": "{{ fields['E-mail'] }}"}}, FORM).plan
    assert plan.lead.model_fields_set == {"email"}
    assert plan.recognised == ()


def test_a_rules_value_wins_and_one_set_to_none_is_sent_as_nothing_else() -> None:
    rules = {"email": "sales@example.com", "phone": "{{ none }}", "address": {"city": "Elko"}}
    lead = planned({"recognise": True, "lead": rules}, FORM).plan.lead
    assert (lead.email, lead.address) == ("sales@example.com", Address(city="Elko"))
    assert "phone" in lead.model_fields_set
    assert lead.phone is None
    assert lead.other == {"E-mail": " Ann@Example.com", "Mobile": "(415) 555-2671", "City": "Reno", **LEFT}


def test_a_rule_that_comes_to_nothing_leaves_its_key_to_recognition() -> None:
    assert (
        planned({"recognise": True, "lead": {"email": "{{ fields.email }}"}}, FORM).plan.lead.email == "ann@example.com"
    )


def test_the_parts_of_a_name_are_those_of_the_name_that_a_rule_gives() -> None:
    form = {"First name": "Ann", "Last name": "Lee", "E-mail": "ann@example.com"}
    lead = planned({"recognise": True, "lead": {"name": "Bo Ray"}}, form).plan.lead
    assert (lead.name, lead.first_name, lead.last_name) == ("Bo Ray", "Bo", "Ray")
    lead = planned({"recognise": True, "lead": {"first_name": "Annie"}}, form).plan.lead
    assert (lead.name, lead.first_name, lead.last_name) == ("Annie Lee", "Annie", "Lee")


def test_a_list_of_addresses_says_which_is_the_main_one() -> None:
    lead = planned({"recognise": True, "lead": {"emails": ["a@example.com", "b@example.com"]}}, FORM).plan.lead
    assert (lead.email, lead.emails) == ("a@example.com", ("a@example.com", "b@example.com"))


def test_a_field_that_a_rule_reads_is_not_left_over() -> None:
    options = {"recognise": True, "custom_fields": {"Budget": "{{ fields.Budget }}"}, "tags": ["{{ fields.Mobile }}"]}
    assert planned(options, FORM).plan.lead.other == {"Friend's e-mail": "bo@example.com"}
    assert planned({"recognise": True, "note": True}, FORM).plan.lead.other == LEFT  # a note only repeats it


def test_what_was_recognised_is_told_with_its_field() -> None:
    found = {each.target: each.field for each in planned({"recognise": True, "lead": {"phone": "1"}}, FORM).recognised}
    assert found == {
        "name": "Your name",
        "email": "E-mail",
        "address.city": "City",
        "message": "Message",
        "utm.source": "utm_source",
    }


def test_numbers_are_read_in_the_sources_region() -> None:
    form = {"Name": "Eva", "E-Mail": "e@example.com", "Tel": "030 901820"}
    assert planned({"recognise": True}, form, region="DE").plan.lead.phone == "+4930901820"


def test_a_filled_trap_is_spam_for_a_route_that_looks_and_for_no_other() -> None:
    form = {**FORM, "_gotcha": "https://x.example"}
    result = mapped({"recognise": True}, form)
    assert isinstance(result, Filtered)
    assert result.spam == "the field `_gotcha`, a trap that people do not see, was filled"
    assert planned({"lead": {"email": "{{ fields['E-mail'] }}"}}, form).plan.lead.email == "ann@example.com"
    assert mapped({"recognise": True, "when": "{{ fields.none_such }}"}, form) == Filtered(
        route="website to copper", destination="copper"
    )


def test_a_route_that_recognises_needs_no_rules_and_can_give_its_match_keys() -> None:
    assert route(recognise=True).gives("email")
    assert route(recognise=True, match=["phone"]).recognise
    assert not route(lead={"email": "a@example.com"}).gives("phone")
