"""However much waits, a claim on PostgreSQL reads as much: each of its statements finds its rows by an index."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from leadbridge.store.postgres import accepting, flight, lanes, lineup, reading, recording, recovering, sending
from leadbridge.store.postgres.connection import Connection
from leadbridge.store.postgres.store import PostgresStore
from leadbridge.store.values import DeliveryUpdate, Selection, TryResult
from tests.support.stored import AT_ONCE, LANE, START, add, in_line, new_delivery, upsert

STATEMENTS = {
    "arrive": accepting.ARRIVE,
    "what is to be mapped": accepting.FOR_ME,
    "due": lineup.DUE,
    "followers": lineup.BEHIND,
    "newer": lineup.NEWER,
    "how many are newer": lineup.COUNT_NEWER,
    "records": lineup.RECORDS,
    "claimable": sending.CLAIMABLE,
    "take": sending.TAKE,
    "finish": recording.FINISH,
    "leave": recording.LEAVE,
    "progress": recording.GOES_ON,
    "enter": flight.ENTER,
    "awaited": flight.AWAITED,
    "leave the queue": flight.LEAVE,
    "following": flight.FOLLOW,
    "next due": reading.NEXT_DUE,
    "recover": recovering.AGAIN,
    "recent calls": lanes.RECENT_CALLS,
    "count calls": lanes.COUNT_CALLS,
}
# Read in the order of the index, and only as far as needed.
ONE_ROW = {("arrive", "requests_arrival_key"), ("what is to be mapped", "submissions_received")}


@pytest.fixture
def engine() -> str:
    return "postgres"


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


@pytest.mark.parametrize("name", STATEMENTS)
async def test_every_statement_of_the_delivery_path_searches(store: PostgresStore, name: str) -> None:
    statement = STATEMENTS[name]
    nothing = ", ".join(["NULL"] * max(map(int, re.findall(r"\$(\d+)", statement))))

    async def explain(connection: Connection) -> list[dict[str, Any]]:
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE asked AS {statement}")
        (found,) = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked ({nothing})"))
        await connection.execute("DEALLOCATE asked")
        return list(nodes(found["Plan"]))

    database = store._accepting if name == "arrive" else store._database
    plan = await database.write(explain)
    assert "hashed" not in json.dumps(plan), "a table of all there is, for each time it is asked"
    assert [node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"] == []
    whole = [node for node in plan if "Index Name" in node and "Index Cond" not in node]
    assert {(name, node["Index Name"]) for node in whole} <= ONE_ROW


async def filled(store: PostgresStore, *, others: int) -> None:
    """Ten live deliveries; as many others wait in another lane, as replays in theirs, and behind one of them."""
    await add(store, *(new_delivery(f"replay {others}:{number}") for number in range(others)))
    await store.cancel(Selection(lanes=(LANE,)), detail="", now=START)
    await store.replay(Selection(lanes=(LANE,), states=("cancelled",)), now=START)
    await add(store, *(new_delivery(f"live {others}:{number}") for number in range(10)))
    await add(store, *(new_delivery(f"other {others}:{number}", lane="another") for number in range(others)))
    await add(store, *(new_delivery(f"live {others}:0") for _ in range(others)))


async def test_a_claim_reads_as_many_rows_however_many_others_wait(store: PostgresStore) -> None:
    """Counted by the server: rows that scans of tables and of indexes gave."""

    async def read(connection: Connection) -> int:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        return int(
            await connection.fetchval(
                "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
            )
        )

    taken = []
    for others in (20, 400):
        await filled(store, others=others)
        owned = await store.own_lane(LANE, owner="me", lease=AT_ONCE)
        assert owned is not None

        async def claim_all(connection: Connection, epoch: int = owned.epoch) -> int:
            before = await read(connection)
            due = (await lineup.due(connection, LANE, 10, START)).live
            starts = [(one, upsert(one)) for one in due]
            claims = await sending.claim(connection, LANE, starts, now=START, epoch=epoch)
            assert len(claims) == 10
            update = DeliveryUpdate(state="failed")
            ends = [(LANE, TryResult(claim=one, at=START, update=update)) for one in claims]
            await recording.record(connection, ends)
            await reading.next_due(connection, LANE)
            return await read(connection) - before

        taken.append(await store._database.write(claim_all))
        await store.cancel(Selection(), detail="", now=START)
    assert in_line(await store.due(LANE, limit=10, now=START)) == ()
    assert taken[0] > 30
    assert taken[1] <= taken[0] * 1.1
