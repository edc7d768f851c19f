"""Finding or making a lead by `PUT /leads/upsert`, and what its answers lead to."""

from typing import Final

from leadbridge.crm.adapter import Answer, Answers, Call, Done
from leadbridge.crm.answers import effective_status, words
from leadbridge.crm.copper import matching
from leadbridge.crm.copper.creating import SEARCH_LAG
from leadbridge.crm.copper.ids import identifier
from leadbridge.crm.copper.kinds import LEAD
from leadbridge.crm.copper.prepared import Prepared, whole_when_new
from leadbridge.crm.copper.reading import Written, record_in, refusal_of, was_created
from leadbridge.crm.copper.updating import update
from leadbridge.events import Json
from leadbridge.outcome import Fail, Hold, Retry

_UPSERT: Final = "upsert lead"
_UPSERT_NEW: Final = "upsert new lead"


def upsert(prepared: Prepared, by: matching.Criterion, answers: Answers) -> Written | Call | Done:
    """The upsert.

    Copper does not say whether it created the lead, but refuses to create one without a name. So a lead that has none,
    or for which it matters if it is new, is first sent nameless: a good answer shows one that was there, and a
    refusal is followed by the whole of it.
    """
    draft = prepared.draft
    nameless = prepared.asks_whether_new or "name" not in draft.body
    properties = {key: value for key, value in draft.body.items() if key != "name"} if nameless else draft.body
    if _UPSERT not in answers:
        return _call(_UPSERT, properties, by)
    answer = answers[_UPSERT]
    if nameless and effective_status(answer) == 422 and matching.judged(answer, by) != "several":
        return _upsert_new(prepared, by, answers)
    if effective_status(answer) == 422:
        return _disambiguate(prepared, by, answer, answers)
    record = record_in(answer)
    if not isinstance(record, dict):
        return Done(outcome=record)
    created = was_created(record, answer)
    if nameless and record.get("name"):
        created = False
    sent = tuple(one for one in draft.sent if one.place != "name") if nameless else tuple(draft.sent)
    return Written(record=record, created=created, nameless=nameless, sent=sent)


def _upsert_new(prepared: Prepared, by: matching.Criterion, answers: Answers) -> Written | Call | Done:
    whole = whole_when_new(prepared)
    if _UPSERT_NEW not in answers:
        return _call(_UPSERT_NEW, whole.body, by)
    answer = answers[_UPSERT_NEW]
    if effective_status(answer) == 422:
        return _disambiguate(prepared, by, answer, answers)
    record = record_in(answer)
    if not isinstance(record, dict):
        return Done(outcome=record)
    created = was_created(record, answer)
    return Written(record=record, created=created, whole=True, sent=whole.sent, changes=whole.changes)


def _call(purpose: str, properties: dict[str, Json], by: matching.Criterion) -> Call:
    return Call(purpose=purpose, method="PUT", path="/leads/upsert", body={"properties": properties, "match": by.wire})


def _disambiguate(
    prepared: Prepared, by: matching.Criterion, refused: Answer, answers: Answers
) -> Written | Call | Done:
    """After a 422: look at the leads that match, unless Copper's words say that the lead itself is refused."""
    verdict, on_many = matching.judged(refused, by), prepared.plan.on_many
    search = matching.search_call(by, refused) if verdict != "refused" else None
    if search is not None and search.purpose not in answers:
        return search
    found = answers.get(search.purpose) if search is not None else None
    refusal = refusal_of(found, shape=list) if found is not None else None
    if isinstance(refusal, Retry | Hold):
        return Done(outcome=refusal)
    records = matching.matching_records(by, found)
    if verdict == "refused" or (verdict == "unclear" and len(records) < 2):
        return Done(outcome=Fail(detail=f"Copper answered 422: {words(refused)}"))
    if on_many != "hold" and not records and found is not None and found.ok:
        # The upsert sees leads that the search shows up to a minute later.
        return Done(outcome=Retry(detail="Copper's search does not show the matching leads yet.", after=SEARCH_LAG))
    if on_many == "hold" or not records:
        ids = matching.stated_ids(refused) or matching.hinted_ids(refused, by)
        return Done(outcome=matching.ambiguous(by, LEAD, records, ids))
    chosen = records[0 if on_many == "oldest" else -1]
    return update(prepared, identifier(chosen["id"]) or 0, f"update the {on_many} match", answers)
