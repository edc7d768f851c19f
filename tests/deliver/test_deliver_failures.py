"""What goes wrong in a try, and what it leaves: the delivery by rule, the quota's places free, the lane at work."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from leadbridge.crm.adapter import MOST_CALLS, Adapter, Answer, Answers, Call, Done, Quota, Step
from leadbridge.deliver.lane import Lane
from leadbridge.deliver.transport import DEADLINE
from leadbridge.errors import StorageUnavailable
from leadbridge.outcome import Retry
from leadbridge.outgoing.client import Unanswered
from leadbridge.plan import Plan, TagChange
from leadbridge.store.base import Store
from leadbridge.store.claims import CallSpan, Claim
from tests.deliver.lanes import Run, SlowClaims, WatchedClock, progress, row, with_plan
from tests.support.crm import PlainAdapter, ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.patience import PATIENCE
from tests.support.stored import LANE, add, new_delivery

WINDOW = 10.0  # seconds
PLACE = WINDOW + 0.1  # seconds until the place of an answered call is free again


class PatientAdapter(PlainAdapter):
    """Tries again whatever says that nothing was done."""

    def next(self, plan: Plan, answers: Answers) -> Step:
        upsert = answers.get("upsert")
        if upsert is not None and upsert.status in (408, 425):
            return Done(outcome=Retry(detail=f"HTTP {upsert.status}"))
        return super().next(plan, answers)


@pytest.mark.parametrize(
    ("status", "state", "unsure"),
    [(500, "retrying", True), (502, "retrying", True), (504, "retrying", True), (520, "retrying", True),
     (503, "retrying", False), (429, "retrying", False), (408, "retrying", False), (425, "retrying", False),
     (422, "failed", False)],
)  # fmt: skip
async def test_a_create_may_have_been_done_unless_its_answer_says_that_nothing_was(
    run: Run, store: Store, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    status: int, state: str, unsure: bool,
) -> None:  # fmt: skip
    transport.respond = lambda _call: answer(status)
    delivery = new_delivery("email:1")
    await add(store, delivery)
    await run(adapter=PatientAdapter(safe=False))
    (line,) = await journal.seen("delivery.attempted")
    assert (line["outcome"], line["status"]) == (state, status)
    assert list((await progress(store, delivery)).unsure) == (["upsert"] if unsure else [])


@pytest.mark.parametrize("safe", [True, False], ids=["an upsert", "a create"])
@pytest.mark.parametrize(
    ("asked", "quota", "quiet"),
    [("30", None, 30.0), (None, Quota(limit=100, window=WINDOW), WINDOW), (None, None, 1.0)],
    ids=["as asked", "one window", "a second"],
)
async def test_a_429_keeps_the_whole_lane_quiet(
    run: Run, store: Store, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    *, asked: str | None, quota: Quota | None, quiet: float, safe: bool,
) -> None:  # fmt: skip
    transport.respond = lambda _call: answer(429, headers={"retry_after": asked} if asked else {})
    await add(store, new_delivery("email:1"))
    deliverer = await run(adapter=PlainAdapter(safe=safe), quota=quota)
    await journal.seen("delivery.attempted", outcome="retrying", status=429)
    transport.respond = lambda _call: answer()
    other = new_delivery("email:2")
    await add(store, other)
    clock.advance(quiet - 0.1)
    await clock.looked(deliverer)
    assert (len(transport.calls), (await row(store, other)).state) == (1, "pending")
    clock.advance(0.2)
    await journal.seen("delivery.attempted", outcome="delivered", delivery=other.delivery_id)


class Clumsy(PlainAdapter):
    """Raises where a test says."""

    def __init__(self, where: str, *, safe: bool = True) -> None:
        super().__init__(safe=safe)
        self.where = where

    def headers(self) -> dict[str, str]:
        if self.where == "headers":
            raise KeyError("no token")
        return super().headers()

    def crm_trace_id(self, answer: Answer) -> str | None:
        if self.where == "crm_trace_id":
            raise KeyError("no id")
        return super().crm_trace_id(answer)

    def next(self, plan: Plan, answers: Answers) -> Step:
        if self.where == "next" and "upsert" in answers:
            raise KeyError("no step")
        return super().next(plan, answers)


class ThroughHeaders(ScriptedTransport):
    """Asks the adapter for its headers, as every real transport does."""

    async def send(self, adapter: Adapter, call: Call, *, trace_id: str, token: str | None = None) -> Answer:
        adapter.headers()
        return await super().send(adapter, call, trace_id=trace_id, token=token)


@pytest.fixture
def transport() -> ScriptedTransport:
    return ThroughHeaders()


def _broken(_call: Call) -> Answer:
    raise RuntimeError("a socket of wood")


@pytest.mark.parametrize("safe", [True, False], ids=["an upsert", "a create"])
@pytest.mark.parametrize("where", ["headers", "next", "transport"])
async def test_a_crash_in_a_try_ends_that_try_and_frees_its_places(
    run: Run, store: Store, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    where: str, safe: bool,
) -> None:  # fmt: skip
    adapter = Clumsy(where, safe=safe)
    if where == "transport":
        transport.respond = _broken
    crashing = [new_delivery(f"email:{number}") for number in range(2)]
    for delivery in crashing:
        await add(store, delivery)
    deliverer = await run(adapter=adapter, quota=Quota(limit=2, window=WINDOW))
    await journal.seen("delivery.attempted", outcome="retrying", count=2)
    for delivery in crashing:
        (attempt,) = await store.attempts_of(delivery.delivery_id)
        assert attempt.outcome == "retrying", "the call is not left as if it were under way"
        assert "leadbridge crashed on it" in ((await row(store, delivery)).detail or "")
    adapter.where = ""
    transport.respond = lambda _call: answer()
    third = new_delivery("email:3")
    await add(store, third)
    # A call whose end is unknown may reach the CRM until its deadline, and counts for a window from then.
    clock.advance(WINDOW + (DEADLINE if where in ("headers", "transport") else 0) - 0.1)
    await clock.looked(deliverer)
    assert (await row(store, third)).state == "pending"
    clock.advance(0.2)
    await journal.seen("delivery.attempted", outcome="delivered", delivery=third.delivery_id)
    clock.advance(PLACE)
    if safe:
        await journal.seen("delivery.attempted", outcome="delivered", count=3)
    else:
        await journal.seen("delivery.attempted", outcome="held", reason="unknown_outcome", count=2)


async def test_a_crash_over_what_a_good_answer_says_besides_changes_nothing_of_it(
    run: Run, store: Store, journal: Journal, transport: ScriptedTransport
) -> None:
    delivery = new_delivery("email:1")
    await add(store, delivery)
    await run(adapter=Clumsy("crm_trace_id"))
    await journal.seen("delivery.attempted", outcome="delivered")
    assert journal.find("adapter.crashed")
    (attempt,) = await store.attempts_of(delivery.delivery_id)
    assert attempt.status == 200


async def test_a_follow_up_that_cannot_be_written_down_leaks_no_place(
    run: Run, store: Store, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    class Unwritable(PlainAdapter):
        def next(self, plan: Plan, answers: Answers) -> Step:
            step = super().next(plan, answers)
            unwritable: Any = object()
            return replace(step, body=unwritable) if isinstance(step, Call) and step.purpose == "tags" else step

    tagged = with_plan(new_delivery("email:1"), tags=TagChange(add=("vip",)))
    await add(store, tagged)
    deliverer = await run(adapter=Unwritable(), quota=Quota(limit=2, window=1_000.0))
    await journal.seen("delivery.attempted", outcome="retrying")
    (attempt,) = await store.attempts_of(tagged.delivery_id)
    assert (attempt.status, attempt.outcome) == (200, "retrying")
    other = new_delivery("email:2")
    await add(store, other)
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered", delivery=other.delivery_id)


async def test_a_call_that_never_left_gives_its_place_back_at_once(
    run: Run, store: Store, journal: Journal, transport: ScriptedTransport
) -> None:
    results: list[Answer | Unanswered] = [Unanswered("refused", sent=False), answer()]
    transport.respond = lambda _call: results.pop(0)
    for number in range(2):
        await add(store, new_delivery(f"email:{number}"))
    await run(quota=Quota(limit=1, window=1_000.0))
    await journal.seen("delivery.attempted", outcome="delivered")


async def test_a_plan_that_cannot_be_read_fails_alone(run: Run, store: Store, journal: Journal) -> None:
    unreadable = replace(new_delivery("email:1"), plan='{"record": "lead", "lead": {}, "match": null, "then": []}')
    following = new_delivery("email:1")
    await add(store, unreadable)
    await add(store, following)
    await run()
    await journal.seen("delivery.attempted", outcome="delivered", delivery=following.delivery_id)
    failed = await row(store, unreadable)
    assert failed.state == "failed"
    assert "cannot be read" in (failed.detail or "")
    assert await store.attempts_of(unreadable.delivery_id) == ()


@pytest.mark.parametrize("safe", [True, False])
async def test_an_adapter_that_never_ends_is_stopped(
    run: Run, store: Store, journal: Journal, transport: ScriptedTransport, safe: bool
) -> None:
    class Endless(PlainAdapter):
        def next(self, plan: Plan, answers: Answers) -> Step:
            return Call(purpose=f"call {len(answers)}", method="PUT", path="/again", safe_to_repeat=self.safe)

    await add(store, new_delivery("email:1"))
    await run(adapter=Endless(safe=safe))
    (line,) = await journal.seen("delivery.attempted", outcome="failed")
    assert f"more than {MOST_CALLS} calls were needed" in line["detail"]
    assert len(transport.calls) == MOST_CALLS


async def test_a_stop_while_a_claim_is_being_committed_sends_what_it_claimed(
    run: Run, store: Store, transport: ScriptedTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = SlowClaims(store, monkeypatch)
    first, second = new_delivery("email:1"), new_delivery("email:2")
    await add(store, first)
    await add(store, second)
    deliverer = await run()
    await claims.begun()
    heard, really = asyncio.Event(), Lane.leave

    async def leave(lane: Lane, *, grace: float) -> bool:
        heard.set()
        return await really(lane, grace=grace)

    monkeypatch.setattr(Lane, "leave", leave)
    stopping = asyncio.create_task(deliverer.stop())
    async with asyncio.timeout(PATIENCE):
        await heard.wait()
        claims.go_on()
        await stopping
    assert [(await row(store, one)).state for one in (first, second)] == ["delivered", "pending"]
    assert len(transport.calls) == 1


async def test_a_lane_whose_store_cannot_be_read_rests_between_its_tries_and_can_be_stopped(
    run: Run, store: Store, clock: WatchedClock, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    tried = asyncio.Event()

    async def unreadable(lane: str, *, since: int) -> tuple[CallSpan, ...]:
        tries.append(lane)
        tried.set()
        raise StorageUnavailable("an I/O error")

    monkeypatch.setattr(store, "recent_calls", unreadable)
    await add(store, new_delivery("email:1"))
    deliverer = await run(quota=Quota(limit=1, window=WINDOW))
    await journal.seen("storage.unavailable", lane=LANE)
    await clock.looked(deliverer)
    before = len(tries)
    tried.clear()
    deliverer.wake([LANE])
    async with asyncio.timeout(PATIENCE):
        await tried.wait()
    for _ in range(50):  # turns of the loop: far more than another try would need
        await asyncio.sleep(0)
    assert len(tries) == before + 1, "one try for one wake"
    async with asyncio.timeout(PATIENCE):
        await deliverer.stop()


async def test_a_lane_that_crashed_counts_its_calls_once(
    run: Run, store: Store, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await add(store, new_delivery("email:1"))
    deliverer = await run(quota=Quota(limit=2, window=1_000.0))
    await journal.seen("delivery.attempted", outcome="delivered")

    async def crashing(*_arguments: Any, **_named: Any) -> tuple[Claim, ...]:
        raise RuntimeError("a mistake")

    with monkeypatch.context() as patched:
        patched.setattr(store, "due", crashing)
        deliverer.wake([LANE])
        await journal.seen("stage.crashed")
    await add(store, new_delivery("email:2"))
    clock.pass_for(deliverer, 1.1)
    await journal.seen("delivery.attempted", outcome="delivered", count=2)
    await add(store, new_delivery("email:3"))
    await clock.looked(deliverer)
    assert len(transport.calls) == 2


async def test_a_claim_that_fails_gives_its_places_back(
    run: Run, store: Store, clock: WatchedClock, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, fail = store.claim, [StorageUnavailable("full"), StorageUnavailable("full")]

    async def full(*arguments: Any, **named: Any) -> tuple[Claim, ...]:
        if fail:
            raise fail.pop()
        return await really(*arguments, **named)

    monkeypatch.setattr(store, "claim", full)
    await add(store, new_delivery("email:1"))
    await run(quota=Quota(limit=1, window=1_000.0))
    for left in (1, 0):
        while len(fail) > left or not clock._sleepers:  # noqa: ASYNC110  # the clock of the tests has no event for its sleepers
            await asyncio.sleep(0)
        clock.advance(1.1)
    await journal.seen("delivery.attempted", outcome="delivered")
    assert len(journal.find("storage.unavailable", lane=LANE)) == 1


@pytest.mark.parametrize("order", [("slow", "bursty", "off"), ("off", "bursty", "slow")])
async def test_of_destinations_on_one_account_every_quota_holds_at_once(
    run: Run, store: Store, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    order: tuple[str, ...],
) -> None:  # fmt: skip
    # 5 calls in 100 s are fewer than 2 in 10 s would let through; 2 in 10 s are fewer at once.
    quotas = {"slow": Quota(limit=5, window=100.0), "bursty": Quota(limit=2, window=10.0), "off": None}
    for number, name in enumerate(order * 3):
        await add(store, new_delivery(f"email:{number}", destination=name))
    deliverer = await run(destinations={name: quotas[name] for name in order})
    for sent in (2, 4, 5):
        await journal.seen("delivery.attempted", outcome="delivered", count=sent)
        await clock.looked(deliverer)
        assert len(transport.calls) == sent
        clock.advance(PLACE)
    await clock.looked(deliverer)
    assert len(transport.calls) == 5
    clock.advance(71)
    await journal.seen("delivery.attempted", outcome="delivered", count=7)
