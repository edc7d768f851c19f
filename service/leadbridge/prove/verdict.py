"""The verdict: what was answered 2xx, compared with the records and the calls. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from leadbridge.clock import Millis
from leadbridge.events import Json
from leadbridge.prove.books import wrong_answers, wrong_books
from leadbridge.prove.evidence import UNDER_WAY, Call, Evidence, Record
from leadbridge.prove.findings import Answer, Finding, Kind, traces_of
from leadbridge.prove.ground import DESTINATIONS, FOREIGN_TAG, Destination
from leadbridge.prove.pace import too_many, two_at_once
from leadbridge.prove.people import Submission


def judged(submissions: Sequence[Submission], answers: Mapping[int, Answer], evidence: Evidence) -> list[Finding]:
    """Everything that is wrong; empty when the promises were kept."""
    findings = [*wrong_answers(submissions, answers), *wrong_books(submissions, answers, evidence)]
    findings += _unfinished(answers, evidence)
    emails = {one.contact.email for one in submissions}
    for destination in DESTINATIONS:
        account = _Account(
            destination=destination,
            emails=emails,
            submissions=[one for one in submissions if one.source in destination.sources],
            answers=answers,
            unfinished={
                one.submission_id for one in evidence.unfinished if one.destination in (None, destination.name)
            },
            records=[record for record in evidence.records if record.destination == destination.name],
            calls=[call for call in evidence.calls if call.destination == destination.name],
            cut_off_at=sorted(evidence.cut_off_at),
        )
        findings += account.findings()
    return findings


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """One destination's part of the verdict."""

    destination: Destination
    emails: Collection[str]  # that anybody gave, also to other accounts
    submissions: Sequence[Submission]
    answers: Mapping[int, Answer]
    unfinished: Collection[str]  # ids of submissions that are known not to have arrived: no loss, but a finding
    records: Sequence[Record]
    calls: Sequence[Call]
    cut_off_at: Sequence[Millis]

    def findings(self) -> Iterator[Finding]:
        records: dict[str, list[Record]] = defaultdict(list)
        for record in self.records:
            records[record.email].append(record)
        people: dict[str, list[Submission]] = defaultdict(list)
        for submission in sorted(self.submissions, key=lambda one: one.place):
            people[submission.contact.email].append(submission)
        writes = defaultdict[str, list[Call]](list, self._writes())
        yield from self._doubled(records, writes)
        yield from self._strangers()
        for email, theirs in people.items():
            yield from self._kept(email, theirs, records[email], {call.serial for call in writes[email]})
            yield from self._order(email, theirs, writes[email])
            yield from self._seen(theirs, records[email], writes[email])
        for email, calls in self._by_email().items():
            for what, serials in two_at_once(email, calls, cut_off_at=self.cut_off_at):
                yield self._finding("two at once", what, serials)
        for what in too_many(self.calls, self.destination):
            yield self._finding("quota exceeded", what, [])

    def _writes(self) -> dict[str, list[Call]]:
        """The calls that wrote a submission's values, by e-mail; those that name a record alone are known by it."""
        return {
            email: [call for call in calls if call.writes]
            for email, calls in self._by_email().items()
            if any(call.writes for call in calls)
        }

    def _by_email(self) -> dict[str, list[Call]]:
        """The calls that are known to be about one person."""
        emails: dict[str | None, str] = {record.id: record.email for record in self.records}
        emails |= {call.record_id: call.email for call in self.calls if call.writes and call.email}
        by_email: dict[str, list[Call]] = defaultdict(list)
        for call in self.calls:
            if email := call.email or emails.get(call.record_id):
                by_email[email].append(call)
        return by_email

    def _doubled(
        self, records: Mapping[str, Sequence[Record]], writes: Mapping[str, Sequence[Call]]
    ) -> Iterator[Finding]:
        for email in sorted(records.keys() | writes.keys()):
            ids = {record.id for record in records.get(email, ())}
            written = {call.record_id for call in writes.get(email, ()) if call.record_id}
            if len(ids) > 1 or len(ids | written) > 1:
                serials = {call.serial for call in writes.get(email, ()) if call.serial is not None}
                what = f"{email} has the records {', '.join(sorted(ids | written))}"
                yield self._finding("doubled", what, sorted(serials))

    def _strangers(self) -> Iterator[Finding]:
        """Tags and notes say whose submission it was that wrote a record."""
        owners = {word: one for one in self.submissions for word in (one.tag, one.note)}
        for record in self.records:
            who = f"{record.email} (record {record.id})"
            left = [*record.tags, *(line for note in record.notes for line in note.splitlines())]
            theirs = [owners[word] for word in left if word in owners]
            strange = sorted({one.serial for one in theirs if one.contact.email != record.email})
            if strange:
                yield self._finding("wrong record", f"{who} has tags or notes of others: {strange}", strange)
            if record.other_emails:
                yield self._finding("wrong record", f"{who} has more e-mails: {', '.join(record.other_emails)}", [])
            if record.email not in self.emails and FOREIGN_TAG not in record.tags:
                serials = sorted({one.serial for one in theirs})
                yield self._finding("doubled", f"nobody gave the e-mail of {who}", serials)

    def _kept(
        self, email: str, theirs: Sequence[Submission], records: Sequence[Record], written: set[int | None]
    ) -> Iterator[Finding]:
        taken = [one for one in theirs if self._taken(one)]
        if not taken:
            return
        if not records:
            yield self._finding("lost", f"{email} has no record", [one.serial for one in taken])
            return
        record = records[0]
        wanted = {one.tag: one.serial for one in taken}
        missing = sorted(serial for tag, serial in wanted.items() if tag not in record.tags)
        if missing:
            yield self._finding("lost", f"{email} (record {record.id}) is without the tags of {missing}", missing)
        if email in self._known and FOREIGN_TAG not in record.tags:
            yield self._finding("lost", f"{email} (record {record.id}) is without the tag that was there before", [])
        if self.destination.keeps_phones:
            yield from self._phones(record, taken)
        if self.destination.notes:
            yield from self._notes(record, taken)
        yield from self._values(record, theirs, written)

    def _values(self, record: Record, theirs: Sequence[Submission], written: set[int | None]) -> Iterator[Finding]:
        """Each value that stands is that of the last event that gives one; what was never answered may stand, too."""
        for name, stands in self._standing(record):
            giving = [(one, one.values[name]) for one in theirs if one.values[name] is not None]
            last = next((place for place in reversed(range(len(giving))) if self._taken(giving[place][0])), None)
            if last is None or any(value == stands for _, value in giving[last:]):
                continue
            wanted, value = giving[last]
            older = next((one for one, other in giving[:last] if other == stands), None)
            kind: Kind = "out of order" if older is not None and wanted.serial in written else "lost"
            what = f"{record.email} (record {record.id}) has {name} {stands!r}, not {value!r} of {wanted.serial}"
            yield self._finding(kind, what, [wanted.serial, *([older.serial] if older else [])])

    def _phones(self, record: Record, taken: Sequence[Submission]) -> Iterator[Finding]:
        for phone in sorted({one.phone for one in taken if one.phone}):
            if phone.removeprefix("+") not in record.phones:
                serials = [one.serial for one in taken if one.phone == phone]
                yield self._finding(
                    "lost", f"{record.email} (record {record.id}) is without the phone {phone}", serials
                )

    def _notes(self, record: Record, taken: Sequence[Submission]) -> Iterator[Finding]:
        counted = Counter(line for note in record.notes for line in note.splitlines())
        for one in taken:
            times = counted[one.note]
            if times != 1:
                kind: Kind = "note doubled" if times else "lost"
                what = f"{record.email} (record {record.id}) has {times} notes of {one.serial}"
                yield self._finding(kind, what, [one.serial])

    def _order(self, email: str, theirs: Sequence[Submission], writes: Sequence[Call]) -> Iterator[Finding]:
        """Each value by itself: a call may write some of them only."""
        found: set[tuple[int, int]] = set()
        for name in ("Serial", "company", "Score"):
            owners = {one.values[name]: one for one in theirs}
            newest: Submission | None = None
            for call in writes:
                value = call.values[name]
                one = owners.get(value)
                if value is None:
                    continue
                if one is None:
                    what = f"{name} {value!r} of another was written to record {call.record_id} of {email}"
                    yield self._finding("wrong record", what, [])
                elif newest is None or one.place >= newest.place:
                    newest = one
                elif (one.serial, newest.serial) not in found:
                    found.add((one.serial, newest.serial))
                    what = f"{email}: {one.serial} was written to record {call.record_id} after {newest.serial}"
                    yield self._finding("out of order", what, [one.serial, newest.serial])

    def _seen(
        self, theirs: Sequence[Submission], records: Sequence[Record], writes: Sequence[Call]
    ) -> Iterator[Finding]:
        """Every value of theirs that stands was written by a call: else order and quota are judged by too few."""
        for record in records:
            for name, stands in self._standing(record):
                owner = next((one for one in theirs if stands is not None and one.values[name] == stands), None)
                if owner is not None and all(call.values[name] != stands for call in writes):
                    what = f"no call wrote {name} {stands!r} to {record.email} (record {record.id})"
                    yield self._finding("not seen", what, [owner.serial])

    def _standing(self, record: Record) -> Iterator[tuple[str, Json]]:
        """The values of a record, by their names; without what its account does not keep."""
        for name, stands in record.values.items():
            if name != "company" or self.destination.keeps_company:
                yield name, stands

    @property
    def _known(self) -> set[str]:
        return {one.contact.email for one in self.submissions if one.contact.relatives}

    def _taken(self, submission: Submission) -> bool:
        """Whether it must be in a record: what is known not to be there yet is not lost."""
        answer = self.answers.get(submission.serial)
        return answer is not None and answer.taken and answer.submission_id not in self.unfinished

    def _finding(self, kind: Kind, what: str, serials: Sequence[int]) -> Finding:
        return Finding(
            kind=kind, destination=self.destination.name, what=what, trace_ids=traces_of(self.answers, serials)
        )


def _unfinished(answers: Mapping[int, Answer], evidence: Evidence) -> Iterator[Finding]:
    traces = {answer.submission_id: answer.trace_id for answer in answers.values() if answer.trace_id}
    for one in evidence.unfinished:
        trace_id = traces.get(one.submission_id)
        yield Finding(
            kind="not drained" if one.state in UNDER_WAY else "waits for a person",
            destination=one.destination,
            what=f"{one.state}: {one.reason or ''} {one.detail or ''}".rstrip(": "),
            trace_ids=(trace_id,) if trace_id else (),
        )
