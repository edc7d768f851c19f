"""The plan: the same for the same seed, and with enough of everything in it."""

from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from leadbridge.deliver.account import LEASE
from leadbridge.prove.people import Submission
from leadbridge.prove.plan import EVENTS, LONGEST_DELAY, WEATHERS, Event, Plan, planned

PLAN = planned(seed=1, rounds=200)
NO_DISK: tuple[Event, ...] = ("disk full",)


def by_contact(plan: Plan) -> dict[str, list[Submission]]:
    found: dict[str, list[Submission]] = defaultdict(list)
    for one in plan.submissions:
        found[one.contact.email].append(one)
    return found


def test_the_same_seed_makes_the_same_plan() -> None:
    assert planned(seed=1, rounds=20) == planned(seed=1, rounds=20)
    assert planned(seed=1, rounds=20) != planned(seed=2, rounds=20)


@pytest.mark.parametrize(("rounds", "leads"), [(1, None), (12, None), (12, 5), (7, 100)])
def test_it_has_as_many_rounds_and_submissions_as_asked_for(rounds: int, leads: int | None) -> None:
    plan = planned(seed=3, rounds=rounds, leads=leads)
    assert [one.number for one in plan.rounds] == list(range(1, rounds + 1))
    wanted = rounds * 24 if leads is None else leads
    assert [one.serial for one in plan.submissions] == list(range(1, wanted + 1))


def test_a_short_run_has_each_event_and_a_long_one_mostly_kills() -> None:
    assert {one.event for one in planned(seed=5, rounds=7).rounds} == {name for name, (few, _) in EVENTS.items() if few}
    assert len({one.event for one in planned(seed=5, rounds=10, replicas=3).rounds}) == 10
    counted = Counter(one.event for one in PLAN.rounds)
    assert counted["kill"] + counted["kill at start"] > 100
    assert {one.weather for one in PLAN.rounds} == set(WEATHERS)


def test_what_cannot_be_had_is_not_in_the_plan() -> None:
    assert "disk full" in {one.event for one in PLAN.rounds}
    assert "disk full" not in {one.event for one in planned(seed=1, rounds=200, without=NO_DISK).rounds}


def test_several_processes_have_other_events_and_each_has_its_share() -> None:
    together = planned(seed=1, rounds=200, replicas=3)
    others = {"kill all", "freeze past the lease", "connections cut", "server restarts"}
    events = {one.event for one in together.rounds}
    assert events == set(EVENTS) - {"disk full"}
    assert {one.event for one in PLAN.rounds} == set(EVENTS) - others
    assert min(Counter(one.replica for one in together.rounds).values()) > 40
    assert {one.replica for one in PLAN.rounds} == {0}
    frozen = [one.lasts for one in together.rounds if one.event == "freeze past the lease"]
    assert min(frozen) > LEASE.seconds + LEASE.grace


def test_events_come_anywhere_and_often_early() -> None:
    delays = sorted(one.delay for one in PLAN.rounds)
    assert delays[0] >= 0
    assert delays[-1] <= LONGEST_DELAY
    assert delays[len(delays) // 2] < LONGEST_DELAY / 4
    assert sum(delay > LONGEST_DELAY / 2 for delay in delays) > 20


def test_people_share_phones_across_records_and_names_within_one() -> None:
    users = defaultdict(set)
    for one in PLAN.submissions:
        if one.phone:
            users[one.phone].add(one.contact.email)
    assert any(len(emails) > 1 for emails in users.values())
    assert any(len({one.name for one in theirs}) > 1 for theirs in by_contact(PLAN).values())
    alone = {one.contact.email for one in PLAN.submissions if not one.contact.relatives}
    assert all(not emails & alone or len(emails) == 1 for emails in users.values())


def test_contacts_meet_themselves_within_a_round() -> None:
    meetings = [max(Counter(one.contact.email for one in each.submissions).values()) for each in PLAN.rounds]
    assert min(meetings) >= 2


def test_the_places_of_a_contact_differ() -> None:
    for theirs in by_contact(PLAN).values():
        assert len({one.place for one in theirs}) == len(theirs)


def test_what_is_ordered_by_arrival_is_sent_in_its_order_and_events_in_any() -> None:
    disordered = 0
    for theirs in by_contact(PLAN).values():
        in_order = all(one.place < other.place for one, other in pairwise(theirs))
        if theirs[0].contact.ordering == "arrival":
            assert in_order
            assert {one.source for one in theirs} <= {"website", "relay"}
        else:
            assert {one.source for one in theirs} == {"partner"}
            disordered += not in_order
    assert disordered > 50
