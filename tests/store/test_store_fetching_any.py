"""Whatever happens: the books balance, the quota holds, and every lead is fetched once or says why not."""

from collections import Counter
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.deliver.marks import marks_of
from leadbridge.store.base import Store
from leadbridge.store.fetching import ClaimedFetches, DueFetch, FetchEnd, FetchPause, FetchQuota
from leadbridge.store.retaining import BEGIN, PruneFrom
from leadbridge.store.values import MappedSubmission, Selection
from tests.store.announced import ANSWERS, announce
from tests.support.examples import examples
from tests.support.stored import START

LEASE, WINDOW = 10, 40  # milliseconds, so that steps of time mean something
QUOTA, EACH = FetchQuota(limit=5, window=WINDOW), 2
MUCH_LATER = 4_000_000_000_000
SOURCES = count()
HOW = st.sampled_from(["found", "later", "uncounted", "failed", "refused"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("announce"), st.sampled_from([None, "a", "b"]), st.integers(1, 4)),
        st.tuples(st.just("claim"), st.integers(1, 4)),
        st.tuples(st.just("end"), HOW, st.integers(0, EACH), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.integers(1, WINDOW)),
        st.tuples(st.sampled_from(["crash", "resume", "replay", "prune"])),
        st.tuples(st.just("map"), st.sampled_from(["ignored", "failed", "unrouted"])),
    ),
    min_size=12,
    max_size=40,
)


class World:
    """One source, and what several processes know of it and do."""

    def __init__(self, store: Store) -> None:
        self.store, self.source = store, f"source {next(SOURCES)}"
        self.now = START
        self.accepted: set[str] = set()
        self.under_way: list[tuple[int, DueFetch]] = []  # with the end of its lease
        self.calls: list[tuple[int, int]] = []  # that were made: when they were answered, and how many
        self.fetched: Counter[str] = Counter()

    async def take(self, step: str, *values: Any) -> None:
        match step, *values:
            case "announce", key, number:
                for _ in range(number):
                    accepted = await announce(self.store, key=key, source=self.source, at=self.now)
                    self.accepted.add(accepted.submission_id)
            case "claim", limit:
                await self.claim(limit)
            case "end", how, calls, place:
                await self.end(how, calls, place)
            case "wait", time:
                self.now += time
            case ("crash",):
                self.under_way = []
            case ("resume",):
                await self.store.store_fetched(self.source, (), now=self.now, resume=True)
            case ("replay",):
                await self.store.replay(Selection(sources=(self.source,)), now=self.now)
            case "map", state:
                await self.map(state)
            case ("prune",):
                await self.prune()

    async def claim(self, limit: int) -> ClaimedFetches:
        claimed = await self.store.claim_fetches(
            self.source, quota=QUOTA, calls_each=EACH, limit=limit, now=self.now, until=self.now + LEASE
        )
        held = {one.waiting.submission_id for until, one in self.under_way if until > self.now}
        names = [one.waiting.submission_id for one in claimed.due]
        assert len(set(names)) == len(names) <= limit
        assert not held & set(names), "two have the same"
        assert claimed.pause is None or len(names) <= 1
        assert claimed.next_at is None or claimed.next_at >= self.now
        self.under_way += [(self.now + LEASE, one) for one in claimed.due]
        under_way = EACH * sum(until > self.now for until, _ in self.under_way)
        made = sum(calls for at, calls in self.calls if at > self.now - WINDOW)
        assert made + under_way <= QUOTA.limit or not names
        return claimed

    async def end(self, how: str, calls: int, place: int) -> None:
        """Of a claim, within its lease or after that: then nothing was called any more."""
        if not self.under_way:
            return
        until, due = self.under_way.pop(place % len(self.under_way))
        at = min(self.now, until)
        name = due.waiting.submission_id
        documents = ANSWERS if how == "found" else None
        again_at = {"later": self.now + 5, "uncounted": self.now, "refused": self.now}.get(how)
        end = FetchEnd(
            submission_id=name, calls=calls, answered_at=at, documents=documents, again_at=again_at,
            counts=how != "uncounted", reason=None if documents else f"fetch: {how}",
        )  # fmt: skip
        pause = FetchPause(until=self.now + 7, reason="credentials: expired") if how == "refused" else None
        taken = await self.store.store_fetched(self.source, [end], now=self.now, pause=pause)
        self.calls.append((at, calls))
        self.fetched[name] += documents is not None and name in taken

    async def map(self, state: Any) -> None:
        waiting = [one for one in await self.store.waiting(limit=1_000) if one.received.source == self.source]
        for one in waiting[:1]:
            assert one.fetched == ANSWERS
            await self.store.map([MappedSubmission(submission_id=one.submission_id, state=state)], now=self.now)

    async def prune(self, *, limit: int = 2) -> None:
        before = await self.states()
        since: PruneFrom | None = BEGIN
        while since is not None and since.phase == "leads":
            since = (await self.store.prune(MUCH_LATER, fold=marks_of, since=since, limit=limit)).then
        rest = {"awaiting_fetch", "received"}
        assert await self.states() == {name: state for name, state in before.items() if state in rest}

    async def states(self) -> dict[str, str]:
        found = await self.store.submissions(limit=1_000, source=self.source)
        for one in found:
            assert (one.fetch_at is not None) == (one.state == "awaiting_fetch")
        return {one.id: one.state for one in found}


@given(steps=STEPS)
@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_every_lead_is_fetched_once_or_says_why_within_the_quota(store: Store, steps: list[Any]) -> None:
    world = World(store)
    for step in steps:
        await world.take(*step)
        assert (await store.ledger()).balances
    await world.take("resume")
    for _ in range(200):
        world.now += LEASE
        if (await world.claim(4)).next_at is None and not world.under_way:
            break
        while world.under_way:
            await world.end("found", EACH, 0)
    for _ in range(len(world.accepted)):
        await world.map("ignored")
    states = await world.states()
    assert set(states.values()) <= {"ignored", "failed", "unrouted", "duplicate"}, "something is stuck"
    await world.prune(limit=100)  # nor does the next one find much to look through
    assert max(world.fetched.values(), default=0) <= 1
    assert not any(one.source == world.source for one in await store.fetch_backlogs() if one.waiting)
