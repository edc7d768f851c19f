"""How the contact is reached: by an upsert, by the id that a person chose, or by a call that is made once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from leadbridge.crm.adapter import Answer, Answers, Call, Done
from leadbridge.crm.answers import Refusal, effective_status, words
from leadbridge.crm.leadconnector.contact import ContactDraft, attributes
from leadbridge.crm.leadconnector.looking import CLOCK_SKEW, look_first, time_in, unknown
from leadbridge.crm.leadconnector.reading import (
    READ,
    Written,
    duplicate_in,
    is_contact_id,
    is_gone,
    is_of_another,
    written_in,
)
from leadbridge.crm.leadconnector.tags import wishes
from leadbridge.crm.leadconnector.updating import updated
from leadbridge.events import Json
from leadbridge.outcome import Candidate, Hold
from leadbridge.plan import Plan

UPSERT: Final = "upsert contact"
# Calls that are made once, each looked for under its own name: what a person decides is another one than before.
_DOUBLE: Final = "create contact"
_CREATE: Final = "create the wanted contact"
MADE_ONCE: Final = (_DOUBLE, _CREATE)
_READ: Final = "read contact"
_UPDATE: Final = "update contact"
_SEARCH_LAG: Final = 30.0  # seconds; the vendor says no more than "a few seconds"
_NAMELESS: Final = (
    "LeadConnector takes a contact only with an e-mail address or a phone number in E.164 form; this lead has neither."
)


def reach(draft: ContactDraft, location_id: str, answers: Answers) -> Written | Call | Done:
    """The contact as the first write leaves it, or what has to happen before."""
    choice = draft.plan.choice
    if choice is not None and choice.use is not None:
        return _chosen(draft, choice.use, answers)
    if choice is not None and choice.create:
        return _made_once(draft, _creation(draft, location_id), location_id, answers)
    if not draft.finding:
        return Done(outcome=Hold(reason="no_match_key", detail=_NAMELESS))
    if draft.plan.allow_duplicates:
        return _made_once(draft, _doubling(draft, location_id), location_id, answers)
    if UPSERT in answers:
        return _judged(draft, _as_an_answer_said_that_was_lost(draft.plan, written_in(answers[UPSERT])))
    return Call(purpose=UPSERT, method="POST", path="/contacts/upsert", body=_whole(draft, location_id))


def _as_an_answer_said_that_was_lost(plan: Plan, written: Written | Refusal) -> Written | Refusal:
    """The contact with the verdict of an upsert before this one: created if it is not older than that was sent.

    Within what two clocks may be apart, nothing tells.
    """
    sent_at = plan.progress.unsure.get(UPSERT)
    if sent_at is None or not isinstance(written, Written) or written.created:
        return written
    added = time_in(written.contact.get("dateAdded"))
    if added is not None and added < sent_at - CLOCK_SKEW:
        return written
    return replace(written, created=True if added is not None and added >= sent_at else None)


def _doubling(draft: ContactDraft, location_id: str) -> Call:
    """An upsert that makes a second contact, where the location allows it."""
    return Call(
        purpose=_DOUBLE,
        method="POST",
        path="/contacts/upsert",
        body={**_whole(draft, location_id), "createNewIfDuplicateAllowed": True},
        safe_to_repeat=False,
        shows_after=_SEARCH_LAG,
    )


def _whole(draft: ContactDraft, location_id: str) -> dict[str, Json]:
    """Everything that goes at once; tags only when they replace those that stand there."""
    body = {"locationId": location_id, **attributes((*draft.sent, *draft.unseen)), **draft.finding}
    whole = wishes(draft.plan).whole
    return body if whole is None else {**body, "tags": list(whole)}


def _creation(draft: ContactDraft, location_id: str) -> Call:
    """A contact of its own: nothing stands there that a rule or someone else's tags would spare."""
    later = [value.sent for value in draft.later if value.sent.value is not None]
    wanted = wishes(draft.plan)
    tags = list(wanted.add if wanted.whole is None else wanted.whole)
    return Call(
        purpose=_CREATE,
        method="POST",
        path="/contacts/",
        body={**_whole(draft, location_id), **attributes((*draft.sent, *draft.unseen, *later))}
        | ({"tags": tags} if tags else {}),
        safe_to_repeat=False,
        shows_after=_SEARCH_LAG,
    )


def _chosen(draft: ContactDraft, contact_id: str, answers: Answers) -> Written | Call | Done:
    """The contact that a person chose, whatever the location's own rules would have found."""
    if not is_contact_id(contact_id):
        return _no_choice(f"`{contact_id}` is no id of a LeadConnector contact")
    answer = updated(_UPDATE, contact_id, draft.sent, answers, tags=wishes(draft.plan).whole)
    if answer is None:
        return _read(draft, contact_id, answers, created=False)
    if isinstance(answer, Call):
        return answer
    if is_gone(answer):
        return _gone(contact_id, answer)
    written = written_in(answer)
    return _judged(draft, replace(written, created=False) if isinstance(written, Written) else written)


def _gone(contact_id: str, answer: Answer) -> Done:
    said = f"LeadConnector answered {effective_status(answer)}: {words(answer)}"
    return _no_choice(f"the contact {contact_id} is not there ({said})")


def _no_choice(why: str) -> Done:
    detail = f"It was to be written to a chosen contact, but {why}. Choose another one, or have one made."
    return Done(outcome=Hold(reason="ambiguous_match", detail=detail))


def _made_once(draft: ContactDraft, call: Call, location_id: str, answers: Answers) -> Written | Call | Done:
    """The contact that a call makes which would double it when repeated: an earlier try's is looked for first."""
    earlier = _made_earlier(draft, call.purpose, location_id, answers)
    if earlier is not None:
        return earlier
    if not any(call.body.get(key) for key in ("email", "phone", "firstName", "lastName")):
        return Done(outcome=Hold(reason="no_match_key", detail=_NAMELESS))
    if call.purpose not in answers:
        return call
    return _once(call.purpose, _made(draft, call, answers[call.purpose]))


def _made(draft: ContactDraft, call: Call, answer: Answer) -> Written | Done:
    """The contact that the answer to such a call shows."""
    if is_of_another(answer):
        return Done(outcome=_duplicate(duplicate_in(answer)))
    written = written_in(answer)
    if isinstance(written, Written):
        created = True if call.path == "/contacts/" else written.created
        written = replace(written, created=created, new=created is True)
    return _judged(draft, written)


def may_be_made(plan: Plan, purpose: str, answer: Answer) -> bool:
    """Whether the answer to a creation leaves open if it was done: one that cannot be read, and a first 422.

    LeadConnector was seen to create a contact and to answer 422: after a look in vain, the second one is believed.
    https://github.com/GoHighLevel/highlevel-api-docs/issues/64
    """
    if isinstance(written_in(answer), Written):
        return False
    return answer.ok or (answer.status == 422 and purpose not in plan.progress.unsure)


def _made_earlier(
    draft: ContactDraft, purpose: str, location_id: str, answers: Answers
) -> Written | Call | Done | None:
    """The contact that an earlier try made, or the look for it; None when there surely is none."""
    progress = draft.plan.progress
    if purpose in progress.done:
        if progress.record_id is None:
            return unknown("its id is not known", ())
        return _once(purpose, _read(draft, progress.record_id, answers, created=progress.created))
    if purpose not in progress.unsure:
        return None
    found = look_first(draft, location_id, answers, sent_at=progress.unsure[purpose])
    return _once(purpose, _read(draft, found, answers, created=True)) if isinstance(found, str) else found


def _once(purpose: str, reached: Written | Call | Done) -> Written | Call | Done:
    return replace(reached, once=purpose) if isinstance(reached, Written) else reached


def _read(draft: ContactDraft, contact_id: str, answers: Answers, *, created: bool | None) -> Written | Call | Done:
    """A contact as it stands, without a write."""
    if _READ not in answers:
        return Call(purpose=_READ, method="GET", path=f"/contacts/{contact_id}")
    answer = answers[_READ]
    if is_gone(answer):
        return _gone(contact_id, answer)
    written = written_in(answer, needs=READ)
    return _judged(draft, replace(written, created=created) if isinstance(written, Written) else written)


def _judged(draft: ContactDraft, written: Written | Refusal) -> Written | Done:
    """The contact with the verdict of the try that created it, if an earlier one did; else what happens instead."""
    if not isinstance(written, Written):
        return Done(outcome=written)
    progress = draft.plan.progress
    if progress.record_id == written.contact_id and progress.created is not None:
        return replace(written, created=progress.created)
    return written


def _duplicate(other: Mapping[str, Json]) -> Hold:
    """The location has the person already, under an e-mail address or phone number that only one contact may have."""
    contact_id = other.get("contactId")
    known = isinstance(contact_id, str) and is_contact_id(contact_id)
    summary = {key: other[key] for key in ("contactName", "matchingField") if isinstance(other.get(key), str)}
    return Hold(
        reason="ambiguous_match",
        detail="The location takes no second contact with the same e-mail address or phone number. Resolve it with the "
        "contact that has it.",
        candidates=(Candidate(record_id=contact_id, summary=summary),) if known else (),
    )
