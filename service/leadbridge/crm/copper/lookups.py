"""What a plan needs to know of the Copper account, asked once per lane: ids behind names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from leadbridge.crm.adapter import Answer, Answers, Call, Done, Step
from leadbridge.crm.answers import Refusal, words
from leadbridge.crm.copper.ids import identifier
from leadbridge.crm.copper.kinds import Kind
from leadbridge.crm.copper.reading import refusal_of
from leadbridge.crm.names import Found, Names, Unfound
from leadbridge.crm.remembering import remembering
from leadbridge.events import Json
from leadbridge.outcome import Fail, Hold
from leadbridge.plan import Plan

READ_CUSTOM_FIELDS: Final = Call(
    purpose="read custom fields", method="GET", path="/custom_field_definitions", shared=True
)
READ_STATUSES: Final = Call(purpose="read lead statuses", method="GET", path="/lead_statuses", shared=True)
READ_SOURCES: Final = Call(purpose="read customer sources", method="GET", path="/customer_sources", shared=True)
# 200 is the largest page: https://developer.copper.com/account-and-users/list-users.html
READ_USERS: Final = Call(
    purpose="read users", method="POST", path="/users/search", body={"page_number": 1, "page_size": 200}, shared=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A key of the lead whose value Copper wants as an id."""

    key: str
    attribute: str
    call: Call


REFERENCES: Final = (
    Reference(key="status", attribute="status_id", call=READ_STATUSES),
    Reference(key="source", attribute="customer_source_id", call=READ_SOURCES),
    Reference(key="owner", attribute="assignee_id", call=READ_USERS),
)


def references(kind: Kind) -> tuple[Reference, ...]:
    """Those that records of this kind have."""
    return tuple(one for one in REFERENCES if kind.keys[one.key].attribute is not None)


LOOKUPS: Final = (READ_CUSTOM_FIELDS, *(reference.call for reference in REFERENCES))


def lookups(plan: Plan, kind: Kind) -> Iterator[Call]:
    """The calls that this plan needs, in order."""
    if plan.custom_fields or (plan.match is not None and plan.match.by == "custom"):
        yield READ_CUSTOM_FIELDS
    for reference in references(kind):
        if str(getattr(plan.lead, reference.key) or "").strip():
            yield reference.call


def outstanding(plan: Plan, kind: Kind, answers: Answers) -> Step | None:
    """The next lookup to make, or why none of it can be known; None when all is there."""
    for call in lookups(plan, kind):
        if call.purpose not in answers:
            return call
        refusal = _refusal_of(call, answers[call.purpose])
        if refusal is not None:
            return Done(outcome=refusal)
    return None


def _refusal_of(call: Call, answer: Answer) -> Refusal | None:
    """Why the delivery cannot go on after this lookup.

    An owner, status or source that cannot be looked up costs the record that attribute, with a warning; so a refusal
    that concerns the lookup alone (the key's user may not list users) lets it go on. Custom fields are needed.
    """
    refusal = refusal_of(answer, shape=list)
    forbidden = isinstance(refusal, Hold) and answer.status == 403
    if call != READ_CUSTOM_FIELDS and (forbidden or isinstance(refusal, Fail)):
        return None
    if isinstance(refusal, Fail):
        return Hold(reason="unknown_custom_field", detail=f"The custom fields cannot be read. {refusal.detail}")
    return refusal


def items(call: Call, answers: Answers) -> list[dict[str, Json]]:
    """What a lookup listed; nothing where it was refused."""
    answer = answers.get(call.purpose)
    return [] if answer is None else listed(answer)


@remembering(64)
def listed(answer: Answer) -> list[dict[str, Json]]:
    """What the answer to a lookup lists."""
    if not answer.ok or not isinstance(answer.body, list):
        return []
    return [item for item in answer.body if isinstance(item, dict) and identifier(item.get("id")) is not None]


def id_of(wanted: str, call: Call, answers: Answers) -> Found[int] | Unfound:
    """The id of the status, source or user with this name, e-mail address or id, in what the lookup listed."""
    refusal = refusal_of(answers[call.purpose], shape=list)
    if refusal is not None:
        return Unfound(f"Copper answered {answers[call.purpose].status}: {words(answers[call.purpose])}")
    by_name, by_others = _names(listed(answers[call.purpose]))
    found = by_name.find(wanted.strip())
    if isinstance(found, Found):
        return found
    other = by_others.find(wanted.strip())
    return other if isinstance(other, Found) else found


@remembering(64)
def _names(items_listed: list[dict[str, Json]]) -> tuple[Names[int], Names[int]]:
    """The ids by name, and by e-mail address and id."""
    others = [*_named(items_listed, "email"), *_named(items_listed, "id")]
    return Names(_named(items_listed, "name")), Names(others)


def _named(items_listed: list[dict[str, Json]], key: str) -> list[tuple[str, int]]:
    named = [item for item in items_listed if isinstance(item.get(key), str | int)]
    return [(str(item[key]), identifier(item["id"]) or 0) for item in named]
