"""Pruning: what is finished and old goes, in small steps; what later leads must know of it stays."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from leadbridge.clock import Millis
from leadbridge.store.claims import Written

Phase: TypeAlias = Literal["leads", "requests", "attempts", "space"]
# What is left of writes to one record of a lane, given in the order of events, as far as older ones must not undo it.
Fold: TypeAlias = Callable[[str, Sequence[Written]], Sequence[Written]]
_FINISHED: Final = "('ignored', 'duplicate', 'failed', 'unrouted', 'mapped')"
_UNFINISHED: Final = ("pending", "sending", "retrying", "held")
# From a submission on the next ones, each with whether it and all of its deliveries are finished since long.
CHUNK: Final = f"""
    SELECT s.id, s.state IN {_FINISHED} AND s.updated_at < ?3 AND (
        SELECT d.seq FROM deliveries d
        WHERE d.submission_id = s.id AND (d.state IN {_UNFINISHED} OR d.updated_at >= ?3) LIMIT 1) IS NULL
    FROM submissions s WHERE s.id > ?1 AND s.id < ?2 ORDER BY s.id LIMIT ?4"""
FINISHED: Final = f"state IN {_FINISHED}"
DELIVERIES: Final = """
    SELECT seq, id, submission_id, destination, state, updated_at, lane, record_id, event_at, plan FROM deliveries"""
MARKS: Final = "SELECT lane, record_id, event_at, seq, plan FROM marks"


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneFrom:
    """Where the next step begins: behind the row `after` of what its phase looks through, part by part."""

    phase: Phase = "leads"
    after: str | int = ""
    part: str = ""  # where an engine keeps it in several


BEGIN: Final = PruneFrom()
AT_ONCE: Final = 100  # rows of a step: nobody waits long meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What one step did, and where the next one begins: None when all was looked through.

    Of a partition that was dropped nobody counted the rows.
    """

    submissions: int = 0
    deliveries: int = 0
    requests: int = 0
    attempts: int = 0
    partitions: int = 0
    pages: int = 0  # of SQLite's file, given back to the disk
    then: PruneFrom | None = None


class Delivery(NamedTuple):
    """A delivery that may go."""

    seq: int
    id: str
    submission_id: str
    destination: str
    state: str
    updated_at: Millis
    lane: str
    record_id: str | None
    event_at: Millis
    plan: str | None


Record: TypeAlias = tuple[str, str]  # lane, record_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Submissions that go now, with their deliveries, what is counted of them, and what these wrote."""

    submissions: Sequence[str]
    deliveries: Sequence[Delivery]
    counts: Mapping[tuple[str, str, str], int]  # by kind, name and state, as in `totals`
    writes: Mapping[Record, Sequence[Written]] = field(default_factory=dict)


def leaving(
    submissions: Iterable[tuple[str, str, str]], deliveries: Iterable[Sequence[Any]], before: Millis
) -> Leaving:
    """Of submissions (id, source, state) that are finished those whose deliveries are, too; looked at once more."""
    by_submission: dict[str, list[Delivery]] = defaultdict(list)
    for row in deliveries:
        one = Delivery._make(row)
        by_submission[one.submission_id].append(one)
    ids: list[str] = []
    gone: list[Delivery] = []
    counts: Counter[tuple[str, str, str]] = Counter()
    for name, source, state in submissions:
        its = by_submission[name]
        if any(one.state in _UNFINISHED or one.updated_at >= before for one in its):
            continue
        ids.append(name)
        gone += its
        counts["submissions", source, state] += 1
        counts.update(("deliveries", one.destination, one.state) for one in its)
    writes: dict[Record, list[Written]] = defaultdict(list)
    for one in gone:
        if one.record_id is not None and one.plan is not None:
            written = Written(record_id=one.record_id, event_at=one.event_at, seq=one.seq, plan=one.plan)
            writes[one.lane, one.record_id].append(written)
    return Leaving(submissions=ids, deliveries=gone, counts=dict(counts), writes=writes)


def folded(
    writes: Mapping[Record, Sequence[Written]], marks: Iterable[Sequence[Any]], fold: Fold
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The marks that go, and those that come: rows of lane, record_id, event_at, seq, plan."""
    before: dict[Record, dict[tuple[Any, ...], Written]] = defaultdict(dict)
    for lane, record_id, event_at, seq, plan in marks:
        mark = Written(record_id=record_id, event_at=event_at, seq=seq, plan=plan)
        before[lane, record_id][lane, record_id, event_at, seq, plan] = mark
    out: list[tuple[Any, ...]] = []
    new: list[tuple[Any, ...]] = []
    for record, its in writes.items():
        known = before[record]
        in_order = sorted((*known.values(), *its), key=lambda one: (one.event_at, one.seq))
        kept = {(*record, one.event_at, one.seq, one.plan) for one in fold(record[0], in_order)}
        out += [row for row in known if row not in kept]
        new += sorted(row for row in kept if row not in known)
    return out, new
