"""Finding, updating or making a person: Copper has no upsert for people.

`fetch_by_email` shows a person at once; it was reported to find nobody any more, so its word is only believed until an
e-mail address turns out to be taken. A search shows up to a minute late.
https://developer.copper.com/people/overview.html
"""

import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from leadbridge.crm.adapter import Answer, Answers, Call, Done
from leadbridge.crm.answers import effective_status, words
from leadbridge.crm.copper import matching
from leadbridge.crm.copper.creating import CLOCKS_APART, SEARCH_LAG, create, purpose_of
from leadbridge.crm.copper.ids import identifier
from leadbridge.crm.copper.kinds import PERSON
from leadbridge.crm.copper.prepared import Prepared, whole_for
from leadbridge.crm.copper.reading import Written, date_of, refusal_of
from leadbridge.crm.copper.updating import put, update
from leadbridge.crm.echo import same_text
from leadbridge.events import Json
from leadbridge.outcome import Fail, Hold, Retry
from leadbridge.plan import Progress

CREATE: Final = purpose_of(PERSON)
_WAITED: Final = "waited for Copper's search since "  # in `progress.done`, with the Unix time of a search's answer
_STALE: Final = 900.0  # seconds; after a longer wait somebody else may have been quicker
_SEARCH: Final = "find matching people"
_UPDATE: Final = "update person"
_LOCAL_DIGITS: Final = 7  # of a phone number that may stand there without its country

_TAKEN: Final = re.compile(r"taken|already|exist|in use|unique|duplicate", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Found:
    """A person; what a search shows may be a minute old."""

    record: dict[str, Json]
    fresh: bool

    @property
    def record_id(self) -> int:
        return identifier(self.record.get("id")) or 0


def upsert(prepared: Prepared, by: matching.Criterion, answers: Answers) -> Written | Call | Done:
    """Look the person up, then update or create: two calls."""
    found = _look_up(prepared, by, answers)
    if found is None:
        return create_unless_taken(prepared, by, answers)
    return _update(prepared, found, answers) if isinstance(found, _Found) else found


def create_unless_taken(prepared: Prepared, by: matching.Criterion | None, answers: Answers) -> Written | Call | Done:
    """Create the person; after a refusal look whether somebody has the e-mail address meanwhile."""
    made = create(prepared, answers, look=by is None)
    answer = answers.get(CREATE)
    addresses = next((change.add for change in prepared.changes if change.attribute == "emails"), ())
    if answer is None or effective_status(answer) != 422 or not addresses:
        return made
    found = _holder(addresses, answers)
    if isinstance(found, Call | Done):
        return found
    if isinstance(found, _Found):
        if by is not None and by.fits(found.record):
            return _update(prepared, found, answers)
        detail = "Copper refuses a second person with an e-mail address of this one: choose who it is."
        shown = tuple(matching.candidates([found.record]))
        return Done(outcome=Hold(reason="ambiguous_match", detail=detail, candidates=shown))
    said = f"Copper answered 422: {words(answer)}"
    if _TAKEN.search(words(answer)):  # by somebody whom the search does not show yet
        return Done(outcome=Retry(detail=said, after=SEARCH_LAG))
    return Done(outcome=Fail(detail=said))


def waiting_since(step: Written | Call | Done, done: tuple[str, ...], answers: Answers) -> tuple[str, ...]:
    """What is done, with the time of the search when this try ends because a person may not be shown yet."""
    if step != _NOT_SHOWN_YET:
        return done
    now = date_of(answers[_SEARCH])
    return (*(one for one in done if not one.startswith(_WAITED)), f"{_WAITED}{int(now or 0)}")


_NOT_SHOWN_YET: Final = Done(
    outcome=Retry(
        detail="Copper's search shows nobody, and shows people late; the next look is believed.", after=SEARCH_LAG
    )
)


def _look_up(prepared: Prepared, by: matching.Criterion, answers: Answers) -> _Found | Call | Done | None:
    """The person whom the plan means; None when there is none."""
    if by.by == "email":
        fetched = _fetched(str(by.value), "look up person", answers)
        if not isinstance(fetched, str):
            return fetched
        if fetched == "missed" and CREATE not in prepared.plan.progress.unsure:
            return None  # were it wrong, the address would be taken: nothing is doubled
    looks = [(_SEARCH, matching.wanted_by(by, PERSON) or {})]
    if by.by == "phone":
        digits = "".join(character for character in str(by.value) if character.isdigit())
        looks.append(("find people by the last digits", {"phone_number": digits[-_LOCAL_DIGITS:] or str(by.value)}))
    for purpose, wanted in looks:
        found = _searched(prepared, by, matching.search(PERSON, purpose, wanted), answers)
        if found is not None:
            return found
    # Without an address nothing keeps Copper from having somebody twice: a person may have been made just now.
    believed = by.by == "email" or _is_believed(prepared.plan.progress, answers[_SEARCH])
    return None if believed else _NOT_SHOWN_YET


def _is_believed(progress: Progress, missed: Answer) -> bool:
    """Whether a search that shows nobody was made long enough after one before it, or after a doubtful create."""
    waited = [one.removeprefix(_WAITED) for one in progress.done if one.startswith(_WAITED)]
    now = date_of(missed)
    if not waited:
        return CREATE in progress.unsure
    since = int(waited[-1]) if waited[-1].isdigit() else 0
    return not (now and since) or SEARCH_LAG - 1 <= now - since <= _STALE


def _fetched(email: str, purpose: str, answers: Answers) -> _Found | Call | Done | Literal["missed", "unusable"]:
    call = Call(purpose=purpose, method="POST", path="/people/fetch_by_email", body={"email": email})
    if call.purpose not in answers:
        return call
    answer = answers[call.purpose]
    refusal = refusal_of(answer)
    if isinstance(refusal, Retry | Hold):
        return Done(outcome=refusal)
    if refusal is None:
        record = dict(answer.body)
        has_it = any(same_text(email, address) for address in matching.emails_of(record))
        return _Found(record, fresh=True) if identifier(record.get("id")) is not None and has_it else "unusable"
    # An address of the API that is gone has another body: {"error": "not_found"}.
    known = isinstance(answer.body, dict) and "error" not in answer.body
    return "missed" if effective_status(answer) == 404 and known else "unusable"


def _searched(prepared: Prepared, by: matching.Criterion, call: Call, answers: Answers) -> _Found | Call | Done | None:
    answer = answers.get(call.purpose)
    if answer is None:
        return call
    refusal = refusal_of(answer, shape=list)
    if refusal is not None:
        return Done(outcome=refusal)
    records = matching.matching_records(by, answer)
    if not records:
        return None
    on_many = prepared.plan.on_many
    if len(records) > 1 and on_many == "hold":
        return Done(outcome=matching.ambiguous(by, PERSON, records))
    return _Found(records[-1 if on_many == "newest" else 0], fresh=False)


def _holder(addresses: tuple[str, ...], answers: Answers) -> _Found | Call | Done | None:
    """Who has one of these addresses: as the search knows it, else whoever came to have the first just now."""
    call = matching.search(PERSON, "find who has the e-mail", {"emails": list(addresses)})
    answer: Answer | None = answers.get(call.purpose)
    if answer is None:
        return call
    refusal = refusal_of(answer, shape=list)
    if isinstance(refusal, Retry | Hold):
        return Done(outcome=refusal)
    for record in answer.body if refusal is None else []:
        if isinstance(record, dict) and identifier(record.get("id")) is not None and _has(record, addresses):
            return _Found(record, fresh=False)
    fetched = _fetched(addresses[0], "look up person again", answers)
    return None if isinstance(fetched, str) else fetched


def _has(record: dict[str, Json], addresses: tuple[str, ...]) -> bool:
    return any(same_text(address, held) for address in addresses for held in matching.emails_of(record))


def _update(prepared: Prepared, found: _Found, answers: Answers) -> Written | Call | Done:
    """One call for a person who was just read; for one of a search first what needs no look."""
    since = prepared.plan.progress.unsure.get(CREATE)
    ours = since is not None and matching.created_at(found.record) >= since / 1000 - CLOCKS_APART
    if not found.fresh:
        step = update(prepared, found.record_id, _UPDATE, answers)
        return replace(step, created=ours) if isinstance(step, Written) else step
    whole = whole_for(prepared, found.record)
    if not whole.body:
        return Written(record=found.record, created=ours, whole=True, warnings=whole.warnings)
    path = f"{PERSON.path}/{found.record_id}"
    came = put(prepared, path, whole.body, purpose=_UPDATE, answers=answers)
    if isinstance(came, Call):
        return came
    record, left_out = came
    if not isinstance(record, dict):
        return Done(outcome=record)
    changes = tuple(change for change in whole.changes if not left_out or change.attribute != "emails")
    warnings = (*whole.warnings, *left_out)
    return Written(record=record, created=ours, whole=True, sent=whole.sent, changes=changes, warnings=warnings)
