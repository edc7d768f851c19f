"""What is due, put together from what an engine finds: leaders, their followers, and what overtook each of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

from leadbridge.clock import Millis
from leadbridge.store.claims import DueDelivery, Written

MOST_IN_A_GROUP: Final = 50  # with the leader
LIVE, RETRY, REPLAY = 0, 1, 2  # deliveries.urgency
ALWAYS: Final = 2**62  # what came in is due whatever time it is: a clock that was set back must not keep it waiting


class Found(NamedTuple):
    """A delivery as it was found; `fits` says whether it may lead a group, or follow in it."""

    delivery_id: str
    submission_id: str
    trace_id: str
    route: str
    destination: str
    plan: str
    event_at: Millis
    seq: int
    tries: int
    cut_off: int
    first_try_at: Millis
    keys: str
    config_version: str
    progress: str | None
    choice: str | None
    fresh: int
    known: int
    fits: int


def followers(behind: Iterable[Sequence[Any]]) -> Iterator[Found]:
    """Of those that stand behind a leader: up to the first one that must go by itself."""
    for one in behind:
        found = Found._make(one)
        if not found.fits:
            return
        yield found


Place: TypeAlias = tuple[Millis, int]  # in the order of events


def earliest(*group: Found | DueDelivery) -> Place:
    """The place from which on others are newer than one of these."""
    return min((one.event_at, one.seq) for one in group)


def places(found: Iterable[Found], behind: Mapping[int, Sequence[Found]]) -> dict[int, Place]:
    """For each delivery whose keys may have led to a record: from which place on others overtook it, or a follower."""
    return {one.seq: earliest(one, *behind.get(one.seq, ())) for one in found if one.known}


def written(rows: Iterable[Sequence[Any]]) -> Mapping[int, tuple[Written, ...]]:
    """What overtook each delivery, in the order of events; rows of seq, record_id, event_at, its seq, plan, keys.

    Deliveries that nothing overtook are left out.
    """
    found: dict[int, list[Written]] = defaultdict(list)
    led: dict[str, frozenset[str]] = {}
    for seq, record_id, event_at, its_seq, plan, keys in rows:
        if keys not in led:
            led[keys] = frozenset(orjson.loads(keys))
        found[seq].append(Written(record_id=record_id, event_at=event_at, seq=its_seq, plan=plan, keys=led[keys]))
    return {seq: tuple(sorted(some, key=lambda one: (one.event_at, one.seq))) for seq, some in found.items()}


def read_of(delivery: DueDelivery) -> int:
    """What was known, when a delivery was read, that it must not undo: the sum of the places of arrival of all that.

    How many those were would not tell: while one is written another that it makes needless may be pruned.
    """
    place = earliest(delivery, *delivery.followers)
    return sum(one.seq for one in delivery.newer if (one.event_at, one.seq) > place)


def records(rows: Iterable[Sequence[Any]]) -> Mapping[int, Collection[str]]:
    """To which records the keys of each delivery led before; rows of seq, record_id."""
    found: dict[int, set[str]] = defaultdict(set)
    for seq, record_id in rows:
        found[seq].add(record_id)
    return found


def lined_up(
    found: Sequence[Found],
    behind: Mapping[int, Sequence[Found]],
    newer: Mapping[int, tuple[Written, ...]],
    led_to: Mapping[int, Collection[str]],
) -> tuple[DueDelivery, ...]:
    """The deliveries with their followers."""
    return tuple(_made(one, newer.get(one.seq, ()), led_to.get(one.seq, ()), behind.get(one.seq, ())) for one in found)


def _made(
    found: Found, newer: tuple[Written, ...] = (), led_to: Collection[str] = (), behind: Sequence[Found] = ()
) -> DueDelivery:
    return DueDelivery(
        delivery_id=found.delivery_id,
        submission_id=found.submission_id,
        trace_id=found.trace_id,
        route=found.route,
        destination=found.destination,
        plan=found.plan,
        event_at=found.event_at,
        seq=found.seq,
        tries=found.tries,
        cut_off=found.cut_off,
        first_try_at=found.first_try_at,
        keys=tuple(orjson.loads(found.keys)),
        config_version=found.config_version,
        progress=found.progress,
        choice=found.choice,
        fresh=bool(found.fresh),
        newer=newer,
        records=frozenset(led_to),
        followers=tuple(_made(follower) for follower in behind),
    )
