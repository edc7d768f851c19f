"""Access tokens in a try: had before the call, renewed once when they are refused, and what becomes of it otherwise."""

from collections.abc import Callable
from typing import Any

import pytest

from leadbridge.crm.adapter import Answer, Call, Grant, Quota
from leadbridge.deliver.health import FAILURES, FIRST_PAUSE, FIRST_PROBE
from leadbridge.errors import GrantLost, TokenUnavailable
from leadbridge.plan import Progress
from leadbridge.store.base import Store
from tests.deliver.lanes import Run, WatchedClock, progress, row
from tests.support.crm import PlainAdapter, ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.stored import LANE, add, new_delivery

GRANT = Grant(name="a grant", token_url="http://localhost/token", client_id="id", client_secret="secret")


class Granted(PlainAdapter):
    """Is used under a grant."""

    @property
    def grant(self) -> Grant | None:
        return GRANT

    def token_refused(self, answer: Answer) -> bool:
        return answer.status == 401


class Keeper:
    """Gives the tokens t1, t2, …; raises what a test says instead."""

    def __init__(self) -> None:
        self.number = 1
        self.refused: list[str] = []
        self.error: GrantLost | TokenUnavailable | None = None

    async def token(self, grant: Grant) -> str:
        assert grant is GRANT
        if self.error is not None:
            raise self.error
        return f"t{self.number}"

    async def refresh(self, grant: Grant, *, refused: str) -> str:
        self.refused.append(refused)
        self.number += 1
        return await self.token(grant)


class Crm:
    """Takes some tokens and refuses the others."""

    def __init__(self, transport: ScriptedTransport, monkeypatch: pytest.MonkeyPatch) -> None:
        self.good: Callable[[str | None], bool] = lambda _token: True
        self.seen: list[tuple[str, str | None]] = []
        monkeypatch.setattr(transport, "send", self.send)

    async def send(self, _adapter: Any, call: Call, *, token: str | None, **_named: Any) -> Answer:
        self.seen.append((call.purpose, token))
        return answer() if self.good(token) else answer(401)


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def crm(transport: ScriptedTransport, monkeypatch: pytest.MonkeyPatch) -> Crm:
    return Crm(transport, monkeypatch)


async def test_every_call_goes_with_the_token_of_its_grant(
    store: Store, run: Run, journal: Journal, crm: Crm, keeper: Keeper
) -> None:
    await add(store, new_delivery("email:1"))
    await run(adapter=Granted(), tokens=keeper)
    await journal.seen("delivery.attempted", outcome="delivered")
    assert (crm.seen, keeper.refused) == ([("upsert", "t1")], [])


async def test_without_a_grant_no_token_is_asked_for(
    store: Store, run: Run, journal: Journal, crm: Crm, keeper: Keeper
) -> None:
    keeper.error = GrantLost("gone")
    await add(store, new_delivery("email:1"))
    await run(tokens=keeper)
    await journal.seen("delivery.attempted", outcome="delivered")
    assert crm.seen == [("upsert", None)]


@pytest.mark.parametrize("safe", [True, False], ids=["an upsert", "a create"])
async def test_a_refused_token_is_renewed_and_the_same_call_is_made_again_as_another_attempt(
    store: Store, run: Run, journal: Journal, crm: Crm, keeper: Keeper, *, safe: bool
) -> None:
    crm.good = lambda token: token != "t1"
    delivery = new_delivery("email:1")
    await add(store, delivery)
    await run(adapter=Granted(safe=safe), tokens=keeper)
    await journal.seen("delivery.attempted", outcome="delivered")
    assert (crm.seen, keeper.refused) == ([("upsert", "t1"), ("upsert", "t2")], ["t1"])
    attempts = await store.attempts_of(delivery.delivery_id)
    assert [(attempt.purpose, attempt.status) for attempt in attempts] == [("upsert", 401), ("upsert", 200)]
    assert (await row(store, delivery)).tries == 1
    assert not journal.find("lane.held")


async def test_a_token_that_is_refused_when_it_is_new_is_not_renewed_again_by_the_same_try_or_probe(
    store: Store, run: Run, journal: Journal, crm: Crm, keeper: Keeper
) -> None:
    crm.good = lambda _token: False
    await add(store, new_delivery("email:1"))
    await run(adapter=Granted(), tokens=keeper)
    await journal.seen("lane.held", reason="bad_credentials")
    assert crm.seen == [("upsert", "t1"), ("upsert", "t2"), ("probe", "t2"), ("probe", "t3")]
    assert keeper.refused == ["t1", "t2"]


@pytest.mark.parametrize("when", ["before the call", "at the renewal"])
async def test_a_lost_grant_holds_the_lane_until_it_is_given_anew(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm, keeper: Keeper, when: str
) -> None:
    lost = GrantLost("leadbridge connect leadconnector dallas")
    if when == "before the call":
        keeper.error = lost
    else:

        def revoke(_token: str | None) -> bool:
            keeper.error = lost
            return False

        crm.good = revoke
    delivery = new_delivery("email:1")
    await add(store, delivery)
    deliverer = await run(adapter=Granted(), tokens=keeper, quota=Quota(limit=4, window=1_000.0))
    (line,) = await journal.seen("lane.held", reason="reconnect")
    assert line["detail"] == "leadbridge connect leadconnector dallas"
    await journal.seen("delivery.attempted", outcome="pending")
    asked = len(crm.seen)
    keeper.error, crm.good = None, lambda _token: True
    clock.pass_for(deliverer, FIRST_PROBE + 0.1)
    await journal.seen("lane.released", reason="reconnect")
    await journal.seen("delivery.attempted", outcome="delivered")
    assert [purpose for purpose, _ in crm.seen[asked:]] == ["probe", "upsert"]
    assert await store.recent_calls(LANE, since=0) != ()


@pytest.mark.parametrize("safe", [True, False], ids=["an upsert", "a create"])
async def test_a_token_that_cannot_be_had_now_is_waited_for_and_nothing_was_sent(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm, keeper: Keeper, *, safe: bool
) -> None:
    keeper.error = TokenUnavailable("the token endpoint answered 503", after=20.0)
    delivery = new_delivery("email:1")
    await add(store, delivery)
    deliverer = await run(adapter=Granted(safe=safe), tokens=keeper, quota=Quota(limit=1, window=1_000.0))
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    assert (line["detail"], line["retry_in_s"] >= 20.0) == ("the token endpoint answered 503", True)
    assert (await progress(store, delivery), crm.seen) == (Progress(), [])
    assert await store.recent_calls(LANE, since=0) == (), "what was not sent counts in no quota"
    assert not journal.find("lane.circuit_opened")
    keeper.error = None
    clock.pass_for(deliverer, line["retry_in_s"] + 0.1)
    await journal.seen("delivery.attempted", outcome="delivered")


async def test_a_token_endpoint_that_is_down_costs_a_backlog_no_tries(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, crm: Crm, keeper: Keeper
) -> None:
    keeper.error = TokenUnavailable("the token endpoint answered 503", after=20.0)
    waiting = [new_delivery(f"email:{number}") for number in range(20)]
    await add(store, *waiting)
    deliverer = await run(adapter=Granted(), tokens=keeper, quota=Quota(limit=FAILURES, window=10.0))
    (opened,) = await journal.seen("lane.circuit_opened")
    assert opened["detail"] == "the token endpoint answered 503"
    await journal.seen("delivery.attempted", outcome="retrying", count=FAILURES)
    await clock.looked(deliverer)
    clock.pass_for(deliverer, 2 * FIRST_PAUSE)
    await journal.seen("delivery.attempted", outcome="retrying", count=FAILURES + 1)
    await clock.looked(deliverer)
    assert crm.seen == []
    assert [(await row(store, one)).state for one in waiting].count("pending") >= 20 - FAILURES - 1
    keeper.error = None
    clock.pass_for(deliverer, 60.0)
    await journal.seen("lane.circuit_closed")
    for _ in range(10):
        clock.pass_for(deliverer, 60.0)
        await clock.looked(deliverer)
    await journal.seen("delivery.attempted", outcome="delivered", count=20)


async def test_a_service_without_a_keeper_says_so(store: Store, run: Run, journal: Journal, crm: Crm) -> None:
    await add(store, new_delivery("email:1"))
    await run(adapter=Granted())
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    assert "without a keeper of tokens" in line["detail"]
    assert crm.seen == []
