"""What a service on SQLite may leave behind: something in every table, and what its older versions left in them."""

from contextlib import closing
from pathlib import Path
from typing import Any

import apsw

from leadbridge.ids import new_id
from leadbridge.store.claims import DeliveryUpdate, FinishedCall, TryResult
from leadbridge.store.fetching import FetchEnd, FetchPause, FetchQuota
from leadbridge.store.lanes import LaneState
from leadbridge.store.quarantine import SealedRequest
from leadbridge.store.sqlite.quarantine import SqliteQuarantine
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.sqlite.tokens import SqliteTokens
from leadbridge.store.values import NewItem, Selection
from tests.support.stored import LANE, START, add, claim, new_delivery, new_request

LONG_KEY = "k" * 5_000  # from before keys were bounded
PEOPLE = 12
DOCUMENTS = '{"lead": "\\u0000"}'


async def fill(path: Path) -> None:
    """Leave a file as a service that was killed does."""
    store = SqliteStore(path, disk_reserve=0)
    for key in ("order 1", "order 1", "nul\0key"):
        item = NewItem(submission_id=new_id(), dedupe_key=key, digest=b"\0digest of " + key.encode())
        await store.accept(new_request(item, body=b"\0\xff body"))
    for number in range(PEOPLE):
        await add(store, new_delivery(f"email:{number}"), now=START + number)
    await add(store, new_delivery("email:0"), now=START + PEOPLE)  # waits behind another of that person
    updates = [
        DeliveryUpdate(state="delivered", record_id="7", created=True),
        DeliveryUpdate(state="retrying", next_at=START + 60_000, detail="a \0 in the CRM's words"),
        DeliveryUpdate(state="held", reason="ambiguous_match"),
        DeliveryUpdate(state="failed", detail="422"),
    ]
    for claimed, update in zip(await claim(store, limit=6), updates, strict=False):  # two are under way at the end
        call = FinishedCall(attempt_id=claimed.attempt_id or 0, answered_at=START + 9, outcome=update.state, status=200)
        await store.record(LANE, TryResult(claim=claimed, at=START + 9, finished=call, update=update))
    last = (await store.submissions(limit=1))[0]
    waiting = (await store.deliveries_of([last.id]))[last.id]
    await store.cancel(Selection(ids=(waiting[0].id,)), detail="by hand", now=START)
    announced = [NewItem(submission_id=new_id(), state="awaiting_fetch") for _ in range(3)]
    await store.accept(new_request(*announced, source="ads"))
    quota = FetchQuota(limit=2, window=1_000)
    taken = await store.claim_fetches("ads", quota=quota, calls_each=1, limit=2, now=START, until=START + 9)
    fetched = FetchEnd(
        submission_id=taken.due[0].waiting.submission_id, calls=1, answered_at=START, documents=DOCUMENTS
    )
    pause = FetchPause(until=START + 5, reason="credentials: expired", times=3)
    await store.store_fetched("ads", [fetched], now=START, pause=pause)
    held = LaneState(
        held="paused", detail="by hand", since=START, paused_until=START + 5, failures=3, daily_reset_at=START + 6
    )
    await store.set_lane("copper:other", held)
    await store.close()
    tokens = SqliteTokens(path)
    assert await tokens.put_token("leadconnector:x", b"\0sealed", version=0, now=START)
    await tokens.close()
    quarantine = SqliteQuarantine(path)
    unproved = SealedRequest(id="0198-1", source="website", received_at=START, reason="wrong_token", sealed=b"\0sealed")
    assert await quarantine.keep(unproved, most=1)
    await quarantine.close()
    changed(path, "INSERT INTO marks VALUES (?, '7', 1, 1, '{}')", LANE)
    changed(path, "INSERT INTO pruned VALUES (1, ?)", START - 1)
    changed(path, "UPDATE dedupe SET key = ? WHERE key = 'order 1'", LONG_KEY)
    changed(path, "UPDATE submissions SET dedupe_key = ? WHERE dedupe_key = 'order 1'", LONG_KEY)
    # From before both were kept.
    changed(path, "UPDATE requests SET order_at = NULL WHERE rowid < 3")
    changed(path, "UPDATE submissions SET arrival = NULL WHERE arrival < 3")


def changed(path: Path, statement: str, *values: Any) -> None:
    """Change a file behind everybody's back."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(statement, values)


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that a file holds, but the mark."""
    with closing(apsw.Connection(str(path))) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'moved'")
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for name in [str(name) for (name,) in tables.fetchall()]
        }
