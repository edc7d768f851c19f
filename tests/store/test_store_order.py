"""What every store promises about the order of events: what overtook a delivery is known when it is claimed."""

from dataclasses import replace

from leadbridge.store.base import Store
from leadbridge.store.claims import DeliveryUpdate, Written
from leadbridge.store.values import NewDelivery, Selection
from tests.store.test_store_groups import end
from tests.support.stored import LANE, START, add, claim, in_line, new_delivery, own, upsert


async def delivered(store: Store, *keys: str, record_id: str = "7", event_at: int = START) -> NewDelivery:
    delivery = new_delivery(*keys, event_at=event_at)
    await add(store, delivery)
    claimed = {one.delivery.delivery_id: one for one in await claim(store)}[delivery.delivery_id]
    await end(store, claimed, DeliveryUpdate(state="delivered", record_id=record_id, created=True))
    return delivery


async def newer(store: Store, delivery: NewDelivery) -> list[tuple[str, int, str]]:
    due = {one.delivery_id: one for one in in_line(await store.due(LANE, limit=100, now=START))}
    return [(one.record_id, one.event_at, one.plan) for one in due[delivery.delivery_id].newer]


async def test_what_was_written_by_a_later_event_is_known(store: Store) -> None:
    later = await delivered(store, "email:1", event_at=START + 5)
    older = new_delivery("email:1", event_at=START)
    await add(store, older)
    assert await newer(store, older) == [("7", START + 5, later.plan)]


async def test_an_earlier_event_overtakes_nothing(store: Store) -> None:
    await delivered(store, "email:1", event_at=START - 5)
    await delivered(store, "email:1", event_at=START)  # the same moment, but it arrived before
    fresh = new_delivery("email:1", event_at=START)
    await add(store, fresh)
    assert await newer(store, fresh) == []


async def test_a_record_is_reached_by_any_key_that_ever_led_to_it(store: Store) -> None:
    await delivered(store, "email:1", "phone:1", event_at=START - 5)
    later = await delivered(store, "phone:1", event_at=START + 5)
    await delivered(store, "phone:2", event_at=START + 9)  # the record is reached, though none of the keys is shared
    await delivered(store, "phone:3", record_id="8", event_at=START + 9)
    by_email = new_delivery("email:1", event_at=START)
    await add(store, by_email)
    assert [(record, at) for record, at, _ in await newer(store, by_email)] == [("7", START + 5), ("7", START + 9)]
    assert (await newer(store, by_email))[0][2] == later.plan


async def test_what_overtakes_between_reading_and_claiming_is_not_undone(store: Store) -> None:
    await delivered(store, "email:1", "phone:1", event_at=START - 5)
    by_email, by_phone = new_delivery("email:1", event_at=START), new_delivery("phone:1", event_at=START + 5)
    await add(store, by_email, by_phone)
    epoch = await own(store)
    read, other = in_line(await store.due(LANE, limit=2, now=START))
    (claimed,) = await store.claim(LANE, [(other, upsert(other))], now=START, epoch=epoch)
    await end(store, claimed)
    assert await store.claim(LANE, [(read, upsert(read))], now=START, epoch=epoch) == ()
    (read,) = in_line(await store.due(LANE, limit=2, now=START))
    assert [one.seq for one in read.newer] == [other.seq]
    assert len(await store.claim(LANE, [(read, upsert(read))], now=START, epoch=epoch)) == 1


async def test_what_overtook_a_follower_alone_is_known_with_its_leader(store: Store) -> None:
    await delivered(store, "email:1", event_at=START + 5)
    first, second = (new_delivery("email:1", alone=False, event_at=START + add_) for add_ in (9, 0))
    await add(store, first, second)
    epoch = await own(store)
    (leader,) = in_line(await store.due(LANE, limit=2, now=START))
    assert [len(one.newer) for one in (leader, *leader.followers)] == [1, 0]
    alone = replace(leader, followers=())
    assert [len(await store.claim(LANE, [(alone, None)], now=START, epoch=epoch))] == [1]


async def test_a_record_that_was_written_many_times_is_read_once_for_a_group(store: Store) -> None:
    """A shared mailbox, say: what each of a group would be given anew would be a million plans."""
    written = [await delivered(store, "email:1", event_at=START + at) for at in range(60)]
    again = tuple(one.delivery_id for one in written[:3])
    await store.replay(Selection(ids=again), now=START)
    (leader,) = in_line(await store.due(LANE, limit=2, now=START))
    assert [one.event_at - START for one in leader.newer] == list(range(1, 60))
    assert not any(one.newer for one in leader.followers)


async def test_what_was_written_stays_written_while_it_is_sent_once_more(store: Store) -> None:
    older = await delivered(store, "email:1", event_at=START)
    later = await delivered(store, "email:1", event_at=START + 5)
    assert (await store.replay(Selection(ids=(older.delivery_id, later.delivery_id)), now=START)).deliveries == 2
    assert [at for _, at, _ in await newer(store, older)] == [START + 5]


async def test_a_place_is_told_by_time_and_then_by_arrival(store: Store) -> None:
    later = await delivered(store, "email:1", event_at=START + 5)
    older = new_delivery("email:1", event_at=START)
    await add(store, older)
    (due,) = in_line(await store.due(LANE, limit=2, now=START))
    assert due.newer == (Written(record_id="7", event_at=START + 5, seq=due.newer[0].seq, plan=later.plan or ""),)
    assert due.newer[0].seq < due.seq


async def test_of_two_events_of_one_moment_the_one_that_arrived_later_is_newer(store: Store) -> None:
    first = new_delivery("email:1")
    await add(store, first)
    await store.hold(Selection(ids=(first.delivery_id,)), reason="paused", detail="", now=START)
    second = await delivered(store, "email:1")
    await store.release(Selection(ids=(first.delivery_id,)), now=START)
    assert [plan for _, _, plan in await newer(store, first)] == [second.plan]
