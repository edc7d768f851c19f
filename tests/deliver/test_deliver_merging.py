"""Several submissions of one person as one call leave what they leave one after the other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.deliver.attributes import LeadKeys
from leadbridge.deliver.merging import merged
from leadbridge.lead import Address, Lead
from leadbridge.plan import FieldWarning, MatchKey, Plan, TagChange, WriteRule
from tests.deliver.crm_model import ONE_NAME, TWO_NAMES, Record, written
from tests.deliver.people import histories, plans, rules

KEYS = pytest.mark.parametrize("keys", [ONE_NAME, TWO_NAMES], ids=["one name", "two names"])


def _plan(
    *,
    tags: TagChange | None = None,
    write: dict[str, WriteRule] | None = None,
    custom: dict[str, Any] | None = None,
    **keys: Any,
) -> Plan:
    return Plan(
        record="lead",
        lead=Lead(**keys),
        match=MatchKey(by="email", value="ann@example.test"),
        tags=tags or TagChange(),
        write=write or {},
        custom_fields=custom or {},
    )


@KEYS
@given(data=st.data())
def test_one_call_leaves_what_one_after_the_other_leaves(keys: LeadKeys, data: st.DataObject) -> None:
    history = data.draw(histories(write=rules()))
    start = data.draw(st.none() | st.builds(lambda plan: written(None, plan, keys), plans(write={}, replaces=False)))

    one_by_one: Record | None = start
    for plan in history:
        one_by_one = written(one_by_one, plan, keys)

    assert written(start, merged(history, lead_keys=keys), keys) == one_by_one


@KEYS
@given(data=st.data())
def test_a_merged_plan_merges_with_what_follows(keys: LeadKeys, data: st.DataObject) -> None:
    history = data.draw(histories(write=rules(("always", "merge", "if_empty", "never"))))
    later = data.draw(plans(write=history[-1].write, replaces=history[-1].tags.replace is not None))

    at_once = merged([*history, later], lead_keys=keys)
    in_two_steps = merged([merged(history, lead_keys=keys), later], lead_keys=keys)

    assert written(None, at_once, keys) == written(None, in_two_steps, keys)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (_plan(company="Old"), _plan(company="New"), {"company": "New"}),
        (_plan(company="Old"), _plan(title="Boss"), {"company": "Old", "title": "Boss"}),
        (_plan(company="Old"), _plan(company=None), {"company": None}),
        (_plan(company="Old"), _plan(company=" "), {"company": "Old"}),
        (
            _plan(source="Ad", write={"source": "if_empty"}),
            _plan(source="Fair", write={"source": "if_empty"}),
            {"source": "Ad"},
        ),
        (_plan(write={"source": "on_create"}), _plan(source="Fair", write={"source": "on_create"}), {}),
        (
            _plan(source="Ad", write={"source": "on_create"}),
            _plan(source="Fair", write={"source": "on_create"}),
            {"source": "Ad"},
        ),
    ],
    ids=[
        "the later value", "what only the first has", "cleared by the later", "blank says nothing",
        "the first that is there", "only the first may create", "the creating one's",
    ],
)  # fmt: skip
def test_single_values(first: Plan, second: Plan, expected: dict[str, Any]) -> None:
    assert written(None, merged([first, second], lead_keys=ONE_NAME), ONE_NAME).values == expected


def test_a_name_is_taken_whole_where_the_crm_has_one_attribute_for_it() -> None:
    first = _plan(name="Ann Lee", first_name="Ann", last_name="Lee")
    second = _plan(name="Bob", first_name="Bob")

    assert merged([first, second], lead_keys=ONE_NAME).lead == Lead(name="Bob", first_name="Bob")
    assert merged([first, second], lead_keys=TWO_NAMES).lead == Lead(name="Bob", first_name="Bob", last_name="Lee")


def test_an_address_is_taken_whole_only_where_the_crm_clears_what_is_not_given() -> None:
    first, second = _plan(address=Address(street="1 Elm St", city="Dallas")), _plan(address=Address(city="Austin"))

    assert merged([first, second], lead_keys=ONE_NAME).lead.address == Address(city="Austin")
    assert merged([first, second], lead_keys=TWO_NAMES).lead.address == Address(street="1 Elm St", city="Austin")


def test_lists_are_united_in_order() -> None:
    one = merged([_plan(phone="+1"), _plan(phone="+2", phones=("+2", "+1")), _plan(phone="+3")], lead_keys=ONE_NAME)

    assert (one.lead.phone, one.lead.phones) == ("+1", ("+1", "+2", "+3"))


def test_the_last_word_on_a_tag_counts_whatever_its_capitals() -> None:
    history = [
        _plan(tags=TagChange(add=("VIP", "hot"))),
        _plan(tags=TagChange(remove=("vip",))),
        _plan(tags=TagChange(add=("cold",), remove=("hot",))),
    ]

    assert merged(history, lead_keys=ONE_NAME).tags == TagChange(add=("cold",), remove=("vip", "hot"))


def test_how_the_record_is_found_is_the_newest_ones_and_warnings_are_kept_once() -> None:
    warning = FieldWarning(field="phone", problem="too short", got="12")
    first = _plan(company="Old").model_copy(update={"warnings": (warning,), "on_many": "oldest"})
    second = first.model_copy(update={"match": MatchKey(by="name", value="Ann"), "on_many": "newest"})

    one = merged([first, second], lead_keys=ONE_NAME)

    assert (one.match, one.on_many, one.warnings) == (MatchKey(by="name", value="Ann"), "newest", (warning,))


def test_one_plan_is_itself() -> None:
    plan = _plan(company="Old")

    assert merged([plan], lead_keys=ONE_NAME) is plan
