"""What an adapter says may be unfit to be written down: nothing stays in `sending` for it, and nothing is doubled."""

from typing import Any

import pytest

from leadbridge.crm.adapter import Answer, Answers, Call, Done, Step
from leadbridge.outcome import Delivered, Fail
from leadbridge.plan import Plan, TagChange
from leadbridge.store.base import Store
from tests.deliver.lanes import Run, WatchedClock, progress, row, with_plan
from tests.support.crm import PlainAdapter, ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.stored import add, new_delivery

UNFIT = "\ud800"  # half a character: no database takes it


class Odd(PlainAdapter):
    """Sends, at first, what cannot be written down after a call that must not be made twice."""

    mended = False

    def next(self, plan: Plan, answers: Answers) -> Step:
        step = super().next(plan, answers)
        if isinstance(step, Call) and step.purpose == "tags" and not self.mended:
            return Call(purpose="tags", method="POST", path="/tags", body=[UNFIT])
        return step


async def test_a_call_that_cannot_be_written_down_does_not_forget_the_create_before_it(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    delivery = with_plan(new_delivery("email:1"), tags=TagChange(add=("vip",)))
    await add(store, delivery)
    adapter = Odd(safe=False)
    deliverer = await run(adapter=adapter)
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    assert (await progress(store, delivery)).done == ("upsert",)
    adapter.mended = True
    clock.pass_for(deliverer, line["retry_in_s"] + 0.1)
    await journal.seen("delivery.attempted", outcome="held", reason="unknown_outcome")
    assert [call.purpose for call in transport.calls] == ["upsert"]


class Unfit(PlainAdapter):
    """Ends in words that cannot be written down, with a call or without one, until it is mended."""

    mended = False

    def __init__(self, *, with_a_call: bool) -> None:
        super().__init__()
        self.with_a_call = with_a_call

    def next(self, plan: Plan, answers: Answers) -> Step:
        step = super().next(plan, answers)
        if self.mended or (isinstance(step, Call) and self.with_a_call):
            return step
        outcome: Any = Delivered(record_id=UNFIT, created=True) if self.with_a_call else Fail(detail=UNFIT)
        return Done(outcome=outcome)


@pytest.mark.parametrize("with_a_call", [True, False], ids=["after a call", "without a call"])
async def test_an_end_that_cannot_be_written_down_is_tried_again_and_blocks_nobody_for_ever(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, with_a_call: bool
) -> None:
    delivery, behind = new_delivery("email:1"), new_delivery("email:1")
    await add(store, delivery, behind)
    adapter = Unfit(with_a_call=with_a_call)
    deliverer = await run(adapter=adapter)
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    assert journal.find("delivery.crashed", delivery=delivery.delivery_id)
    adapter.mended = True
    clock.pass_for(deliverer, line["retry_in_s"] + 0.1)
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    assert (await row(store, behind)).state == "delivered"


async def test_an_answer_that_cannot_be_written_down_ends_its_try(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    unfit = Answer(status=200, headers={}, body={"id": 7}, text=UNFIT)
    answers = [unfit]
    transport.respond = lambda _call: answers.pop() if answers else answer()
    delivery = with_plan(new_delivery("email:1"), tags=TagChange(add=("vip",)))
    await add(store, delivery)
    deliverer = await run()
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    clock.pass_for(deliverer, line["retry_in_s"] + 0.1)
    await journal.seen("delivery.attempted", outcome="delivered")
