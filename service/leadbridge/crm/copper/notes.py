"""A note on a record: an activity of Copper's type Note, added once per submission.

https://developer.copper.com/activities/create-a-new-activity.html; the type has the id 0 in every account
(https://developer.copper.com/activities/list-activity-types.html).
"""

from typing import Final

from leadbridge.crm.adapter import Answer, Answers, Call, Done
from leadbridge.crm.answers import effective_status
from leadbridge.crm.copper.creating import CLOCKS_APART, SEARCH_LAG
from leadbridge.crm.copper.ids import identifier
from leadbridge.crm.copper.kinds import Kind
from leadbridge.crm.copper.matching import PAGE
from leadbridge.crm.copper.reading import is_unreadable, record_in, refusal_of
from leadbridge.crm.echo import same_text
from leadbridge.events import Json
from leadbridge.outcome import Retry, WriteWarning
from leadbridge.plan import Plan

ADD_NOTE: Final = "add note"
_LOOK: Final = "look for the note"
_TYPE: Final = {"category": "user", "id": 0}
_UNKNOWN: Final = "the record is written; whether the note is there is unknown"


def is_wanted(plan: Plan) -> bool:
    """Whether the record is still to get a note."""
    return bool(plan.note and plan.note.strip()) and ADD_NOTE not in plan.progress.done


def note(plan: Plan, kind: Kind, record_id: int, answers: Answers) -> Call | Done | list[WriteWarning]:
    """The call that adds the note, after a look when an earlier one may have done it.

    The record is written by then, so a refusal is no more than a warning.
    """
    parent = {"type": kind.name, "id": record_id}
    body = {"parent": parent, "type": _TYPE, "details": plan.note}
    call = Call(
        purpose=ADD_NOTE, method="POST", path="/activities", body=body, safe_to_repeat=False, shows_after=SEARCH_LAG
    )
    if call.purpose in answers:
        return _answered(plan, answers[call.purpose])
    since = plan.progress.unsure.get(ADD_NOTE)
    if since is None:
        return call
    found = _look(plan, parent, answers, since=int(since / 1000 - CLOCKS_APART))
    if isinstance(found, Call | Done):
        return found
    if isinstance(found, str):
        return [_warning(plan, f"{_UNKNOWN}: {found}")]
    return [] if found else call


def _answered(plan: Plan, answer: Answer) -> Done | list[WriteWarning]:
    record = record_in(answer)
    if isinstance(record, dict):
        return []
    if is_unreadable(answer, record):
        return [_warning(plan, f"{_UNKNOWN}: {record.detail}")]
    if isinstance(record, Retry) or effective_status(answer) == 401:
        return Done(outcome=record)
    return [_warning(plan, f"the record is written, the note is not: {record.detail}")]


def _look(plan: Plan, parent: dict[str, Json], answers: Answers, *, since: int) -> Call | Done | bool | str:
    """Whether the note that may have been added is there, or why that cannot be told."""
    wanted = {
        "parent": parent,
        "activity_types": [_TYPE],
        "minimum_activity_date": since,
        "page_number": 1,
        "page_size": PAGE,
    }
    call = Call(purpose=_LOOK, method="POST", path="/activities/search", body=wanted)
    if call.purpose not in answers:
        return call
    answer = answers[call.purpose]
    refusal = refusal_of(answer, shape=list)
    if isinstance(refusal, Retry) or (refusal is not None and effective_status(answer) == 401):
        return Done(outcome=refusal)
    listed = answer.body if refusal is None else []
    notes = [item for item in listed if isinstance(item, dict) and identifier(item.get("id")) is not None]
    if any(same_text(plan.note, item.get("details")) for item in notes):
        return True
    if refusal is None and len(listed) < PAGE:
        return False
    return refusal.detail if refusal is not None else "too many notes were added since to look through"


def _warning(plan: Plan, cause: str) -> WriteWarning:
    return WriteWarning(field="note", sent=plan.note, got=None, cause=cause)
