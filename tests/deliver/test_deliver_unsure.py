"""Calls that may have been done: looked for before they are made again, also after a crash, a stop or a week."""

from typing import Any

import pytest

from leadbridge.crm.adapter import Answer, Answers, Call, Done, Step
from leadbridge.outcome import Delivered, Fail, Hold, Retry
from leadbridge.outgoing.client import Unanswered
from leadbridge.plan import ADD_NOTE, Choice, Plan, Progress, TagChange
from leadbridge.store.base import Store
from leadbridge.store.values import Selection
from tests.deliver.lanes import Run, WatchedClock, progress, row, with_plan
from tests.support.crm import PlainAdapter, ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.stored import LANE, add, claim, new_delivery

SHOWS_AFTER = 60.0  # seconds until a look finds what was done
LOST = Unanswered("the connection broke", sent=True)


class Creator(PlainAdapter):
    """Creates a record, then adds the plan's note; neither is safe to repeat, so it looks first when it is unsure."""

    def next(self, plan: Plan, answers: Answers) -> Step:
        if plan.progress.record_id is None and self._record(plan, answers) is None:
            if "create" in plan.progress.unsure and "look for record" not in answers:
                return Call(purpose="look for record", method="GET", path="/find")
            if "create" not in answers:
                return unsafe("create")
            return self._refused(answers["create"])
        if plan.note and not {ADD_NOTE} & {*plan.progress.done, *self.progress(plan, answers).done}:
            if ADD_NOTE in plan.progress.unsure and "look for note" not in answers:
                return Call(purpose="look for note", method="GET", path="/notes")
            if ADD_NOTE not in answers:
                return unsafe(ADD_NOTE)
            if not answers[ADD_NOTE].ok:
                return self._refused(answers[ADD_NOTE])
        record_id = plan.progress.record_id or self._record(plan, answers)
        return Done(outcome=Delivered(record_id=record_id or "", created=True))

    def progress(self, plan: Plan, answers: Answers) -> Progress:
        known, record_id = plan.progress, self._record(plan, answers)
        if record_id is not None:
            known = known.model_copy(update={"record_id": record_id, "created": True, "done": (*known.done, "create")})
        noted = answers.get(ADD_NOTE)
        found = answers.get("look for note")
        if (noted is not None and noted.ok) or (found is not None and found.body["found"]):
            known = known.model_copy(update={"done": (*known.done, ADD_NOTE)})
        return known

    def _record(self, _plan: Plan, answers: Answers) -> str | None:
        made, found = answers.get("create"), answers.get("look for record")
        if made is not None and made.ok:
            return str(made.body["id"])
        return str(found.body["found"]) if found is not None and found.body["found"] else None

    def _refused(self, said: Answer) -> Done:
        if said.status in (408, 425, 429) or said.status >= 500:
            return Done(outcome=Retry(detail=f"HTTP {said.status}"))
        return Done(outcome=Fail(detail=f"HTTP {said.status}"))


def unsafe(purpose: str) -> Call:
    return Call(purpose=purpose, method="POST", path="/make", safe_to_repeat=False, shows_after=SHOWS_AFTER)


class Crm:
    """Keeps what was made, and may lose the answer to it."""

    def __init__(self, transport: ScriptedTransport) -> None:
        self.transport = transport
        self.records: list[str] = []
        self.notes: list[str] = []
        self.instead: dict[str, list[Answer | Unanswered]] = {}  # given in the place of an answer, after the deed
        self.before: dict[str, list[Answer | Unanswered]] = {}  # given without doing anything
        transport.respond = self.respond

    def respond(self, call: Call) -> Answer | Unanswered:
        if self.before.get(call.purpose):
            return self.before[call.purpose].pop(0)
        match call.purpose:
            case "create":
                self.records.append(f"r{len(self.records) + 1}")
                done = answer(body={"id": self.records[-1]})
            case "look for record":
                done = answer(body={"found": self.records[-1] if self.records else None})
            case "look for note":
                done = answer(body={"found": bool(self.notes)})
            case _:
                self.notes.append("note")
                done = answer()
        return self.instead[call.purpose].pop(0) if self.instead.get(call.purpose) else done

    @property
    def calls(self) -> list[str]:
        return [call.purpose for call in self.transport.calls]


@pytest.fixture
def crm(transport: ScriptedTransport) -> Crm:
    return Crm(transport)


@pytest.mark.parametrize("lost", [LOST, answer(500), answer(502), answer(504)], ids=["no answer", "500", "502", "504"])
async def test_a_create_whose_end_is_unknown_is_looked_for_when_it_can_be_seen(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm, lost: Answer | Unanswered
) -> None:
    crm.instead["create"] = [lost]
    delivery = new_delivery("email:1")
    await add(store, delivery)
    deliverer = await run(adapter=Creator())
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    assert line["retry_in_s"] >= SHOWS_AFTER
    assert await progress(store, delivery) == Progress(unsure={"create": clock.now()})
    clock.advance(SHOWS_AFTER - 0.5)
    await clock.looked(deliverer)
    assert crm.calls == ["create"]
    clock.pass_for(deliverer, line["retry_in_s"])
    await journal.seen("delivery.attempted", outcome="delivered", record="r1")
    assert (crm.calls, crm.records) == (["create", "look for record"], ["r1"])
    assert (await row(store, delivery)).state == "delivered"


async def test_a_create_that_was_not_done_after_all_is_made(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    crm.before["create"] = [LOST]
    await add(store, new_delivery("email:1"))
    deliverer = await run(adapter=Creator())
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    clock.pass_for(deliverer, line["retry_in_s"] + 0.1)
    await journal.seen("delivery.attempted", outcome="delivered", record="r1")
    assert (crm.calls, crm.records) == (["create", "look for record", "create"], ["r1"])


async def test_a_create_that_is_lost_again_is_looked_for_again(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    crm.before["create"] = [LOST]
    crm.instead["create"] = [answer(500)]
    delivery = new_delivery("email:1")
    await add(store, delivery)
    deliverer = await run(adapter=Creator())
    for tries in (1, 2):
        line = (await journal.seen("delivery.attempted", outcome="retrying", count=tries))[-1]
        assert (await progress(store, delivery)).unsure == {"create": clock.now()}, "since its last send"
        clock.pass_for(deliverer, line["retry_in_s"] + 0.1)
    await journal.seen("delivery.attempted", outcome="delivered", record="r1")
    assert crm.calls == ["create", "look for record", "create", "look for record"]
    assert crm.records == ["r1"]


@pytest.mark.parametrize("status", [503, 429, 408])
async def test_an_answer_that_says_that_nothing_was_done_needs_no_look(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm, status: int
) -> None:
    crm.before["create"] = [answer(status)]
    await add(store, new_delivery("email:1"))
    deliverer = await run(adapter=Creator())
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    clock.pass_for(deliverer, line["retry_in_s"] + 2)
    await journal.seen("delivery.attempted", outcome="delivered")
    assert crm.calls == ["create", "create"]


async def test_a_note_is_added_once_whatever_becomes_of_its_answer(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    crm.instead[ADD_NOTE] = [LOST]
    delivery = with_plan(new_delivery("email:1"), note="Call me")
    await add(store, delivery)
    deliverer = await run(adapter=Creator())
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    known = await progress(store, delivery)
    assert (known.record_id, known.created, known.done, list(known.unsure)) == ("r1", True, ("create",), [ADD_NOTE])
    clock.pass_for(deliverer, line["retry_in_s"] + 0.1)
    await journal.seen("delivery.attempted", outcome="delivered", record="r1")
    assert crm.calls == ["create", ADD_NOTE, "look for note"]
    assert (crm.records, crm.notes) == (["r1"], ["note"])


async def test_a_replay_adds_no_second_note(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    crm.before[ADD_NOTE] = [answer(503)]
    delivery = with_plan(new_delivery("email:1"), note="Call me")
    await add(store, delivery)
    deliverer = await run(adapter=Creator())
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    assert (await progress(store, delivery)).done == ("create",)
    clock.pass_for(deliverer, line["retry_in_s"] + 0.1)
    await journal.seen("delivery.attempted", outcome="delivered")
    assert crm.calls == ["create", ADD_NOTE, ADD_NOTE]
    await store.replay(Selection(ids=(delivery.delivery_id,)), now=clock.now())
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    assert len(crm.notes) == 1


async def test_what_an_answer_tells_is_on_disk_before_the_next_call_is_sent(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport, crm: Crm
) -> None:
    delivery = with_plan(new_delivery("email:1"), note="Call me")
    await add(store, delivery)
    sent: list[Progress] = []
    send = transport.send

    async def looking(adapter: Any, call: Call, **named: Any) -> Answer:
        sent.append(await progress(store, delivery))
        return await send(adapter, call, **named)

    transport.send = looking  # type: ignore[method-assign]
    await run(adapter=Creator())
    await journal.seen("delivery.attempted", outcome="delivered")
    assert sent == [Progress(), Progress(record_id="r1", created=True, done=("create",))]


@pytest.mark.parametrize("step", ["claimed", "answered"])
async def test_after_a_kill_a_create_is_looked_for_first(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm, step: str
) -> None:
    """Claimed: nobody knows whether it was sent. Answered: the record is there, and the answer is lost."""
    delivery = new_delivery("email:1")
    await add(store, delivery, now=clock.now())
    await claim(store, now=clock.now(), begin=lambda _due: unsafe("create"))
    if step == "answered":
        crm.records.append("r1")
    deliverer = await run(adapter=Creator())
    await journal.seen("delivery.recovered", again=0, unsure=1)
    assert (await progress(store, delivery)).unsure == {"create": clock.now()}
    clock.pass_for(deliverer, SHOWS_AFTER - 0.1)
    await clock.looked(deliverer)
    assert crm.calls == []
    clock.pass_for(deliverer, 0.2)
    await journal.seen("delivery.attempted", outcome="delivered", record="r1")
    assert crm.calls == ["look for record"] + (["create"] if step == "claimed" else [])
    assert crm.records == ["r1"]


async def test_an_adapter_that_does_not_look_is_stopped_before_it_doubles(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    transport.respond = lambda _call: LOST
    await add(store, new_delivery("email:1"))
    deliverer = await run(adapter=PlainAdapter(safe=False))
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    clock.pass_for(deliverer, line["retry_in_s"] + 0.1)
    (line,) = await journal.seen("delivery.attempted", outcome="held", reason="unknown_outcome")
    assert "upsert was sent before and may have been done" in line["detail"]
    assert len(transport.calls) == 1


async def test_what_was_certainly_done_is_not_done_again_because_a_later_call_failed(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    """The adapter does not say that its create was done; the engine saw the answer."""
    transport.respond = lambda call: answer(503) if call.purpose == "tags" else answer()
    delivery = with_plan(new_delivery("email:1"), tags=TagChange(add=("vip",)))
    await add(store, delivery)
    deliverer = await run(adapter=PlainAdapter(safe=False))
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    assert (await progress(store, delivery)).done == ("upsert",)
    clock.pass_for(deliverer, line["retry_in_s"] + 0.1)
    await journal.seen("delivery.attempted", outcome="held", reason="unknown_outcome")
    assert [call.purpose for call in transport.calls] == ["upsert", "tags"]


class Doubting(Creator):
    """Takes a 422 to a create for one that may have been done, as LeadConnector's sometimes is."""

    def progress(self, plan: Plan, answers: Answers) -> Progress:
        known, made = super().progress(plan, answers), answers.get("create")
        if made is not None and made.status == 422:
            return known.model_copy(update={"unsure": {**known.unsure, "create": 0}})
        return known


async def test_an_adapter_may_doubt_a_plain_answer(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm
) -> None:
    crm.instead["create"] = [answer(422)]
    delivery = new_delivery("email:1")
    await add(store, delivery)
    deliverer = await run(adapter=Doubting())
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    assert (await progress(store, delivery)).unsure == {"create": clock.now()}
    clock.pass_for(deliverer, line["retry_in_s"] + 0.1)
    await journal.seen("delivery.attempted", outcome="delivered", record="r1")
    assert crm.records == ["r1"]


class Choosing(PlainAdapter):
    """Cannot tell which record is meant, unless a person said so."""

    def next(self, plan: Plan, answers: Answers) -> Step:
        match plan.choice:
            case None:
                return Done(outcome=Hold(reason="ambiguous_match", detail="two fit"))
            case Choice(use=str(record)):
                call = Call(purpose="update", method="PUT", path=f"/records/{record}")
            case _:
                call = unsafe("create")
        if call.purpose not in answers:
            return call
        return Done(outcome=Delivered(record_id=str(answers[call.purpose].body["id"]), created=plan.choice.create))


@pytest.mark.parametrize(
    ("choice", "called"), [(Choice(use="12"), ("update", "/records/12")), (Choice(create=True), ("create", "/make"))]
)
async def test_what_a_person_decided_goes_to_the_adapter(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    choice: Choice, called: tuple[str, str],
) -> None:  # fmt: skip
    delivery = new_delivery("email:1")
    await add(store, delivery)
    deliverer = await run(adapter=Choosing())
    await journal.seen("delivery.attempted", outcome="held", reason="ambiguous_match")
    assert await store.resolve(delivery.delivery_id, choice, now=clock.now())
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered")
    assert [(call.purpose, call.path) for call in transport.calls] == [called]
