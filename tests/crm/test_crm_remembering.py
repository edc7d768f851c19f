"""What adapters remember between two steps never changes what they say."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.crm.adapter import Answer, Call
from leadbridge.crm.contract import Exchange, call_json, example_adapter, exchanges
from leadbridge.crm.draft import Draft, warn_of_unwritten
from leadbridge.crm.leadconnector.keys import LEAD_KEYS
from leadbridge.crm.names import Found, Names, folded
from leadbridge.crm.registry import CRMS, CrmKind
from leadbridge.crm.remembering import remembering
from leadbridge.lead import Lead
from leadbridge.plan import Plan
from tests.crm.plans import answer
from tests.support.walked import walked

RECORDED = [(kind, exchange) for kind in CRMS.values() for exchange in exchanges(kind)]


class Thing:
    """Equal to every other one, and not hashable."""

    __hash__ = None  # type: ignore[assignment]  # as of a plan with custom fields

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thing)


def test_a_result_is_made_once_for_the_very_same_arguments() -> None:
    made: list[tuple[Thing, ...]] = []

    @remembering(2)
    def work(*things: Thing) -> int:
        made.append(things)
        return len(made)

    one, other = Thing(), Thing()
    assert [work(one), work(one), work(other), work(one, other), work(one, other)] == [1, 1, 2, 3, 3]


def test_what_was_made_first_is_forgotten_first() -> None:
    made: list[Thing] = []

    @remembering(2)
    def work(thing: Thing) -> int:
        made.append(thing)
        return len(made)

    first, second, third = Thing(), Thing(), Thing()
    for thing in (first, second, third, second, third, first):
        work(thing)
    assert [id(thing) for thing in made] == [id(thing) for thing in (first, second, third, first)]


def test_arguments_live_as_long_as_their_result_so_that_no_other_takes_their_identity() -> None:
    @remembering(50)
    def work(thing: list[int]) -> int:
        return thing[0]

    assert [work([number]) for number in range(40)] == list(range(40))


@walked(("kind", "exchange"), RECORDED, ids=[f"{kind.name}/{exchange.name}" for kind, exchange in RECORDED])
def test_an_adapter_that_remembers_says_what_one_that_has_just_begun_would(kind: CrmKind, exchange: Exchange) -> None:
    adapter = example_adapter(kind)
    answers: dict[str, Answer] = {}
    for recorded, came in zip(exchange.calls, exchange.answers, strict=True):
        assert adapter.next(exchange.plan, dict(answers)) == adapter.next(exchange.plan.model_copy(), dict(answers))
        answers[recorded["purpose"]] = came
    anew = {purpose: replace(came) for purpose, came in answers.items()}
    assert adapter.next(exchange.plan, answers) == adapter.next(exchange.plan.model_copy(), anew)


def _fields(*names: str) -> list[dict[str, object]]:
    named = enumerate(names, start=1)
    return [{"id": str(number), "name": name, "data_type": "String", "dataType": "TEXT"} for number, name in named]


@pytest.mark.parametrize("kind", CRMS.values(), ids=lambda kind: kind.name)
def test_the_same_plan_is_thought_through_anew_when_the_account_is_asked_anew(kind: CrmKind) -> None:
    adapter = example_adapter(kind)
    email = "a@example.test"
    plan = Plan.model_validate(
        {
            "record": adapter.records[0],
            "lead": {"email": email},
            "match": {"by": "email", "value": email},
            "custom_fields": {"Plan": "Gold"},
        }
    )
    read = adapter.next(plan, {})
    assert isinstance(read, Call)

    def fields(*names: str) -> dict[str, Answer]:
        listed = _fields(*names)
        return {read.purpose: answer(200, listed if kind.name == "copper" else {"customFields": listed})}

    assert not isinstance(adapter.next(plan, fields("Budget")), Call), "held: there is no such field"
    first, second = adapter.next(plan, fields("Plan")), adapter.next(plan, fields("Budget", "Plan"))
    assert isinstance(first, Call)
    assert isinstance(second, Call)
    assert call_json(first) != call_json(second), "its id is another one"


NAMES = st.text(alphabet="aAbB ", max_size=3)


@given(named=st.lists(st.tuples(NAMES, st.integers(0, 3)), max_size=8), wanted=NAMES)
def test_names_are_found_as_if_each_was_looked_at_in_turn(named: list[tuple[str, int]], wanted: str) -> None:
    index = Names(named)
    for _ in range(2):
        found = index.find(wanted)
        hits = _looked_at_in_turn(named, wanted)
        assert (found.item if isinstance(found, Found) else None) == (hits[0] if len(hits) == 1 else None)
        if len(hits) > 1:
            assert not isinstance(found, Found)
            assert found.why == f"{len(hits)} have that name"


def _looked_at_in_turn(named: Sequence[tuple[str, int]], wanted: str) -> list[int]:
    said = [(name, item) for name, item in named if name.strip()]
    exactly = list(dict.fromkeys(item for name, item in said if name == wanted))
    return exactly or list(dict.fromkeys(item for name, item in said if folded(name) == folded(wanted)))


def test_what_has_no_place_is_named_with_only_what_the_lead_sets() -> None:
    draft = Draft()
    lead = Lead.model_validate({"message": "Hi", "title": " ", "utm": {"source": "x"}, "email": "a@example.test"})
    warn_of_unwritten(draft, lead, LEAD_KEYS)
    assert [(warning.field, warning.sent) for warning in draft.warnings] == [
        ("message", "Hi"),
        ("utm", {"source": "x"}),
    ]
