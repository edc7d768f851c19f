"""Looking for a contact that may have been created, before it is created once more.

Nothing that was made since the unanswered call: it was not done. One contact that has everything that was sent: it was
done. Anything else, a person has to say.

The search is described at https://marketplace.gohighlevel.com/docs/ghl/contacts/search-contacts-advanced; it shows
writes some seconds late. The search for duplicates shows one contact at once, perhaps an older one.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Answers, Call, Done
from leadbridge.crm.echo import verdict
from leadbridge.crm.leadconnector.contact import ContactDraft
from leadbridge.crm.leadconnector.reading import READ, echo_of, is_contact_id, refusal_of
from leadbridge.events import Json
from leadbridge.outcome import Candidate, Fail, Hold

Look: TypeAlias = str | Call | Done | None  # the id that was found, what has to happen before, or surely not there
Contact: TypeAlias = dict[str, Json]

CLOCK_SKEW: Final = 60_000  # milliseconds that LeadConnector's clock may be behind ours
_SEARCH: Final = "look for the contact"
_DUPLICATE: Final = "look for a duplicate"

_PAGE: Final = 100  # contacts
_NAMES: Final = (("firstName", "firstNameLowerCase"), ("lastName", "lastNameLowerCase"))


def look_first(draft: ContactDraft, location_id: str, answers: Answers, *, sent_at: Millis) -> Look:
    """What a search shows of the contact that an unanswered call may have created at `sent_at`."""
    since = sent_at - CLOCK_SKEW
    search = _search(draft, location_id)
    if search is None:
        return unknown("there is nothing to look for it by", ())
    if search.purpose not in answers:
        return search
    answer = answers[search.purpose]
    refusal = refusal_of(answer, needs=READ)
    if refusal is not None and not isinstance(refusal, Fail):
        return Done(outcome=refusal)
    listed = answer.body.get("contacts") if refusal is None else None
    if not isinstance(listed, list):
        return _look_for_a_duplicate(draft, location_id, answers, since=since)
    made = [contact for contact in _contacts(listed) if _made_since(contact, since)]
    total = answer.body.get("total")
    if not made and isinstance(total, int) and total > len(listed):
        return unknown("the search finds more contacts than it shows", ())
    return _one_of(draft, made) if made else None


def _look_for_a_duplicate(draft: ContactDraft, location_id: str, answers: Answers, *, since: Millis) -> Look:
    """The same without the search: at most one contact is shown, and an older one may hide it."""
    if not draft.finding:
        return unknown("there is nothing to look for it by", ())
    if _DUPLICATE not in answers:
        named = {"email": "email", "phone": "number"}
        query = {"locationId": location_id, **{named[key]: str(value) for key, value in draft.finding.items()}}
        return Call(purpose=_DUPLICATE, method="GET", path="/contacts/search/duplicate", query=query)
    answer = answers[_DUPLICATE]
    refusal = refusal_of(answer, needs=READ)
    if isinstance(refusal, Fail):
        return unknown(f"it cannot be looked for: {refusal.detail}", ())
    if refusal is not None:
        return Done(outcome=refusal)
    return _duplicate_in(draft, answer.body, since=since)


def _duplicate_in(draft: ContactDraft, body: Contact, *, since: Millis) -> Look:
    if "contact" in body and body["contact"] is None:
        return None
    found = _contacts([body.get("contact")])
    if not found or not _made_since(found[0], since):
        return unknown("the search for duplicates shows one contact alone, which may be another one", found)
    return _one_of(draft, found)


def _search(draft: ContactDraft, location_id: str) -> Call | None:
    wanted: list[Json] = [{"field": field, "operator": "eq", "value": value} for field, value in draft.finding.items()]
    if wanted:
        wanted = [{"group": "OR", "filters": wanted}]
    else:
        sent = {one.place: one.value for one in (*draft.sent, *(value.sent for value in draft.later))}
        wanted = [
            {"field": field, "operator": "eq", "value": str(sent[place]).lower()}
            for place, field in _NAMES
            if sent.get(place)
        ]
    if not wanted:
        return None
    body = {
        "locationId": location_id,
        "page": 1,
        "pageLimit": _PAGE,
        "filters": wanted,
        "sort": [{"field": "dateAdded", "direction": "desc"}],
    }
    return Call(purpose=_SEARCH, method="POST", path="/contacts/search", body=body)


def _contacts(listed: Iterable[Json]) -> list[Contact]:
    return [one for one in listed if isinstance(one, dict) and is_contact_id(one.get("id"))]


def _one_of(draft: ContactDraft, made: list[Contact]) -> Look:
    """The one that has everything that was sent; a person decides when none or several have."""
    fitting = [contact for contact in made if _fits(draft, echo_of(contact))]
    if len(fitting) == 1:
        return str(fitting[0]["id"])
    how_many = "several contacts" if fitting else "another contact, or an edited one,"
    return unknown(f"{how_many} may be it", made)


def _fits(draft: ContactDraft, echo: Mapping[str, Json]) -> bool:
    return all(verdict(one, echo) != "differs" for one in draft.sent)


def unknown(why: str, contacts: Iterable[Contact]) -> Done:
    """A person has to look whether the contact was created."""
    detail = (
        f"A contact may have been created, and {why}. Look in LeadConnector, then resolve it with that contact's id, "
        "or have it created."
    )
    return Done(outcome=Hold(reason="unknown_outcome", detail=detail, candidates=tuple(map(_candidate, contacts))))


def _candidate(contact: Contact) -> Candidate:
    shown = ("contactName", "firstName", "lastName", "email", "phone", "dateAdded", "source")
    summary = {key: contact[key] for key in shown if isinstance(contact.get(key), str)}
    return Candidate(record_id=str(contact["id"]), summary=summary)


def _made_since(contact: Contact, since: Millis) -> bool:
    """Whether it may have been made since then: also when it does not say."""
    added = time_in(contact.get("dateAdded"))
    return added is None or added >= since


def time_in(value: Json) -> Millis | None:
    """The time that LeadConnector writes as ISO 8601; None when it is none."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.strip())
        return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
