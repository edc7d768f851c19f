"""An older event never overwrites a newer one, in whatever order they reach the CRM."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.deliver.attributes import LeadKeys
from leadbridge.deliver.order import without_older
from leadbridge.lead import Address, Lead
from leadbridge.outcome import Superseded
from leadbridge.plan import Choice, MatchKey, Plan, TagChange, WriteRule
from leadbridge.store.values import Written
from tests.deliver.crm_model import ONE_NAME, TWO_NAMES, Record, written
from tests.deliver.people import histories, plans, rules

KEYS = pytest.mark.parametrize("keys", [ONE_NAME, TWO_NAMES], ids=["one name", "two names"])
ANN = "ann@example.test"


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
        match=MatchKey(by="email", value=ANN),
        tags=tags or TagChange(),
        write=write or {},
        custom_fields=custom or {},
    )


def _later(plan: Plan, *, place: int = 9, record_id: str = "7") -> Written:
    return Written(record_id=record_id, event_at=place, seq=place, plan=plan.model_dump_json(exclude_unset=True))


def _reduced(plan: Plan, *newer: Plan, keys: LeadKeys = ONE_NAME) -> Plan | Superseded:
    writes = [_later(one, place=9 + at) for at, one in enumerate(newer)]
    return without_older(plan, writes, lead_keys=keys, seq=1, event_at=1)


def _one_by_one(plans: list[Plan], start: Record | None, keys: LeadKeys) -> Record | None:
    record = start
    for plan in plans:
        record = written(record, plan, keys)
    return record


@KEYS
@given(data=st.data())
def test_any_order_of_arrival_leaves_what_the_order_of_events_leaves(keys: LeadKeys, data: st.DataObject) -> None:
    history = data.draw(histories(write=rules(("always", "merge", "never"))))
    start = data.draw(st.none() | st.builds(lambda plan: written(None, plan, keys), plans(write={}, replaces=False)))
    arrivals = data.draw(st.permutations(range(len(history))))

    record: Record | None = start
    writes: list[Written] = []
    for place in arrivals:
        reduced = without_older(history[place], writes, lead_keys=keys, seq=place, event_at=place)
        if isinstance(reduced, Plan):
            record = written(record, reduced, keys)
            writes.append(_later(history[place], place=place))

    assert record == _one_by_one(history, start, keys)


@KEYS
@given(data=st.data())
def test_no_rule_lets_an_older_event_change_what_a_newer_one_wrote(keys: LeadKeys, data: st.DataObject) -> None:
    older = data.draw(histories(write=rules(), at_most=1))[0]
    newer = data.draw(histories(write=rules(("always",)), at_most=3))
    before = _one_by_one(newer, None, keys)
    assert before is not None

    reduced = _reduced(older, *newer, keys=keys)

    if isinstance(reduced, Plan):
        after = written(before, reduced, keys)
        assert {attribute: after.values.get(attribute) for attribute in before.values} == before.values


@KEYS
@given(data=st.data())
def test_reducing_again_changes_nothing(keys: LeadKeys, data: st.DataObject) -> None:
    older = data.draw(histories(write=rules(), at_most=1))[0]
    newer = data.draw(histories(write=rules(), at_most=3))

    once = _reduced(older, *newer, keys=keys)

    if isinstance(once, Plan):
        assert _reduced(once, *newer, keys=keys) == once


@pytest.mark.parametrize(
    ("older", "newer", "left"),
    [
        (_plan(company="Old", title="Boss"), _plan(company="New"), {"title": "Boss"}),
        (_plan(company="Old", title="Boss"), _plan(company=None), {"title": "Boss"}),
        (_plan(company="Old", title="Boss"), _plan(company=" "), {"company": "Old", "title": "Boss"}),
        (
            _plan(company="Old", title="Boss"),
            _plan(company="New", write={"company": "if_empty"}),
            {"company": "Old", "title": "Boss"},
        ),
        (
            _plan(company="Old", title="Boss", write={"company": "if_empty"}),
            _plan(company="New", title="Chief"),
            None,
        ),
        (_plan(address=Address(city="Austin"), company="Old"), _plan(address=Address(street="1")), {"company": "Old"}),
        (_plan(phone="+1", phones=("+1", "+2")), _plan(phone="+2"), {"phone": "+1"}),
        (_plan(phone="+1", title="Boss"), _plan(phone=None), {"title": "Boss"}),
        (_plan(phone="+1", title="Boss"), _plan(phone="+2", write={"phone": "always"}), {"title": "Boss"}),
        (_plan(phone=None), _plan(phone="+2"), {"phone": "+2"}),
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
    reduced = _reduced(_plan(tags=older, title="Boss"), _plan(tags=newer))

    assert isinstance(reduced, Plan)
    assert reduced.tags == left


def test_nothing_left_is_superseded_and_the_match_key_is_nothing_to_write() -> None:
    older = _plan(email=ANN, company="Old", custom={"Budget": 1}, tags=TagChange(add=("vip",)))
    newer = _plan(email=ANN, company="New", custom={"budget ": 2}, tags=TagChange(add=("VIP",)))

    for keys in (ONE_NAME, TWO_NAMES):
        assert isinstance(_reduced(older, newer, keys=keys), Superseded)


def test_a_note_is_written_however_old_its_submission_is() -> None:
    reduced = _reduced(_plan(company="Old").model_copy(update={"note": "Hello"}), _plan(company="New"))

    assert isinstance(reduced, Plan)
    assert (reduced.note, reduced.lead) == ("Hello", Lead())


def test_values_for_new_records_alone_are_nothing_to_write_on_one_that_is_there() -> None:
    older = _plan(company="Old", source="Ad", write={"source": "on_create", "title": "never"}, title="Boss")

    assert isinstance(_reduced(older, _plan(company="New")), Superseded)


def test_what_is_not_later_or_of_another_kind_or_record_does_not_count() -> None:
    plan, other = _plan(company="Old"), _plan(company="New")
    before = Written(record_id="7", event_at=1, seq=1, plan=other.model_dump_json(exclude_unset=True))
    person = _later(other.model_copy(update={"record": "person"}))
    chosen = plan.model_copy(update={"choice": Choice(use="8")})
    new = plan.model_copy(update={"choice": Choice(create=True)})
    second = plan.model_copy(update={"allow_duplicates": True})

    assert without_older(plan, [before, person], lead_keys=ONE_NAME, seq=2, event_at=1) is plan
    for one in (chosen, new, second):
        assert without_older(one, [_later(other)], lead_keys=ONE_NAME, seq=1, event_at=1) is one


def test_the_order_of_arrival_decides_between_equal_times() -> None:
    plan, other = _plan(company="Old", title="Boss"), _plan(company="New")
    later = Written(record_id="7", event_at=5, seq=3, plan=other.model_dump_json(exclude_unset=True))

    assert without_older(plan, [later], lead_keys=ONE_NAME, seq=3, event_at=5) is plan
    assert without_older(plan, [later], lead_keys=ONE_NAME, seq=2, event_at=5) == _plan(title="Boss")


def test_an_address_that_the_record_still_has_stays_to_find_it_by() -> None:
    older = _plan(email=ANN, phone="+14155550101", company="Old")
    newer = _plan(email=ANN, phone="+14155550102")

    reduced = _reduced(older, newer, keys=TWO_NAMES)

    assert isinstance(reduced, Plan)
    assert (reduced.lead, reduced.choice) == (Lead(email=ANN, company="Old"), None)


def test_a_record_that_has_none_of_its_addresses_any_more_is_chosen_by_its_id() -> None:
    older = _plan(email=ANN, phone="+14155550101", company="Old")
    newer = (_plan(email=ANN, phone="+14155550102"), _plan(email="lee@example.test", phone="+14155550102"))

    reduced = _reduced(older, *newer, keys=TWO_NAMES)

    assert isinstance(reduced, Plan)
    assert (reduced.lead, reduced.choice) == (Lead(company="Old"), Choice(use="7"))
    matched = _reduced(older, *newer, keys=ONE_NAME)  # here `match` alone says whose record it is
    assert isinstance(matched, Plan)
    assert (matched.match, matched.choice) == (older.match, None)


def test_a_full_name_alone_is_its_parts_as_well() -> None:
    older = _plan(name="Ann Lee", first_name="Ann", last_name="Lee", title="Boss", company="Old")

    assert _reduced(older, _plan(name="Cher"), keys=TWO_NAMES) == _plan(title="Boss", company="Old")


def test_without_anything_newer_it_is_the_very_same_plan() -> None:
    plan = _plan(company="Old")

    assert _reduced(plan) is plan
    assert _reduced(plan, _plan(title="Boss")) is plan
