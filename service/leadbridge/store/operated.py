"""What people do to what is stored, and read of it: by the commands, in the console, and in the service itself."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from leadbridge.clock import Millis
from leadbridge.outcome import HoldReason
from leadbridge.plan import Choice
from leadbridge.store.ledger import Ledger
from leadbridge.store.rows import AttemptRow, DeliveryRow, RequestRow, SubmissionRow
from leadbridge.store.values import Hastened, Named, Replayed, Selection


class Operated(Protocol):
    """The books, the rows behind them, and a person's changes to deliveries.

    A change returns after its commits: one of many rows makes several, and an end in between leaves the rest as it was.
    All raise `errors.StorageUnavailable` when nothing can be read or made durable.
    """

    async def hold_lane(self, lane: str, *, reason: HoldReason, detail: str, now: Millis) -> int:
        """Hold all that waits in a lane, row by row; returns how many. For lanes that nobody works on any more."""

    async def hold(self, selection: Selection, *, reason: HoldReason, detail: str, now: Millis) -> int:
        """Hold waiting deliveries; returns how many."""

    async def release(self, selection: Selection, *, now: Millis) -> int:
        """Let held deliveries go again as live ones, in the order they had; returns how many.

        One that is held as `no_match_key` and has nothing to match by stays until a person chose, also in a replay: it
        would make a new record.
        As retries go those of which something must show first (see `hasten`). Waits between tries begin anew.
        """

    async def hasten(self, selection: Selection, *, now: Millis) -> Hastened:
        """Make deliveries due that wait for another try, in their places; says how those stand now.

        One whose calls may have done something waits until that shows, and what goes with it waits as well. With ids,
        what waits in one line with them is meant, too: it could not go otherwise.
        """

    async def replay(self, selection: Selection, *, now: Millis) -> Replayed:
        """Send finished or held deliveries once more, behind what is live, and map failed submissions once more.

        One whose lead could not be fetched is fetched first; what was fetched is not fetched again.

        A delivery keeps its place in the order of events, so it never puts an old value back. It keeps the count of its
        tries, and of its progress what must not be done twice: the note (`plan.ADD_NOTE`), and what is unsure. What
        made a record that matching would not find again goes to that record. A submission that its sender sent again
        is left out.
        """

    async def resolve(self, delivery_id: str, choice: Choice, *, now: Millis) -> bool:
        """Let a held delivery go with what a person decided; False when it is not held."""

    async def cancel(self, selection: Selection, *, detail: str, now: Millis) -> int:
        """End waiting or held deliveries without sending them; returns how many."""

    async def ledger(self) -> Ledger:
        """Both sides of the books, read in one transaction."""

    async def names(self, what: Named) -> tuple[str, ...]:
        """Every route, destination or source that something is stored of. It may read all there is."""

    async def submissions(
        self, *, limit: int, state: str | None = None, source: str | None = None, before: str | None = None
    ) -> tuple[SubmissionRow, ...]:
        """The newest submissions, older than the id `before`."""

    async def submission(self, submission_id: str) -> SubmissionRow | None:
        """The submission of that id; None when there is none."""

    async def by_trace(self, trace_id: str) -> tuple[SubmissionRow, ...]:
        """The submissions under one trace ID, oldest first."""

    async def request(self, request_id: str) -> RequestRow | None:
        """One request as it arrived."""

    async def delivery(self, delivery_id: str) -> DeliveryRow | None:
        """The delivery of that id; None when there is none."""

    async def deliveries_of(self, submission_ids: Sequence[str]) -> Mapping[str, tuple[DeliveryRow, ...]]:
        """The deliveries of some submissions, in their order."""

    async def attempts_of(self, delivery_id: str) -> tuple[AttemptRow, ...]:
        """Every call made for a delivery, oldest first."""
