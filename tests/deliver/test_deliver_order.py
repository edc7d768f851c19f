"""An older event never overwrites a newer one, in whatever order they reach the CRM."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.deliver.attributes import LeadKeys
from leadbridge.deliver.order import Place, without_older
from leadbridge.lead import Address, Lead
from leadbridge.outcome import Superseded
from leadbridge.plan import Choice, Plan, TagChange
from leadbridge.store.claims import Written
from tests.deliver.crm_model import ONE_NAME, TWO_NAMES, Record, written
from tests.deliver.people import ANN, histories, plan_of_ann, plans, rules
from tests.support.walked import walked

KEYS = (ONE_NAME, TWO_NAMES)  # one history is asked of both: it takes longer to make than to check
_KNOWN = st.none() | plans(write={}, replaces=False)


def _later(plan: Plan, *, place: int = 9, record_id: str = "7") -> Written:
    return Written(record_id=record_id, event_at=place, seq=place, plan=plan.model_dump_json(exclude_unset=True))


def _reduced(plan: Plan, *newer: Plan, keys: LeadKeys = ONE_NAME) -> Plan | Superseded:
    writes = [_later(one, place=9 + at) for at, one in enumerate(newer)]
    return _left(plan, writes, (1, 1), keys)


def _left(plan: Plan, newer: list[Written], place: Place, keys: LeadKeys) -> Plan | Superseded:
    return without_older([(place, plan)], newer, lead_keys=keys)[0]


def _one_by_one(plans: list[Plan], start: Record | None, keys: LeadKeys) -> Record | None:
    record = start
    for plan in plans:
        record = written(record, plan, keys)
    return record


@given(data=st.data())
def test_any_order_of_arrival_leaves_what_the_order_of_events_leaves(data: st.DataObject) -> None:
    history = data.draw(histories(write=rules(("always", "merge", "never"))))
    known = data.draw(_KNOWN)
    arrivals = data.draw(st.permutations(range(len(history))))

    for keys in KEYS:
        start = None if known is None else written(None, known, keys)
        record: Record | None = start
        writes: list[Written] = []
        for place in arrivals:
            reduced = _left(history[place], writes, (place, place), keys)
            if isinstance(reduced, Plan):
                record = written(record, reduced, keys)
                writes.append(_later(history[place], place=place))

        assert record == _one_by_one(history, start, keys), keys


@given(data=st.data())
def test_a_group_is_reduced_as_each_of_it_would_be_alone(data: st.DataObject) -> None:
    write = rules()
    group, newer = data.draw(histories(write=write)), data.draw(histories(write=write))
    places = sorted(data.draw(st.permutations(range(len(group) + len(newer))))[: len(group)])
    writes = [_later(one, place=place) for place, one in zip(set(range(99)) - {*places}, newer, strict=False)]
    members = [((place, place), one) for place, one in zip(places, group, strict=True)]

    for keys in KEYS:
        alone = [_left(one, writes, place, keys) for place, one in members]

        assert without_older(members, writes, lead_keys=keys) == alone, keys


@given(data=st.data())
def test_no_rule_lets_an_older_event_change_what_a_newer_one_wrote(data: st.DataObject) -> None:
    older = data.draw(histories(write=rules(), at_most=1))[0]
    newer = data.draw(histories(write=rules(("always",)), at_most=3))

    for keys in KEYS:
        before = _one_by_one(newer, None, keys)
        assert before is not None
        reduced = _reduced(older, *newer, keys=keys)
        if isinstance(reduced, Plan):
            after = written(before, reduced, keys)
            assert {attribute: after.values.get(attribute) for attribute in before.values} == before.values, keys


@given(data=st.data())
def test_reducing_again_changes_nothing(data: st.DataObject) -> None:
    older = data.draw(histories(write=rules(), at_most=1))[0]
    newer = data.draw(histories(write=rules(), at_most=3))

    for keys in KEYS:
        once = _reduced(older, *newer, keys=keys)
        if isinstance(once, Plan):
            assert _reduced(once, *newer, keys=keys) == once, keys


@walked(
    ("older", "newer", "left"),
    [
        (plan_of_ann(company="Old", title="Boss"), plan_of_ann(company="New"), {"title": "Boss"}),
        (plan_of_ann(company="Old", title="Boss"), plan_of_ann(company=None), {"title": "Boss"}),
        (plan_of_ann(company="Old", title="Boss"), plan_of_ann(company=" "), {"company": "Old", "title": "Boss"}),
        (
            plan_of_ann(company="Old", title="Boss"),
            plan_of_ann(company="New", write={"company": "if_empty"}),
            {"company": "Old", "title": "Boss"},
        ),
        (
            plan_of_ann(company="Old", title="Boss", write={"company": "if_empty"}),
            plan_of_ann(company="New", title="Chief"),
            None,
        ),
        (
            plan_of_ann(address=Address(city="Austin"), company="Old"),
            plan_of_ann(address=Address(street="1")),
            {"company": "Old"},
        ),
        (plan_of_ann(phone="+1", phones=("+1", "+2")), plan_of_ann(phone="+2"), {"phone": "+1"}),
        (plan_of_ann(phone="+1", title="Boss"), plan_of_ann(phone=None), {"title": "Boss"}),
        (plan_of_ann(phone="+1", title="Boss"), plan_of_ann(phone="+2", write={"phone": "always"}), {"title": "Boss"}),
        (plan_of_ann(phone=None), plan_of_ann(phone="+2"), {"phone": "+2"}),
    ],
    ids=[
        "written later", "cleared later", "blank later", "only into an empty one later", "only into an empty one",
        "an address is one value here", "added later as well", "a list cleared later", "a list replaced later",
        "a list cleared, then added to",
    ],
)  # fmt: skip
def test_what_is_left_to_write(older: Plan, newer: Plan, left: dict[str, Any] | None) -> None:
    reduced = _reduced(older, newer)

    assert (reduced.lead.model_dump(exclude_unset=True) if isinstance(reduced, Plan) else None) == left


@pytest.mark.parametrize(
    ("older", "newer", "left"),
    [
        (TagChange(add=("vip", "hot")), TagChange(remove=("VIP",)), TagChange(add=("hot",))),
        (TagChange(remove=("vip", "hot")), TagChange(add=("Hot",)), TagChange(remove=("vip",))),
        (TagChange(replace=("a", "b")), TagChange(add=("c",), remove=("a",)), TagChange(replace=("b", "c"))),
        (TagChange(add=("vip",)), TagChange(replace=("only",)), TagChange()),
    ],
    ids=["taken away later", "added later", "replaced, then changed", "replaced later"],
)
def test_tags_that_are_left(older: TagChange, newer: TagChange, left: TagChange) -> None:
    reduced = _reduced(plan_of_ann(tags=older, title="Boss"), plan_of_ann(tags=newer))

    assert isinstance(reduced, Plan)
    assert reduced.tags == left


def test_nothing_left_is_superseded_and_the_match_key_is_nothing_to_write() -> None:
    older = plan_of_ann(email=ANN, company="Old", custom={"Budget": 1}, tags=TagChange(add=("vip",)))
    newer = plan_of_ann(email=ANN, company="New", custom={"budget ": 2}, tags=TagChange(add=("VIP",)))

    for keys in (ONE_NAME, TWO_NAMES):
        assert isinstance(_reduced(older, newer, keys=keys), Superseded)


def test_a_note_is_written_however_old_its_submission_is() -> None:
    reduced = _reduced(plan_of_ann(company="Old").model_copy(update={"note": "Hello"}), plan_of_ann(company="New"))

    assert isinstance(reduced, Plan)
    assert (reduced.note, reduced.lead) == ("Hello", Lead())


def test_values_for_new_records_alone_are_nothing_to_write_on_one_that_is_there() -> None:
    older = plan_of_ann(company="Old", source="Ad", write={"source": "on_create", "title": "never"}, title="Boss")

    assert isinstance(_reduced(older, plan_of_ann(company="New")), Superseded)


def test_what_is_not_later_or_of_another_kind_or_record_does_not_count() -> None:
    plan, other = plan_of_ann(company="Old"), plan_of_ann(company="New")
    before = Written(record_id="7", event_at=1, seq=1, plan=other.model_dump_json(exclude_unset=True))
    person = _later(other.model_copy(update={"record": "person"}))
    chosen = plan.model_copy(update={"choice": Choice(use="8")})
    new = plan.model_copy(update={"choice": Choice(create=True)})
    second = plan.model_copy(update={"allow_duplicates": True})

    assert _left(plan, [before, person], (1, 2), ONE_NAME) is plan
    for one in (chosen, new, second):
        assert _left(one, [_later(other)], (1, 1), ONE_NAME) is one


def test_the_order_of_arrival_decides_between_equal_times() -> None:
    plan, other = plan_of_ann(company="Old", title="Boss"), plan_of_ann(company="New")
    later = Written(record_id="7", event_at=5, seq=3, plan=other.model_dump_json(exclude_unset=True))

    assert _left(plan, [later], (5, 3), ONE_NAME) is plan
    assert _left(plan, [later], (5, 2), ONE_NAME) == plan_of_ann(title="Boss")


def test_an_address_that_the_record_still_has_stays_to_find_it_by() -> None:
    older = plan_of_ann(email=ANN, phone="+14155550101", company="Old")
    newer = plan_of_ann(email=ANN, phone="+14155550102")

    reduced = _reduced(older, newer, keys=TWO_NAMES)

    assert isinstance(reduced, Plan)
    assert (reduced.lead, reduced.choice) == (Lead(email=ANN, company="Old"), None)


def test_a_record_that_has_none_of_its_addresses_any_more_is_chosen_by_its_id() -> None:
    older = plan_of_ann(email=ANN, phone="+14155550101", company="Old")
    newer = (plan_of_ann(email=ANN, phone="+14155550102"), plan_of_ann(email="lee@example.test", phone="+14155550102"))

    reduced = _reduced(older, *newer, keys=TWO_NAMES)

    assert isinstance(reduced, Plan)
    assert (reduced.lead, reduced.choice) == (Lead(company="Old"), Choice(use="7"))
    matched = _reduced(older, *newer, keys=ONE_NAME)  # here `match` alone says whose record it is
    assert isinstance(matched, Plan)
    assert (matched.match, matched.choice) == (older.match, None)


def test_a_full_name_alone_is_its_parts_as_well() -> None:
    older = plan_of_ann(name="Ann Lee", first_name="Ann", last_name="Lee", title="Boss", company="Old")

    assert _reduced(older, plan_of_ann(name="Cher"), keys=TWO_NAMES) == plan_of_ann(title="Boss", company="Old")


def test_without_anything_newer_it_is_the_very_same_plan() -> None:
    plan = plan_of_ann(company="Old")

    assert _reduced(plan) is plan
    assert _reduced(plan, plan_of_ann(title="Boss")) is plan
