"""Writing to a record whose id is known."""

from collections.abc import Mapping

from leadbridge.crm.adapter import Answer, Answers, Call, Done
from leadbridge.crm.answers import Refusal, effective_status, words
from leadbridge.crm.copper import lists
from leadbridge.crm.copper.ids import identifier
from leadbridge.crm.copper.prepared import Prepared
from leadbridge.crm.copper.reading import Written, gone_or, record_in
from leadbridge.events import Json
from leadbridge.outcome import Fail, Hold, WriteWarning


def update(prepared: Prepared, record_id: int, purpose: str, answers: Answers) -> Written | Call | Done:
    """What needs no look at the record; its echo then shows what stands there. Without such a value it is only read."""
    answer = _answer_to(prepared, record_id, purpose, answers)
    if isinstance(answer, Call):
        return answer
    record = record_in(answer)
    if isinstance(record, dict):
        return Written(record=record, created=False, sent=tuple(prepared.draft.sent))
    return Done(outcome=gone_or(record, answer))


def update_chosen(prepared: Prepared, use: str, answers: Answers) -> Written | Call | Done:
    """The record that a person chose for this delivery; held again when there is none."""
    kind, number = prepared.kind, identifier(use)
    purpose = f"update the chosen {kind.name}"
    answer = None if number is None else _answer_to(prepared, number, purpose, answers)
    if isinstance(answer, Call):
        return answer
    if number is None or answer is None or effective_status(answer) == 404:
        said = "an id is a whole number" if answer is None else f"it answered 404: {words(answer)}"
        detail = f"Copper has no {kind.name} {use} ({said}). Choose another one, or have one made."
        return Done(outcome=Hold(reason="ambiguous_match", detail=detail))
    return update(prepared, number, purpose, answers)


def _answer_to(prepared: Prepared, record_id: int, purpose: str, answers: Answers) -> Answer | Call:
    path, body = f"{prepared.kind.path}/{record_id}", prepared.draft.body
    call = Call(purpose=purpose, method="PUT", path=path, body=body)
    if not body:
        call = Call(purpose=f"read the {prepared.kind.name}", method="GET", path=path)
    return answers.get(call.purpose, call)


def put(
    prepared: Prepared, path: str, body: Mapping[str, Json], *, purpose: str, answers: Answers
) -> Call | tuple[dict[str, Json] | Refusal, list[WriteWarning]]:
    """What came of an update, with a warning for what it had to leave out.

    An e-mail address that another person has makes Copper refuse all of it: then the rest goes without the addresses.
    """
    call = Call(purpose=purpose, method="PUT", path=path, body=dict(body))
    if call.purpose not in answers:
        return call
    answer = answers[call.purpose]
    record = record_in(answer)
    if not (isinstance(record, Fail) and effective_status(answer) == 422 and "emails" in body):
        return (record if isinstance(record, dict) else gone_or(record, answer)), []
    left_out = lists.refused(prepared.changes, {"emails": body["emails"]}, record.detail)
    without = {key: value for key, value in body.items() if key != "emails"}
    if not without:
        return record, []
    again = Call(purpose=f"{purpose} without e-mails", method="PUT", path=path, body=without)
    if again.purpose not in answers:
        return again
    record = record_in(answers[again.purpose])
    return (record if isinstance(record, dict) else gone_or(record, answers[again.purpose])), left_out
