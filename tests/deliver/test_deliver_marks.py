"""What is kept of pruned deliveries: as little as says to an older one what it must not undo."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from leadbridge.crm.registry import CRMS
from leadbridge.deliver.marks import marks_of
from leadbridge.deliver.order import without_older
from leadbridge.lead import Address, Lead
from leadbridge.outcome import Superseded
from leadbridge.plan import MatchKey, Plan, TagChange
from leadbridge.store.claims import Written
from tests.deliver.people import histories, rules

LANES = ("copper:api.copper.com:1", "leadconnector:services.leadconnectorhq.com:abc")
ANN = Lead(
    name="Ann Lee", email="ann@example.com", phone="+12145550100", company="Acme", address=Address(city="Austin")
)


def written(plan: Plan, place: int) -> Written:
    return Written(record_id="7", event_at=place, seq=place, plan=plan.model_dump_json(exclude_unset=True))


def plan(lead: Lead = ANN, **changes: object) -> Plan:
    values = {"record": "lead", "lead": lead, "match": MatchKey(by="email", value="ann@example.com"), **changes}
    return Plan.model_validate(values)


def in_sets(reduced: Plan | Superseded) -> object:
    """In which order values were added to a list is nothing to anybody."""
    if isinstance(reduced, Superseded):
        return reduced
    said = reduced.model_dump(exclude_unset=True)
    tags = reduced.tags
    said["tags"] = (tags.replace is None, {*(tags.replace or ()), *tags.add}, {*tags.remove})
    return said


@given(data=st.data())
def test_an_older_plan_loses_to_the_marks_what_it_would_lose_to_all_that_was_written(data: st.DataObject) -> None:
    """However the writes are pruned: some at a time, the later ones first, or not yet."""
    history = data.draw(histories(write=rules()))
    older = data.draw(histories(write=rules(), at_most=1))[0]
    at = data.draw(st.integers(-1, len(history)))
    writes = [written(one, place * 2) for place, one in enumerate(history)]
    pruned = data.draw(st.permutations(writes))
    parts = data.draw(st.lists(st.integers(1, 3), max_size=len(writes)))

    for lane in LANES:
        keys = CRMS[lane.partition(":")[0]].adapter.lead_keys_of(older.record)
        marks: list[Written] = []
        left = list(pruned)
        for size in parts:
            now, left = left[:size], left[size:]
            marks = marks_of(lane, sorted([*marks, *now], key=lambda one: one.event_at))
        place = (at * 2 + 1, 0)
        (wanted,) = without_older([(place, older)], writes, lead_keys=keys)
        (reduced,) = without_older([(place, older)], [*marks, *left], lead_keys=keys)

        assert in_sets(reduced) == in_sets(wanted)


def test_the_last_of_many_like_it_says_it_all_without_its_values() -> None:
    said = plan(custom_fields={"Budget": 5}, tags=TagChange(add=("vip",)), note="called", write={"company": "merge"})
    writes = [written(said, place) for place in range(9)]
    for lane in LANES:
        (mark,) = marks_of(lane, writes)
        assert mark == replace(writes[-1], plan=mark.plan)
        assert json.loads(mark.plan) == {
            "record": "lead",
            "lead": {
                "name": None, "email": "ann@example.com", "phone": "+12145550100", "company": None,
                "address": {"city": None},
            },
            "match": None, "custom_fields": {"Budget": None}, "tags": {"add": ["vip"], "remove": []},
            "write": {"company": "merge"},
        }  # fmt: skip


def test_each_that_wrote_something_which_no_later_one_did_is_kept() -> None:
    company, city = Lead(company="Acme"), Lead(address=Address(city="Austin"))
    leads = (company, city, city, company, Lead(name="Ann"), company)
    kept = marks_of(LANES[0], [written(plan(lead), place) for place, lead in enumerate(leads)])
    assert [one.event_at for one in kept] == [2, 4, 5]


def test_blank_values_were_not_written_and_leave_no_mark_of_it() -> None:
    (mark,) = marks_of(LANES[0], [written(plan(Lead(name="Ann", company=" ", tags=(), other={})), 1)])
    assert json.loads(mark.plan)["lead"] == {"name": None}


def test_of_a_crm_that_is_not_installed_any_more_each_is_kept_without_its_values() -> None:
    kept = marks_of("acme:crm.example.com:1", [written(plan(), place) for place in range(3)])
    assert [one.event_at for one in kept] == [0, 1, 2]
    assert not any("Acme" in one.plan for one in kept)


def test_what_cannot_be_read_is_kept_as_it_is() -> None:
    strange = Written(record_id="7", event_at=1, seq=1, plan='{"of": "another version"}')
    assert marks_of(LANES[0], [strange, written(plan(), 2)])[0] == strange


def test_plans_for_different_kinds_of_records_say_nothing_of_each_other() -> None:
    kept = marks_of(LANES[0], [written(plan(), 1), written(plan(record="person"), 2), written(plan(), 3)])
    assert [one.event_at for one in kept] == [2, 3]
