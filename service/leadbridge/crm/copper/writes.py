"""The calls that write a Copper lead, each followed by what its answer leads to."""

from dataclasses import dataclass
from typing import Final

from leadbridge.crm.adapter import Answer, Answers, Call, Done, Step
from leadbridge.crm.answers import effective_status, words
from leadbridge.crm.copper import lists, matching
from leadbridge.crm.copper.ids import identifier
from leadbridge.crm.copper.lookups import LOOKUPS, outstanding
from leadbridge.crm.copper.properties import drafted, placeholder_name
from leadbridge.crm.copper.reading import READING, Written, echo_of, gone_or, record_in, was_created
from leadbridge.crm.draft import Draft
from leadbridge.crm.echo import warnings_of
from leadbridge.crm.remembering import remembering
from leadbridge.events import Json
from leadbridge.outcome import Delivered, Fail, Hold, Retry, WriteWarning
from leadbridge.plan import Plan

_SEARCH_LAG: Final = 60.0  # seconds until Copper's search shows what was written
_UPSERT: Final = "upsert lead"
_AT_WORK: Final = 128  # plans between their first step and their last


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan turned into Copper's terms. `by` is None when there is nothing to match by and a lead is created."""

    plan: Plan
    draft: Draft
    by: matching.Criterion | None
    changes: tuple[lists.ListChange, ...]


def prepare(plan: Plan, answers: Answers) -> Prepared | Call | Done:
    """Everything that is known before the first write, or the next lookup that it takes.

    Held when a custom field or the match key cannot be used.
    """
    return _prepare(plan, *(answers.get(call.purpose) for call in LOOKUPS))


@remembering(_AT_WORK)
def _prepare(plan: Plan, *found: Answer | None) -> Prepared | Call | Done:
    """From the plan and what the lookups found alone: the same at every step."""
    answers = {call.purpose: answer for call, answer in zip(LOOKUPS, found, strict=True) if answer is not None}
    step = outstanding(plan, answers)
    if step is not None:
        return step
    changes = lists.list_changes(plan)
    draft = drafted(plan, changes, answers)
    if isinstance(draft, Hold):
        return Done(outcome=draft)
    by = matching.criterion(plan.match, draft, answers) if plan.match is not None else None
    if isinstance(by, Hold):
        return Done(outcome=by)
    return Prepared(plan=plan, draft=draft, by=by, changes=changes)


def create(prepared: Prepared, answers: Answers) -> Step:
    """A lead with nothing to match by. The call cannot be repeated, so its lists go with it."""
    draft, changes = prepared.draft, prepared.changes
    whole = {change.attribute: items for change in changes if (items := change.applied([]))}
    body = {"name": placeholder_name(prepared.plan), **draft.body, **whole}
    call = Call(purpose="create lead", method="POST", path="/leads", body=body, safe_to_repeat=False)
    if call.purpose not in answers:
        return call
    answer = answers[call.purpose]
    record = record_in(answer)
    if isinstance(record, dict):
        return _delivered(draft, Written(record=record, created=True), lists.unkept(changes, record))
    if isinstance(record, Retry) and effective_status(answer) not in (408, 425, 429, 503):
        # Nothing tells whether the lead exists, and a second call could make a second one.
        return Done(outcome=Hold(reason="unknown_outcome", detail=f"The lead may have been created. {record.detail}"))
    return Done(outcome=record)


def upsert(prepared: Prepared, by: matching.Criterion, answers: Answers) -> Written | Call | Done:
    """The upsert; once more with a placeholder name when the lead is new and has none."""
    properties = prepared.draft.body
    if _UPSERT not in answers:
        return _upsert_call(_UPSERT, properties, by)
    answer = answers[_UPSERT]
    nameless = "name" not in properties and effective_status(answer) == 422
    if nameless and matching.judged(answer, by) != "several":
        # Only a lead that is created needs a name, and one that has a name must keep it: so the placeholder waits.
        properties = {"name": placeholder_name(prepared.plan), **properties}
        call = _upsert_call("upsert lead with a placeholder name", properties, by)
        if call.purpose not in answers:
            return call
        answer = answers[call.purpose]
    if effective_status(answer) == 422:
        return _disambiguate(prepared, by, answer, answers)
    record = record_in(answer)
    if isinstance(record, dict):
        return Written(record=record, created=was_created(record, answer))
    return Done(outcome=record)


def _upsert_call(purpose: str, properties: dict[str, Json], by: matching.Criterion) -> Call:
    body = {"properties": properties, "match": by.wire}
    return Call(purpose=purpose, method="PUT", path="/leads/upsert", body=body)


def _disambiguate(
    prepared: Prepared, by: matching.Criterion, refused: Answer, answers: Answers
) -> Written | Call | Done:
    """After a 422: look at the leads that match, unless Copper's words say that the lead itself is refused."""
    verdict = matching.judged(refused, by)
    search = matching.search_call(by, refused) if verdict != "refused" else None
    if search is not None and search.purpose not in answers:
        return search
    found = answers.get(search.purpose) if search is not None else None
    refusal = READING.refusal(found, shape=list) if found is not None else None
    if isinstance(refusal, Retry | Hold):
        return Done(outcome=refusal)
    records = matching.matching_records(by, found)
    if verdict == "refused" or (verdict == "unclear" and len(records) < 2):
        return Done(outcome=Fail(detail=f"Copper answered 422: {words(refused)}"))
    if prepared.plan.on_many != "hold" and not records and found is not None and found.ok:
        # The upsert sees leads that the search shows up to a minute later.
        return Done(outcome=Retry(detail="Copper's search does not show the matching leads yet.", after=_SEARCH_LAG))
    if prepared.plan.on_many == "hold" or not records:
        return Done(outcome=matching.ambiguous(by, records, refused))
    return _update_one(prepared, records[0 if prepared.plan.on_many == "oldest" else -1], answers)


def _update_one(prepared: Prepared, chosen: dict[str, Json], answers: Answers) -> Written | Call | Done:
    purpose = f"update the {prepared.plan.on_many} match"
    path = f"/leads/{identifier(chosen['id'])}"
    update = Call(purpose=purpose, method="PUT", path=path, body=prepared.draft.body)
    if purpose not in answers:
        return update
    record = record_in(answers[purpose])
    if isinstance(record, dict):
        return Written(record=record, created=False)
    return Done(outcome=gone_or(record, answers[purpose]))


def grow_lists(prepared: Prepared, written: Written, answers: Answers) -> Step:
    """The second call, when the echo shows that a list lacks something; its refusal does not undo the first."""
    draft, changes = prepared.draft, prepared.changes
    if not changes:
        return _delivered(draft, written, [])
    body, warnings = lists.follow_up(changes, written.record)
    warnings += lists.unkept(tuple(change for change in changes if change.replace), written.record)
    if not body:
        return _delivered(draft, written, warnings)
    call = Call(purpose="add to lists", method="PUT", path=f"/leads/{written.record_id}", body=body)
    if call.purpose not in answers:
        return call
    record = record_in(answers[call.purpose])
    if isinstance(record, dict):
        grown = tuple(change for change in changes if change.attribute in body)
        return _delivered(draft, written, warnings + lists.unkept(grown, record))
    outcome = gone_or(record, answers[call.purpose])
    if isinstance(outcome, Fail):
        return _delivered(draft, written, warnings + lists.refused(changes, body, outcome.detail))
    return Done(outcome=outcome)


def _delivered(draft: Draft, written: Written, more: list[WriteWarning]) -> Done:
    warnings = (*draft.warnings, *warnings_of(tuple(draft.sent), echo_of(written.record)), *more)
    return Done(outcome=Delivered(record_id=str(written.record_id), created=written.created, warnings=warnings))
