"""Several submissions of one person as one call leave what they leave one after the other."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from leadbridge.deliver.merging import merged
from leadbridge.lead import Address, Lead
from leadbridge.plan import FieldWarning, MatchKey, Plan, TagChange
from tests.deliver.crm_model import ONE_NAME, TWO_NAMES, Record, written
from tests.deliver.people import histories, plan_of_ann, plans, rules
from tests.support.walked import walked

KEYS = (ONE_NAME, TWO_NAMES)  # one history is asked of both: it takes longer to make than to check
_KNOWN = st.none() | plans(write={}, replaces=False)


@given(data=st.data())
def test_one_call_leaves_what_one_after_the_other_leaves(data: st.DataObject) -> None:
    history = data.draw(histories(write=rules()))
    known = data.draw(_KNOWN)

    for keys in KEYS:
        start = None if known is None else written(None, known, keys)
        one_by_one: Record | None = start
        for plan in history:
            one_by_one = written(one_by_one, plan, keys)

        assert written(start, merged(history, lead_keys=keys), keys) == one_by_one, keys


@given(data=st.data())
def test_a_merged_plan_merges_with_what_follows(data: st.DataObject) -> None:
    history = data.draw(histories(write=rules(("always", "merge", "if_empty", "never"))))
    later = data.draw(plans(write=history[-1].write, replaces=history[-1].tags.replace is not None))

    for keys in KEYS:
        at_once = merged([*history, later], lead_keys=keys)
        in_two_steps = merged([merged(history, lead_keys=keys), later], lead_keys=keys)

        assert written(None, at_once, keys) == written(None, in_two_steps, keys), keys


@walked(
    ("first", "second", "expected"),
    [
        (plan_of_ann(company="Old"), plan_of_ann(company="New"), {"company": "New"}),
        (plan_of_ann(company="Old"), plan_of_ann(title="Boss"), {"company": "Old", "title": "Boss"}),
        (plan_of_ann(company="Old"), plan_of_ann(company=None), {"company": None}),
        (plan_of_ann(company="Old"), plan_of_ann(company=" "), {"company": "Old"}),
        (
            plan_of_ann(source="Ad", write={"source": "if_empty"}),
            plan_of_ann(source="Fair", write={"source": "if_empty"}),
            {"source": "Ad"},
        ),
        (plan_of_ann(write={"source": "on_create"}), plan_of_ann(source="Fair", write={"source": "on_create"}), {}),
        (
            plan_of_ann(source="Ad", write={"source": "on_create"}),
            plan_of_ann(source="Fair", write={"source": "on_create"}),
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
    first = plan_of_ann(name="Ann Lee", first_name="Ann", last_name="Lee")
    second = plan_of_ann(name="Bob", first_name="Bob")

    assert merged([first, second], lead_keys=ONE_NAME).lead == Lead(name="Bob", first_name="Bob")
    assert merged([first, second], lead_keys=TWO_NAMES).lead == Lead(name="Bob", first_name="Bob", last_name="Lee")


def test_an_address_is_taken_whole_only_where_the_crm_clears_what_is_not_given() -> None:
    first, second = (
        plan_of_ann(address=Address(street="1 Elm St", city="Dallas")),
        plan_of_ann(address=Address(city="Austin")),
    )

    assert merged([first, second], lead_keys=ONE_NAME).lead.address == Address(city="Austin")
    assert merged([first, second], lead_keys=TWO_NAMES).lead.address == Address(street="1 Elm St", city="Austin")


def test_lists_are_united_in_order() -> None:
    one = merged(
        [plan_of_ann(phone="+1"), plan_of_ann(phone="+2", phones=("+2", "+1")), plan_of_ann(phone="+3")],
        lead_keys=ONE_NAME,
    )

    assert (one.lead.phone, one.lead.phones) == ("+1", ("+1", "+2", "+3"))


def test_the_last_word_on_a_tag_counts_whatever_its_capitals() -> None:
    history = [
        plan_of_ann(tags=TagChange(add=("VIP", "hot"))),
        plan_of_ann(tags=TagChange(remove=("vip",))),
        plan_of_ann(tags=TagChange(add=("cold",), remove=("hot",))),
    ]

    assert merged(history, lead_keys=ONE_NAME).tags == TagChange(add=("cold",), remove=("vip", "hot"))


def test_how_the_record_is_found_is_the_newest_ones_and_warnings_are_kept_once() -> None:
    warning = FieldWarning(field="phone", problem="too short", got="12")
    first = plan_of_ann(company="Old").model_copy(update={"warnings": (warning,), "on_many": "oldest"})
    second = first.model_copy(update={"match": MatchKey(by="name", value="Ann"), "on_many": "newest"})

    one = merged([first, second], lead_keys=ONE_NAME)

    assert (one.match, one.on_many, one.warnings) == (MatchKey(by="name", value="Ann"), "newest", (warning,))


def test_one_plan_is_itself() -> None:
    plan = plan_of_ann(company="Old")

    assert merged([plan], lead_keys=ONE_NAME) is plan
