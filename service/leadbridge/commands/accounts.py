"""How the accounts stand: what waits in each lane, what it may still send, and when it is done with all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from leadbridge.clock import Millis
from leadbridge.configured import adapters, lane_name
from leadbridge.crm.adapter import Quota
from leadbridge.deliver.health import FAILURES
from leadbridge.settings.loading import Loaded
from leadbridge.store.lanes import Backlog, LaneState
from leadbridge.store.opening import Reader

MEASURED: Final = 1_000  # calls, the last ones: how many a lead takes
DAY: Final = 86_400  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How much of a quota is used. `resets_at` is when a day ends that the CRM told of."""

    used: int
    limit: int
    seconds: float
    resets_at: Millis | None = None

    @property
    def left(self) -> int:
        """Calls that may still be sent."""
        return max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one account stands. Without a configuration nobody knows its destinations and quotas."""

    lane: str
    destinations: Sequence[str]
    state: LaneState
    backlog: Backlog
    windows: Sequence[Use]
    day: Use | None
    calls_per_lead: float | None
    drains_in_s: float | None

    @property
    def circuit(self) -> str:
        """`closed`, or `open`: its CRM did not answer for too long."""
        return "open" if self.state.failures >= FAILURES else "closed"


@dataclass(slots=True)
class _Lane:
    """What a configuration says of an account."""

    destinations: list[str] = field(default_factory=list)
    quotas: list[Quota] = field(default_factory=list)


async def standings(reader: Reader, loaded: Loaded | None, *, now: Millis) -> Sequence[Standing]:
    """Every account that is configured, or of which something is stored."""
    configured = {} if loaded is None else _configured(loaded)
    backlogs = {backlog.lane: backlog for backlog in await reader.backlogs()}
    states = await reader.lanes()
    return [
        await _standing(
            reader,
            lane,
            of=configured.get(lane, _Lane()),
            state=states.get(lane, LaneState()),
            backlog=backlogs.get(lane) or _nothing_in(lane),
            now=now,
        )
        for lane in sorted({*configured, *backlogs, *states})
    ]


def _configured(loaded: Loaded) -> Mapping[str, _Lane]:
    lanes: dict[str, _Lane] = {}
    known = adapters(loaded.settings)
    for name, destination in loaded.settings.destinations.items():
        adapter = known[name]
        lane = lanes.setdefault(lane_name(adapter), _Lane())
        lane.destinations.append(name)
        quota = destination.quota_of(adapter.official_quota)
        if quota is not None:
            lane.quotas.append(quota)
    return lanes


def _nothing_in(lane: str) -> Backlog:
    """A lane in which nothing waits."""
    return Backlog(lane=lane, live=0, retry=0, replay=0, sending=0, held={}, oldest_at=None)


async def _calls(reader: Reader, lane: str, *, since: Millis) -> int:
    return (await reader.count_calls(lane, since=[since]))[since]


async def _standing(
    reader: Reader, lane: str, *, of: _Lane, state: LaneState, backlog: Backlog, now: Millis
) -> Standing:
    windows = [
        Use(
            used=await _calls(reader, lane, since=now - round(quota.window * 1000)),
            limit=quota.limit,
            seconds=quota.window,
        )
        for quota in dict.fromkeys(of.quotas)
    ]
    day = None
    if daily := [quota.daily for quota in of.quotas if quota.daily is not None]:
        resets_at = state.daily_reset_at if (state.daily_reset_at or 0) > now else None
        begun = max(now - DAY * 1000, state.daily_reset_at or 0) if resets_at is None else resets_at - DAY * 1000
        day = Use(used=await _calls(reader, lane, since=begun), limit=min(daily), seconds=DAY, resets_at=resets_at)
    per_lead = await reader.calls_per_lead(lane, last=MEASURED)
    waiting = backlog.live + backlog.retry + backlog.replay + backlog.sending
    return Standing(
        lane=lane,
        destinations=of.destinations,
        state=state,
        backlog=backlog,
        windows=windows,
        day=day,
        calls_per_lead=per_lead,
        drains_in_s=seconds_to_drain(waiting * (per_lead or 1.0), windows, day, now=now),
    )


def seconds_to_drain(calls: float, windows: Sequence[Use], day: Use | None, *, now: Millis) -> float | None:
    """How long so many calls take at the rate that the strictest window and the day allow; None without a quota."""
    if not windows:
        return None
    seconds = calls / min(window.limit / window.seconds for window in windows)
    if day is None or calls <= day.left:
        return round(seconds, 1)
    rest = calls - day.left
    until_reset = DAY if day.resets_at is None else (day.resets_at - now) / 1000
    whole_days = int((rest - 1) // day.limit) if day.limit else 0
    return round(max(seconds, until_reset + whole_days * DAY), 1)
