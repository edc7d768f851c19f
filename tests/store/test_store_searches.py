"""However much waits, a claim reads as much: none of its statements goes through a whole table or index."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import apsw.ext
import pytest

from leadbridge.store import fetch_rows
from leadbridge.store.claims import DeliveryUpdate, TryResult
from leadbridge.store.lane_rows import HOLDING
from leadbridge.store.sqlite import accepting, fetching, flight, lanes, lineup, owning, reading, recording, sending
from leadbridge.store.sqlite.connection import open_for_writing
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.values import Selection
from tests.support.stored import LANE, START, add, new_delivery, upsert

STATEMENTS = {
    "due": lineup.DUE,
    "followers": lineup.BEHIND,
    "newer": lineup.NEWER,
    "count newer": lineup.COUNT_NEWER,
    "claimable": sending.CLAIMABLE,
    "take": sending.TAKE,
    "finish": recording.FINISH.format(values="VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9)"),
    "leave": recording.LEAVE.format(values="VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)"),
    "progress": recording.GOES_ON.format(values="VALUES (1, 2, 3)"),
    "enter": flight.LOOK,
    "awaited": flight.AWAITED,
    "leave the queue": flight.LEAVE,
    "following": flight.FOLLOWING,
    "next due": reading.NEXT_DUE,
    "recent calls": lanes.RECENT_CALLS,
    "count calls": lanes.COUNT_CALLS,
    "fetch, what came": fetching.CAME,
    "fetch, what is tried again": fetching.AGAIN,
    "fetch, next": fetch_rows.NEXT,
    "fetch, whether anything waits": fetch_rows.WAITS,
    "fetch, forget calls": fetch_rows.OVER,
    "fetch, count": fetch_rows.OCCUPIED,
    "fetch, room": fetch_rows.ROOM_AT,
    "fetch, give a place back": fetch_rows.UNRESERVE,
    "fetch, pause": fetch_rows.PAUSE,
}
# Given with the statement, as a list: as long as what is asked for.
GIVEN = (
    "VIRTUAL TABLE",
    "CONSTANT ROW",
    "came",
    "ended",
    "VALUES",
    "(subquery",
    "SCAN led",
    "SCAN f",
    "SCAN each",
    "SCAN all_before",
)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    opened = open_for_writing(tmp_path / "leadbridge.db")
    yield opened
    opened.close()


def steps(connection: apsw.Connection, statement: str) -> list[str]:
    asked = apsw.ext.query_info(connection, statement).bindings_count
    plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", (None,) * asked if asked else None)
    return [str(detail) for *_, detail in plan]


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_of_the_delivery_path_searches(connection: apsw.Connection, name: str) -> None:
    plan = steps(connection, STATEMENTS[name])
    scans = [step for step in plan if step.startswith("SCAN") and not any(given in step for given in GIVEN)]
    assert plan
    assert scans == []


def test_whoever_enters_or_leaves_goes_through_no_queue(connection: apsw.Connection) -> None:
    searches = [
        step for name in ("enter", "following") for step in steps(connection, STATEMENTS[name]) if " n " in step
    ]
    assert searches == [
        "SEARCH n USING PRIMARY KEY (lane=? AND key=? AND seq<?)",
        "SEARCH n USING COVERING INDEX delivery_keys_single_flight (lane=? AND key=?)",
        "SEARCH n USING PRIMARY KEY (lane=? AND key=?)",
    ]


def test_what_waits_to_be_mapped_needs_no_sorting(connection: apsw.Connection) -> None:
    assert steps(connection, accepting.WAITING) == [
        "SCAN submissions USING INDEX submissions_received",
        "CORRELATED SCALAR SUBQUERY 1",
        "SEARCH fetches USING INDEX sqlite_autoindex_fetches_1 (submission_id=?)",
    ]


def test_what_is_due_needs_no_sorting(connection: apsw.Connection) -> None:
    assert steps(connection, lineup.DUE) == ["SEARCH d USING INDEX deliveries_due (lane=? AND urgency=? AND next_at<?)"]


def test_what_is_to_be_fetched_needs_no_sorting(connection: apsw.Connection) -> None:
    for asked in (fetching.CAME, fetching.AGAIN):
        plan = steps(connection, asked)
        [search] = [step for step in plan if "fetches_due" in step]
        assert search.startswith("SEARCH fetches USING INDEX fetches_due (source=? AND due_at")
        assert "SEARCH s USING PRIMARY KEY (id=?)" in plan
        assert not any("TEMP B-TREE" in step for step in plan)


def test_the_lanes_that_wait_are_found_by_jumping(connection: apsw.Connection) -> None:
    searches = [step for step in steps(connection, reading.LANES_WAITING) if "deliveries" in step]
    assert len(searches) > 3
    assert all(step.startswith("SEARCH") and "deliveries_due" in step for step in searches)
    assert "SCAN deliveries USING INDEX deliveries_sending" in steps(connection, reading.LANES_SENDING), "they are few"


def test_the_lanes_that_hold_something_are_found_by_jumping(connection: apsw.Connection) -> None:
    held = [step for step in steps(connection, HOLDING) if "deliveries" in step or "next" in step]
    assert [step for step in held if "USE TEMP" in step] == []
    assert all("deliveries_held" in step or "INTEGER PRIMARY KEY" in step for step in held), held


async def filled(path: Path, *, others: int) -> None:
    """Ten live deliveries; as many others wait in another lane, as replays in theirs, and behind one of them."""
    store = SqliteStore(path, disk_reserve=0)
    await add(store, *(new_delivery(f"replay:{number}") for number in range(others)))
    await store.cancel(Selection(lanes=(LANE,)), detail="", now=START)
    await store.replay(Selection(lanes=(LANE,)), now=START)
    await add(store, *(new_delivery(f"live:{number}") for number in range(10)))
    await add(store, *(new_delivery(f"other:{number}", lane="another") for number in range(others)))
    await add(store, *(new_delivery("live:0") for _ in range(others)))
    await store.close()


def steps_of_a_claim(path: Path) -> int:
    """How many steps of its machine SQLite takes to read what is due, claim it and deliver it."""
    connection = open_for_writing(path)
    taken = 0

    def count(event: dict[str, Any]) -> None:
        nonlocal taken
        taken += event["stmt_status"]["SQLITE_STMTSTATUS_VM_STEP"]

    epoch = owning.own_lanes(connection, [LANE], "me")[LANE]
    connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, count)
    due = lineup.due(connection, LANE, 10, START).live
    claims = sending.claim(connection, LANE, [(one, upsert(one)) for one in due], now=START, epoch=epoch)
    update = DeliveryUpdate(state="delivered", record_id="7", created=True)
    recording.record(connection, [(LANE, TryResult(claim=one, at=START, update=update)) for one in claims])
    reading.next_due(connection, LANE)
    connection.close()
    assert len(claims) == 10
    assert taken > 100
    return taken


async def test_a_claim_takes_as_many_steps_however_many_others_wait(tmp_path: Path) -> None:
    taken = []
    for others in (20, 400):
        path = tmp_path / f"{others}.db"
        await filled(path, others=others)
        taken.append(steps_of_a_claim(path))
    # Of each urgency as many are read as are asked for, whatever waits behind them.
    assert taken[0] == taken[1]
