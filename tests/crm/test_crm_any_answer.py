"""Whatever a lead holds and a CRM answers: few calls, no crash, nothing that the API does not know, no list shrinks."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.crm.adapter import MOST_CALLS, Adapter, Answer, Answers, Call, Done
from leadbridge.crm.contract import example_adapter, exchanges
from leadbridge.crm.registry import CRMS
from leadbridge.events import Json
from leadbridge.plan import Plan
from tests.crm.plans import JSON, answer, answers, plans
from tests.openapi.contract import VERSION, check_answer, check_request
from tests.support.examples import examples

COPPER, LEADCONNECTOR = example_adapter(CRMS["copper"]), example_adapter(CRMS["leadconnector"])
CONTACT_ID = "sx6wyHhbFdRXh302LLNR"
NOT_AS_DOCUMENTED = {
    "cleared_on_purpose": "shows a text that was cleared as null, where the document has texts alone",
    "firewall": "a page of the server in front",
}

# https://developer.copper.com/leads/overview.html: the writable attributes
COPPER_ATTRIBUTES = {
    "name", "email", "phone_numbers", "address", "company_name", "title", "details", "monetary_value",
    "customer_source_id", "status_id", "assignee_id", "tags", "socials", "websites", "custom_fields",
}  # fmt: skip


def recorded_answer(crm: str, purpose: str) -> Answer:
    return next(
        answer
        for exchange in exchanges(CRMS[crm])
        for call, answer in zip(exchange.calls, exchange.answers, strict=True)
        if call["purpose"] == purpose
    )


LOOKUPS = {
    "copper": {
        name: recorded_answer("copper", name)
        for name in ("read custom fields", "read lead statuses", "read customer sources", "read users")
    },
    "leadconnector": {"read custom fields": recorded_answer("leadconnector", "read custom fields")},
}
LEAD = st.fixed_dictionaries(
    {"id": st.just(8894157)},
    optional={
        **dict.fromkeys(["name", "email", "tags", "phone_numbers", "websites", "custom_fields", "address"], JSON),
        **dict.fromkeys(["date_created", "date_modified", "status"], JSON),
    },
)
CONTACT = st.fixed_dictionaries(
    {
        "contact": st.fixed_dictionaries(
            {"id": st.just(CONTACT_ID)}, optional={"tags": JSON, "customFields": JSON, "phone": JSON}
        )
    },
    optional={"new": JSON, "tags": JSON},
)


def walked(adapter: Adapter, plan: Plan, answering: Any) -> tuple[list[Call], Done]:
    """Every call that the adapter makes until it is done."""
    calls: list[Call] = []
    so_far: dict[str, Answer] = {}
    while not isinstance(step := adapter.next(plan, dict(so_far)), Done):
        assert step.purpose not in so_far, "the same call again would never end"
        assert len(calls) < MOST_CALLS
        orjson.dumps(step.body)
        calls.append(step)
        so_far[step.purpose] = answering(step)
    return calls, step


def answering_of(crm: str, any_answer: st.SearchStrategy[Answer]) -> Callable[[Call], st.SearchStrategy[Answer]]:
    """Anything for any call; for a lookup often what it answered when it was recorded."""
    to_lookups = {purpose: st.just(good) | any_answer for purpose, good in LOOKUPS[crm].items()}
    return lambda call: to_lookups[call.purpose] if call.shared else any_answer


_answers_of_copper = answering_of("copper", answers(LEAD | st.lists(LEAD, max_size=3)))
_answers_of_leadconnector = answering_of("leadconnector", answers(CONTACT))


@settings(max_examples=examples(50), deadline=None)
@given(plan=plans("lead"), data=st.data())
def test_whatever_copper_answers_the_delivery_ends(plan: Plan, data: st.DataObject) -> None:
    walked(COPPER, plan, lambda call: data.draw(_answers_of_copper(call)))


@settings(max_examples=examples(50), deadline=None)
@given(plan=plans("contact"), data=st.data())
def test_whatever_leadconnector_answers_the_delivery_ends(plan: Plan, data: st.DataObject) -> None:
    walked(LEADCONNECTOR, plan, lambda call: data.draw(_answers_of_leadconnector(call)))


@pytest.mark.parametrize(("adapter", "record"), [(COPPER, "contact"), (LEADCONNECTOR, "lead")])
def test_a_record_that_the_crm_does_not_have_is_refused_without_a_call(adapter: Adapter, record: str) -> None:
    plan = Plan.model_validate({"record": record, "lead": {"email": "a@example.test"}, "match": None})
    calls, done = walked(adapter, plan, None)
    assert calls == []
    assert type(done.outcome).__name__ == "Fail"


def no_blank_text(value: Json) -> bool:
    if isinstance(value, dict):
        return all(no_blank_text(item) for item in value.values())
    if isinstance(value, list):
        return all(no_blank_text(item) for item in value)
    return not (isinstance(value, str) and not value.strip())


def written(standing: dict[str, Json], body: dict[str, Json]) -> Answer:
    """What a lead echoes after this body."""
    return answer(200, {"id": 8894157, **standing, **body})


STANDING_LISTS = st.fixed_dictionaries(
    {
        "tags": st.lists(st.sampled_from(["vip", "Website", "customer"]), unique=True),
        "phone_numbers": st.lists(
            st.sampled_from([{"number": "(415) 555-0123", "category": "work"}, {"number": "020 7946 0018"}]), max_size=2
        ),
        "websites": st.none() | st.just([{"url": "lee.example", "category": "work"}]),
    }
)


@settings(max_examples=examples(50), deadline=None)
@given(plan=plans("lead"), standing=STANDING_LISTS)
def test_copper_is_sent_only_what_it_knows_and_no_list_shrinks_unasked(plan: Plan, standing: dict[str, Json]) -> None:
    def respond(call: Call) -> Answer:
        if call.shared:
            return LOOKUPS["copper"][call.purpose]
        body = call.body.get("properties", call.body)
        assert set(body) <= COPPER_ATTRIBUTES
        assert no_blank_text({key: value for key, value in call.body.items() if key != "match"})
        return written(standing, body)

    calls, _ = walked(COPPER, plan, respond)
    asked = {
        "tags": bool(plan.tags.remove) or plan.tags.replace is not None,
        "phone_numbers": "phone" in plan.lead.model_fields_set and plan.lead.phone is None,
        "websites": "website" in plan.lead.model_fields_set and plan.lead.website is None,
    }
    for call in calls:
        if call.shared or call.purpose == "create lead":
            continue
        body = call.body.get("properties", call.body)
        for attribute, may_shrink in asked.items():
            kept = attribute not in body or all(item in body[attribute] for item in standing[attribute] or [])
            assert kept or may_shrink


def keep_to_the_document(call: Call) -> None:
    query = f"?{urlencode(call.query)}" if call.query else ""
    check_request(call.method, f"{call.path}{query}", call.body)
    if call.path in ("/contacts/upsert", "/contacts/"):
        assert no_blank_text(call.body)
    elif call.path.endswith("/tags"):
        assert call.body["tags"]


@settings(max_examples=examples(50), deadline=None)
@given(plan=plans("contact"), standing=st.none() | st.lists(st.sampled_from(["vip", "website"]), unique=True))
def test_leadconnector_is_sent_only_what_its_official_document_allows(plan: Plan, standing: list[str] | None) -> None:
    def respond(call: Call) -> Answer:
        keep_to_the_document(call)
        if call.shared:
            return LOOKUPS["leadconnector"][call.purpose]
        if call.path == "/contacts/upsert":
            shown = {} if standing is None else {"tags": standing}
            return answer(200, {"new": False, "contact": {"id": CONTACT_ID, **shown}})
        return answer(201, {"tags": []})

    calls, _ = walked(LEADCONNECTOR, plan, respond)
    upserts = [call for call in calls if call.path == "/contacts/upsert"]
    assert all(("tags" in call.body) == (plan.tags.replace is not None) for call in upserts)
    removed = [tag for call in calls if call.method == "DELETE" for tag in call.body["tags"]]
    assert set(removed) <= {tag.strip() for tag in plan.tags.remove}


def test_the_recorded_exchanges_keep_to_the_official_document() -> None:
    for exchange in exchanges(CRMS["leadconnector"]):
        for call in exchange.calls:
            keep_to_the_document(Call(**{"body": None, **call}))


def test_calls_name_the_version_of_the_official_document() -> None:
    assert LEADCONNECTOR.headers()["version"] == VERSION


def test_the_recorded_answers_are_as_the_official_document_says() -> None:
    for exchange in exchanges(CRMS["leadconnector"]):
        if exchange.name in NOT_AS_DOCUMENTED:
            continue
        for call, answered in zip(exchange.calls, exchange.answers, strict=True):
            check_answer(call["method"], call["path"], status=answered.status, body=answered.body)


def test_a_step_depends_on_nothing_but_the_plan_and_the_answers() -> None:
    for kind in CRMS.values():
        adapter, again = example_adapter(kind), example_adapter(kind)
        for exchange in exchanges(kind):
            so_far: Answers = {
                call["purpose"]: answer for call, answer in zip(exchange.calls, exchange.answers, strict=True)
            }
            assert adapter.next(exchange.plan, so_far) == again.next(exchange.plan, so_far)
