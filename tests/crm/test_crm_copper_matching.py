"""Copper's 422: several leads match, or the lead is refused? And: was a lead created?"""

from typing import Any

import pytest

from leadbridge.crm.adapter import Answer, Call, Done
from leadbridge.crm.contract import example_adapter
from leadbridge.crm.registry import CRMS
from leadbridge.outcome import Delivered, Fail, Hold, Retry
from leadbridge.plan import Plan
from tests.crm.plans import answer
from tests.support.walked import walked

COPPER = example_adapter(CRMS["copper"])
PLAN = {
    "record": "lead",
    "lead": {"name": "Ann Lee", "email": "ann2024@example.test"},
    "match": {"by": "email", "value": "ann2024@example.test"},
}
UPSERT, SEARCH = "upsert lead", "find matching leads"


def lead(lead_id: int, *, email: str = "ann2024@example.test", created: int = 1_700_000_000) -> dict[str, Any]:
    return {"id": lead_id, "name": "Ann Lee", "email": {"email": email}, "date_created": created, "tags": []}


def step_after(answers: dict[str, Answer], **change: Any) -> Call | Done:
    return COPPER.next(Plan.model_validate({**PLAN, **change}), answers)


def refused(message: Any, **keys: Any) -> Answer:
    return answer(422, {"success": False, "status": 422, "message": message, **keys})


@walked(
    ("said", "looks"),
    [
        (refused("Invalid input: Validation errors: Name: can't be blank"), False),
        (refused("Invalid input: Validation errors: Base: Unrecognized attributes specified: pageSize"), False),
        (refused("Company Id: Invalid value for Company Id: IDs must be positive integers: test"), False),
        (refused({"email": [{"error": "invalid value"}]}), False),
        (
            refused("Invalid input: Validation errors: Base: Multiple leads match the criteria: 11000001, 11000002"),
            True,
        ),
        (refused("Invalid input: Validation errors: Base: Too many leads match"), True),
        (refused("31 leads found"), True),
        (refused("Invalid input", ids=[11000001, 11000002]), True),
        (refused("Invalid input", matches=[{"id": 11000001}, {"id": "11000002"}]), True),
        (refused("Invalid input: one id is no list of matches", id=[5]), False),
        (refused("Conflict: 11000001, 11000002"), True),
        (refused("Conflict"), True),
        (answer(422, "a text"), True),
        (Answer(status=200, headers={}, body={"success": False, "status": 422, "message": "Conflict"}, text=""), True),
    ],
)
def test_only_a_clear_validation_error_is_believed_without_a_look_at_the_leads(said: Answer, looks: bool) -> None:
    step = step_after({UPSERT: said})
    if looks:
        assert isinstance(step, Call)
        assert step.path == "/leads/search"
        assert step.body["emails"] == "ann2024@example.test"
    else:
        assert isinstance(step, Done)
        assert isinstance(step.outcome, Fail)


def test_words_nobody_knows_fail_unless_two_leads_really_match() -> None:
    said = refused("Conflict")
    one = step_after({UPSERT: said, SEARCH: answer(200, [lead(1), lead(2, email="joann2024@example.test")])})
    two = step_after({UPSERT: said, SEARCH: answer(200, [lead(1), lead(2)])})
    assert one == Done(outcome=Fail(detail="Copper answered 422: Conflict"))
    assert isinstance(two, Done)
    assert isinstance(two.outcome, Hold)
    assert [candidate.record_id for candidate in two.outcome.candidates] == ["1", "2"]


def test_candidates_that_the_search_does_not_show_are_named_by_their_id() -> None:
    said = refused("Invalid input", ids=[11000001, 11000002])
    step = step_after({UPSERT: said, SEARCH: answer(200, [lead(11000002)])})
    assert isinstance(step, Done)
    assert isinstance(step.outcome, Hold)
    assert [candidate.record_id for candidate in step.outcome.candidates] == ["11000002", "11000001"]
    assert step.outcome.candidates[0].summary["created"] == "2023-11-14T22:13:20+00:00"


@pytest.mark.parametrize(("on_many", "path"), [("oldest", "/leads/9"), ("newest", "/leads/3")])
def test_the_oldest_and_the_newest_go_by_the_time_of_creation(on_many: str, path: str) -> None:
    found = [lead(3, created=1_800_000_000), lead(9, created=1_600_000_000), lead(5, created=1_700_000_000)]
    step = step_after({UPSERT: refused("Multiple leads"), SEARCH: answer(200, found)}, on_many=on_many)
    assert isinstance(step, Call)
    assert step.path == path


def test_a_number_in_the_message_is_never_taken_for_a_lead_to_write() -> None:
    said = refused("3 leads match: 11000001, 11000002, 11000003")
    step = step_after({UPSERT: said, SEARCH: answer(200, [lead(3, email="x@example.test")])}, on_many="oldest")
    assert isinstance(step, Done)
    assert isinstance(step.outcome, Retry)
    assert step.outcome.after == 60


def test_a_text_field_that_cannot_be_searched_is_looked_up_by_the_ids_of_the_answer() -> None:
    definitions = [{"id": 100764, "name": "External ID", "data_type": "String", "available_on": ["lead"]}]
    match = {"by": "custom", "field": "External ID", "value": "F-77"}
    answers = {"read custom fields": answer(200, definitions), UPSERT: refused("Multiple leads match: 11, 12")}
    search = step_after(answers, match=match)
    assert isinstance(search, Call)
    assert search.body["ids"] == [11, 12]
    held = [
        {**lead(number), "custom_fields": [{"custom_field_definition_id": 100764, "value": "f-77"}]}
        for number in (11, 12)
    ]
    step = step_after({**answers, SEARCH: answer(200, held)}, match=match, on_many="newest")
    assert isinstance(step, Call)
    assert step.path == "/leads/12"


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [("Dropdown", "Team", [12]), ("Float", 7, 7), ("Checkbox", True, True)],
)
def test_other_fields_are_searched_by_their_value(kind: str, value: Any, wanted: Any) -> None:
    options = [{"id": 12, "name": "Team"}]
    definitions = [{"id": 5, "name": "Key", "data_type": kind, "available_on": ["lead"], "options": options}]
    match = {"by": "custom", "field": "Key", "value": value}
    step = step_after({"read custom fields": answer(200, definitions), UPSERT: refused("Several")}, match=match)
    assert isinstance(step, Call)
    assert step.body["custom_fields"] == [{"custom_field_definition_id": 5, "value": wanted}]


@pytest.mark.parametrize(
    ("searched", "kind"),
    [(answer(500, {}), Retry), (answer(401, {}), Hold), (answer(429, {}), Retry), (answer(422, {}), Hold)],
)
def test_a_search_that_is_refused_loses_nothing(searched: Answer, kind: type) -> None:
    step = step_after({UPSERT: refused("Multiple leads match"), SEARCH: searched})
    assert isinstance(step, Done)
    assert isinstance(step.outcome, kind)


def test_a_chosen_lead_that_is_gone_is_upserted_again() -> None:
    answers = {UPSERT: refused("Multiple leads"), SEARCH: answer(200, [lead(3), lead(4)])}
    step = step_after(
        {**answers, "update the oldest match": answer(404, {"message": "Resource not found"})}, on_many="oldest"
    )
    assert isinstance(step, Done)
    assert isinstance(step.outcome, Retry)


def test_a_match_key_that_copper_does_not_have_is_held() -> None:
    step = step_after({}, match={"by": "phone", "value": "+14155550123"})
    assert isinstance(step, Done)
    assert isinstance(step.outcome, Hold)
    assert step.outcome.reason == "no_match_key"


AT = 1_793_700_004  # 2026-11-03 10:00:04 UTC
DATE = {"date": "Tue, 03 Nov 2026 10:00:05 GMT"}


@walked(
    ("times", "headers", "created"),
    [
        ({"date_created": AT, "date_modified": AT}, DATE, True),
        ({"date_created": AT, "date_modified": AT}, {}, True),
        ({"date_created": AT, "date_modified": AT}, {"date": "yesterday"}, True),
        ({"date_created": AT - 86_400, "date_modified": AT - 86_400}, DATE, False),  # never modified since
        ({"date_created": AT - 86_400, "date_modified": AT}, DATE, False),
        ({"date_created": AT}, DATE, None),
        ({"date_created": "2026", "date_modified": "2026"}, DATE, None),
        ({}, DATE, None),
    ],
)
def test_created_is_told_from_the_leads_own_times(
    times: dict[str, Any], headers: dict[str, str], created: bool | None
) -> None:
    echo = {"id": 7, "name": "Ann Lee", "email": {"email": "ann2024@example.test"}, **times}
    step = step_after({UPSERT: answer(200, echo, headers=headers)})
    assert step == Done(outcome=Delivered(record_id="7", created=created))
