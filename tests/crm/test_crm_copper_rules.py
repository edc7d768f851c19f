"""Write rules of Copper leads, against the emulated Copper."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.crm.adapter import Done
from leadbridge.events import Json
from leadbridge.outcome import Delivered
from leadbridge.plan import Plan
from tests.crm.copper_account import ADAPTER, ANN, OLD, Account, delivered, known, lead
from tests.crm.plans import answer
from tests.support.examples import examples
from tests.support.walked import walked

UPSERT, NEW, LISTS, MORE = "upsert lead", "upsert new lead", "add to lists", "add to lead"


RULES: dict[str, Json] = {
    "owner": "if_empty",
    "source": "on_create",
    "status": "if_empty",
    "custom:Budget": "on_create",
    "tags": "on_create",
    "title": "never",
}
FULL: dict[str, Json] = {
    **ANN, "owner": "Ann Sales", "source": "Website", "status": "Contacted", "title": "CTO", "message": "Hi",
    "phone": "+14155550123", "tags": ["web"],
}  # fmt: skip
LOOKED = ["read custom fields", "read lead statuses", "read customer sources", "read users"]


async def test_a_new_lead_with_conditional_values_takes_two_calls_and_gets_all_of_them() -> None:
    account = Account()
    came = delivered(await account.deliver(lead(FULL, custom_fields={"Budget": 5}, write=RULES)))

    assert (account.calls, came.created, came.warnings) == ([*LOOKED, UPSERT, NEW], True, ())
    (made,) = await account.holds("leads")
    assert (made["name"], made["title"], made["details"], made["tags"]) == ("Ann Lee", None, "Hi", ["web"])
    assert (made["assignee_id"], made["customer_source_id"], made["status"]) == (159258, 331243, "Contacted")
    assert made["phone_numbers"] == [{"number": "+14155550123", "category": "mobile"}]
    assert [entry["value"] for entry in made["custom_fields"] if entry["value"]] == [5]


async def test_a_lead_that_is_there_keeps_what_a_rep_set_and_gets_what_is_empty() -> None:
    account = Account()
    phones = [{"number": "030 123", "category": "home"}]
    await account.seed(leads=[known(status_id=208234, customer_source_id=331241, tags=["vip"], phone_numbers=phones)])
    came = delivered(await account.deliver(lead(FULL, custom_fields={"Budget": 5}, write=RULES)))

    assert (account.calls, came.created, came.warnings) == ([*LOOKED, UPSERT, MORE], False, ())
    (now,) = await account.holds("leads")
    assert (now["assignee_id"], now["customer_source_id"], now["status"]) == (159258, 331241, "Qualified")
    assert (now["tags"], now["title"], now["details"]) == (["vip"], None, "Hi")
    assert [entry["number"] for entry in now["phone_numbers"]] == ["030 123", "+14155550123"]


@pytest.mark.parametrize(
    ("there", "calls"),
    [({}, [UPSERT]), ({"assignee_id": 159259}, [UPSERT]), ({"name": "A. Lee"}, [UPSERT, MORE])],
)
async def test_what_needs_nothing_more_costs_one_call(there: dict[str, Json], calls: list[str]) -> None:
    account = Account()
    await account.seed(leads=[known(**{"assignee_id": 159258, **there})])
    rules = {"owner": "if_empty", "source": "on_create"}
    delivered(await account.deliver(lead({**ANN, "owner": "Ann Sales", "source": "Website"}, write=rules)))
    assert account.calls == ["read customer sources", "read users", *calls]
    (now,) = await account.holds("leads")
    assert (now["name"], now["customer_source_id"]) == ("Ann Lee", None)


async def test_two_submissions_of_one_second_are_one_creation() -> None:
    account = Account()
    rules = {"source": "on_create"}
    delivered(await account.deliver(lead({**ANN, "source": "Website"}, write=rules)))
    came = delivered(await account.deliver(lead({**ANN, "source": "Referral"}, write=rules)))
    (now,) = await account.holds("leads")
    assert (now["customer_source_id"], came.created) == (331243, False)


@walked(
    ("rule", "there", "then", "calls"),
    [
        ("if_empty", {"name": "A. Lee"}, "A. Lee", [UPSERT]),
        ("on_create", {"name": "A. Lee"}, "A. Lee", [UPSERT]),
        ("never", {"name": "A. Lee"}, "A. Lee", [UPSERT]),
        ("always", {"name": "A. Lee"}, "Ann Lee", [UPSERT]),
        ("if_empty", None, "Ann Lee", [UPSERT, NEW]),
        ("on_create", None, "Ann Lee", [UPSERT, NEW]),
        ("never", None, "ann@example.test", [UPSERT, NEW]),
        ("if_empty", {"name": "Ann@example.test"}, "Ann Lee", [UPSERT, MORE]),
        ("if_empty", {"name": "Unnamed lead"}, "Ann Lee", [UPSERT, MORE]),
        ("if_empty", {"name": "Lee Inc", "company_name": "Lee Inc"}, "Ann Lee", [UPSERT, MORE]),
        ("on_create", {"name": "ann@example.test"}, "ann@example.test", [UPSERT]),
        ("always", None, "Ann Lee", [UPSERT]),
    ],
)
async def test_a_name_by_rule(rule: str, there: dict[str, Json] | None, then: str, calls: list[str]) -> None:
    account = Account()
    if there is not None:
        await account.seed(leads=[known(**there)])
    delivered(await account.deliver(lead(write={"name": rule})))
    (now,) = await account.holds("leads")
    assert (now["name"], account.calls) == (then, calls)


@walked(
    ("rule", "there", "then", "calls"),
    [
        ("always", ["vip"], ["web"], [UPSERT]),
        ("merge", ["vip"], ["vip", "web"], [UPSERT, LISTS]),
        ("if_empty", ["vip"], ["vip"], [UPSERT]),
        ("if_empty", [], ["web"], [UPSERT, LISTS]),
        ("on_create", [], [], [UPSERT]),
        ("never", [], [], [UPSERT]),
    ],
)
async def test_tags_by_rule(rule: str, there: list[str], then: list[str], calls: list[str]) -> None:
    account = Account()
    await account.seed(leads=[known(tags=there)])
    delivered(await account.deliver(lead(tags={"add": ["web"], "remove": ["gone"]}, write={"tags": rule})))
    (now,) = await account.holds("leads")
    assert (now["tags"], account.calls) == (then, calls)


async def test_tags_that_are_all_there_is_take_nothing_away_where_none_is_left_to_add() -> None:
    account = Account()
    await account.seed(leads=[known(tags=["rep's own", "gone"])])
    delivered(await account.deliver(lead(tags={"add": ["Gone"], "remove": ["gone"]}, write={"tags": "always"})))
    (now,) = await account.holds("leads")
    assert now["tags"] == ["rep's own"]


async def test_what_it_is_found_by_goes_with_the_lead_whatever_the_rule() -> None:
    account = Account()
    match = {"by": "custom", "field": "External ID", "value": "F-1"}
    rules = {"custom:External ID": "on_create", "email": "never"}
    plan = lead(match=match, custom_fields={"External ID": "F-1"}, write=rules)
    for _ in range(2):
        delivered(await account.deliver(plan))
    (now,) = await account.holds("leads")
    assert [entry["value"] for entry in now["custom_fields"] if entry["value"]] == ["F-1"]
    assert now["email"] is None
    by_email = lead(write={"email": "never"})
    delivered(await account.deliver(by_email))
    assert [one["email"] for one in await account.holds("leads")] == [
        None,
        {"email": "ann@example.test", "category": "work"},
    ]


async def test_clearing_by_a_condition_is_nothing_to_do() -> None:
    account = Account()
    await account.seed(leads=[known(title="CTO", tags=["vip"])])
    given = {"email": "ann@example.test", "title": None, "phone": None}
    delivered(await account.deliver(lead(given, write={"title": "if_empty", "phone": "on_create"})))
    assert account.calls == [UPSERT]
    (now,) = await account.holds("leads")
    assert now["title"] == "CTO"


def test_an_answer_that_hides_what_stands_there_leaves_it_alone_with_a_warning() -> None:
    plan = Plan.model_validate(lead({**ANN, "title": "CTO"}, write={"title": "if_empty"}))
    step = ADAPTER.next(plan, {UPSERT: answer(200, {"id": 7, "name": "Ann Lee", "email": {"email": ANN["email"]}})})
    assert isinstance(step, Done)
    assert isinstance(step.outcome, Delivered)
    assert [warning.field for warning in step.outcome.warnings] == ["title"]


def test_what_is_refused_of_the_rest_is_a_warning_for_each() -> None:
    plan = Plan.model_validate(lead({**ANN, "title": "CTO", "tags": ["web"]}, write={"title": "if_empty"}))
    there = {"id": 7, "name": "Ann Lee", "email": {"email": ANN["email"]}, "title": None, "tags": []}
    step = ADAPTER.next(plan, {UPSERT: answer(200, there), MORE: answer(422, {"message": "Title: is odd"})})
    assert isinstance(step, Done)
    assert isinstance(step.outcome, Delivered)
    assert sorted(warning.field for warning in step.outcome.warnings) == ["tags", "title"]


KEPT = {"tags": ["vip", "customer"], "websites": [{"url": "https://lee.example", "category": "work"}]}
SOME = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["CTO", None, " "]),
        "message": st.just("Hi"),
        "owner": st.just("Bob Sales"),
        "phone": st.sampled_from(["+14155550123", "+4930901820"]),
        "phones": st.just(["+14155550199"]),
        "website": st.sampled_from(["lee.example", "other.example"]),
        "tags": st.lists(st.sampled_from(["web", "VIP"]), max_size=2),
        "address": st.just({"city": "Bonn"}),
    },
)
SOFT = st.sampled_from(["merge", "if_empty", "on_create", "never"])
KEYS = ("title", "message", "owner", "phone", "website", "tags", "address")


@settings(max_examples=examples(30), deadline=None)
@given(given=SOME, rules=st.fixed_dictionaries(dict.fromkeys(KEYS, SOFT)), record=st.sampled_from(["lead", "person"]))
async def test_nothing_that_others_set_is_lost_against_the_rules(
    given: dict[str, Json], rules: dict[str, Json], record: str
) -> None:
    """Foreign tags, second phones and reps' edits stand there beforehand, and all of them afterwards."""
    account = Account({"search_lag": 0})
    theirs: dict[str, Json] = {
        **KEPT,
        "phone_numbers": [{"number": "(415) 555-0123", "category": "work"}],
        "title": "CEO",
        "details": "Calls on Mondays",
        "assignee_id": 159258,
        "address": {"street": "1 Main St", "city": "Paris"},
    }
    rules = {key: "if_empty" if rule == "merge" and key in ("title", "message", "owner", "address") else rule
             for key, rule in rules.items()}  # fmt: skip
    email = {"email": "ann@example.test", "category": "work"}
    there = {"id": 7, "name": "Ann Lee", **OLD, **theirs}
    if record == "lead":
        await account.seed(leads=[{**there, "email": email}])
    else:
        await account.seed(people=[{**there, "emails": [email]}])
    plan = lead({"email": "ann@example.test", **given}, record=record, write=rules)
    outcome = await account.deliver({**plan, "record": record})

    delivered(outcome)
    (now,) = await account.holds("leads" if record == "lead" else "people")
    for attribute in ("tags", "websites", "phone_numbers"):
        assert now[attribute][: len(theirs[attribute])] == theirs[attribute]
    for attribute in ("title", "details", "assignee_id"):
        assert now[attribute] == theirs[attribute]
    assert (now["address"]["street"], now["address"]["city"]) == ("1 Main St", "Paris")
