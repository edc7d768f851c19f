"""The verdict finds every planted fault, and nothing where there is none."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import pytest

from leadbridge.prove import ground
from leadbridge.prove.evidence import Record
from leadbridge.prove.findings import KINDS, Answer, Kind
from leadbridge.prove.pace import fullest_window
from leadbridge.prove.people import Submission
from tests.prove.ideal import trace
from tests.prove.judging import IDEAL, a_record, events, found, kinds, to, with_calls, with_record


def test_a_flawless_run_has_no_findings() -> None:
    assert found(IDEAL) == []


@pytest.mark.parametrize("destination", [one.name for one in ground.DESTINATIONS])
def test_a_record_that_is_not_there_is_lost_with_everybody_who_was_told_2xx(destination: str) -> None:
    record = a_record(lambda one: one.destination == destination)
    (finding,) = found(IDEAL, with_record(record, None))
    assert (finding.kind, finding.destination) == ("lost", destination)
    assert record.email in finding.what
    assert finding.trace_ids == tuple(trace(one.serial) for one in events(record))[:5]


def test_a_submission_that_was_never_answered_2xx_is_not_lost_but_not_taken() -> None:
    last = events(record := a_record())[-1]
    without = replace(
        record, notes=record.notes[:-1], tags=record.tags - {last.tag}, serial=events(record)[-2].serial,
        company=next((one.company for one in reversed(events(record)[:-1]) if one.company), None),
        score=next((one.score for one in reversed(events(record)[:-1]) if one.score is not None), None),
    )  # fmt: skip
    elsewhere = [one for one in IDEAL.evidence.records if one is not record]
    answers = {**IDEAL.answers, last.serial: Answer(serial=last.serial, trace_id=None, sends=9)}
    findings = found(IDEAL, replace(IDEAL.evidence, records=[*elsewhere, without]), answers)
    assert kinds(findings) == {"not taken"}
    assert findings[0].what == f"{last.serial} was sent 9 times"


def test_one_that_was_never_answered_may_stand_all_the_same() -> None:
    last = events(a_record())[-1]
    answers = {**IDEAL.answers, last.serial: Answer(serial=last.serial, trace_id=None)}
    assert kinds(found(IDEAL, None, answers)) == {"not taken"}


def test_a_tag_that_is_missing_is_lost() -> None:
    gone = events(record := a_record())[0]
    (finding,) = found(IDEAL, with_record(record, replace(record, tags=record.tags - {gone.tag})))
    assert (finding.kind, finding.trace_ids) == ("lost", (trace(gone.serial),))
    assert f"without the tags of [{gone.serial}]" in finding.what


def test_a_tag_that_a_salesperson_set_is_lost_when_it_is_gone() -> None:
    record = a_record(lambda one: ground.FOREIGN_TAG in one.tags)
    (finding,) = found(IDEAL, with_record(record, replace(record, tags=record.tags - {ground.FOREIGN_TAG})))
    assert finding.kind == "lost"
    assert "the tag that was there before" in finding.what


def test_a_phone_that_is_missing_is_lost_where_phones_are_a_list() -> None:
    record = a_record(lambda one: one.destination == "leads" and len(one.phones) == 1)
    (finding,) = found(IDEAL, with_record(record, replace(record, phones=frozenset())))
    assert finding.kind == "lost"
    assert "without the phone +1415" in finding.what


def test_the_value_of_an_older_event_is_out_of_order() -> None:
    *_, older, last = events(record := a_record())
    (finding,) = found(IDEAL, with_record(record, replace(record, serial=older.serial)))
    assert (finding.kind, finding.trace_ids) == ("out of order", (trace(last.serial), trace(older.serial)))


def test_a_value_that_was_never_written_is_lost_though_an_older_one_stands() -> None:
    *_, older, last = events(record := a_record())
    calls = [one for one in IDEAL.evidence.calls if (one.destination, one.serial) != (record.destination, last.serial)]
    evidence = replace(with_record(record, replace(record, serial=older.serial)), calls=calls)
    assert kinds(found(IDEAL, evidence)) >= {"lost"}
    assert "out of order" not in kinds(found(IDEAL, evidence))


def test_a_value_that_nobody_sent_is_lost() -> None:
    record = a_record(lambda one: one.company is not None)
    (finding,) = found(IDEAL, with_record(record, replace(record, company="Someone else's")))
    assert finding.kind == "lost"


def test_writes_in_another_order_than_their_events_are_found_though_the_end_is_right() -> None:
    first, second, *_ = events(record := a_record())
    calls = list(IDEAL.evidence.calls)
    place = next(
        at for at, one in enumerate(calls) if (one.destination, one.serial) == (record.destination, second.serial)
    )
    calls.insert(place + 1, replace(calls[place], serial=first.serial))
    (finding,) = found(IDEAL, with_calls(calls))
    assert (finding.kind, finding.trace_ids) == ("out of order", (trace(first.serial), trace(second.serial)))


def test_a_write_that_is_sent_again_is_no_finding() -> None:
    calls = [one for call in IDEAL.evidence.calls for one in (call, replace(call, at=call.at + 10))]
    assert found(IDEAL, with_calls(calls)) == []


def test_a_call_that_did_nothing_is_in_nobodys_way() -> None:
    first, _, *_ = events(record := a_record())
    mine = [one for one in IDEAL.evidence.calls if one.destination == record.destination]
    late = replace(mine[-1], serial=first.serial, email=record.email, record_id=None, status=500, faulted=True)
    assert found(IDEAL, with_calls([*IDEAL.evidence.calls, late])) == []


def test_a_second_record_of_a_person_is_doubled() -> None:
    record = a_record()
    evidence = replace(IDEAL.evidence, records=[*IDEAL.evidence.records, replace(record, id="another")])
    (finding,) = found(IDEAL, evidence)
    assert finding.kind == "doubled"
    assert "another" in finding.what
    assert trace(events(record)[0].serial) in finding.trace_ids


def test_a_second_create_shows_in_the_history_though_one_record_is_gone_again() -> None:
    record = a_record()
    calls = list(IDEAL.evidence.calls)
    place = next(
        at for at, one in enumerate(calls) if (one.destination, one.email) == (record.destination, record.email)
    )
    calls.insert(place, replace(calls[place], record_id="gone"))
    assert kinds(found(IDEAL, with_calls(calls))) == {"doubled"}


def test_a_note_is_there_once() -> None:
    record = a_record(lambda one: one.destination == "houston" and bool(one.notes))
    twice = replace(record, notes=(*record.notes, record.notes[0]))
    assert kinds(found(IDEAL, with_record(record, twice))) == {"note doubled"}
    assert kinds(found(IDEAL, with_record(record, replace(record, notes=record.notes[1:])))) == {"lost"}


def test_what_was_written_to_another_person_is_found_by_its_tag() -> None:
    record = a_record()
    stranger = next(one for one in to(record.destination) if one.contact.email != record.email)
    (finding,) = found(IDEAL, with_record(record, replace(record, tags=record.tags | {stranger.tag})))
    assert (finding.kind, finding.trace_ids) == ("wrong record", (trace(stranger.serial),))


def test_a_note_in_the_record_of_another_is_found_though_its_own_has_it_too() -> None:
    record = a_record(lambda one: one.destination == "people")
    stranger = next(one for one in to("people") if one.contact.email != record.email)
    strange = replace(record, notes=(*record.notes, stranger.note))
    (finding,) = found(IDEAL, with_record(record, strange))
    assert (finding.kind, finding.trace_ids) == ("wrong record", (trace(stranger.serial),))


def test_a_value_of_another_that_stood_for_a_while_is_found() -> None:
    """A call that names a record alone; the next one set it right."""
    record = a_record()
    first, *_ = events(record)
    stranger = next(one for one in to(record.destination) if one.contact.email != record.email)
    calls = list(IDEAL.evidence.calls)
    place = next(
        at for at, one in enumerate(calls) if (one.destination, one.serial) == (record.destination, first.serial)
    )
    calls.insert(place, replace(calls[place], serial=stranger.serial, email=None, company=None, score=None))
    (finding,) = found(IDEAL, with_calls(calls))
    assert finding.kind == "wrong record"
    assert f"Serial {stranger.serial} of another was written to record {record.id}" in finding.what


@pytest.mark.parametrize("spelt", ["", "person0@exampel.com", "Person0+x@example.com"])
def test_a_record_of_an_e_mail_that_nobody_gave_is_one_too_many(spelt: str) -> None:
    twin = replace(a_record(), id="twin", email=spelt, tags=frozenset[str](), notes=())
    (finding,) = found(IDEAL, replace(IDEAL.evidence, records=[*IDEAL.evidence.records, twin]))
    assert finding.kind == "doubled"
    assert "(record twin)" in finding.what


def test_a_record_that_was_there_before_and_got_nothing_is_no_finding() -> None:
    bare = Record(
        destination="leads", id="old", email="old@example.com", serial=None, company=None, score=None,
        tags=frozenset({ground.FOREIGN_TAG}), phones=frozenset(),
    )  # fmt: skip
    assert found(IDEAL, replace(IDEAL.evidence, records=[*IDEAL.evidence.records, bare])) == []


def test_a_second_e_mail_in_a_record_is_somebody_elses() -> None:
    record = a_record(lambda one: one.destination == "people")
    (finding,) = found(IDEAL, with_record(record, replace(record, other_emails=("other@example.com",))))
    assert (finding.kind, finding.destination) == ("wrong record", "people")


@pytest.mark.parametrize("name", ["company", "score"])
def test_an_older_value_alone_that_a_later_write_repaired_is_found(name: str) -> None:
    record = a_record(lambda one: one.destination == "leads" and len(giving(one, name)) > 1)
    older, newer, *_ = giving(record, name)
    calls = list(IDEAL.evidence.calls)
    place = next(at for at, one in enumerate(calls) if (one.destination, one.serial) == ("leads", newer.serial))
    late = replace(calls[place], serial=None, company=None, score=None)
    calls[place + 1 : place + 1] = [replace(late, **{name: getattr(older, name)}), calls[place]]
    (finding,) = found(IDEAL, with_calls(calls))
    assert (finding.kind, finding.trace_ids) == ("out of order", (trace(older.serial), trace(newer.serial)))


def giving(record: Record, name: str) -> list[Submission]:
    return [one for one in events(record) if getattr(one, name) is not None]


@pytest.mark.parametrize("name", ["serial", "company", "score"])
def test_a_value_that_no_call_wrote_says_that_the_history_lacks_something(name: str) -> None:
    record = a_record(lambda one: one.destination == "leads" and getattr(one, name) is not None)
    theirs = [one for one in IDEAL.evidence.calls if (one.destination, one.email) == ("leads", record.email)]
    last = next(one for one in reversed(theirs) if getattr(one, name) == getattr(record, name))
    without: dict[str, Any] = {name: None}
    calls = [replace(one, **without) if one is last else one for one in IDEAL.evidence.calls]
    (finding,) = found(IDEAL, with_calls(calls))
    assert finding.kind == "not seen"


@pytest.mark.parametrize(
    ("begins", "ends", "cut_off_at", "at_once"),
    [
        (-40, -1, (), False),  # ends when the write begins
        (-40, 0, (), True),
        (0, 2, (), True),
        (1, 2, (), False),  # begins when the write ends
        (0, 2, (-40, 0), False),  # the only caller of the write was killed before
        (0, 2, (-40, 1), True),
    ],
)
def test_a_call_for_a_person_that_comes_during_another_one_is_found(
    begins: int, ends: int, cut_off_at: Sequence[int], at_once: bool
) -> None:
    """Beside a write from -1 to 1; the look names the record alone."""
    call = next(one for one in IDEAL.evidence.calls if one.at)
    write = replace(call, at=call.at - 1, ended_at=call.at + 1)
    look = replace(
        call, method="GET", serial=None, company=None, score=None, email=None, at=call.at + begins,
        ended_at=call.at + ends,
    )  # fmt: skip
    evidence = with_calls([each for one in IDEAL.evidence.calls for each in ([write, look] if one is call else [one])])
    findings = found(IDEAL, replace(evidence, cut_off_at=[call.at + cut for cut in cut_off_at]))
    assert [(one.kind, one.destination) for one in findings] == [("two at once", call.destination)] * at_once


def test_a_429_that_no_fault_asked_for_exceeds_the_quota() -> None:
    call = replace(IDEAL.evidence.calls[0], status=429, record_id=None)
    (finding,) = found(IDEAL, with_calls([*IDEAL.evidence.calls, call]))
    assert (finding.kind, finding.destination) == ("quota exceeded", call.destination)
    assert found(IDEAL, with_calls([*IDEAL.evidence.calls, replace(call, faulted=True)])) == []


def test_a_window_that_holds_too_many_exceeds_the_quota() -> None:
    destination = ground.DESTINATIONS[0]
    call = next(one for one in IDEAL.evidence.calls if one.destination == destination.name)
    burst = [
        replace(call, method="GET", serial=None, company=None, score=None, at=-10_000, ended_at=-10_000)
        for _ in range(destination.limit)
    ]
    assert found(IDEAL, with_calls([*IDEAL.evidence.calls, *burst])) == []
    (finding,) = found(IDEAL, with_calls([*IDEAL.evidence.calls, *burst, burst[0]]))
    assert finding.kind == "quota exceeded"
    assert f"{destination.limit + 1} calls in {destination.window:g} s, of {destination.limit}" in finding.what


@pytest.mark.parametrize(
    ("times", "most"),
    [([], 0), ([5], 1), ([0, 990, 994], 3), ([0, 995], 1), ([3_000, 0, 3_100, 3_200, 100], 3)],
)
def test_the_fullest_window_holds_the_calls_of_less_than_its_length(times: list[int], most: int) -> None:
    """A second, less the 5 ms by which the times may be wrong."""
    assert fullest_window(times, window=1.0) == most


def test_every_kind_of_finding_is_explained() -> None:
    assert set(KINDS) == set(get_args(Kind))
