"""Whatever Copper answers, or does not: every path ends, nothing is made twice, and progress is never lost."""

from functools import cache
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.crm.adapter import MOST_CALLS, Answer, Call, Done
from leadbridge.events import Json
from leadbridge.outcome import Delivered, Outcome
from leadbridge.plan import Plan
from tests.crm.copper_account import ADAPTER, Account, Fate
from tests.crm.plans import FIELD_NAMES, JSON, answers, plans
from tests.crm.test_crm_any_answer import LEAD, LOOKUPS
from tests.support.examples import examples

PURPOSES = ("create lead", "create person", "add note")
DONE = (*PURPOSES, "waited for Copper's search since 0")
RULES = st.sampled_from(["always", "merge", "if_empty", "on_create", "never"])
KEYS = st.sampled_from(
    [
        "name",
        "first_name",
        "email",
        "phone",
        "website",
        "tags",
        "title",
        "message",
        "owner",
        "status",
        "address",
        "value",
    ]
) | FIELD_NAMES.map(lambda name: f"custom:{name}")
CHOICES = st.none() | st.fixed_dictionaries(
    {}, optional={"use": st.sampled_from(["8894157", "x", ""]), "create": st.booleans()}
)
PROGRESS = st.fixed_dictionaries(
    {},
    optional={
        "record_id": st.sampled_from(["8894157", "odd", None]),
        "created": st.none() | st.booleans(),
        "done": st.lists(st.sampled_from(DONE), max_size=2, unique=True),
        "unsure": st.dictionaries(st.sampled_from(PURPOSES), st.integers(0, 10**13), max_size=2),
    },
)
PERSON = st.fixed_dictionaries(
    {"id": st.just(8894157)},
    optional={
        **dict.fromkeys(["name", "tags", "phone_numbers", "websites", "custom_fields", "address", "details"], JSON),
        "emails": JSON | st.just([{"email": "a@example.test", "category": "work"}]),
        "date_created": st.integers(0, 10**10) | JSON,
    },
)


@cache
def any_plan(record: str) -> st.SearchStrategy[Plan]:
    return st.builds(
        lambda plan, more: Plan.model_validate({**plan.model_dump(exclude_unset=True), **more}),
        plans(record),
        st.fixed_dictionaries(
            {
                "write": st.dictionaries(KEYS, RULES, max_size=4),
                "note": st.none() | st.sampled_from(["Hello", " "]),
                "choice": CHOICES,
                "progress": PROGRESS,
            }
        ),
    )


def good(call: Call) -> Answer | None:
    return LOOKUPS["copper"].get(call.purpose)


ANY_ANSWER = {
    "lead": answers(LEAD | st.lists(LEAD, max_size=3)),
    "person": answers(PERSON | st.lists(PERSON, max_size=3)),
}


@pytest.mark.parametrize("record", ["lead", "person"])
@settings(max_examples=examples(40), deadline=None)
@given(data=st.data())
def test_whatever_copper_answers_every_path_ends_and_no_unsafe_call_is_repeated(
    record: str, data: st.DataObject
) -> None:
    plan = data.draw(any_plan(record))
    any_answer = ANY_ANSWER[record]
    so_far: dict[str, Answer] = {}
    looked = False
    while not isinstance(step := ADAPTER.next(plan, dict(so_far)), Done):
        assert step.purpose not in so_far, "the same call again would never end"
        assert len(so_far) < MOST_CALLS
        if not step.safe_to_repeat:
            assert step.purpose in PURPOSES
            assert step.purpose not in plan.progress.done or plan.progress.record_id in (None, "odd")
            assert step.purpose not in plan.progress.unsure or looked, "nobody has looked"
            assert step.shows_after == 60
        known = good(step) if step.shared else None
        so_far[step.purpose] = data.draw(any_answer if known is None else st.just(known) | any_answer)
        looked = looked or (step.safe_to_repeat and not step.shared)
        progress = ADAPTER.progress(plan, dict(so_far))
        assert set(plan.progress.done) <= set(progress.done)
        assert progress == ADAPTER.progress(plan.model_copy(), dict(so_far))
    assert isinstance(step.outcome, Outcome)


@settings(max_examples=examples(40), deadline=None)
@given(fates=st.lists(st.sampled_from(get_args(Fate)), max_size=8), data=st.data())
async def test_nothing_is_made_twice_whatever_becomes_of_the_calls(fates: list[Fate], data: st.DataObject) -> None:
    """Through answers that are lost before or after the call was done, and errors that say nothing or too little."""
    record = data.draw(st.sampled_from(["lead", "person"]))
    by = data.draw(st.sampled_from(["email", "name", None] + (["phone"] if record == "person" else [])))
    fetches = data.draw(st.sampled_from(["works", "misses"]))
    account = Account({"search_lag": 55, "fetch_by_email": fetches})
    account.fates = list(fates)
    lead = {"name": "Ann Lee", "email": "ann@example.test", "phone": "+14155550123", "tags": ["web"]}
    plan: dict[str, Json] = {"record": record, "lead": lead, "note": "Hello", "write": {"tags": "on_create"}}
    plan["match"] = {"by": by, "value": lead[by]} if by else None
    came = await account.deliver(plan)

    kind = "leads" if record == "lead" else "people"
    assert isinstance(came, Delivered), came
    assert [one["tags"] for one in await account.holds(kind)] == [["web"]]
    assert [one["details"] for one in await account.holds("activities")] == ["Hello"]
