"""A database that an earlier leadbridge made is brought up to date, with what is in it."""

from collections.abc import AsyncIterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

import apsw
import orjson
import pytest

from leadbridge.store.claims import CallSpan, DeliveryUpdate
from leadbridge.store.lanes import LaneState
from leadbridge.store.sqlite.connection import newest_schema
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.values import Accepted, NewItem, Selection
from tests.store.test_store_groups import end
from tests.support.stored import LANE, START, add, claim, in_line, new_delivery, new_request, own, plan, recover

DELIVERED = DeliveryUpdate(state="delivered", record_id="9", created=True)


def made_by_schema(number: int, path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    folder = resources.files("leadbridge.store.sqlite") / "migrations"
    for name in sorted(entry.name for entry in folder.iterdir())[:number]:
        connection.execute((folder / name).read_text("utf-8"))
    connection.pragma("user_version", number)
    return connection


async def test_calls_from_before_the_time_of_their_send_was_kept_count_from_their_start(tmp_path: Path) -> None:
    path = tmp_path / "leadbridge.db"
    connection = made_by_schema(1, path)
    for started_at, outcome in ((START, "failed"), (START + 1, None)):  # one that timed out, one that was cut off
        connection.execute(
            "INSERT INTO attempts (lane, purpose, method, path, safe_to_repeat, started_at, outcome)"
            " VALUES (?, 'upsert', 'PUT', '/upsert', 1, ?, ?)",
            (LANE, started_at, outcome),
        )
    connection.close()
    store = SqliteStore(path, disk_reserve=0)
    await recover(store, now=START + 600_000)
    spans = await store.recent_calls(LANE, since=0)
    await store.close()
    assert sorted(spans, key=lambda span: span.started_at) == [
        CallSpan(started_at=START, answered_at=None),
        CallSpan(started_at=START + 600_000, answered_at=None),
    ]


# Of the second schema a delivery in every state, each of a person of its own but the last two, who wait in a row.
ROWS: Final[Mapping[str, Mapping[str, Any]]] = {
    "pending": {"next_at": START},
    "sending": {"tries": 1, "first_try_at": START},
    "creating": {"state": "sending", "tries": 1, "first_try_at": START},
    "retrying": {"next_at": START + 5_000, "tries": 2, "first_try_at": START},
    "held": {"reason": "ambiguous_match", "detail": "two records", "tries": 1},
    "delivered": {"record_id": "7", "created": 1, "event_at": START + 9, "tries": 1},
    "delivered_with_warnings": {"record_id": "8", "created": 0, "tries": 1},
    "superseded": {},
    "filtered": {"plan": None, "keys": []},
    "failed": {"detail": "422", "tries": 1},
    "cancelled": {},
    "first in line": {"state": "pending", "next_at": START, "keys": ["email:line"]},
    "second in line": {"state": "pending", "next_at": START, "blocked": 1, "keys": ["email:line"]},
}


def fill(connection: apsw.Connection) -> None:
    connection.execute(
        "INSERT INTO requests (id, source, received_at, trace_id, verified_by, method, url, headers, body)"
        " VALUES ('r', 'website', ?, 't', 'token', 'POST', '/', '{}', x'')",
        (START,),
    )
    for seq, (name, values) in enumerate(ROWS.items(), start=1):
        connection.execute(
            "INSERT INTO submissions (id, request_id, item, source, received_at, trace_id, state, updated_at)"
            " VALUES (?, 'r', ?, 'website', ?, 't', 'mapped', ?)",
            (f"s {name}", seq, START, START),
        )
        row = {
            "seq": seq, "id": name, "submission_id": f"s {name}", "trace_id": "t", "route": "website to copper",
            "destination": "copper", "lane": LANE, "config_version": "v1", "state": name, "event_at": START,
            "plan": plan().model_dump_json(exclude_unset=True), "keys": [f"email:{name}"], "created_at": START,
            "updated_at": START, **values,
        }  # fmt: skip
        keys, row["keys"] = row["keys"], orjson.dumps(row["keys"]).decode()
        columns, places = ", ".join(row), ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO deliveries ({columns}) VALUES ({places})", tuple(row.values()))
        if row["state"] in ("pending", "sending", "retrying"):
            active = int(not row.get("blocked"))
            connection.executemany(
                "INSERT INTO delivery_keys VALUES (?, ?, ?, ?)", [(LANE, key, seq, active) for key in keys]
            )
        if row.get("tries"):
            status = 200 if "record_id" in row else None
            connection.execute(
                "INSERT INTO attempts (id, lane, purpose, method, path, safe_to_repeat, started_at, answered_at,"
                " status) VALUES (?, ?, 'create lead', 'POST', '/leads', ?, ?, ?, ?)",
                (seq, LANE, int(name != "creating"), START, status and START + 3, status),
            )
            connection.execute("INSERT INTO attempt_deliveries VALUES (?, ?, ?)", (name, seq, row["tries"]))
    connection.execute(
        "INSERT INTO totals VALUES ('submissions', 'website', 'arrived', ?), ('deliveries', 'copper', 'arrived', ?)",
        (len(ROWS), len(ROWS)),
    )
    connection.execute("INSERT INTO lanes (lane, epoch) VALUES (?, 4)", (LANE,))


def know_people(connection: apsw.Connection) -> None:
    """What was written beside a delivery from the third schema on."""
    connection.execute("""
        UPDATE deliveries SET known = 1, awaited = 1, urgency = (state = 'retrying')
        WHERE state IN ('pending', 'sending', 'retrying');
        INSERT INTO record_keys (lane, key, record_id)
        SELECT lane, value, record_id FROM deliveries JOIN json_each(deliveries.keys) WHERE record_id IS NOT NULL;
        UPDATE attempts SET shows_after = 60000 WHERE NOT safe_to_repeat""")


@pytest.fixture(params=[2, newest_schema() - 1], ids=lambda number: f"schema {number}")
async def upgraded(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Made by an early version, and by the one before this."""
    connection = made_by_schema(request.param, tmp_path / "leadbridge.db")
    with connection:
        fill(connection)
        if request.param > 2:
            know_people(connection)
    connection.close()
    store = SqliteStore(tmp_path / "leadbridge.db", disk_reserve=0)
    yield store
    assert (await store.ledger()).balances
    await store.close()


async def test_rows_of_every_state_are_what_they_were(upgraded: SqliteStore) -> None:
    assert (await upgraded.ledger()).balances
    for name, values in ROWS.items():
        row = await upgraded.delivery(name)
        assert row is not None
        assert row.state == values.get("state", name)
        assert row.urgency == ("retry" if name == "retrying" else "live")
        assert (row.alone, row.progress, row.choice) == (False, None, None)
        assert (row.record_id, row.reason, row.tries) == (
            values.get("record_id"),
            values.get("reason"),
            values.get("tries", 0),
        )


async def test_a_crash_of_the_version_before_is_recovered_and_a_create_is_looked_for_when_it_shows(
    upgraded: SqliteStore,
) -> None:
    recovered = await recover(upgraded, now=START + 10)
    assert (recovered.again, recovered.unsure) == (1, 1)
    row = await upgraded.delivery("creating")
    assert row is not None
    assert (row.progress, row.next_at) == ({"unsure": {"create lead": START}}, START + 60_010)


async def test_everything_unfinished_goes_on_in_its_order(upgraded: SqliteStore) -> None:
    await recover(upgraded, now=START)
    due = await upgraded.due(LANE, limit=99, now=START + 90_000)
    assert [one.all_ids for one in due.live] == [("pending",), ("first in line", "second in line")]
    assert [one.delivery_id for one in due.retry] == ["sending", "retrying", "creating"]
    for claimed in await claim(upgraded, now=START + 90_000):
        await end(upgraded, claimed, DELIVERED)
    assert await upgraded.lanes_waiting() == {}


async def test_what_was_written_before_overtakes_what_comes_late(upgraded: SqliteStore) -> None:
    late = new_delivery("email:delivered", event_at=START)
    await add(upgraded, late)
    due = {one.delivery_id: one for one in in_line(await upgraded.due(LANE, limit=99, now=START))}
    assert [(one.record_id, one.event_at) for one in due[late.delivery_id].newer] == [("7", START + 9)]


async def test_a_lane_keeps_its_epoch_and_stands_as_usual(upgraded: SqliteStore) -> None:
    assert (await own(upgraded), await upgraded.lane(LANE)) == (5, LaneState())


async def test_what_rested_before_can_be_released_and_replayed(upgraded: SqliteStore) -> None:
    assert await upgraded.release(Selection(reasons=("ambiguous_match",)), now=START) == 1
    assert (await upgraded.replay(Selection(states=("failed", "delivered")), now=START)).deliveries == 2


async def test_retries_of_the_version_before_wait_as_they_did_and_kills_count_from_now_on(tmp_path: Path) -> None:
    connection = made_by_schema(4, tmp_path / "leadbridge.db")
    with connection:
        fill(connection)
        connection.execute("UPDATE deliveries SET urgency = 1 WHERE state = 'retrying'")
    connection.close()
    store = SqliteStore(tmp_path / "leadbridge.db", disk_reserve=0)
    assert {name for name in ROWS if (row := await store.delivery(name)) and row.tries} == {
        name for name, values in ROWS.items() if values.get("tries")
    }
    await recover(store, now=START)
    due = await store.due(LANE, limit=99, now=START + 90_000)
    assert {one.delivery_id: (one.tries, one.cut_off) for one in due.retry} == {
        "sending": (1, 1),
        "creating": (1, 1),
        "retrying": (2, 0),
    }
    assert all(one.fresh and not one.cut_off for one in due.live), "nobody touched them"
    assert (await store.ledger()).balances
    await store.close()


async def test_what_a_source_sent_before_anything_was_pruned_is_told_apart_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "leadbridge.db"
    connection = made_by_schema(6, path)
    connection.execute(
        "INSERT INTO requests VALUES ('r', 'website', ?1, 't', 'token', 'POST', '/', '{}', x'', ?1)", (START,)
    )
    for item, (name, state, revision) in enumerate([("first", "mapped", 1), ("second", "failed", 2)]):
        connection.execute(
            "INSERT INTO submissions (id, request_id, item, source, received_at, trace_id, state, dedupe_key, revision,"
            " updated_at) VALUES (?1, 'r', ?2, 'website', ?3, 't', ?4, 'form-1', ?5, ?3)",
            (name, item, START, state, revision),
        )
        connection.execute("INSERT INTO dedupe VALUES ('website', 'form-1', ?, ?)", (name.encode(), name))
    connection.close()
    store = SqliteStore(path, disk_reserve=0)
    told: list[Accepted] = []
    for digest in (b"first", b"second", b"third"):
        one = NewItem(submission_id=f"{digest!r} again", dedupe_key="form-1", digest=digest)
        told += await store.accept(new_request(one))
    await store.close()
    assert [(one.status, one.revision) for one in told] == [("duplicate", 1), ("accepted", 3), ("accepted", 4)]
    assert told[0].submission_id == "first"
