"""What counts as right, wrong and missing when recognition is measured."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.recognise.corpus import Case
from tests.recognise.scoring import Verdict, judge, score
from tests.support.walked import walked


@dataclass
class Answer:
    lead: dict[str, Any] = field(default_factory=dict)
    spam: str | None = None


def case(truth: dict[str, Any], *absent: str) -> Case:
    return Case(id="en-01", about="made up", region="US", fields={}, truth=truth, absent=absent)


@walked(
    ("truth", "lead", "verdict"),
    [
        ({"name": "Ana  Lima"}, {"name": "ana lima"}, "right"),
        ({"name": "Ana Lima"}, {"first_name": "Ana", "last_name": "Lima"}, "right"),
        ({"first_name": "Ana", "last_name": "Lima"}, {"name": "Ana Lima"}, "right"),
        ({"first_name": "丽", "last_name": "孙"}, {"name": "孙丽"}, "right"),
        ({"name": ["Ana Lima", "Dr. Ana Lima"]}, {"name": "Dr. Ana Lima"}, "right"),
        ({"first_name": "Ana", "last_name": "Lima"}, {"first_name": "Lima", "last_name": "Ana"}, "wrong"),
        ({"name": "Ana Lima"}, {"name": "Ana Lima", "first_name": "Rex"}, "wrong"),
        ({"name": "Ana Lima"}, {"last_name": "Lima"}, "wrong"),
        ({}, {"first_name": "Rex"}, "wrong"),
        ({"name": "Ana Lima"}, {}, "missing"),
        ({}, {}, "rightly absent"),
    ],
)
def test_a_name_is_judged_whole(truth: dict[str, Any], lead: dict[str, Any], verdict: Verdict) -> None:
    assert judge(case(truth), Answer(lead)).verdicts["name"] == verdict


@walked(
    ("truth", "lead", "mistakes"),
    [
        ({"email": "a@example.com"}, {"email": "A@example.com"}, {}),
        ({"email": "a@example.com"}, {"email": "b@example.com"}, {"email": "wrong"}),
        ({}, {"phone": "+12125550100"}, {"phone": "wrong"}),
        ({"phone": "+12125550100"}, {}, {"phone": "missing"}),
        ({"address": {"city": "Rome"}}, {"address": {"city": "Rome", "state": "RM"}}, {}),
        ({"address": {"city": "Rome"}}, {"address": {"city": "RM"}}, {"address.city": "wrong"}),
        ({"website": "https://a.example.com/"}, {"website": "a.example.com"}, {}),
        ({"consent": False}, {"consent": True}, {"consent": "wrong"}),
    ],
)
def test_other_keys_are_judged_one_by_one(
    truth: dict[str, Any], lead: dict[str, Any], mistakes: dict[str, Verdict]
) -> None:
    assert judge(case(truth), Answer(lead)).mistakes == mistakes


def test_a_baited_key_must_stay_empty() -> None:
    assert judge(case({}, "company"), Answer({"company": "Rex"})).mistakes == {"company": "wrong"}
    assert not judge(case({}, "company"), Answer()).mistakes


def test_a_filled_trap_must_be_seen_and_nothing_else_taken_for_one() -> None:
    assert judge(case({"spam": True}), Answer()).mistakes == {"spam": "missing"}
    assert not judge(case({"spam": True}), Answer({"email": "x@example.com"}, spam="a trap was filled")).mistakes
    assert judge(case({}), Answer(spam="a trap was filled")).mistakes == {"spam": "wrong"}


def test_precision_is_of_those_filled_and_recall_of_those_in_the_truth() -> None:
    """Of four truths two are found, one is read wrongly, one is missed; a fifth form has none and is left empty."""
    answers = iter(
        [Answer({"email": "a@b.c"}), Answer({"email": "a@b.c"}), Answer({"email": "x@y.z"}), Answer(), Answer()]
    )
    forms = [case({"email": "a@b.c"})] * 4 + [case({})]
    figures = score(forms, lambda _: next(answers))
    assert figures.of("email").precision == pytest.approx(2 / 3)
    assert figures.of("email").recall == pytest.approx(2 / 4)
    assert figures.wholly_right == pytest.approx(3 / 5)
    assert [one.case for one in figures.failed] == forms[2:4]
    assert "email: precision 0.667, recall 0.500" in str(figures)


def test_a_failure_says_what_was_read_instead() -> None:
    judged = judge(case({"email": "a@b.c", "name": "Ana"}), Answer({"email": "x@y.z"}))
    assert str(judged) == "en-01: email wrong (got 'x@y.z'); name missing (got nothing)"
