"""However much waits, a claim on PostgreSQL reads as much: each of its statements finds its rows by an index."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from leadbridge.store.claims import DeliveryUpdate, TryResult
from leadbridge.store.lane_rows import HOLDING
from leadbridge.store.postgres import (
    accepting,
    arriving,
    fetching,
    flight,
    lanes,
    lineup,
    owning,
    pruning,
    reading,
    recording,
    recovering,
    sending,
    waiting,
)
from leadbridge.store.postgres.connection import Connection
from leadbridge.store.postgres.partitions import TABLES
from leadbridge.store.postgres.store import PostgresStore
from leadbridge.store.values import Selection
from tests.support.stored import LANE, START, add, in_line, new_delivery, own, upsert

STATEMENTS = {
    "arrive": arriving.ARRIVE,
    "what is to be mapped": waiting.FOR_ME,
    "map": accepting.MAP,
    "due": lineup.DUE,
    "followers": lineup.BEHIND,
    "newer": lineup.NEWER,
    "records": lineup.RECORDS,
    "claim": sending.CLAIM,
    "take followers": sending.TAKE,
    "start": sending.START,
    "finish": recording.FINISH,
    "record": recording.RECORD,
    "enter": flight.ENTER,
    "awaited": flight.AWAITED,
    "leave the queue": flight.LEAVE,
    "following": flight.FOLLOW,
    "next due": reading.NEXT_DUE,
    "what was left": recovering.IS_LEFT,
    "recover": recovering.AGAIN,
    "renew a lease": owning.RENEW,
    "own lanes": owning.OWN,
    "owned lanes": owning.OWNED,
    "give lanes back": owning.GIVE_BACK,
    "let lanes go": owning.LET_GO,
    "bury": owning.BURY,
    "lanes that wait": reading.LANES_WAITING,
    "lanes that hold": HOLDING,
    "recent calls": lanes.RECENT_CALLS,
    "count calls": lanes.COUNT_CALLS,
    "fetch, what came": fetching.CAME,
    "fetch, what is tried again": fetching.AGAIN,
    "fetch, next": fetching.NEXT,
    "fetch, whether anything waits": fetching.WAITS,
    "fetch, forget calls": fetching.OVER,
    "fetch, count": fetching.OCCUPIED,
    "fetch, room": fetching.ROOM_AT,
    "fetch, backlogs": fetching.BACKLOGS,
    "fetch, take": fetching.TAKE,
    "fetch, settle": fetching.SETTLE,
    "prune": pruning.NEXT,
    "prune, their submissions": pruning.LOCK_SUBMISSIONS,
    "prune, their deliveries": pruning.LOCK_DELIVERIES,
    "prune, marks": pruning.MARKS_OF,
    "prune, old marks": pruning.FORGET,
    "prune, take out calls": pruning.TAKE_OUT[0],
    "prune, take out deliveries": pruning.TAKE_OUT[1],
    "prune, forget contents": pruning.FORGET_CONTENT,
    "prune, take out documents": pruning.TAKE_OUT_FETCHED,
    "prune, take out submissions": pruning.TAKE_OUT_SUBMISSIONS,
}
# Read in the order of the index, and only as far as needed.
ONE_ROW = {
    ("arrive", "requests_order_at_idx"),
    ("what is to be mapped", "submissions_arrival_id_idx"),
    ("lanes that wait", "deliveries_due"),
    ("lanes that hold", "deliveries_held"),
    ("fetch, backlogs", "fetches_due"),  # as the lanes' backlogs: all that waits is counted
    ("bury", "processes_pkey"),  # a handful
}
RANGE = re.compile(r"\bid (?:BETWEEN|>=|>) \$(\d+)(?: AND (?:\w+\.id < )?\$(\d+))?")
PARTITION = re.compile(r"_(past|default|\d{8})(?=_)")


@pytest.fixture
def engine() -> str:
    return "postgres"


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


async def plan_of(store: PostgresStore, name: str) -> list[dict[str, Any]]:
    """The steps that a statement would be done in, whatever its values."""
    statement = STATEMENTS[name]
    values = ["NULL"] * max(map(int, re.findall(r"\$(\d+)", statement)), default=0)
    for low, high in RANGE.findall(statement):  # of ids: with none, every partition would be left out
        values[int(low) - 1] = "'0'"
        if high:
            values[int(high) - 1] = "'9'"
    nothing = ", ".join(values)
    nothing = f"({nothing})" if nothing else ""

    async def explain(connection: Connection) -> list[dict[str, Any]]:
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE asked AS {statement}")
        (found,) = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked {nothing}"))
        await connection.execute("DEALLOCATE asked")
        return list(nodes(found["Plan"]))

    database = store._accepting if name == "arrive" else store._database
    return await database.write(explain)


@pytest.mark.parametrize("name", STATEMENTS)
async def test_every_statement_of_the_delivery_path_searches(store: PostgresStore, name: str) -> None:
    plan = await plan_of(store, name)
    partitioned = {PARTITION.sub("", f"{node.get('Relation Name')}_") for node in plan} & {f"{one}_" for one in TABLES}
    assert partitioned or not RANGE.search(STATEMENTS[name]), "nothing of it was looked at"
    assert "hashed" not in json.dumps(plan), "a table of all there is, for each time it is asked"
    assert [node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"] == []
    whole = [node for node in plan if "Index Name" in node and "Index Cond" not in node]
    assert {(name, PARTITION.sub("", node["Index Name"])) for node in whole} <= ONE_ROW


async def test_a_persons_keys_are_looked_up_whatever_the_server_knows_of_their_lane(store: PostgresStore) -> None:
    """Found by their lane alone, or by lane and place, they would be all that waits there, for each delivery."""
    await add(store, *(new_delivery(f"email:{number}") for number in range(300)))
    await store._database.run(lambda connection: connection.execute("ANALYZE"))
    seen = set()
    for name in STATEMENTS:
        for node in await plan_of(store, name):
            if node.get("Index Name", "").startswith(("delivery_keys", "record_keys")):
                assert re.search(r"\bkey = ", node["Index Cond"]), (name, node["Index Cond"])
                seen.add(name)
    assert {"enter", "leave the queue", "following", "record", "newer", "claim"} <= seen


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
        return int(
            await connection.fetchval(
                "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
            )
        )

    taken = []
    for others in (20, 400):
        await filled(store, others=others)
        epoch = await own(store)

        async def claim_all(connection: Connection, epoch: int = epoch) -> int:
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
