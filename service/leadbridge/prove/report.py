"""The report of a run: as a table, as Markdown, and as JSON."""

import os
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import leadbridge
from leadbridge.prove.findings import KINDS, Finding
from leadbridge.prove.ground import DESTINATIONS
from leadbridge.prove.plan import EVENTS, WEATHERS
from leadbridge.prove.rounds import Played

MOST_SHOWN: Final = 20  # findings of a kind that are written out for a reader; the JSON has all
_DESTINATIONS: Final = len(DESTINATIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What it ran on, without saying whose machine it is."""

    cores: int
    memory_gib: float
    system: str
    python: str
    database: str  # the engine, with its version
    leadbridge: str

    def line(self) -> str:
        """The machine in words."""
        return (
            f"leadbridge {self.leadbridge}, {self.cores} cores, {self.memory_gib:g} GiB of memory, {self.system}, "
            f"{self.python}, {self.database}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run that is over, with its verdict."""

    machine: Machine
    seed: int
    played: Sequence[Played]
    submissions: int
    contacts: int
    taken: int
    sends: int
    answers: Mapping[str, int]  # by status, or by what came instead of one
    calls: Mapping[str, int]  # that reached each account
    fullest: Mapping[str, tuple[int, int]]  # of each account: the most calls in one window, and its limit
    drain_seconds: float
    total_seconds: float
    left_out: Sequence[str]  # what was not tried, and why
    findings: Sequence[Finding]
    replicas: int = 1  # processes of the service; several are on PostgreSQL

    @property
    def good(self) -> bool:
        """Whether every promise was kept."""
        return not self.findings

    @property
    def command(self) -> str:
        """What plays the same plan again."""
        where = f" --database postgresql://… --replicas {self.replicas}" if self.replicas > 1 else ""
        return f"leadbridge prove{where} --seed {self.seed} --rounds {len(self.played)} --leads {self.submissions}"

    def verdict(self) -> str:
        """In one sentence: that nothing was found, or how many of each kind."""
        counted = Counter(finding.kind for finding in self.findings)
        if not counted:
            return (
                f"{self.taken:,} submissions were answered 2xx: nothing lost, nothing doubled, nothing out of order, "
                "never two calls at once for one person, no quota exceeded"
            )
        return "FOUND: " + ", ".join(f"{count} {kind}" for kind, count in counted.items())

    def facts(self) -> Iterator[tuple[str, str]]:
        """What was done, line by line."""
        if self.replicas > 1:
            yield "processes", f"{self.replicas} of the service, of one configuration, on one database"
        yield "rounds", f"{len(self.played)}, seed {self.seed}, {self.total_seconds:.0f} s"
        yield "events", _listed(Counter(one.round.event for one in self.played), EVENTS)
        yield "weather", _listed(Counter(one.round.weather for one in self.played), WEATHERS)
        yield "submissions", f"{self.submissions:,} of {self.contacts:,} contacts to {_DESTINATIONS} accounts"
        yield "senders", f"{self.sends:,} requests: {_listed(self.answers)}"
        yield "kills", self._kills()
        yield "at a kill", self._caught()
        yield "calls", ", ".join(f"{name} {count:,}" for name, count in self.calls.items())
        yield (
            "fullest windows",
            ", ".join(f"{name} {used} of {limit}" for name, (used, limit) in self.fullest.items()),
        )
        yield "drained", f"in {self.drain_seconds:.1f} s after the last round"
        for said in self.left_out:
            yield "left out", said

    def lines(self) -> Iterator[str]:
        """The findings, a line each, with the trace IDs."""
        for kind, meaning in KINDS.items():
            some = [finding for finding in self.findings if finding.kind == kind]
            if some:
                yield f"{kind.upper()} ({meaning}): {len(some)}"
            for finding in some[:MOST_SHOWN]:
                where = f"{finding.destination}: " if finding.destination else ""
                traces = f"  [{' '.join(finding.trace_ids)}]" if finding.trace_ids else ""
                yield f"  {where}{finding.what}{traces}"
            if len(some) > MOST_SHOWN:
                yield f"  and {len(some) - MOST_SHOWN} more"

    def markdown(self) -> str:
        """The report as Markdown for a page: the verdict, a table of figures, and what was found."""
        rows = [f"| {name} | {value} |" for name, value in (("machine", self.machine.line()), *self.facts())]
        found = ["", "```text", *self.lines(), "```"] if self.findings else []
        return "\n".join([f"**{self.verdict()}.**", "", "| what | figures |", "|---|---|", *rows, *found, ""])

    def document(self) -> dict[str, Any]:
        """The report for a program."""
        return {
            "good": self.good,
            "verdict": self.verdict(),
            "command": self.command,
            "machine": asdict(self.machine),
            "replicas": self.replicas,
            "seed": self.seed,
            "submissions": self.submissions,
            "contacts": self.contacts,
            "taken": self.taken,
            "sends": self.sends,
            "answers": dict(self.answers),
            "calls": dict(self.calls),
            "fullest": {name: {"used": used, "limit": limit} for name, (used, limit) in self.fullest.items()},
            "drain_seconds": round(self.drain_seconds, 2),
            "total_seconds": round(self.total_seconds, 2),
            "left_out": list(self.left_out),
            "findings": [asdict(finding) for finding in self.findings],
            "rounds": [
                {
                    "number": one.round.number,
                    "event": one.round.event,
                    "replica": one.round.replica,
                    "weather": one.round.weather,
                    "delay": round(one.round.delay, 3),
                    "lasts": round(one.round.lasts, 3),
                    "submissions": len(one.round.submissions),
                    "seconds": round(one.seconds, 2),
                    "caught": [asdict(caught) for caught in one.caught],
                }
                for one in self.played
            ],
        }

    def _kills(self) -> str:
        caught = [one for played in self.played for one in played.caught]
        return (
            f"{len(caught)}: {sum(bool(one.sending) for one in caught)} while sending, "
            f"{sum(bool(one.calls) for one in caught)} during a call, "
            f"{sum(bool(one.received) for one in caught)} between store and map"
        )

    def _caught(self) -> str:
        caught = [one for played in self.played for one in played.caught]
        sums = {
            "deliveries in `sending`": [one.sending for one in caught],
            "calls without an answer on disk": [one.calls for one in caught],
            "submissions not mapped yet": [one.received for one in caught],
        }
        return "; ".join(
            f"{sum(counts):,} {name} (most at once {max(counts, default=0)})" for name, counts in sums.items()
        )


def machine(database: str) -> Machine:
    """Look at this machine; the `database` is known already."""
    return Machine(
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        system=f"{platform.system()} {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        database=database,
        leadbridge=leadbridge.__version__,
    )


def _listed(counts: Mapping[str, int], order: Sequence[str] | Mapping[Any, Any] = ()) -> str:
    names = [name for name in order if counts.get(name)] or sorted(counts, key=lambda name: -counts[name])
    return ", ".join(f"{name} {counts[name]:,}" for name in names)
