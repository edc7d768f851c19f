"""What the service says of itself is held against what was sent: its books, its states and its answers."""

from collections import Counter
from dataclasses import replace

import pytest

from leadbridge.prove import ground
from leadbridge.prove.evidence import Evidence, Unfinished
from leadbridge.prove.findings import Answer
from leadbridge.store.ledger import Account, Ledger
from tests.prove.ideal import trace
from tests.prove.judging import IDEAL, a_record, events, found, kinds, to, with_record


def balanced() -> list[Account]:
    """The books of the ideal run, to which each source sent six of its submissions twice."""
    sources = Counter(one.source for one in IDEAL.submissions)
    return [
        *(
            Account(kind="submissions", name=name, arrived=many + 6, states={"mapped": many, "duplicate": 6})
            for name, many in sources.items()
        ),
        *(
            Account(kind="deliveries", name=one.name, arrived=many, states={"delivered": many})
            for one in ground.DESTINATIONS
            for many in [len(to(one.name))]
        ),
    ]


def with_books(*accounts: Account, mapped: int = 0, delivered: int = 0) -> Evidence:
    books = Ledger(accounts=accounts, mapped_without_delivery=mapped, delivered_without_attempt=delivered)
    return replace(IDEAL.evidence, ledger=books)


def test_books_that_do_not_balance() -> None:
    first, *others = balanced()
    states = {**first.states, "mapped": first.states["mapped"] - 1}
    findings = found(IDEAL, with_books(replace(first, states=states), *others, mapped=1, delivered=2))
    assert [(one.kind, one.what) for one in findings] == [
        ("ledger", f"submissions of {first.name}: {first.arrived} arrived, {states}"),
        ("ledger", "1 mapped submissions without a delivery"),
        ("ledger", "2 delivered ones without a call that was answered"),
    ]


@pytest.mark.parametrize("place", range(len(balanced())))
@pytest.mark.parametrize("more", [-1, 1])
def test_books_that_balance_with_one_too_few_or_too_many(place: int, more: int) -> None:
    """A row taken out of the database, or a repeat that was stored as a submission of its own."""
    accounts = balanced()
    assert found(IDEAL, with_books(*accounts)) == []
    wrong = accounts[place]
    (state, many), *others = wrong.states.items()
    accounts[place] = replace(wrong, arrived=wrong.arrived + more, states={state: many + more, **dict(others)})
    (finding,) = found(IDEAL, with_books(*accounts))
    assert (finding.kind, finding.destination) == ("ledger", wrong.name)
    assert f"{many + more} in the books, of {many} that were taken and {many} sent" in finding.what


def test_what_was_sent_and_never_answered_may_be_in_the_books_or_not() -> None:
    one = IDEAL.submissions[0]
    answers = {**IDEAL.answers, one.serial: Answer(serial=one.serial, trace_id=None)}
    without = [
        replace(each, arrived=each.arrived - 1, states={**each.states, "mapped": each.states["mapped"] - 1})
        if each.name == one.source
        else each
        for each in balanced()
    ]
    assert kinds(found(IDEAL, with_books(*balanced()), answers)) == {"not taken"}
    assert kinds(found(IDEAL, with_books(*without), answers)) == {"not taken"}


def test_a_submission_that_was_taken_for_a_repeat_of_another() -> None:
    answers = {**IDEAL.answers, 9: replace(IDEAL.answers[9], submission_id=IDEAL.answers[4].submission_id)}
    (finding,) = found(IDEAL, None, answers)
    assert (finding.kind, finding.what) == ("ledger", "4, 9 were all taken as sub4")
    assert finding.trace_ids == (trace(4), trace(9))


@pytest.mark.parametrize(
    ("state", "kind"), [("held", "waits for a person"), ("failed", "waits for a person"), ("retrying", "not drained")]
)
def test_what_is_known_not_to_have_arrived_is_not_lost_but_found(state: str, kind: str) -> None:
    record = a_record(lambda one: one.destination == "dallas")
    resting = [
        Unfinished(submission_id=f"sub{one.serial}", destination="dallas", state=state, reason="why", detail="and how")
        for one in events(record)
    ]
    evidence = replace(with_record(record, None), unfinished=resting)
    findings = found(IDEAL, evidence)
    assert [(one.kind, one.what, one.trace_ids) for one in findings] == [
        (kind, f"{state}: why and how", (trace(one.serial),)) for one in events(record)
    ]
    assert kinds(found(IDEAL, replace(evidence, unfinished=resting[1:]))) == {kind, "lost"}


def test_an_answer_that_no_sender_should_get() -> None:
    answers = {**IDEAL.answers, 3: replace(IDEAL.answers[3], sends=2, wrong=(500,))}
    (finding,) = found(IDEAL, None, answers)
    assert (finding.kind, finding.what, finding.trace_ids) == ("wrong answer", "3 was answered 500", (trace(3),))
