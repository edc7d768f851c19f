"""What the service said and booked, beside what was sent: what is lacking was lost, what is too much is there twice."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from leadbridge.prove.evidence import Evidence
from leadbridge.prove.findings import Answer, Finding, traces_of
from leadbridge.prove.ground import DESTINATIONS
from leadbridge.prove.people import Submission
from leadbridge.store.ledger import Account


def wrong_answers(submissions: Sequence[Submission], answers: Mapping[int, Answer]) -> Iterator[Finding]:
    """What senders were told that nobody should be, and who was never told 2xx."""
    for one in submissions:
        answer = answers.get(one.serial)
        if answer is None or not answer.taken:
            sends = answer.sends if answer else 0
            yield Finding(kind="not taken", destination=None, what=f"{one.serial} was sent {sends} times")
        if answer is not None and answer.wrong:
            statuses = ", ".join(map(str, answer.wrong))
            what = f"{one.serial} was answered {statuses}"
            yield Finding(kind="wrong answer", destination=None, what=what, trace_ids=traces_of(answers, [one.serial]))


def wrong_books(
    submissions: Sequence[Submission], answers: Mapping[int, Answer], evidence: Evidence
) -> Iterator[Finding]:
    """What does not balance, and what balances with too few or too many."""
    yield from _taken_for_another(answers)
    books = evidence.ledger
    if books is None:
        return
    unmapped = sum(one.destination is None for one in evidence.unfinished)
    for account in books.accounts:
        if not account.balances:
            what = f"{account.kind} of {account.name}: {account.arrived} arrived, {dict(account.states)}"
            yield Finding(kind="ledger", destination=account.name, what=what)
        yield from _miscounted(account, submissions, answers, unmapped=unmapped)
    for count, what in (
        (books.mapped_without_delivery, "mapped submissions without a delivery"),
        (books.delivered_without_attempt, "delivered ones without a call that was answered"),
    ):
        if count:
            yield Finding(kind="ledger", destination=None, what=f"{count} {what}")


def _taken_for_another(answers: Mapping[int, Answer]) -> Iterator[Finding]:
    """Two submissions that were answered with one id: of the second nothing is stored."""
    serials: dict[str, list[int]] = defaultdict(list)
    for answer in answers.values():
        if answer.submission_id is not None:
            serials[answer.submission_id].append(answer.serial)
    for submission_id, alike in serials.items():
        if len(alike) > 1:
            what = f"{', '.join(map(str, sorted(alike)))} were all taken as {submission_id}"
            yield Finding(kind="ledger", destination=None, what=what, trace_ids=traces_of(answers, sorted(alike)))


def _miscounted(
    account: Account, submissions: Sequence[Submission], answers: Mapping[int, Answer], *, unmapped: int
) -> Iterator[Finding]:
    """Rows that were taken out, or that are there twice: a repeat that was not known again leaves one too many."""
    sources = {one.name: one.sources for one in DESTINATIONS}
    ours = sources.get(account.name, ()) if account.kind == "deliveries" else (account.name,)
    sent = Counter(one.source in ours for one in submissions)[True]
    taken = sum(one.source in ours and one.serial in answers and answers[one.serial].taken for one in submissions)
    arrived = account.arrived - account.states.get("duplicate", 0)
    least = taken - (unmapped if account.kind == "deliveries" else 0)
    if not least <= arrived <= sent:
        what = f"{account.kind} of {account.name}: {arrived} in the books, of {taken} that were taken and {sent} sent"
        yield Finding(kind="ledger", destination=account.name, what=what)
