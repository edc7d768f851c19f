"""Who serves, and which lanes each has: the same protocol on every engine, with one process and with several."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from leadbridge.store.base import Store
from leadbridge.store.claims import DeliveryUpdate
from leadbridge.store.lanes import Lease, Process
from leadbridge.store.postgres import owning
from leadbridge.store.postgres.connection import Connection
from leadbridge.store.postgres.store import PostgresStore
from leadbridge.store.values import Selection
from tests.store.test_store_groups import end
from tests.store.test_store_shared import passed
from tests.support.stored import START, add, claim, new_delivery

LANES = ("lane 1", "lane 2", "lane 3")
LEASE = Lease(seconds=3600.0, grace=600.0)
A, B = Process(name="a", accounts="some"), Process(name="b", accounts="some")


class OnPostgres:
    """Only there are several."""

    @pytest.fixture
    def engine(self) -> str:
        return "postgres"

    @pytest.fixture
    async def other(self, store: PostgresStore, database_url: str) -> AsyncIterator[PostgresStore]:
        """Another process's store."""
        opened = PostgresStore(database_url)
        yield opened
        await opened.close()


async def test_whoever_joins_finds_all_lanes_free_and_has_those_that_it_takes(store: Store) -> None:
    assert await store.join(A, LANES, lease=LEASE)
    assert (await store.roll()).free == set(LANES)
    assert await store.own_lanes(LANES[:2], owner="a") == {"lane 1": 1, "lane 2": 1}
    roll = await store.roll()
    assert roll.free == {"lane 3"}
    assert [(peer.name, peer.accounts, peer.lanes, peer.late) for peer in roll.peers] == [("a", "some", 2, False)]
    assert await store.lanes_of("a") == {"lane 1": 1, "lane 2": 1}
    assert await store.own_lanes(LANES, owner="a") == dict.fromkeys(LANES, 1), "what it has it keeps"


async def test_each_renewal_is_a_beat_and_lasts(store: Store) -> None:
    await store.join(A, LANES, lease=LEASE)
    (before,) = (await store.roll()).peers
    lasts = await store.renew("a")
    assert lasts is not None
    assert lasts >= LEASE.seconds
    (after,) = (await store.roll()).peers
    assert after.beats == before.beats + 1
    assert after.silence >= LEASE.seconds + LEASE.grace


async def test_who_left_has_nothing_and_renews_nothing(store: Store) -> None:
    await store.join(A, LANES, lease=LEASE)
    await store.own_lanes(LANES, owner="a")
    await store.leave("a")
    assert await store.renew("a") is None
    assert await store.own_lanes(LANES, owner="a") == {}
    assert (await store.roll()).peers == ()
    await store.join(B, LANES, lease=LEASE)
    assert (await store.roll()).free == set(LANES)
    assert await store.own_lanes(LANES, owner="b") == dict.fromkeys(LANES, 2)


async def test_who_never_joined_owns_nothing(store: Store) -> None:
    assert await store.renew("a") is None
    assert await store.own_lanes(LANES, owner="a") == {}


async def test_a_lane_is_given_back_in_the_epoch_in_which_it_was_had(store: Store) -> None:
    await store.join(A, LANES, lease=LEASE)
    await store.own_lanes(LANES, owner="a")
    await store.give_back_lanes({"lane 1": 1, "lane 2": 7})
    assert await store.lanes_of("a") == {"lane 2": 1, "lane 3": 1}
    assert await store.own_lanes(["lane 1"], owner="a") == {"lane 1": 2}


async def test_the_living_are_not_buried(store: Store) -> None:
    await store.join(A, LANES, lease=LEASE)
    (peer,) = (await store.roll()).peers
    assert await store.bury({"a": peer.beats}) == set()
    assert await store.renew("a") is not None


async def test_lanes_in_which_something_waits_say_when_it_is_due(store: Store) -> None:
    update = DeliveryUpdate(state="retrying", next_at=START + 5)
    for lane in ("tried", "both"):
        await add(store, new_delivery("email:1", lane=lane), new_delivery("email:2", lane=lane))
        for claimed in await claim(store, lane=lane):
            await end(store, claimed, update, lane=lane)
    await store.cancel(Selection(lanes=("replayed",)), detail="", now=START)
    await add(store, new_delivery("email:3", lane="both"), new_delivery("email:1", lane="came"))
    await add(store, new_delivery("email:1", lane="sent"))
    await claim(store, lane="sent")
    assert await store.lanes_waiting() == {"tried": START + 5, "both": 0, "came": 0, "sent": None}


async def test_lanes_in_which_something_is_held_say_why(store: Store) -> None:
    assert await store.lanes_holding() == set()
    for lane in ("first", "second", "third"):
        await add(store, *(new_delivery(f"email:{number}", lane=lane) for number in range(3)))
    await store.hold(Selection(lanes=("first",)), reason="paused", detail="", now=START)
    await store.hold(Selection(lanes=("third",), limit=1), reason="bad_credentials", detail="", now=START)
    await store.hold(Selection(lanes=("third",), limit=1), reason="paused", detail="", now=START)
    assert await store.lanes_holding() == {("first", "paused"), ("third", "bad_credentials"), ("third", "paused")}


class TestSeveral(OnPostgres):
    async def test_a_lane_is_one_processs(self, store: PostgresStore, other: PostgresStore) -> None:
        await store.join(A, LANES, lease=LEASE)
        await other.join(B, LANES, lease=LEASE)
        assert len(await store.own_lanes(LANES[:2], owner="a")) == 2
        assert await other.own_lanes(LANES, owner="b") == {"lane 3": 1}
        assert {peer.name: peer.lanes for peer in (await other.roll()).peers} == {"a": 2, "b": 1}

    async def test_of_many_that_want_a_lane_at_once_one_has_it(
        self, store: PostgresStore, other: PostgresStore
    ) -> None:
        names = [str(number) for number in range(8)]
        for name in names:
            await store.join(Process(name=name, accounts=""), LANES, lease=LEASE)
        had = await asyncio.gather(
            *((store, other)[int(name) % 2].own_lanes(LANES if int(name) % 3 else LANES[::-1], owner=name)
              for name in names)
        )  # fmt: skip
        assert sorted(lane for some in had for lane in some) == sorted(LANES)
        assert {epoch for some in had for epoch in some.values()} == {1}

    async def test_who_is_late_is_buried_and_its_lanes_are_anybodys(
        self, store: PostgresStore, other: PostgresStore
    ) -> None:
        await store.join(A, LANES, lease=LEASE)
        await store.own_lanes(LANES, owner="a")
        await other.join(B, LANES, lease=LEASE)
        await passed(store, LEASE.seconds + LEASE.grace - 1)
        a, _ = (await other.roll()).peers
        assert not a.late, "its last calls may be under way"
        assert await other.bury({"a": a.beats}) == set()
        await other.renew("b")
        await passed(store, 2)
        a, b = (await other.roll()).peers
        assert (a.late, b.late) == (True, False)
        assert await other.bury({"a": a.beats, "b": b.beats}) == {"a"}
        assert await store.renew("a") is None
        assert await store.own_lanes(LANES, owner="a") == {}
        assert await other.own_lanes(LANES[:2], owner="b") == dict.fromkeys(LANES[:2], 2)
        assert (await other.roll()).free == {LANES[2]}

    async def test_who_was_late_and_made_a_beat_in_between_is_not_buried(
        self, store: PostgresStore, other: PostgresStore
    ) -> None:
        await store.join(A, LANES, lease=LEASE)
        await passed(store, LEASE.seconds + LEASE.grace + 1)
        (a,) = (await other.roll()).peers
        assert await store.renew("a") == LEASE.seconds
        await passed(store, LEASE.seconds + LEASE.grace + 1)
        assert await other.bury({"a": a.beats}) == set(), "it is late again, and was seen alive"

    async def test_who_is_just_renewing_its_lease_is_not_waited_for(
        self, store: PostgresStore, other: PostgresStore
    ) -> None:
        await store.join(A, LANES, lease=LEASE)
        await passed(store, LEASE.seconds + LEASE.grace + 1)
        (a,) = (await other.roll()).peers
        asked = "UPDATE processes SET beats = beats + 1 WHERE name = 'a'"

        async def renewing(connection: Connection) -> None:
            await connection.execute(asked)
            async with asyncio.timeout(10):
                assert await other.bury({"a": a.beats}) == set()

        await store._database.write(renewing)

    async def test_who_is_just_taking_a_lane_is_not_buried(self, store: PostgresStore, other: PostgresStore) -> None:
        """Its lane would be nobody's, and not free."""
        await store.join(A, LANES, lease=LEASE)
        await passed(store, LEASE.seconds + LEASE.grace + 1)
        (a,) = (await other.roll()).peers

        async def taking(connection: Connection) -> None:
            assert await owning.own_lanes(connection, LANES, "a") == dict.fromkeys(LANES, 1)
            async with asyncio.timeout(10):
                assert await other.bury({"a": a.beats}) == set()

        await store._database.write(taking)
        assert await other.bury({"a": a.beats}) == {"a"}

    async def test_a_lease_that_ends_later_than_any_could_is_over(
        self, store: PostgresStore, other: PostgresStore
    ) -> None:
        """The server's clock was set back."""
        await store.join(A, LANES, lease=LEASE)
        await passed(store, -2.0)
        assert (await other.roll()).peers[0].late
        assert await store.renew("a") == LEASE.seconds
        assert not (await other.roll()).peers[0].late

    async def test_lanes_of_a_process_that_is_none_are_free(self, store: PostgresStore) -> None:
        """A copy of the database was put back, without it."""
        await store.join(A, LANES, lease=LEASE)
        await store.own_lanes(LANES, owner="a")
        await store._database.run(lambda connection: connection.execute("DELETE FROM processes"))
        assert (await store.roll()).free == set(LANES)
        assert await store.lanes_of("a") == {}
