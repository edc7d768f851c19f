"""Which record an upsert means: the match criterion, and what to do when several leads fit.

Copper answers 422 for several matches, with the ids of up to 30, in a form that its docs do not show
(https://developer.copper.com/leads/upsert-a-lead.html); so the body is read with tolerance, and what is found is looked
at before it is believed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

from leadbridge.crm.adapter import Answer, Answers, Call
from leadbridge.crm.answers import words
from leadbridge.crm.copper.custom_fields import definition_of, encode, write_custom_field
from leadbridge.crm.copper.ids import identifier
from leadbridge.crm.copper.lookups import READ_CUSTOM_FIELDS, items
from leadbridge.crm.draft import Draft
from leadbridge.crm.echo import same_date, same_id, same_number, same_text
from leadbridge.events import Json
from leadbridge.outcome import Candidate, Hold
from leadbridge.plan import MatchKey

Verdict422: TypeAlias = Literal["several", "refused", "unclear"]

CANDIDATES_SHOWN: Final = 30

_ID_KEYS: Final = ("ids", "id", "lead_ids", "matches")
_SEVERAL: Final = re.compile(
    r"\b(multiple|more than one|several|ambiguous|(?:too many|[0-9]+) (?:leads|records|matches))\b", re.IGNORECASE
)
_REFUSED: Final = re.compile(
    r"validation error|invalid input|invalid value|unrecognized|can't be blank|must be", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"(?<![\w.+@-])[0-9]{1,15}(?![\w@-])")
_SEARCHABLE: Final = frozenset({"Dropdown", "Checkbox", "Float"})  # text fields cannot be searched, ranges differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """By what Copper is asked to find the lead. `definition` and `encoded` are set for a custom field."""

    wire: dict[str, Json]
    by: str
    value: Json
    definition: dict[str, Json] | None = None

    @property
    def title(self) -> str:
        """The criterion in words."""
        if self.definition is None:
            return {"email": "e-mail"}.get(self.by, self.by)
        return f"the custom field `{self.definition.get('name')}`"

    def fits(self, record: dict[str, Json]) -> bool:
        """Whether this record is one that the criterion means."""
        if self.by == "email":
            email = record.get("email")
            return isinstance(email, dict) and same_text(self.value, email.get("email"))
        if self.definition is None:
            return same_text(self.value, record.get("name"))
        fields = record.get("custom_fields")
        held = [
            entry.get("value")
            for entry in (fields if isinstance(fields, list) else [])
            if isinstance(entry, dict) and same_id(self.definition["id"], entry.get("custom_field_definition_id"))
        ]
        return any(same(self.value, value) for same in (same_text, same_number, same_date) for value in held)


def criterion(match: MatchKey, draft: Draft, answers: Answers) -> Criterion | Hold:
    """The match key as Copper takes it; a custom field's value is put into the draft too.

    Whether Copper writes a matched custom value to a lead that it creates is not documented; without it the next upsert
    would create another one.
    """
    if match.by == "phone":
        return Hold(
            reason="no_match_key", detail="Copper finds leads by e-mail, name or a custom field, not by this key."
        )
    if match.by != "custom":
        value = str(match.value)
        return Criterion(wire={"field_name": match.by, "field_value": value}, by=match.by, value=value)
    definition = definition_of(match.field or "", items(READ_CUSTOM_FIELDS, answers))
    if isinstance(definition, Hold):
        return definition
    if definition.get("is_filterable") is False:
        return Hold(
            reason="unknown_custom_field",
            detail=f"Copper cannot match by `{match.field}`: edit the field in Copper and include it in filters.",
        )
    encoded = encode(definition, match.value)
    if not encoded.send or encoded.problem is not None:
        problem = encoded.problem or "the value is blank"
        return Hold(reason="no_match_key", detail=f"The value for `{match.field}` cannot be matched: {problem}.")
    write_custom_field(draft, definition, encoded, raw=match.value)
    wire = {"custom_field_definition_id": identifier(definition["id"]), "value": encoded.value}
    return Criterion(
        wire={"field_name": "custom", "field_value": wire}, by="custom", value=encoded.value, definition=definition
    )


def judged(answer: Answer, by: Criterion) -> Verdict422:
    """What a 422 to an upsert says: several leads match, the lead is refused, or neither clearly."""
    said = words(answer)
    if stated_ids(answer) or _SEVERAL.search(said):
        return "several"
    return "refused" if _REFUSED.search(said) and not hinted_ids(answer, by) else "unclear"


def stated_ids(answer: Answer) -> list[int]:
    """The ids that the body lists under a key of their own."""
    if not isinstance(answer.body, dict):
        return []
    listed = (answer.body.get(key) for key in _ID_KEYS)
    found = [number for value in listed if isinstance(value, list) for number in _ids_in(value)]
    return list(dict.fromkeys(found)) if len(set(found)) > 1 else []


def _ids_in(values: list[Json]) -> Iterator[int]:
    for value in values:
        number = identifier(value.get("id") if isinstance(value, dict) else value)
        if number is not None:
            yield number


def hinted_ids(answer: Answer, by: Criterion) -> list[int]:
    """Numbers in the message that may be ids; only records that are then found to fit are believed."""
    said = answer.body.get("message") if isinstance(answer.body, dict) else None
    text = said if isinstance(said, str) else ""
    numbers = [int(number) for number in _NUMBER.findall(text.replace(str(by.value), " ")) if int(number) > 0]
    return list(dict.fromkeys(numbers))[:200] if len(set(numbers)) > 1 else []


def search_call(by: Criterion, answer: Answer) -> Call | None:
    """The call that shows the matching leads, or None when Copper has no way to ask for them."""
    wanted: dict[str, Json]
    ids = stated_ids(answer) or hinted_ids(answer, by)
    if by.by == "email":
        wanted = {"emails": by.value}
    elif by.by == "name":
        wanted = {"name": by.value}
    elif by.definition is not None and by.definition.get("data_type") in _SEARCHABLE:
        value = [by.value] if by.definition["data_type"] == "Dropdown" else by.value
        wanted = {"custom_fields": [{"custom_field_definition_id": identifier(by.definition["id"]), "value": value}]}
    elif ids:
        wanted = {"ids": ids}
    else:
        return None
    body = {"page_number": 1, "page_size": 200, **wanted}
    return Call(purpose="find matching leads", method="POST", path="/leads/search", body=body)


def matching_records(by: Criterion, found: Answer | None) -> list[dict[str, Json]]:
    """The leads of a search that do fit, the oldest first: Copper's search is loose, also parts of a name fit."""
    listed = found.body if found is not None and found.ok and isinstance(found.body, list) else []
    fitting = [
        item for item in listed if isinstance(item, dict) and identifier(item.get("id")) is not None and by.fits(item)
    ]
    return sorted(fitting, key=lambda item: (_seconds(item.get("date_created")), identifier(item["id"]) or 0))


def ambiguous(by: Criterion, records: list[dict[str, Json]], refused: Answer) -> Hold:
    """Held with what a person needs to tell the leads apart; those that were not found are named by their id alone."""
    ids = stated_ids(refused) or hinted_ids(refused, by)
    shown = [Candidate(record_id=str(identifier(record["id"])), summary=_summary(record)) for record in records]
    known = {candidate.record_id for candidate in shown}
    bare = [Candidate(record_id=str(number)) for number in ids if str(number) not in known]
    detail = f"Several leads match by {by.title}: merge them in Copper, choose one, or set `on_many`."
    return Hold(reason="ambiguous_match", detail=detail, candidates=tuple([*shown, *bare][:CANDIDATES_SHOWN]))


def _summary(record: dict[str, Json]) -> dict[str, Json]:
    email = record.get("email")
    return {
        "name": record.get("name"),
        "email": email.get("email") if isinstance(email, dict) else None,
        "created": _time(record.get("date_created")),
        "modified": _time(record.get("date_modified")),
        "company": record.get("company_name"),
        "owner": record.get("assignee_id"),
        "status": record.get("status"),
    }


def _seconds(value: Json) -> int:
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**11
    return int(value) if usable else 0


def _time(value: Json) -> str | None:
    seconds = _seconds(value)
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat() if seconds else None
