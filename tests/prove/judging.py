"""A flawless run as evidence, and the same with something changed in it."""

from collections.abc import Callable
from dataclasses import replace

from leadbridge.prove import ground
from leadbridge.prove.evidence import Call, Evidence, Record
from leadbridge.prove.findings import Answer, Finding
from leadbridge.prove.people import Submission
from leadbridge.prove.plan import planned
from leadbridge.prove.verdict import judged
from tests.prove.ideal import Outcome, outcome

PLAN = planned(seed=7, rounds=12)
IDEAL = outcome(PLAN)


def found(ideal: Outcome, evidence: Evidence | None = None, answers: dict[int, Answer] | None = None) -> list[Finding]:
    return judged(ideal.submissions, answers or ideal.answers, evidence or ideal.evidence)


def kinds(findings: list[Finding]) -> set[str]:
    return {finding.kind for finding in findings}


def with_record(record: Record, changed: Record | None) -> Evidence:
    records = [changed if one is record else one for one in IDEAL.evidence.records]
    return replace(IDEAL.evidence, records=[one for one in records if one is not None])


def with_calls(calls: list[Call]) -> Evidence:
    return replace(IDEAL.evidence, calls=calls)


def events(record: Record) -> list[Submission]:
    """The submissions of a record, in their order."""
    theirs = [one for one in to(record.destination) if one.contact.email == record.email]
    return sorted(theirs, key=lambda one: one.place)


def to(destination: str) -> list[Submission]:
    """The submissions that go there."""
    sources = next(one.sources for one in ground.DESTINATIONS if one.name == destination)
    return [one for one in IDEAL.submissions if one.source in sources]


def a_record(fits: Callable[[Record], bool] = lambda record: len(events(record)) > 2) -> Record:
    return next(record for record in IDEAL.evidence.records if fits(record))
