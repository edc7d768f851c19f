"""A command beside the service: it changes what the service then sees, and never takes its place."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from leadbridge.errors import StorageUnavailable
from leadbridge.plan import Choice
from leadbridge.store.base import Store
from leadbridge.store.claims import DeliveryUpdate
from leadbridge.store.lanes import LaneState
from leadbridge.store.opening import Operator, open_operator
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.steering import AT_ONCE
from leadbridge.store.values import Replayed, Selection
from tests.store.announced import SOURCE, announced, failed
from tests.store.announced import claim as fetching
from tests.store.test_store_groups import end
from tests.support.stored import LANE, START, add, claim, ids, new_delivery, new_request
from tests.support.stores import opened_store

HELD = DeliveryUpdate(state="held", reason="ambiguous_match")


@pytest.fixture
async def operator(store: Store, database_url: str) -> AsyncIterator[Operator]:
    opened = open_operator(database_url)
    yield opened
    await opened.close()


async def test_the_service_sees_what_a_command_changed(store: Store, operator: Operator) -> None:
    delivery = new_delivery("email:1")
    await add(store, delivery)
    this = Selection(ids=(delivery.delivery_id,))
    assert await operator.hold(this, reason="paused", detail="ask Ann", now=START) == 1
    assert await store.changed_elsewhere()
    assert await claim(store) == ()
    assert await operator.release(this, now=START) == 1
    (claimed,) = await claim(store)
    await end(store, claimed, HELD)
    assert await operator.resolve(delivery.delivery_id, Choice(use="7"), now=START)
    (claimed,) = await claim(store)
    assert claimed.delivery.choice == '{"use":"7"}'
    await end(store, claimed, HELD)
    assert await operator.cancel(this, detail="dropped", now=START) == 1
    assert await operator.preview("replay", this) == Replayed(deliveries=1, submissions=0)
    assert await operator.replay(this, now=START) == Replayed(deliveries=1, submissions=0)
    assert ids(await claim(store)) == [delivery.delivery_id]
    assert await operator.set_lane(LANE, LaneState(held="paused"))
    assert (await store.lane(LANE)).held == "paused"


async def test_a_person_under_way_stays_alone_whatever_a_command_lets_go(store: Store, operator: Operator) -> None:
    first, second = new_delivery("email:1"), new_delivery("email:1")
    await add(store, first)
    await operator.hold(Selection(), reason="paused", detail="", now=START)
    await add(store, second)
    (claimed,) = await claim(store)
    await operator.release(Selection(reasons=("paused",)), now=START)
    assert await claim(store) == ()
    await end(store, claimed)
    assert ids(await claim(store)) == [first.delivery_id]


async def test_a_command_lets_a_lead_be_fetched_once_more(store: Store, operator: Operator) -> None:
    [name] = await announced(store, 1)
    await fetching(store)
    await store.store_fetched(SOURCE, [failed(name)], now=START)
    assert await operator.fetch_backlogs() == ()
    assert await operator.replay(Selection(ids=(name,)), now=START) == Replayed(deliveries=0, submissions=1)
    [backlog] = await operator.fetch_backlogs()
    assert (backlog.source, backlog.waiting) == (SOURCE, 1)
    assert await store.changed_elsewhere()
    assert [one.waiting.submission_id for one in (await fetching(store)).due] == [name]


async def test_a_command_works_without_a_service(database_url: str) -> None:
    store = opened_store(database_url)
    await add(store, new_delivery("email:1"))
    await store.close()
    operator = open_operator(database_url)
    assert await operator.hold(Selection(), reason="paused", detail="", now=START) == 1
    await operator.close()


async def test_a_command_leaves_the_place_of_the_service_free(tmp_path: Path) -> None:
    path = tmp_path / "leadbridge.db"
    await SqliteStore(path, disk_reserve=0).close()
    operator = open_operator(f"sqlite:///{path}")
    await SqliteStore(path, disk_reserve=0).close()
    await operator.close()


@pytest.mark.parametrize(
    ("schema", "said"), [(1, "an older leadbridge made this database"), (99, "a newer leadbridge")]
)
async def test_a_command_changes_no_database_of_another_version(tmp_path: Path, schema: int, said: str) -> None:
    path = tmp_path / "leadbridge.db"
    await SqliteStore(path, disk_reserve=0).close()
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", schema)
    connection.close()
    with pytest.raises(StorageUnavailable, match=said):
        open_operator(f"sqlite:///{path}")


async def test_no_database_is_made_by_a_command(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="there is no database"):
        open_operator(f"sqlite:///{tmp_path / 'leadbridge.db'}")
    with pytest.raises(StorageUnavailable, match="there is no database"):
        open_operator(f"sqlite:///{tmp_path / 'leadbridge.db'}")


async def test_a_command_that_cannot_write_says_so_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadbridge.store.sqlite.beside.BUSY_TIMEOUT", 1)
    store = SqliteStore(tmp_path / "leadbridge.db", disk_reserve=0)
    delivery = new_delivery("email:1")
    await add(store, delivery)
    operator = open_operator(f"sqlite:///{tmp_path / 'leadbridge.db'}")
    busy = apsw.Connection(str(tmp_path / "leadbridge.db"))
    busy.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable, match="nothing was changed"):
        await operator.hold(Selection(), reason="paused", detail="", now=START)
    busy.execute("ROLLBACK")
    busy.close()
    assert await operator.hold(Selection(), reason="paused", detail="", now=START) == 1
    await operator.close()
    await store.close()


async def test_a_change_that_was_cut_short_says_how_far_it_came_and_lets_the_service_write_in_between(
    store: Store, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(store, *(new_delivery(f"email:{number}") for number in range(2 * AT_ONCE + 1)))
    really, writes, rests = operator._hold, [0], list[float]()

    async def locked(*values: Any) -> Any:
        writes[0] += 1
        if writes[0] == 3:
            raise StorageUnavailable("nothing was changed: it is locked") from OSError("it is locked")
        return await really(*values)

    async def rested(seconds: float) -> None:
        rests.append(seconds)
        await store.accept(new_request())

    monkeypatch.setattr(operator, "_hold", locked)
    monkeypatch.setattr(operator, "_let_others_write", rested)
    with pytest.raises(StorageUnavailable) as raised:
        await operator.hold(Selection(), reason="paused", detail="", now=START)
    assert str(raised.value) == ("only 1000 of 1001 were done; the same again does the rest: it is locked")
    assert len(rests) == 2
    assert min(rests) > 0, "as long as each part took"
    assert await operator.hold(Selection(), reason="paused", detail="", now=START) == 1
