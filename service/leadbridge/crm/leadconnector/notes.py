"""The note with the submission's text: once per submission, since nothing tells two equal notes apart.

https://marketplace.gohighlevel.com/docs/ghl/contacts/create-note
"""

import html
import re
from typing import Final

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Answers, Call, Done
from leadbridge.crm.leadconnector.looking import CLOCK_SKEW, time_in
from leadbridge.crm.leadconnector.reading import READ, WRITE, Written, gone_or, is_gone, refusal_of
from leadbridge.events import Json
from leadbridge.outcome import Fail, Retry, WriteWarning
from leadbridge.plan import Plan

ADD: Final = "add note"
_LOOK: Final = "look for the note"
_SHOWS_AFTER: Final = 5.0  # seconds; the list of notes is no search
_TAG: Final = re.compile(r"<[^<>]*>")
_CUT: Final = 100  # characters; a longer text that stands there in part was cut by LeadConnector


def add_note(plan: Plan, written: Written, answers: Answers) -> Call | Done | list[WriteWarning]:
    """The next call for the note, or what came of it."""
    if not plan.note or ADD in plan.progress.done:
        return []
    if ADD in plan.progress.unsure and ADD not in answers:
        looked = _look(plan, plan.note, written, answers)
        if looked is not None:
            return looked
    if ADD not in answers:
        path = f"/contacts/{written.contact_id}/notes"
        return Call(
            purpose=ADD,
            method="POST",
            path=path,
            body={"body": plan.note},
            safe_to_repeat=False,
            shows_after=_SHOWS_AFTER,
        )
    answer = answers[ADD]
    refusal = refusal_of(answer, needs=WRITE)
    if refusal is None:
        return []
    outcome = gone_or(refusal, answer)
    if isinstance(outcome, Fail):
        return [_warning(plan.note, f"the contact is written, this is not: {outcome.detail}")]
    return Done(outcome=outcome)


def is_noted(plan: Plan, written: Written, answers: Answers) -> bool:
    """Whether the note is there for certain, so that it must not be added again."""
    if not plan.note:
        return False
    if ADD in answers:
        return refusal_of(answers[ADD], needs=WRITE) is None
    return ADD in plan.progress.unsure and _look(plan, plan.note, written, answers) == []


def may_be_noted(answers: Answers) -> bool:
    """Whether the answer to the note leaves open if it was added: one that says so and cannot be read."""
    answer = answers.get(ADD)
    return answer is not None and answer.ok and refusal_of(answer, needs=WRITE) is not None


def _look(plan: Plan, text: str, written: Written, answers: Answers) -> Call | Done | list[WriteWarning] | None:
    """What the list of notes shows of one that may have been added: None when it surely was not."""
    if _LOOK not in answers:
        # Where it was sent, which may be another contact than the one that is found now.
        contact_id = plan.progress.record_id or written.contact_id
        return Call(purpose=_LOOK, method="GET", path=f"/contacts/{contact_id}/notes")
    answer = answers[_LOOK]
    refusal = refusal_of(answer, needs=READ)
    if refusal is not None and is_gone(answer):
        return None
    if isinstance(refusal, Fail):
        return [_warning(text, f"it may be there or not, and cannot be looked for: {refusal.detail}")]
    if refusal is not None:
        return Done(outcome=refusal)
    listed = answer.body.get("notes")
    if not isinstance(listed, list):
        return Done(outcome=Retry(detail="LeadConnector's answer lists no notes."))
    since = plan.progress.unsure[ADD] - CLOCK_SKEW
    return [] if any(_is_it(note, text, since) for note in listed) else None


def _is_it(note: Json, text: str, since: Millis) -> bool:
    if not isinstance(note, dict) or not isinstance(note.get("body"), str):
        return False
    added = time_in(note.get("dateAdded"))
    if added is not None and added < since:
        return False  # an equal one of an earlier submission
    wanted, stands = _plain(text), _plain(note["body"])
    return stands == wanted or (len(stands) >= _CUT and wanted.startswith(stands))


def _plain(text: str) -> str:
    """The words alone: LeadConnector's own editor writes notes as HTML."""
    return " ".join(_TAG.sub(" ", html.unescape(text)).split()).casefold()


def _warning(text: str, cause: str) -> WriteWarning:
    return WriteWarning(field="note", sent=text, got=None, cause=cause)
