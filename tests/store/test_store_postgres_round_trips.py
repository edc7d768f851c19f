"""A batch on PostgreSQL is a fixed number of statements, each a round trip to a server that may be far away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from leadbridge.crm.adapter import Call
from leadbridge.ids import new_id
from leadbridge.store.claims import Claim, DeliveryUpdate, FinishedCall, TryResult
from leadbridge.store.postgres.connection import Connection
from leadbridge.store.postgres.store import PostgresStore
from leadbridge.store.values import MappedSubmission, NewItem
from tests.support.stored import LANE, START, add, claim, in_line, new_delivery, new_request, own, upsert

MANY = 12
TAGS = Call(purpose="add tags", method="PUT", path="/leads/1", body={})


@pytest.fixture
def engine() -> str:
    return "postgres"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are sent from now on, each by its first words."""
    statements: list[str] = []

    def listening(send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def listens(connection: Connection, query: str, *values: Any, **more: Any) -> Any:
            if not query.startswith("SET "):  # a new connection's own
                statements.append(" ".join(query.split()[:2]))
            return await send(connection, query, *values, **more)

        return listens

    for name in ("execute", "fetch", "fetchrow", "fetchval"):
        monkeypatch.setattr(asyncpg.Connection, name, listening(getattr(asyncpg.Connection, name)))
    return statements


def ended(claim: Claim) -> TryResult:
    """A call that came to its end, and its delivery with it."""
    finished = FinishedCall(attempt_id=claim.attempt_id or 0, answered_at=START, outcome="delivered", status=200)
    return TryResult(claim=claim, at=START, finished=finished, update=DeliveryUpdate(state="delivered"))


async def waiting(store: PostgresStore) -> None:
    await add(store, *(new_delivery(f"email:{number}") for number in range(MANY)))


async def test_requests_that_come_together_are_accepted_by_one_statement(said: list[str], store: PostgresStore) -> None:
    items = [NewItem(submission_id=new_id(), dedupe_key=f"{number}", digest=b"1") for number in range(MANY)]
    await store.accept(new_request())  # whatever a first connection needs
    said.clear()
    answers = await asyncio.gather(*(store.accept(new_request(item)) for item in items))
    assert [one.status for (one,) in answers] == ["accepted"] * MANY
    assert said == ["WITH request"]


async def test_submissions_are_read_by_two_statements_and_mapped_by_four(said: list[str], store: PostgresStore) -> None:
    assert await store.waiting(limit=MANY) == ()  # whatever a first connection needs
    await asyncio.gather(*(store.accept(new_request()) for _ in range(MANY)))
    said.clear()
    found = await store.waiting(limit=MANY)
    assert len(found) == MANY
    assert said == ["SELECT id,", "SELECT id,"]
    said.clear()
    mapped = [
        MappedSubmission(
            submission_id=one.submission_id, state="mapped", deliveries=[new_delivery(f"email:{one.submission_id}")]
        )
        for one in found
    ]
    await store.map(mapped, now=START)
    assert said[:4] == ["BEGIN; SELECT", "WITH settled", "WITH coming", "COMMIT"]
    assert len(in_line(await store.due(LANE, limit=MANY, now=START))) == MANY


async def test_new_people_are_found_by_one_statement_and_claimed_by_three(
    said: list[str], store: PostgresStore
) -> None:
    await waiting(store)
    epoch = await own(store)
    said.clear()
    due = in_line(await store.due(LANE, limit=MANY, now=START))
    assert said == ["SELECT d.id,"]
    said.clear()
    claims = await store.claim(LANE, [(one, upsert(one)) for one in due], now=START, epoch=epoch)
    assert len(claims) == MANY
    assert said == ["BEGIN; SELECT", "WITH asked", "COMMIT"]


async def test_ends_of_tries_that_come_together_are_recorded_by_three(said: list[str], store: PostgresStore) -> None:
    await waiting(store)
    claims = await claim(store)
    said.clear()
    await asyncio.gather(*(store.record(LANE, ended(one)) for one in claims))
    assert said == ["BEGIN; SELECT", "WITH finished", "COMMIT"]


async def test_next_calls_are_one_statement_more_and_those_who_waited_another(
    said: list[str], store: PostgresStore
) -> None:
    await waiting(store)
    await waiting(store)  # the same people: each waits for its first
    claims = await claim(store)
    half = MANY // 2
    goes_on = [TryResult(claim=one, at=START, next_call=TAGS) for one in claims[:half]]
    ends = [ended(one) for one in claims[half:]]
    said.clear()
    attempts = await asyncio.gather(*(store.record(LANE, one) for one in (*goes_on, *ends)))
    assert said == ["BEGIN; SELECT", "WITH finished", "WITH following", "WITH call", "COMMIT"]
    assert len(set(attempts[:half])) == half
    assert len(in_line(await store.due(LANE, limit=100, now=START))) == MANY - half
