"""Deliveries that go as one call, and those that come after what is newer, through the real store and lane."""

from dataclasses import replace
from typing import Any, cast

import pytest

from leadbridge.clock import SystemClock
from leadbridge.crm.adapter import Answer, Answers, Call, Done, Step
from leadbridge.deliver.facts import AccountFacts
from leadbridge.deliver.preparing import Preparer
from leadbridge.deliver.refusals import Refusals
from leadbridge.lead import Lead
from leadbridge.logs import Logger
from leadbridge.outcome import Delivered
from leadbridge.outgoing.client import Unanswered
from leadbridge.plan import MatchKey, Plan, TagChange
from leadbridge.store.base import Store
from leadbridge.store.claims import DueDelivery
from leadbridge.store.values import NewDelivery, Selection
from tests.deliver.lanes import Run, WatchedClock, progress, row
from tests.support.crm import PlainAdapter, ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.stored import LANE, START, add, new_delivery


class Writer(PlainAdapter):
    """Sends what the plan writes, so that a test can see it: to the record that was chosen, if one was."""

    def next(self, plan: Plan, answers: Answers) -> Step:
        if "upsert" not in answers:
            lead = plan.lead.model_dump(exclude_unset=True, exclude={"emails"})
            body = lead | {"tags": [*plan.tags.add]} if plan.tags.add else lead
            path = "/upsert" if plan.choice is None else f"/{plan.choice.use}"
            return Call(purpose="upsert", method="PUT", path=path, body=body)
        done = super().next(plan.model_copy(update={"tags": TagChange()}), answers)
        if isinstance(done, Done) and isinstance(done.outcome, Delivered):
            return Done(outcome=replace(done.outcome, created=None))
        return done


def person(at: int = 0, *keys: str, by: str = "email", tags: tuple[str, ...] = (), **lead: Any) -> NewDelivery:
    """A delivery of ann's, whose event was `at` seconds after the first."""
    match = (
        MatchKey(by="email", value="ann@example.com") if by == "email" else MatchKey(by="phone", value="+14155550100")
    )
    plan = Plan(record="lead", lead=Lead(email="ann@example.com", **lead), match=match, tags=TagChange(add=tags))
    return replace(
        new_delivery(*(keys or ("email:1",)), alone=False, event_at=START + at * 1000),
        plan=plan.model_dump_json(exclude_unset=True),
    )


def bodies(transport: ScriptedTransport) -> list[dict[str, Any]]:
    return [{name: value for name, value in call.body.items() if name != "email"} for call in transport.calls]


async def states(store: Store, *deliveries: NewDelivery) -> list[str]:
    return [(await row(store, one)).state for one in deliveries]


async def test_those_of_one_person_that_wait_go_as_one_call_and_share_its_end(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport
) -> None:
    three = [
        person(0, title="Ms", tags=("a",)),
        person(2, title="Dr", message="Late"),
        person(1, message="Middle", tags=("b",)),
    ]
    await add(store, *three)
    await run(adapter=Writer())
    await journal.seen("delivery.attempted", outcome="delivered", count=3)
    assert bodies(transport) == [{"title": "Dr", "message": "Late", "tags": ["a", "b"]}], "the order of their events"
    assert await states(store, *three) == ["delivered"] * 3
    for one in three:
        (attempt,) = await store.attempts_of(one.delivery_id)
        assert (attempt.outcome, (await row(store, one)).record_id) == ("delivered", "7")
        (line,) = journal.find("delivery.attempted", delivery=one.delivery_id)
        assert (line["together"], line["record"], line["attempt"]) == (3, "7", 1)


async def test_one_with_a_note_of_its_own_goes_alone(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport
) -> None:
    first, alone, last = person(0, title="A"), replace(person(1, title="B"), alone=True), person(2, title="C")
    await add(store, first, alone, last)
    await run(adapter=Writer())
    await journal.seen("delivery.attempted", outcome="delivered", count=3)
    assert [body["title"] for body in bodies(transport)] == ["A", "B", "C"]


@pytest.mark.parametrize("refusal", [answer(422), answer(401)], ids=["refused", "held"])
async def test_a_group_that_is_refused_is_taken_apart_and_only_the_bad_one_fails(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport, refusal: Answer
) -> None:
    def respond(call: Call) -> Answer:
        return refusal if call.purpose == "upsert" and call.body.get("title") == "bad" else answer()

    transport.respond = respond
    good, bad, after = person(0, message="x"), person(1, title="bad"), person(2, message="y")
    await add(store, good, bad, after)
    deliverer = await run(adapter=Writer())
    await journal.seen("delivery.attempted", outcome="pending", count=3)
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    assert await states(store, good, after) == ["delivered", "delivered"]
    assert (await row(store, bad)).state == ("failed" if refusal.status == 422 else "held")
    upserts = [call.body for call in transport.calls if call.purpose == "upsert"]
    assert [(body.get("title"), body.get("message")) for body in upserts] == [
        ("bad", "y"), (None, "x"), ("bad", None), (None, "y"),
    ]  # fmt: skip


async def test_a_group_is_tried_again_as_the_same_group(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    answers: list[Answer | Unanswered] = [Unanswered("the connection broke", sent=True)]
    transport.respond = lambda _call: answers.pop(0) if answers else answer()
    await add(store, person(0, title="old"), person(1, title="new"))
    deliverer = await run(adapter=Writer())
    (line, _) = await journal.seen("delivery.attempted", outcome="retrying", count=2)
    await add(store, person(2, title="newest"))
    clock.pass_for(deliverer, line["retry_in_s"] + 0.1)
    await journal.seen("delivery.attempted", outcome="delivered", count=3)
    assert [body["title"] for body in bodies(transport)] == ["new", "new", "newest"], "never old, not for a moment"


async def test_a_kill_in_a_groups_call_leaves_the_group_in_line(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("leadbridge.deliver.deliverer.GRACE", 0.0)
    transport.gate.clear()
    two = [person(0, title="old"), person(1, title="new")]
    await add(store, *two)
    deliverer = await run(adapter=Writer())
    await transport.called(1)
    await deliverer.stop()
    assert await states(store, *two) == ["sending", "sending"]
    transport.gate.set()
    await run(adapter=Writer())
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    assert [body["title"] for body in bodies(transport)] == ["new", "new"]


async def test_a_follower_that_cannot_be_read_fails_by_itself(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport
) -> None:
    good, unreadable = person(0, title="A"), replace(person(1), plan='{"record": "lead"}')
    await add(store, good, unreadable)
    await run(adapter=Writer())
    await journal.seen("delivery.attempted", outcome="failed", delivery=unreadable.delivery_id)
    assert await states(store, good, unreadable) == ["delivered", "failed"]
    assert bodies(transport) == [{"title": "A"}]


async def test_an_older_event_that_comes_late_writes_only_what_nobody_newer_wrote(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport
) -> None:
    await add(store, person(10, title="new"))
    deliverer = await run(adapter=Writer())
    await journal.seen("delivery.attempted", outcome="delivered")
    await add(store, person(5, title="old", message="kept"))
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    assert bodies(transport) == [{"title": "new"}, {"message": "kept"}]


async def test_what_has_nothing_left_to_write_is_superseded_without_a_call(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    first, second = person(1, title="old"), person(2, title="new")
    await add(store, first)
    deliverer = await run(adapter=Writer())
    await journal.seen("delivery.attempted", outcome="delivered")
    await add(store, second)
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    await store.replay(Selection(ids=(first.delivery_id,)), now=clock.now())
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="superseded", delivery=first.delivery_id)
    assert len(transport.calls) == 2
    assert await states(store, first) == ["superseded"]


async def test_somebody_who_shares_a_phone_takes_nothing_away_and_is_not_written_to(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport
) -> None:
    records = iter([1, 2])
    transport.respond = lambda _call: answer(body={"id": next(records)})
    await add(store, person(10, "email:other", "phone:1", title="other", message="other"))
    deliverer = await run(adapter=Writer())
    await journal.seen("delivery.attempted", outcome="delivered")
    await add(store, person(5, "email:1", "phone:1", title="mine", message="mine"))
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    assert [call.path for call in transport.calls] == ["/upsert", "/upsert"]
    assert bodies(transport)[1] == {"title": "mine", "message": "mine"}


async def test_what_was_left_out_for_a_record_that_it_did_not_lead_to_is_sent_again(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    """As when the record was deleted in the CRM, or its e-mail address was changed there."""
    records = iter([1, 2, 2])
    transport.respond = lambda _call: answer(body={"id": next(records)})
    await add(store, person(10, title="new"))
    deliverer = await run(adapter=Writer())
    await journal.seen("delivery.attempted", outcome="delivered")
    late = person(5, title="old", message="kept")
    await add(store, late)
    deliverer.wake([LANE])
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    assert (await progress(store, late)).done == ("landed on 2",)
    clock.pass_for(deliverer, line["retry_in_s"] + 0.1)
    await journal.seen("delivery.attempted", outcome="delivered", record="2")
    assert bodies(transport)[1:] == [{"message": "kept"}, {"title": "old", "message": "kept"}]


@pytest.mark.parametrize(("progress", "choice", "together"), [
    (None, None, 3),
    ('{"created": true}', None, 2),
    (None, '{"use": "7"}', 1),
], ids=["untried", "between two calls", "decided by a person"])  # fmt: skip
def test_what_earlier_calls_did_is_known_of_those_that_went_together_then(
    journal: Journal, progress: str | None, choice: str | None, together: int
) -> None:
    made, log = person(0), cast("Logger", journal)
    due = DueDelivery(
        delivery_id="a", submission_id="s", trace_id="t", route="r", destination="copper", plan=made.plan or "",
        event_at=START, seq=1, tries=1, first_try_at=START, keys=made.keys,
    )  # fmt: skip
    followers = (replace(due, delivery_id="b", seq=2), replace(due, delivery_id="c", seq=3, tries=0))
    preparer = Preparer(
        LANE, {"copper": Writer()}, facts=AccountFacts(), refusals=Refusals(), clock=SystemClock(), log=log
    )
    ready = preparer.prepare(replace(due, progress=progress, choice=choice, followers=followers))
    assert len(ready.delivery.all_ids) == together
