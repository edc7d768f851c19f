"""Notes, doubtful creates and a person's choices for Copper leads: each once, whatever answer is lost."""

from typing import Any

import pytest

from leadbridge.crm.adapter import Answer, Call, Done
from leadbridge.events import Json
from leadbridge.outcome import Delivered, Hold, Retry
from leadbridge.plan import Plan
from tests.crm.copper_account import ADAPTER, ANN, Account, delivered, known, lead
from tests.crm.plans import answer
from tests.support.walked import walked

UPSERT, LISTS, NOTE, CREATE = "upsert lead", "add to lists", "add note", "create lead"


@walked("lose", [[], [UPSERT], [LISTS], [NOTE], [UPSERT, NOTE], [LISTS, NOTE]])
async def test_a_note_is_added_once_whatever_answer_is_lost(lose: list[str]) -> None:
    account = Account({"search_lag": 55})
    came = delivered(await account.deliver(lead(tags={"add": ["web"]}, note="Hello\nBudget: 5"), lose=lose))
    (made,) = await account.holds("leads")
    (noted,) = await account.holds("activities")
    assert (noted["details"], noted["parent"]) == ("Hello\nBudget: 5", {"type": "lead", "id": made["id"]})
    assert (came.warnings, account.progress.done) == ((), (NOTE,))


async def test_a_note_that_was_not_added_is_added_after_the_look() -> None:
    account = Account()
    await account.seed(leads=[known()])
    progress = {"unsure": {NOTE: account.bench.clock.now() - 61_000}}
    delivered(await account.deliver(lead(note="Hello", progress=progress)))
    assert (account.calls, len(await account.holds("activities"))) == ([UPSERT, "look for the note", NOTE], 1)


async def test_a_note_that_was_added_is_not_added_by_a_replay() -> None:
    account = Account()
    delivered(await account.deliver(lead(note="Hello", progress={"done": [NOTE]})))
    assert (account.calls, await account.holds("activities")) == ([UPSERT], [])


THERE = {"id": 7, "name": "Ann Lee", "email": {"email": "ann@example.test"}, "date_created": 1, "date_modified": 2}


@walked(
    ("said", "kind"),
    [
        (answer(422, {"message": "Details: too long"}), Delivered),
        (answer(403, {"message": "no"}), Delivered),
        (answer(200, "<html>"), Delivered),
        (answer(401, {"message": "no"}), Hold),
        (answer(503, {}), Retry),
        (answer(502, {}), Retry),
    ],
)
def test_a_refused_note_does_not_undo_the_lead(said: Answer, kind: type) -> None:
    step = ADAPTER.next(Plan.model_validate(lead(note="Hello")), {UPSERT: answer(200, THERE), NOTE: said})
    assert isinstance(step, Done)
    assert isinstance(step.outcome, kind)
    if isinstance(step.outcome, Delivered):
        assert [warning.field for warning in step.outcome.warnings] == ["note"]


def test_whether_a_note_is_there_may_stay_unknown_but_never_adds_a_second_one() -> None:
    doubtful = Plan.model_validate(lead(note="Hello", progress={"unsure": {NOTE: 1_750_000_000_000}}))
    full = [{"id": number, "details": "another"} for number in range(1, 201)]
    for look in (answer(403, {}), answer(422, {}), answer(200, full)):
        step = ADAPTER.next(doubtful, {UPSERT: answer(200, THERE), "look for the note": look})
        assert isinstance(step, Done)
        assert isinstance(step.outcome, Delivered)
        assert "is unknown" in step.outcome.warnings[0].cause


def test_a_note_is_looked_for_among_those_of_a_minute_before_the_call_and_later() -> None:
    doubtful = Plan.model_validate(lead(note="Hello", progress={"unsure": {NOTE: 1_750_000_000_000}}))
    look = ADAPTER.next(doubtful, {UPSERT: answer(200, THERE)})
    assert isinstance(look, Call)
    assert look.body["minimum_activity_date"] == 1_750_000_000 - 60


@pytest.mark.parametrize("given", [ANN, {"name": "Ann", "phone": "+14155550123"}, {"message": "Hi"}])
async def test_a_create_whose_answer_was_lost_is_looked_for_first(given: dict[str, Json]) -> None:
    account = Account({"search_lag": 55})
    await account.seed(leads=[known()])
    came = delivered(await account.deliver(lead({**given, "tags": ["web"]}, None, note="Hello"), lose=[CREATE, NOTE]))

    assert (came.created, account.calls.count(CREATE), account.calls.count(NOTE)) == (True, 1, 1)
    made = [one for one in await account.holds("leads") if one["id"] != 7]
    assert [one["tags"] for one in made] == [["web"]]
    assert came.record_id == str(made[0]["id"])


async def test_a_lead_with_other_values_is_not_taken_for_the_one_that_was_sent() -> None:
    for difference in ({"title": "CEO"}, {"phone_numbers": [{"number": "030 1234567", "category": "work"}]}):
        account = Account({"search_lag": 0})
        now = account.bench.clock.now()
        await account.seed(
            leads=[{**known(9), "date_created": now // 1000, "date_modified": now // 1000, **difference}]
        )
        given = {**ANN, "title": "CTO", "phone": "+14155550123"}
        came = delivered(await account.deliver(lead(given, None, progress={"unsure": {CREATE: now}})))
        assert account.calls == ["look for the lead", CREATE]
        assert came.record_id != "9"


def doubtful(found: list[dict[str, Json]] | Answer) -> Any:
    plan = Plan.model_validate(lead({**ANN}, None, progress={"unsure": {CREATE: 1_750_000_000_000}}))
    look = found if isinstance(found, Answer) else answer(200, found)
    return ADAPTER.next(plan, {"look for the lead": look})


def shown(lead_id: int, created: int) -> dict[str, Json]:
    return {"id": lead_id, "name": "Ann Lee", "email": {"email": "ann@example.test"}, "date_created": created}


def test_a_lead_is_believed_to_be_the_one_only_when_it_was_made_since() -> None:
    since = 1_750_000_000 - 60
    assert isinstance(doubtful([shown(7, since - 1)]), Call)
    step = doubtful([shown(7, since), shown(8, since - 1)])
    assert isinstance(step, Done)
    assert step.outcome == Delivered(record_id="7", created=True)


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ([shown(7, 1_750_000_001), shown(8, 1_750_000_002)], Hold),
        ([{**shown(number, 1_750_000_001), "name": "Bo"} for number in range(1, 201)], Hold),
        (answer(422, {}), Hold),
        (answer(500, {}), Retry),
    ],
)
def test_where_it_cannot_be_told_a_person_is_asked_and_no_second_one_made(found: Any, kind: type) -> None:
    step = doubtful(found)
    assert isinstance(step, Done)
    assert isinstance(step.outcome, kind)
    if isinstance(step.outcome, Hold):
        assert step.outcome.reason == "unknown_outcome"


@pytest.mark.parametrize("lose", [[], [CREATE]])
async def test_a_person_who_was_asked_can_have_it_made_all_the_same(lose: list[str]) -> None:
    account = Account({"search_lag": 30})
    now = account.bench.clock.now()
    at = {"date_created": now // 1000, "date_modified": now // 1000}
    await account.seed(leads=[known(7, **at), known(8, **at)])
    plan = lead(ANN, None, progress={"unsure": {CREATE: now}})
    assert isinstance(await account.deliver(plan), Hold)
    assert account.progress.done == (f"asked a person about create lead of {now}",)
    decided = {**plan, "progress": account.progress.model_dump(), "choice": {"create": True}}
    came = await account.deliver(decided, lose=lose)
    leads = [one["id"] for one in await account.holds("leads")]

    assert len(leads) == 3
    if lose:  # three fit by now
        assert isinstance(came, Hold)
    else:
        assert delivered(came).record_id == str(leads[-1])


@walked(
    ("status", "body", "doubted"),
    [
        (503, {}, False),
        (429, {}, False),
        (200, "<html>", True),
        (200, {"success": False, "status": 500}, True),
        (200, {"id": "none"}, True),
        (302, {}, True),
    ],
)
def test_after_a_create_whose_answer_cannot_be_read_the_next_try_looks(
    status: int, body: Json, *, doubted: bool
) -> None:
    plan, answers = Plan.model_validate(lead(match=None)), {CREATE: answer(status, body)}
    step, progress = ADAPTER.next(plan, answers), ADAPTER.progress(plan, answers)
    assert isinstance(step, Done)
    assert isinstance(step.outcome, Retry)
    assert (CREATE in progress.unsure) is doubted

    later = ADAPTER.next(plan.model_copy(update={"progress": progress}), {})
    assert isinstance(later, Call)
    assert later.purpose == ("look for the lead" if doubted else CREATE)


@pytest.mark.parametrize(
    ("choice", "record", "calls"),
    [
        ({"use": "7"}, "7", ["update the chosen lead", LISTS]),
        ({"create": True}, None, [CREATE]),
    ],
)
async def test_a_persons_choice_is_followed(choice: dict[str, Json], record: str | None, calls: list[str]) -> None:
    account = Account()
    await account.seed(leads=[known(), known(8)])
    came = delivered(await account.deliver(lead(tags={"add": ["web"]}, choice=choice)))
    assert (account.calls, came.created) == (calls, record is None)
    assert record in (None, came.record_id)
    assert len(await account.holds("leads")) == (3 if record is None else 2)


@pytest.mark.parametrize("use", ["99", "", "abc", "0"])
async def test_a_chosen_record_that_is_not_there_is_asked_for_again(use: str) -> None:
    came = await Account().deliver(lead(choice={"use": use}))
    assert isinstance(came, Hold)
    assert came.reason == "ambiguous_match"


async def test_a_chosen_record_with_nothing_to_write_at_once_is_only_read() -> None:
    account = Account()
    await account.seed(leads=[known(title="CEO")])
    plan = lead({"title": "CTO"}, None, choice={"use": "7"}, write={"title": "if_empty"})
    delivered(await account.deliver(plan))
    assert account.calls == ["read the lead"]
