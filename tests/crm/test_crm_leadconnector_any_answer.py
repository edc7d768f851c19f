"""Whatever a plan asks for and LeadConnector answers: no crash, an end, and no call made twice that must not be."""

from typing import Any
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.crm.adapter import MOST_CALLS, Answer, Call
from leadbridge.deliver.findings import must_not_be_made
from leadbridge.outcome import Delivered
from leadbridge.plan import Plan, Progress
from tests.crm.leadconnector_crm import ADAPTER
from tests.crm.plans import JSON, answers, plans
from tests.crm.test_crm_any_answer import CONTACT_ID, LOOKUPS
from tests.openapi.contract import check_request
from tests.support.examples import examples

RULES = st.sampled_from(["always", "merge", "if_empty", "on_create", "never"])
RULED = ["name", "first_name", "email", "phone", "company", "source", "gender", "dnd", "address", "tags", "custom:Plan"]
PURPOSES = st.sampled_from(
    ["create contact", "create the wanted contact", "add note", "landed on C9", "upsert contact"]
)
CHOICE = st.none() | st.sampled_from([{"create": True}, {"use": CONTACT_ID}, {"use": "C 9"}, {"use": ""}])
PROGRESS = st.fixed_dictionaries(
    {},
    optional={
        "record_id": st.none() | st.sampled_from([CONTACT_ID, "C9"]),
        "created": st.none() | st.booleans(),
        "done": st.lists(PURPOSES, max_size=2, unique=True),
        "unsure": st.dictionaries(PURPOSES, st.integers(0, 2 * 10**12), max_size=2),
    },
)
ASKED = st.fixed_dictionaries(
    {
        "write": st.dictionaries(st.sampled_from(RULED), RULES, max_size=5),
        "note": st.none() | st.sampled_from(["", "Message: call me", "x" * 300]),
        "allow_duplicates": st.booleans(),
        "choice": CHOICE,
        "progress": PROGRESS,
    }
)
SHOWN = st.fixed_dictionaries(
    {"id": st.just(CONTACT_ID)},
    optional={
        **dict.fromkeys(["tags", "customFields", "phone", "firstName", "country"], JSON),
        "dateAdded": JSON | st.sampled_from(["2026-11-03T10:00:04.512Z", "2999-01-01T00:00:00", "-"]),
    },
)
NOTE = st.fixed_dictionaries({}, optional={"body": JSON | st.just("Message: call me"), "dateAdded": JSON})
REFUSALS = [
    "This location does not allow duplicated contacts.",
    f"Contact with id {CONTACT_ID} not found",
    "Invalid JWT",
]
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "contact": SHOWN | JSON,
        "contacts": st.lists(SHOWN | JSON, max_size=3) | JSON,
        "notes": st.lists(NOTE | JSON, max_size=3) | JSON,
        "total": JSON,
        "new": JSON,
        "tags": JSON,
    },
) | st.fixed_dictionaries(
    {"message": st.sampled_from(REFUSALS), "statusCode": st.sampled_from([400, 401, 422])},
    optional={"meta": JSON | st.fixed_dictionaries({"contactId": JSON, "matchingField": JSON | st.just("phone")})},
)


@given(plan=plans("contact"), asked=ASKED, data=st.data())
def test_every_delivery_ends_and_repeats_nothing_unlooked_for(plan: Plan, asked: Any, data: st.DataObject) -> None:
    plan = Plan.model_validate({**plan.model_dump(exclude_unset=True), **asked})
    given_answers: dict[str, Answer] = {}
    looked = False
    step = ADAPTER.next(plan, {})
    while isinstance(step, Call):
        assert step.purpose not in given_answers
        assert len(given_answers) < MOST_CALLS
        assert must_not_be_made(step, plan, given_answers, looked=looked) is None
        query = f"?{urlencode(step.query)}" if step.query else ""
        check_request(step.method, f"{step.path}{query}", step.body)
        good = st.just(LOOKUPS["leadconnector"][step.purpose]) if step.shared else st.nothing()
        got = data.draw(good | answers(BODIES))
        looked = looked or (step.safe_to_repeat and got.ok and not step.shared)
        given_answers[step.purpose] = got
        keeps_what_is_known(plan, ADAPTER.progress(plan, dict(given_answers)))
        step = ADAPTER.next(plan, dict(given_answers))
    if isinstance(step.outcome, Delivered):
        progress = ADAPTER.progress(plan, dict(given_answers))
        assert progress.record_id == step.outcome.record_id


def keeps_what_is_known(plan: Plan, progress: Progress) -> None:
    assert {*plan.progress.done} <= {*progress.done}
    assert Progress.model_validate_json(progress.model_dump_json()) == progress


@settings(max_examples=examples(50), deadline=None)
@given(got=answers(BODIES))
def test_any_answer_can_be_read_as_one_to_a_probe_and_for_its_quotas(got: Answer) -> None:
    ADAPTER.probed(got)
    ADAPTER.token_refused(got)
    limits = ADAPTER.limits(got)
    for seconds in (limits.window, limits.daily_reset, limits.wait) if limits is not None else ():
        assert seconds is None or 0 <= seconds <= 86_400
