"""The plan of a run: which submissions are sent in which round, and what goes wrong when. Pure, and from a seed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Literal, TypeAlias, TypeVar

from leadbridge.deliver.account import LEASE
from leadbridge.prove.people import Contact, Submission, contacts, submissions
from leadbridge.sandbox.faults import Delay, Drop, Fault, Html, Malformed, Status

Event: TypeAlias = Literal[
    "kill", "kill at start", "kill all", "freeze", "freeze past the lease", "stop", "CRMs hang", "disk full",
    "connections cut", "server restarts", "nothing",
]  # fmt: skip
Weather: TypeAlias = Literal[
    "fair", "slow", "slow to begin", "lost calls", "lost answers", "errors", "done but errors", "away", "too many",
    "broken answers",
]  # fmt: skip

AnyName = TypeVar("AnyName", bound=str)

LEADS_A_ROUND: Final = 24
LONGEST_DELAY: Final = 1.5  # seconds from a round's first submission to its event
_HOT: Final = 4  # contacts of a round that are sent for more often

# How often each event is drawn, for one process on SQLite and for several on PostgreSQL. Most of them kill: that is
# what is to be proved.
EVENTS: Final[Mapping[Event, tuple[int, int]]] = {
    "kill": (55, 38),
    "kill at start": (8, 6),
    "kill all": (0, 5),
    "freeze": (10, 7),
    "freeze past the lease": (0, 9),
    "stop": (8, 8),
    "CRMs hang": (8, 6),
    "disk full": (3, 0),
    "connections cut": (0, 9),
    "server restarts": (0, 7),
    "nothing": (8, 5),
}
WEATHERS: Final[Mapping[Weather, int]] = {
    "fair": 40, "slow": 12, "slow to begin": 8, "lost calls": 6, "lost answers": 8, "errors": 7, "done but errors": 5,
    "away": 4, "too many": 5, "broken answers": 5,
}  # fmt: skip
_FAULTS: Final[Mapping[Weather, Callable[[Random], Fault]]] = {
    "slow": lambda dice: Fault(action=Delay(seconds=dice.uniform(0.1, 1.0), commit=True), seed=_seed(dice)),
    "slow to begin": lambda dice: Fault(action=Delay(seconds=dice.uniform(0.05, 0.3)), seed=_seed(dice)),
    "lost calls": lambda dice: Fault(action=Drop(), probability=0.3, seed=_seed(dice)),
    "lost answers": lambda dice: Fault(action=Drop(commit=True), probability=0.3, seed=_seed(dice)),
    "errors": lambda dice: Fault(
        action=Status(status=dice.choice((500, 502, 503, 504))), probability=0.4, seed=_seed(dice)
    ),
    "done but errors": lambda dice: Fault(
        action=Status(status=dice.choice((500, 502, 504)), commit=True), probability=0.3, seed=_seed(dice)
    ),
    "away": lambda dice: Fault(action=Html(status=503), seed=_seed(dice)),
    "too many": lambda dice: Fault(action=Status(status=429, headers={"retry-after": "1"}), times=dice.randint(1, 4)),
    "broken answers": lambda dice: Fault(action=Malformed(shape="half"), probability=0.3, seed=_seed(dice)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round: its submissions are sent at once, and after `delay` seconds its event comes.

    `lasts` is how long the process is down, frozen or without room, in seconds; for `kill at start` how long after the
    restart the second kill comes. `weather` begins with the round and ends after the event. Of several processes the
    event befalls one of those that send: that at `replica`, counted around.
    """

    number: int
    event: Event
    weather: Weather
    faults: tuple[Fault, ...]
    delay: float
    lasts: float
    submissions: tuple[Submission, ...]
    replica: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that is decided before a run begins. The same seed and size make the same plan."""

    seed: int
    contacts: tuple[Contact, ...]
    rounds: tuple[Round, ...]

    @property
    def submissions(self) -> tuple[Submission, ...]:
        """All submissions of all rounds, by their serial."""
        return tuple(one for each in self.rounds for one in each.submissions)


def planned(
    *, seed: int, rounds: int, leads: int | None = None, replicas: int = 1, without: Collection[Event] = ()
) -> Plan:
    """A run of `rounds` with `leads` submissions in all, `without` the events that cannot be had.

    Events are drawn in proportion, but each that there is room for comes once at least.
    """
    dice = Random(seed)  # noqa: S311  # a plan that can be made again
    total = leads if leads is not None else rounds * LEADS_A_ROUND
    people = contacts(dice, leads=total)
    shares = {name: few if replicas == 1 else many for name, (few, many) in EVENTS.items() if name not in without}
    events = _drawn(dice, {name: share for name, share in shares.items() if share}, rounds)
    weathers = _drawn(dice, WEATHERS, rounds)
    made: list[Round] = []
    begun = 0
    for place, (event, weather) in enumerate(zip(events, weathers, strict=True)):
        ends = total * (place + 1) // rounds
        some = tuple(submissions(dice, people, leads=ends - begun, first_serial=begun + 1, hot=_HOT))
        begun = ends
        fault = _FAULTS.get(weather)
        made.append(
            Round(
                number=place + 1,
                event=event,
                weather=weather,
                faults=(_usual(dice), *((fault(dice),) if fault else ())),
                delay=_delay(dice),
                lasts=_lasts(dice, event),
                submissions=some,
                replica=dice.randrange(replicas) if replicas > 1 else 0,
            )
        )
    return Plan(seed=seed, contacts=people, rounds=tuple(made))


def _drawn(dice: Random, shares: Mapping[AnyName, int], count: int) -> Sequence[AnyName]:
    """As many of each as its share says, the rounding drawn, in any order; the most frequent first where few are."""
    names = sorted(shares, key=lambda name: -shares[name])
    drawn = list(names[:count])
    drawn += dice.choices(names, weights=[shares[name] for name in names], k=count - len(drawn))
    dice.shuffle(drawn)
    return drawn


def _usual(dice: Random) -> Fault:
    """CRMs are far away: without this hardly a kill would fall into a call."""
    return Fault(action=Delay(seconds=dice.uniform(0.01, 0.1), commit=dice.random() < 0.5), seed=_seed(dice))


def _delay(dice: Random) -> float:
    """Often early, where submissions are being stored, mapped and claimed; else anywhere."""
    if dice.random() < 0.35:
        return dice.uniform(0, LONGEST_DELAY)
    return min(LONGEST_DELAY, dice.expovariate(1 / dice.choice((0.06, 0.3))))


def _lasts(dice: Random, event: Event) -> float:
    match event:
        case "freeze" | "CRMs hang":
            return dice.uniform(0.2, 2.5)
        case "freeze past the lease":
            return LEASE.seconds + LEASE.grace + dice.uniform(0.5, 4.0)
        case "kill at start":
            return dice.uniform(0.2, 1.4)
        case "disk full" | "connections cut":
            return dice.uniform(0.5, 1.5)
    return dice.uniform(0, 0.3)


def _seed(dice: Random) -> int:
    return dice.randrange(2**31)
