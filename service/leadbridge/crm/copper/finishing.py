"""After the write that found or made the record: what is left to write, the note, and the outcome."""

from leadbridge.crm.adapter import Answers, Call, Done, Step
from leadbridge.crm.copper import leads, lists, notes, people
from leadbridge.crm.copper.creating import asked_about, create, made_before, may_be_made, purpose_of
from leadbridge.crm.copper.kinds import LEAD
from leadbridge.crm.copper.prepared import Prepared, Rest, left_for
from leadbridge.crm.copper.reading import Written, echo_of
from leadbridge.crm.copper.updating import put, update_chosen
from leadbridge.crm.echo import warnings_of
from leadbridge.events import Json
from leadbridge.outcome import Delivered, Fail, Hold, WriteWarning
from leadbridge.plan import Progress


def first_write(prepared: Prepared, answers: Answers) -> Written | Call | Done:
    """The call that finds or makes the record, or the look before it."""
    choice = prepared.plan.choice
    if choice is not None and choice.use is not None:
        return update_chosen(prepared, choice.use, answers)
    made = made_before(prepared)
    if made is not None:
        return made
    if prepared.kind is LEAD:
        if prepared.by is None:
            return create(prepared, answers, look=True)
        return leads.upsert(prepared, prepared.by, answers)
    if prepared.by is None:
        return people.create_unless_taken(prepared, None, answers)
    return people.upsert(prepared, prepared.by, answers)


def finish(prepared: Prepared, written: Written, answers: Answers) -> Step:
    """The second write and the note, where there is something left; their refusal does not undo the first."""
    record, warnings = written.record, list(written.warnings)
    sent, changes = written.sent, written.changes
    if not written.whole:
        new = written.nameless and written.created is True  # Copper took it without a name
        left = left_for(prepared, record, created=new, nameless=written.nameless)
        warnings += left.warnings
        changes = tuple(change for change in prepared.changes if change.replace)
        if left.body:
            came = _write_rest(prepared, written, left, answers)
            if isinstance(came, Call | Done):
                return came
            echoed, more = came
            warnings += more
            if echoed is not None:
                dropped = {warning.field for warning in more}
                grown = (change for change in left.changes if change.field not in dropped)
                record, sent, changes = echoed, (*sent, *left.sent), (*changes, *grown)
    if notes.is_wanted(prepared.plan):
        noted = notes.note(prepared.plan, prepared.kind, written.record_id, answers)
        if isinstance(noted, Call | Done):
            return noted
        warnings += noted
    found = (*prepared.draft.warnings, *warnings_of(sent, echo_of(record)), *lists.unkept(changes, record), *warnings)
    outcome = Delivered(record_id=str(written.record_id), created=_created(prepared, written), warnings=found)
    return Done(outcome=outcome)


def _write_rest(
    prepared: Prepared, written: Written, left: Rest, answers: Answers
) -> Call | Done | tuple[dict[str, Json] | None, list[WriteWarning]]:
    """The second write: its echo, None when it was refused, and what to warn of."""
    kind = prepared.kind
    path = f"{kind.path}/{written.record_id}"
    purpose = f"add to {kind.name}" if left.waiting else "add to lists"
    came = put(prepared, path, left.body, purpose=purpose, answers=answers)
    if isinstance(came, Call):
        return came
    record, left_out = came
    if isinstance(record, dict):
        return record, left_out
    if not isinstance(record, Fail):
        return Done(outcome=record)
    refused = lists.refused(prepared.changes, left.body, record.detail)
    cause = f"the record is written, this is not: {record.detail}"
    refused += [
        WriteWarning(field=sent.field, sent=sent.value, got=None, cause=cause)
        for one in left.waiting
        for sent in one.sent
    ]
    return None, refused


def progress_after(prepared: Prepared, answers: Answers) -> Progress:
    """What of these answers a later try must know."""
    plan, before = prepared.plan, prepared.plan.progress
    more = prepared.changes or prepared.waiting or plan.note
    if prepared.kind is LEAD and prepared.by is not None and not more:
        return before  # one call is all of it
    step = first_write(prepared, answers)
    if isinstance(step, Call):
        return _sure_again(before, step)
    if isinstance(step, Done):
        return _ended(prepared, step, answers)
    after = before.model_copy(update={"record_id": str(step.record_id), "created": _created(prepared, step)})
    if step.made_by is not None:
        after = _with(after, step.made_by)
    if notes.is_wanted(plan):
        noted = notes.note(plan, prepared.kind, step.record_id, answers)
        if isinstance(noted, Call):
            return _sure_again(after, noted)
        after = after if isinstance(noted, Done) else _with(after, notes.ADD_NOTE)
    return after


def _sure_again(progress: Progress, call: Call) -> Progress:
    """A doubtful call that is to be made now was surely not done: from here on only this one can be in doubt."""
    if call.purpose not in progress.unsure:
        return progress
    asked = asked_about(progress, call.purpose)
    done = tuple(one for one in progress.done if one != asked)
    unsure = {name: at for name, at in progress.unsure.items() if name != call.purpose}
    return progress.model_copy(update={"done": done, "unsure": unsure})


def _ended(prepared: Prepared, step: Done, answers: Answers) -> Progress:
    before, purpose = prepared.plan.progress, purpose_of(prepared.kind)
    done = people.waiting_since(step, before.done, answers)
    doubted = isinstance(step.outcome, Hold) and step.outcome.reason == "unknown_outcome"
    if doubted and purpose in before.unsure and asked_about(before, purpose) not in done:
        done = (*done, asked_about(before, purpose))
    if may_be_made(prepared.kind, answers):  # the engine, which has a clock, puts in when the call was sent
        return before.model_copy(update={"done": done, "unsure": {**before.unsure, purpose: 0}})
    return before if done == before.done else before.model_copy(update={"done": done})


def _with(progress: Progress, purpose: str) -> Progress:
    """The progress with a purpose that is done, and no longer in doubt."""
    done = progress.done if purpose in progress.done else (*progress.done, purpose)
    unsure = {name: at for name, at in progress.unsure.items() if name != purpose}
    return progress.model_copy(update={"done": done, "unsure": unsure})


def _created(prepared: Prepared, written: Written) -> bool | None:
    """Whether this delivery created the record; an earlier try's word is better than that of one that found it."""
    before = prepared.plan.progress
    if before.created is not None and before.record_id == str(written.record_id):
        return before.created
    return written.created
