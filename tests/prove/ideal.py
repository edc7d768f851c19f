"""What a flawless service would have left in the CRMs, to be spoilt by tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadbridge.prove.evidence import Call, Evidence, Record
from leadbridge.prove.findings import Answer
from leadbridge.prove.ground import DESTINATIONS, FOREIGN_TAG
from leadbridge.prove.people import Submission
from leadbridge.prove.plan import Plan


@dataclass(frozen=True)
class Outcome:
    """A run that is over, as the verdict gets it."""

    submissions: Sequence[Submission]
    answers: Mapping[int, Answer]
    evidence: Evidence


def trace(serial: int) -> str:
    return f"{serial:032x}"


def taken(serial: int) -> Answer:
    return Answer(serial=serial, trace_id=trace(serial), submission_id=f"sub{serial}")


def outcome(plan: Plan) -> Outcome:
    """Everything taken at the first send, and every event of a contact written in its order by one call."""
    ordered = sorted(plan.submissions, key=lambda one: (one.contact.email, one.place))
    records: dict[tuple[str, str], Record] = {}
    calls: list[Call] = []
    for destination in DESTINATIONS:
        for one in ordered:
            if one.source not in destination.sources:
                continue
            email = one.contact.email
            record_id = f"{destination.name}-{email}"
            known = frozenset({FOREIGN_TAG}) if one.contact.relatives else frozenset[str]()
            before = records.get((destination.name, email)) or Record(
                destination=destination.name, id=record_id, email=email, serial=None, company=None, score=None,
                tags=known, phones=frozenset(),
            )  # fmt: skip
            records[destination.name, email] = Record(
                destination=destination.name,
                id=record_id,
                email=email,
                serial=one.serial,
                company=(one.company or before.company) if destination.keeps_company else None,
                score=before.score if one.score is None else one.score,
                tags=before.tags | {one.tag},
                phones=before.phones | ({one.phone.removeprefix("+")} if one.phone else frozenset()),
                notes=(*before.notes, one.note),
            )
            calls.append(
                Call(
                    destination=destination.name,
                    at=1_000 * len(calls),
                    ended_at=1_000 * len(calls),
                    method="POST",
                    path="/contacts/upsert",
                    status=200,
                    faulted=False,
                    record_id=record_id,
                    serial=one.serial,
                    email=email,
                    company=one.company if destination.keeps_company else None,
                    score=one.score,
                )
            )
    return Outcome(
        submissions=plan.submissions,
        answers={one.serial: taken(one.serial) for one in plan.submissions},
        evidence=Evidence(records=list(records.values()), calls=calls),
    )
