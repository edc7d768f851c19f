"""`hold`, `release`, `resolve`, `replay`: what people do to deliveries and accounts, beside the service or without it.

Each says what it did; or everything that stands in its way, and then nothing is changed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from leadbridge.clock import SystemClock
from leadbridge.commands.format import Format
from leadbridge.commands.naming import Configured, perhaps, require_known
from leadbridge.commands.operating_rows import Row, left_out, rows_of, the_held_one, why_not, why_not_replayed
from leadbridge.commands.output import counted, err, say, show_json
from leadbridge.commands.pruned import perhaps_pruned
from leadbridge.configured import adapters, lane_name
from leadbridge.errors import UsageError
from leadbridge.plan import Choice
from leadbridge.settings.loading import Loaded
from leadbridge.store.opening import Operator
from leadbridge.store.values import Hastened, Replayed, Selection

HELD: Final = "held by a person"
DROPPED: Final = "dropped by a person"
NONE: Final = Hastened(due=0, later=0)


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
                f"there is no delivery, submission or destination {wanted}{perhaps(wanted, self.lanes)}; the "
                f"configuration has the destinations {', '.join(self.lanes) or '(none)'}, and `leadbridge list` shows "
                "what was received"
            )
        return self.lanes[wanted]

    def with_others(self, wanted: str) -> str:
        """A destination, and what else goes through its account."""
        others = [name for name, lane in self.lanes.items() if lane == self.lanes[wanted] and name != wanted]
        return f"{wanted} (and {', '.join(others)}, on the same account)" if others else wanted


async def hold(
    operator: Operator, wanted: str, *, because: str | None, accounts: Callable[[], Accounts], output: Format
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


async def release(operator: Operator, wanted: str, *, accounts: Callable[[], Accounts], output: Format) -> bool:
    """Let an account, or deliveries, go again, and what waits for another try go now; false when nothing waited so."""
    now = SystemClock().now()
    if rows := await rows_of(operator, wanted):
        this = Selection(ids=(wanted,))
        released = await operator.release(this, now=now)
        retries = await operator.hasten(this, now=now)
        if not released and retries == NONE:
            return _refused_all(rows, "neither held nor waiting for another try")
        undecided = sum(row.undecided for row in rows)
        said = [f"{counted(released, 'delivery')} released.{left_out(undecided)}"] if released or undecided else []
        _say_released(output, said, retries, lane=None, deliveries=released, undecided=undecided)
        return True
    known = accounts()
    lane = known.lane_of(wanted)
    state = await operator.lane(lane)
    if state.held is not None:
        await operator.set_lane(lane, replace(state, held=None, detail=None, since=None, probe_at=None))
    retries = await operator.hasten(Selection(lanes=(lane,)), now=now)
    if state.held is None and retries == NONE:
        return _refused(f"{wanted} is not held, and nothing of it waits for another try")
    account = known.with_others(wanted)
    said = [f"{account} goes on; it was held: {state.held}." if state.held else f"{account} was not held."]
    _say_released(output, said, retries, lane=lane, deliveries=0)
    return True


def _say_released(output: Format, said: list[str], retries: Hastened, **document: object) -> None:
    if retries.due:
        said.append(f"{counted(retries.due, 'retry')} {'is' if retries.due == 1 else 'are'} due now.")
    if retries.later:
        verb = "goes" if retries.later == 1 else "go"
        said.append(f"{counted(retries.later, 'retry')} {verb} when the CRM can show what the last call did.")
    _say(output, " ".join(said), **document, retries=retries.due, retries_later=retries.later)


async def release_all(
    operator: Operator, selection: Selection, *, configured: Configured, dry_run: bool, output: Format
) -> None:
    """Let all held deliveries go that fit."""
    await require_known(operator, selection, configured=configured)
    if dry_run:
        deliveries = (await operator.preview("release", selection)).deliveries
    else:
        deliveries = await operator.release(selection, now=SystemClock().now())
    undecided = await operator.undecided(selection)
    said = f"{counted(deliveries, 'delivery')} {'would be released' if dry_run else 'released'}.{left_out(undecided)}"
    accounts = [] if deliveries else await _held_accounts(operator, selection.reasons)
    if accounts:
        said += f" Held as a whole: {', '.join(accounts)}; `leadbridge release DESTINATION` lets an account go."
    _say(output, said, lane=None, deliveries=deliveries, undecided=undecided, dry_run=dry_run)


async def _held_accounts(operator: Operator, reasons: Sequence[str]) -> Sequence[str]:
    """The accounts that are held for one of these reasons, with all that waits for them."""
    return sorted(lane for lane, state in (await operator.lanes()).items() if state.held in reasons)


async def resolve(operator: Operator, wanted: str, *, choice: Choice | None, output: Format) -> bool:
    """Let a held delivery go with a decision, or end it when there is none; false when it is not held."""
    rows = await rows_of(operator, wanted)
    if not rows:
        raise UsageError(
            f"there is no delivery or submission {wanted}; `leadbridge list --state held` shows what is held"
            f"{await perhaps_pruned(operator, wanted)}"
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


async def replay(
    operator: Operator, selection: Selection, *, configured: Configured, dry_run: bool, output: Format
) -> bool:
    """Send once more what fits; false, and nothing is changed, when one of the ids cannot be."""
    await require_known(operator, selection, configured=configured)
    found = {wanted: await rows_of(operator, wanted) for wanted in selection.ids}
    problems = [problem for rows in found.values() for problem in why_not_replayed(rows) if rows]
    for problem in problems:
        _refused(problem)
    if unknown := [wanted for wanted, rows in found.items() if not rows]:
        raise UsageError(
            f"there is no delivery or submission {', '.join(unknown)}; nothing was changed, and `leadbridge list` "
            f"shows what there is{await perhaps_pruned(operator, *unknown)}"
        )
    if problems:
        return False
    now = SystemClock().now()
    done = await (operator.preview("replay", selection) if dry_run else operator.replay(selection, now=now))
    undecided = await operator.undecided(selection)
    said = _of_replay(done, dry_run=dry_run) + left_out(undecided)
    _say(
        output,
        said,
        deliveries=done.deliveries,
        submissions=done.submissions,
        undecided=undecided,
        dry_run=dry_run,
    )
    return True


def _of_replay(done: Replayed, *, dry_run: bool) -> str:
    parts = [counted(done.deliveries, "delivery")]
    if done.submissions:
        parts.append(counted(done.submissions, "submission"))
    would = "would be " if dry_run else ""
    return f"{' and '.join(parts)} {would}replayed, behind what is live."


def _told(rows: Sequence[Row], changed: int, done: str, problem: str, output: Format) -> bool:
    """Say what was done with the deliveries of an id, or that nothing could be."""
    if not changed:
        return _refused_all(rows, problem)
    _say(output, f"{counted(changed, 'delivery')} {done}.", lane=None, deliveries=changed)
    return True


def _refused_all(rows: Sequence[Row], problem: str) -> bool:
    for row in rows:
        _refused(why_not(row, problem))
    return False


def _refused(problem: str) -> bool:
    say(f"leadbridge: nothing was changed: {problem}", to=err)
    return False


def _say(output: Format, said: str, **document: object) -> None:
    if output is Format.JSON:
        show_json(document)
    else:
        say(said)
