"""What comes after the first write: values that are only for a new contact, or only where nothing stands."""

from typing import Final

from leadbridge.crm.adapter import Answer, Answers, Call, Done
from leadbridge.crm.echo import Sent, warnings_of
from leadbridge.crm.leadconnector.contact import COMPANY, IDENTIFIERS, ContactDraft, attributes
from leadbridge.crm.leadconnector.reading import Written, echo_of, gone_or, written_in
from leadbridge.crm.leadconnector.rules import due
from leadbridge.crm.leadconnector.tags import UNTOLD
from leadbridge.crm.leadconnector.updating import updated
from leadbridge.outcome import Fail, WriteWarning

_FILL: Final = "fill in contact"
_FILL_REST: Final = "fill in e-mail and phone"
_MOVED: Final = "the second upsert found another contact; look at both"


def fill_in(
    draft: ContactDraft, location_id: str, written: Written, answers: Answers
) -> Call | Done | list[WriteWarning]:
    """The next call with such values, or what came of them. The echo shows what is due, mostly nothing.

    An update by id takes no company, so that a second upsert, which finds the contact as the first one did, carries it
    with all the others; not where the first call would have made another contact each time.
    """
    if not draft.later:
        return []
    wanted = due(draft.later, echo_of(written.contact), new=written.new, created=written.created is True)
    warnings = [] if written.created is not None else _untold(draft)
    upserts = draft.plan.choice is None and not draft.plan.allow_duplicates
    in_upsert: tuple[Sent, ...] = ()
    if upserts and any(one.place == COMPANY for one in wanted):
        in_upsert = tuple(one for one in wanted if one.place not in IDENTIFIERS)
    rest = tuple(one for one in wanted if one not in in_upsert)
    steps: list[tuple[tuple[Sent, ...], Answer | Call | None]] = []
    if in_upsert:
        body = {"locationId": location_id, **attributes(in_upsert), **draft.finding}
        call = Call(purpose=_FILL, method="POST", path="/contacts/upsert", body=body)
        steps.append((in_upsert, answers.get(_FILL, call)))
    if rest:
        purpose = _FILL_REST if in_upsert else _FILL
        steps.append((rest, updated(purpose, written.contact_id, rest, answers)))
    for sent, answer in steps:
        if isinstance(answer, Call):
            return answer
        came = _came_of(sent, answer, written)
        if isinstance(came, Done):
            return came
        warnings += came
    return warnings


def _came_of(sent: tuple[Sent, ...], answer: Answer | None, written: Written) -> Done | list[WriteWarning]:
    if answer is None:  # an update takes none of them
        return list(warnings_of(sent, echo_of(written.contact)))
    filled = written_in(answer)
    if not isinstance(filled, Written):
        outcome = gone_or(filled, answer)
        if not isinstance(outcome, Fail):
            return Done(outcome=outcome)
        return _warnings(sent, f"the contact is written, this is not: {outcome.detail}")
    if filled.contact_id != written.contact_id:
        return _warnings(sent, _MOVED)
    return list(warnings_of(sent, echo_of(filled.contact)))


def _warnings(sent: tuple[Sent, ...], cause: str) -> list[WriteWarning]:
    return [WriteWarning(field=one.field, sent=one.value, got=None, cause=cause) for one in sent]


def _untold(draft: ContactDraft) -> list[WriteWarning]:
    return _warnings(tuple(value.sent for value in draft.later if value.rule == "on_create"), UNTOLD)
