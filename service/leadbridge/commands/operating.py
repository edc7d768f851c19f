"""`hold`, `release`, `resolve`, `replay`: what people do to deliveries and accounts, beside the service or without it.

Each says what it did; or everything that stands in its way, and then nothing is changed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from leadbridge.app import adapters
from leadbridge.clock import SystemClock
from leadbridge.commands.operating_rows import Row, rows_of, the_held_one, why_not_replayed
from leadbridge.commands.output import Format, counted, err, say, show_json
from leadbridge.deliver.deliverer import lane_name
from leadbridge.errors import UsageError
from leadbridge.plan import Choice
from leadbridge.settings.loading import Loaded
from leadbridge.store.sqlite.steering import SqliteOperator
from leadbridge.store.values import Replayed, Selection

HELD: Final = "held by a person"
DROPPED: Final = "dropped by a person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The destinations of a configuration, each with the lane of its account."""

    lanes: Mapping[str, str]

    @classmethod
    def of(cls, loaded: Loaded) -> "Accounts":
        """Read them from a loaded configuration."""
        return cls(lanes={name: lane_name(adapter) for name, adapter in adapters(loaded.settings).items()})

    def lane_of(self, wanted: str) -> str:
        """A destination's lane; raises `UsageError` with what there is."""
        if wanted not in self.lanes:
            raise UsageError(
                f"there is no delivery, submission or destination {wanted}; the configuration has the destinations "
                f"{', '.join(self.lanes) or '(none)'}, and `leadbridge list` shows what was received"
            )
        return self.lanes[wanted]

    def with_others(self, wanted: str) -> str:
        """A destination, and what else goes through its account."""
        others = [name for name, lane in self.lanes.items() if lane == self.lanes[wanted] and name != wanted]
        return f"{wanted} (and {', '.join(others)}, on the same account)" if others else wanted


async def hold(
    operator: SqliteOperator, wanted: str, *, because: str | None, accounts: Callable[[], Accounts], output: Format
) -> bool:
    """Hold an account, or what waits of a delivery or submission; false when there was nothing to hold."""
    detail, now = because or HELD, SystemClock().now()
    if rows := await rows_of(operator, wanted):
        held = await operator.hold(Selection(ids=(wanted,)), reason="paused", detail=detail, now=now)
        return _told(rows, held, f"held, until `leadbridge release {wanted}`", "only what waits can be held", output)
    known = accounts()
    lane = known.lane_of(wanted)
    state = await operator.lane(lane)
    since = state.since if state.held == "paused" else now
    await operator.set_lane(lane, replace(state, held="paused", detail=detail, since=since, probe_at=None))
    until = f"until `leadbridge release {wanted}`; submissions are still accepted."
    _say(output, f"Nothing is sent to {known.with_others(wanted)} {until}", lane=lane, deliveries=0)
    return True


async def release(operator: SqliteOperator, wanted: str, *, accounts: Callable[[], Accounts], output: Format) -> bool:
    """Let an account, or held deliveries, go again; false when nothing was held."""
    if rows := await rows_of(operator, wanted):
        released = await operator.release(Selection(ids=(wanted,)), now=SystemClock().now())
        return _told(rows, released, "released", "is not held", output)
    known = accounts()
    lane = known.lane_of(wanted)
    state = await operator.lane(lane)
    if state.held is None:
        return _refused(f"{wanted} is not held")
    await operator.set_lane(lane, replace(state, held=None, detail=None, since=None, probe_at=None))
    _say(output, f"{known.with_others(wanted)} goes on; it was held: {state.held}.", lane=lane, deliveries=0)
    return True


async def release_all(operator: SqliteOperator, selection: Selection, *, dry_run: bool, output: Format) -> None:
    """Let all held deliveries go that fit."""
    if dry_run:
        deliveries = (await operator.preview("release", selection)).deliveries
    else:
        deliveries = await operator.release(selection, now=SystemClock().now())
    said = f"{counted(deliveries, 'delivery')} {'would be released' if dry_run else 'released'}."
    accounts = [] if deliveries else await _held_accounts(operator, selection.reasons)
    if accounts:
        said += f" Held as a whole: {', '.join(accounts)}; `leadbridge release DESTINATION` lets an account go."
    _say(output, said, lane=None, deliveries=deliveries, dry_run=dry_run)


async def _held_accounts(operator: SqliteOperator, reasons: Sequence[str]) -> Sequence[str]:
    """The accounts that are held for one of these reasons, with all that waits for them."""
    return sorted(lane for lane, state in (await operator.lanes()).items() if state.held in reasons)


async def resolve(operator: SqliteOperator, wanted: str, *, choice: Choice | None, output: Format) -> bool:
    """Let a held delivery go with a decision, or end it when there is none; false when it is not held."""
    rows = await rows_of(operator, wanted)
    if not rows:
        raise UsageError(
            f"there is no delivery or submission {wanted}; `leadbridge list --state held` shows what is held"
        )
    row = the_held_one(rows)
    if isinstance(row, str):
        return _refused(row)
    now = SystemClock().now()
    if choice is None:
        done = await operator.cancel(Selection(ids=(row.id,), states=("held",)), detail=DROPPED, now=now) > 0
        said = f"1 delivery dropped: nothing of it is sent to {row.destination}."
    else:
        done = await operator.resolve(row.id, choice, now=now)
        how = f"updates the record {choice.use}" if choice.use else "makes a new record"
        said = f"1 delivery released: it {how} in {row.destination}."
    if not done:
        return _refused(f"{row.id} is not held any more")
    _say(output, said, delivery=row.id, choice=None if choice is None else choice.model_dump(exclude_defaults=True))
    return True


async def replay(operator: SqliteOperator, selection: Selection, *, dry_run: bool, output: Format) -> bool:
    """Send once more what fits; false, and nothing is changed, when one of the ids cannot be."""
    found = {wanted: await rows_of(operator, wanted) for wanted in selection.ids}
    problems = [problem for rows in found.values() for problem in why_not_replayed(rows) if rows]
    for problem in problems:
        _refused(problem)
    if unknown := [wanted for wanted, rows in found.items() if not rows]:
        raise UsageError(
            f"there is no delivery or submission {', '.join(unknown)}; nothing was changed, and `leadbridge list` "
            "shows what there is"
        )
    if problems:
        return False
    now = SystemClock().now()
    done = await (operator.preview("replay", selection) if dry_run else operator.replay(selection, now=now))
    if not done.deliveries and not done.submissions:
        await _require_known(operator, selection)
    said = _of_replay(done, dry_run=dry_run)
    _say(output, said, deliveries=done.deliveries, submissions=done.submissions, dry_run=dry_run)
    return True


async def _require_known(operator: SqliteOperator, selection: Selection) -> None:
    """Raise `UsageError` for a destination or source that nothing was ever stored of: a slip of the pen."""
    accounts = (await operator.ledger()).accounts
    for kind, what, wanted in (
        ("deliveries", "destination", selection.destinations),
        ("submissions", "source", selection.sources),
    ):
        known = [account.name for account in accounts if account.kind == kind]
        if strange := [name for name in wanted if name not in known]:
            raise UsageError(
                f"nothing is stored of the {what} {', '.join(strange)}; there is something of "
                f"{', '.join(known) or 'none'}"
            )


def _of_replay(done: Replayed, *, dry_run: bool) -> str:
    parts = [counted(done.deliveries, "delivery")]
    if done.submissions:
        parts.append(counted(done.submissions, "submission"))
    would = "would be " if dry_run else ""
    return f"{' and '.join(parts)} {would}replayed, behind what is live."


def _told(rows: Sequence[Row], changed: int, done: str, problem: str, output: Format) -> bool:
    """Say what was done with the deliveries of an id, or that nothing could be."""
    if not changed:
        for row in rows:
            _refused(f"{row.id} is {row.state}, and {problem}")
        return False
    _say(output, f"{counted(changed, 'delivery')} {done}.", lane=None, deliveries=changed)
    return True


def _refused(problem: str) -> bool:
    say(f"leadbridge: nothing was changed: {problem}", to=err)
    return False


def _say(output: Format, said: str, **document: object) -> None:
    if output is Format.JSON:
        show_json(document)
    else:
        say(said)
