"""Creating a record where nothing can be matched: a call that must not be made twice, so that doubt looks first."""

from collections.abc import Mapping
from typing import Final

from leadbridge.crm.adapter import Answer, Answers, Call, Done
from leadbridge.crm.copper.ids import identifier
from leadbridge.crm.copper.kinds import KINDS, Kind
from leadbridge.crm.copper.matching import CANDIDATES_SHOWN, PAGE, candidates, created_at, search
from leadbridge.crm.copper.prepared import Prepared, Rest, whole_when_new
from leadbridge.crm.copper.reading import Written, echo_of, is_unreadable, record_in, refusal_of
from leadbridge.crm.draft import is_blank
from leadbridge.crm.echo import verdict
from leadbridge.events import Json
from leadbridge.outcome import Fail, Hold
from leadbridge.plan import Plan, Progress

SEARCH_LAG: Final = 60.0  # seconds until Copper's search shows what was written
CLOCKS_APART: Final = 60.0  # seconds that Copper's clock may be behind ours


def purpose_of(kind: Kind) -> str:
    """How the call that creates is called."""
    return f"create {kind.name}"


def made_before(prepared: Prepared) -> Written | None:
    """The record that an earlier try of this delivery made: it got everything then."""
    progress = prepared.plan.progress
    number = identifier(progress.record_id)
    if number is None or purpose_of(prepared.kind) not in progress.done:
        return None
    return Written(record={"id": number}, created=True, whole=True)


def create(prepared: Prepared, answers: Answers, *, look: bool) -> Written | Call | Done:
    """The call that creates the record, with all that the plan has for it. With `look`, doubt looks for it first."""
    kind, whole = prepared.kind, whole_when_new(prepared)
    call = Call(
        purpose=purpose_of(kind),
        method="POST",
        path=kind.path,
        body=whole.body,
        safe_to_repeat=False,
        shows_after=SEARCH_LAG,
    )
    if call.purpose in answers:
        return _made(prepared, whole, answers[call.purpose])
    since = prepared.plan.progress.unsure.get(call.purpose)
    if since is None or not look:
        return call
    found = _look(prepared, whole, answers, since=since / 1000 - CLOCKS_APART)
    if isinstance(found, Done) and _decided(prepared.plan):
        return call
    return call if found is None else found


def asked_about(progress: Progress, purpose: str) -> str:
    """In `done`: that a person was asked whether this doubtful call was done."""
    return f"asked a person about {purpose} of {progress.unsure.get(purpose)}"


def _decided(plan: Plan) -> bool:
    """Whether a person who was asked had a record made all the same."""
    asked = asked_about(plan.progress, purpose_of(KINDS[plan.record])) in plan.progress.done
    return asked and plan.choice is not None and plan.choice.create


def _made(prepared: Prepared, whole: Rest, answer: Answer) -> Written | Done:
    record = record_in(answer)
    return _as_made(prepared, whole, record) if isinstance(record, dict) else Done(outcome=record)


def may_be_made(kind: Kind, answers: Answers) -> bool:
    """Whether the answer to the creating call cannot be read, so that the record may be there: the next try looks."""
    answer = answers.get(purpose_of(kind))
    if answer is None:
        return False
    record = record_in(answer)
    return not isinstance(record, dict) and is_unreadable(answer, record)


def _as_made(prepared: Prepared, whole: Rest, record: dict[str, Json]) -> Written:
    return Written(
        record=record,
        created=True,
        whole=True,
        made_by=purpose_of(prepared.kind),
        sent=whole.sent,
        changes=whole.changes,
    )


def _look(prepared: Prepared, whole: Rest, answers: Answers, *, since: float) -> Written | Call | Done | None:
    """Whether the create whose outcome is unknown was done; None when it surely was not."""
    kind = prepared.kind
    newest = {"sort_by": "date_created", "sort_direction": "desc"}
    call = search(kind, f"look for the {kind.name}", _wanted(whole.body) | newest)
    if call.purpose not in answers:
        return call
    answer = answers[call.purpose]
    refusal = refusal_of(answer, shape=list)
    if refusal is not None:
        why = f"Copper refuses to show it. {refusal.detail}"
        return _unknown(kind, why, []) if isinstance(refusal, Fail) else Done(outcome=refusal)
    return _looked(prepared, whole, answer.body, since=since)


def _looked(prepared: Prepared, whole: Rest, found: list[Json], *, since: float) -> Written | Done | None:
    kind = prepared.kind
    listed = [item for item in found if isinstance(item, dict) and identifier(item.get("id")) is not None]
    recent = [record for record in listed if created_at(record) >= since]
    fitting = [record for record in recent if _fits(whole, record)]
    if len(fitting) == 1:
        return _as_made(prepared, whole, fitting[0])
    if fitting:
        return _unknown(kind, f"several {kind.several} fit; choose one, or have one made.", fitting)
    if len(recent) >= PAGE:
        return _unknown(kind, "too many were made since to look through.", [])
    return None


def _wanted(body: Mapping[str, Json]) -> dict[str, Json]:
    """What to search by: the most telling of what was sent."""
    if body.get("email"):
        return {"emails": body["email"]["email"]}
    if body.get("emails"):
        return {"emails": [entry["email"] for entry in body["emails"]]}
    if body.get("phone_numbers"):
        return {"phone_number": body["phone_numbers"][0]["number"]}
    return {"name": body["name"]}


def _fits(whole: Rest, record: dict[str, Json]) -> bool:
    """Whether nothing in the record speaks against its being the one that was sent; Copper may have dropped values."""
    echo = echo_of(record)
    for sent in whole.sent:
        if verdict(sent, echo) == "differs" and not is_blank(echo.get(sent.place)):
            return False
    for change in whole.changes:
        standing = record.get(change.attribute)
        if isinstance(standing, list) and standing and not all(change.has(standing, text) for text in change.add):
            return False
    return True


def _unknown(kind: Kind, why: str, records: list[dict[str, Json]]) -> Done:
    detail = f"The {kind.name} may have been created, and its answer was lost: {why}"
    shown = tuple(candidates(records)[:CANDIDATES_SHOWN])
    return Done(outcome=Hold(reason="unknown_outcome", detail=detail, candidates=shown))
