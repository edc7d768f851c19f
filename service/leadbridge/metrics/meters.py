"""What the stages tell of their work, in their words; kept as series of bounded number."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias, get_args

from leadbridge.metrics import families
from leadbridge.metrics.series import Counter, Histogram, Snapshots

MOST_NAMED: Final = 200  # sources, and destinations, that have series of their own
UNKNOWN: Final = "(unknown)"  # no name in a configuration has brackets
ALL: Final = "(all)"
TOO_MANY: Final = "429"  # a class of its own among answers: there should be none
Operation: TypeAlias = Literal["accept", "fetch", "map", "record"]


class Meters:
    """Everything that one process counts. For the thread of its event loop alone."""

    def __init__(self, *, sources: Iterable[str] = (), destinations: Mapping[str, str] | None = None) -> None:
        """`destinations` are by their name, with their CRM.

        More than `MOST_NAMED` of either, and all of them share one series: a database of metrics pays for each.
        """
        self._sources = _named(sources)
        self._destinations = _named(destinations or {})
        self._crms = dict(destinations or {})
        self._requests = Counter(families.REQUESTS)
        self._refused = Counter(families.REFUSED)
        self._accept = Histogram(families.ACCEPT, known=[()])
        self._submissions = Counter(families.SUBMISSIONS)
        self._deliveries = Counter(families.DELIVERIES)
        quiet = {(*self.labels_of(name), TOO_MANY) for name in self._crms}
        self._calls = Counter(families.CALLS, known=quiet)
        self._call = Histogram(families.CALL)
        self._fetches = Counter(families.FETCHES)
        self._store = Histogram(families.STORE, known=((one,) for one in get_args(Operation)))
        self._store_failures = Counter(families.STORE_FAILURES, known=((one,) for one in get_args(Operation)))

    def answered(self, source: str, status: int) -> None:
        """A request was answered. `source` may be whatever a stranger wrote."""
        self._requests.add(self._sources.get(source, UNKNOWN), str(status))

    def refused(self, source: str, reason: str) -> None:
        """A request did not prove itself."""
        self._refused.add(self._sources.get(source, UNKNOWN), reason)

    def accepted(self, seconds: float) -> None:
        """A request is on disk, so many seconds after it had come whole."""
        self._accept.add(seconds)

    def submission(self, source: str, state: str) -> None:
        """A submission came into a state."""
        self._submissions.add(self._sources.get(source, UNKNOWN), state)

    def delivery(self, destination: str, state: str) -> None:
        """A delivery came into a state."""
        self._deliveries.add(*self.labels_of(destination), state)

    def called(self, destination: str, status: str, seconds: float) -> None:
        """A call to a destination's CRM is over. `status` is a class such as `2xx`."""
        name, crm = self.labels_of(destination)
        self._calls.add(name, crm, status)
        self._call.add(seconds, crm)

    def fetched(self, source: str, outcome: str) -> None:
        """A call to a source's vendor is over."""
        self._fetches.add(self.source_label(source), outcome)

    def stored(self, operation: Operation, seconds: float) -> None:
        """Something is durable, so many seconds after it was handed to the database."""
        self._store.add(seconds, operation)

    def not_stored(self, operation: Operation) -> None:
        """The database refused an operation, or was away."""
        self._store_failures.add(operation)

    def source_label(self, source: str) -> str:
        """The name that a source goes by here."""
        return self._sources.get(source, UNKNOWN)

    def labels_of(self, destination: str) -> tuple[str, str]:
        """The name that a destination goes by here, and its CRM."""
        return self._destinations.get(destination, UNKNOWN), self._crms.get(destination, UNKNOWN)

    def snapshots(self) -> Snapshots:
        """Every family with its numbers of this moment; what is counted later does not change them."""
        return tuple(
            one.snapshot()
            for one in (
                self._requests,
                self._refused,
                self._accept,
                self._submissions,
                self._deliveries,
                self._calls,
                self._call,
                self._fetches,
                self._store,
                self._store_failures,
            )
        )


def _named(names: Iterable[str]) -> Mapping[str, str]:
    """What each name goes by."""
    names = tuple(names)
    return {name: name if len(names) <= MOST_NAMED else ALL for name in names}
