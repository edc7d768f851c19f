"""What a run says: waits of accounts by their load, windows of the giants, and what the whole costs."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any, Final

from benchmarks.accounts.crms import LATENCY
from benchmarks.accounts.run import Course, Phase
from benchmarks.accounts.town import Scale
from benchmarks.rows import percentile

TENTHS: Final = 10
NEAR: Final = 1e-6  # seconds that floating point may be off


def waits(course: Course, scale: Scale) -> list[dict[str, Any]]:
    """From a form's arrival to its first call, in ms, for each tenth of the accounts, the busiest first.

    The giants are left out: what they are sent must wait.
    """
    found: Mapping[tuple[str, int], list[float]] = defaultdict(list)
    leads: Mapping[int, set[str]] = defaultdict(set)
    left_out = scale.giants
    for account, person, sent, _, _ in course.calls:
        tenth = account * TENTHS // scale.accounts
        kind = person.partition("-")[0]
        if kind != "first" and account not in left_out and person not in leads[tenth]:
            leads[tenth].add(person)
            found[kind, tenth].append((sent - course.received[person][0]) * 1000)
    return [
        {
            "accounts": f"{tenth * scale.accounts // TENTHS + 1:,}-{(tenth + 1) * scale.accounts // TENTHS:,}",
            "leads": len(leads[tenth]),
            **{
                f"{kind} {name}": value
                for kind in ("alone", "beside")
                for name, value in _of(found[kind, tenth]).items()
            },
        }
        for tenth in range(TENTHS)
    ]


def giants(course: Course, scale: Scale) -> list[dict[str, Any]]:
    """How much of its window each account with more than that used, in the phases in which it had all that to send."""
    rows = []
    for account in sorted(scale.giants):
        limit, window = scale.window(account)
        counted = sorted(at for one, _, _, at, _ in course.calls if one == account)
        used = [_used(counted, phase, limit, window, LATENCY) for phase in _beside(course)]
        rows.append({"account": account + 1, "limit": limit, "window": window, "used": median(used)})
    return rows


def most_in_a_window(course: Course, scale: Scale) -> float:
    """The fullest window of any account, as a share of what it allows: more than 1 would be a quota exceeded."""
    counted: Mapping[int, list[float]] = defaultdict(list)
    for account, _, _, at, _ in course.calls:
        counted[account].append(at)
    fullest = 0.0
    for account, times in counted.items():
        limit, window = scale.window(account)
        times.sort()
        most = max(index + 1 - bisect_right(times, at - window + NEAR) for index, at in enumerate(times))
        fullest = max(fullest, most / limit)
    return fullest


def problems(course: Course, scale: Scale) -> Iterator[str]:
    """What must not be, whatever the machine's speed."""
    sent = Counter(person for _, person, *_ in course.calls)
    unfinished = {state: count for state, count in course.states.items() if state not in ("delivered", "cancelled")}
    if unfinished:
        yield f"deliveries that are not delivered: {unfinished}"
    if sum(course.states.values()) != len(course.received):
        yield f"{len(course.received):,} forms were taken, and there are {sum(course.states.values()):,} deliveries"
    if twice := [person for person, calls in sent.items() if calls > 1]:
        yield f"sent more than once: {len(twice):,}, as {twice[0]}"
    if len(sent) != course.states.get("delivered", 0):
        yield f"{len(sent):,} were sent, and {course.states.get('delivered', 0):,} are delivered"
    if (fullest := most_in_a_window(course, scale)) > 1:
        yield f"a quota was exceeded: {fullest:.2f} of it was used"
    if course.refused:
        yield f"submissions refused: {course.refused:,}"


def statements(phase: Phase) -> list[tuple[float, float, str]]:
    """Each statement's calls and milliseconds for a second of the phase, the most frequent first."""
    made = []
    for text, (calls, spent) in phase.after.statements.items():
        before = phase.before.statements.get(text, (0.0, 0.0))
        if calls > before[0]:
            made.append(((calls - before[0]) / phase.seconds, (spent - before[1]) / phase.seconds, text))
    return sorted(made, reverse=True)


def costs(course: Course, scale: Scale) -> dict[str, float]:
    """What processes and server need."""
    idle = course.phases[0]
    before, now = ([one[name] for one in course.started] for name in ("imported", "configured"))
    resident = [one["memory"] for one in course.idle]
    leads = len(course.received)
    work = [phase for phase in course.phases if phase.name != "idle"]
    return {
        "configured after, s": max(one["configuring"] for one in course.started),
        "started after, s": max(one["starting"] for one in course.started),
        "every lane owned after, s": course.owned_after,
        "stopped after, s": course.stopping,
        "memory of a process, MB": median(resident),
        "… at the end, MB": median(one["memory"] for one in course.loaded),
        "… without accounts, MB": median(before),
        "configuration of an account, kB": (median(now) - median(before)) * 1000 / scale.accounts,
        "lane of an account in every process, kB": (median(resident) - median(now)) * 1000 / scale.accounts,
        "tasks of a process": median(one["tasks"] for one in course.idle),
        "connections of a process": course.connections / scale.processes,
        "commits per second, idle": (idle.after.commits - idle.before.commits) / idle.seconds,
        "statements per second, idle": sum(rate for rate, _, _ in statements(idle)),
        "server's ms per second, idle": sum(spent for _, spent, _ in statements(idle)),
        "processor of the processes, idle, ms per second": idle.cpu / idle.seconds * 1000,
        "processor of the processes for a lead, ms": sum(phase.cpu for phase in work) / leads * 1000,
        "WAL of a lead, kB": sum(phase.after.wal - phase.before.wal for phase in work) / leads / 1000,
        "disk of a lead, kB": (course.phases[-1].after.size - idle.before.size) / leads / 1000,
        "fewest lanes of a process": min(course.spread, default=0),
        "most lanes of a process": max(course.spread, default=0),
        "fullest window / its limit": most_in_a_window(course, scale),
        "submissions refused": course.refused,
    }


def _beside(course: Course) -> Iterable[Phase]:
    return (phase for phase in course.phases if phase.name == "beside")


def _used(counted: Sequence[float], phase: Phase, limit: int, window: float, latency: float) -> float:
    """A place is free one window after its answer; what is left of the last window tells nothing."""
    inside = [at for at in counted if phase.began <= at <= phase.ended]
    windows = (len(inside) - 1) // limit
    if windows < 1:
        return 0.0
    return windows * (window + latency) / (inside[windows * limit] - inside[0])


def _of(samples: Sequence[float]) -> dict[str, float]:
    if not samples:
        return {"median": 0.0, "p99": 0.0}
    return {"median": median(samples), "p99": percentile(list(samples), 0.99)}
