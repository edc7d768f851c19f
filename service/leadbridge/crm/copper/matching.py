"""Which record a plan means: the match criterion, how to search for it, and what to do when several fit.

Copper answers 422 for several matches of an upsert, with the ids of up to 30, in a form that its docs do not show
(https://developer.copper.com/leads/upsert-a-lead.html); so the body is read with tolerance, and what is found is looked
at before it is believed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

from leadbridge.crm.adapter import Answer, Answers, Call
from leadbridge.crm.answers import words
from leadbridge.crm.copper.custom_fields import definition_of, encode, write_custom_field
from leadbridge.crm.copper.ids import identifier
from leadbridge.crm.copper.kinds import LEAD, Kind
from leadbridge.crm.copper.lookups import READ_CUSTOM_FIELDS, items
from leadbridge.crm.draft import Draft
from leadbridge.crm.echo import same_date, same_id, same_number, same_phone, same_text
from leadbridge.events import Json
from leadbridge.outcome import Candidate, Hold
from leadbridge.plan import MatchKey

Verdict422: TypeAlias = Literal["several", "refused", "unclear"]

CANDIDATES_SHOWN: Final = 30
PAGE: Final = 200  # the largest

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
    """By what Copper is asked to find the record; `wire` is so for an upsert, `definition` of a custom field."""

    wire: dict[str, Json]
    by: str
    value: Json
    definition: dict[str, Json] | None = None

    @property
    def title(self) -> str:
        """The criterion as messages name it: `e-mail`, `the custom field …`."""
        if self.definition is None:
            return {"email": "e-mail"}.get(self.by, self.by)
        return f"the custom field `{self.definition.get('name')}`"

    def fits(self, record: dict[str, Json]) -> bool:
        """Whether this record is one that the criterion means."""
        if self.by == "email":
            return any(same_text(self.value, email) for email in emails_of(record))
        if self.by == "phone":
            return any(same_phone(self.value, number) for number in _inner(record.get("phone_numbers"), "number"))
        if self.definition is None:
            return same_text(self.value, record.get("name"))
        fields = record.get("custom_fields")
        held = [
            entry.get("value")
            for entry in (fields if isinstance(fields, list) else [])
            if isinstance(entry, dict) and same_id(self.definition["id"], entry.get("custom_field_definition_id"))
        ]
        return any(same(self.value, value) for same in (same_text, same_number, same_date) for value in held)


def emails_of(record: dict[str, Json]) -> list[Json]:
    """A lead's e-mail address, or all of a person's."""
    return [*_inner([record.get("email")], "email"), *_inner(record.get("emails"), "email")]


def _inner(listed: Json, key: str) -> list[Json]:
    return [item.get(key) for item in (listed if isinstance(listed, list) else []) if isinstance(item, dict)]


def criterion(match: MatchKey, kind: Kind, draft: Draft, answers: Answers) -> Criterion | Hold:
    """The match key as Copper takes it; a custom field's value is put into the draft too.

    Whether Copper writes a matched custom value to a lead that it creates is not documented; without it the next upsert
    would create another one.
    """
    if match.by not in kind.match_keys:
        return Hold(
            reason="no_match_key", detail="Copper finds leads by e-mail, name or a custom field, not by this key."
        )
    if match.by != "custom":
        value = str(match.value)
        return Criterion(wire={"field_name": match.by, "field_value": value}, by=match.by, value=value)
    definition = definition_of(match.field or "", items(READ_CUSTOM_FIELDS, answers), kind)
    return definition if isinstance(definition, Hold) else _custom(match, kind, draft, definition)


def _custom(match: MatchKey, kind: Kind, draft: Draft, definition: dict[str, Json]) -> Criterion | Hold:
    if definition.get("is_filterable") is False:
        return Hold(
            reason="unknown_custom_field",
            detail=f"Copper cannot match by `{match.field}`: edit the field in Copper and include it in filters.",
        )
    if kind.name == "person" and definition.get("data_type") not in _SEARCHABLE:
        return Hold(
            reason="no_match_key",
            detail=f"Copper cannot search people by `{match.field}` ({definition.get('data_type')}): only a Dropdown, "
            "Checkbox or Float field finds them; match by e-mail or phone instead.",
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
    """The call that shows the leads that an upsert's refusal is about; None when Copper has no way to ask for them."""
    wanted = wanted_by(by, LEAD)
    ids = stated_ids(answer) or hinted_ids(answer, by)
    if wanted is None and ids:
        wanted = {"ids": ids}
    return None if wanted is None else search(LEAD, "find matching leads", wanted)


def search(kind: Kind, purpose: str, wanted: dict[str, Json]) -> Call:
    """A search for records; it shows what was written up to a minute ago, or not yet."""
    body = {"page_number": 1, "page_size": PAGE, **wanted}
    return Call(purpose=purpose, method="POST", path=f"{kind.path}/search", body=body)


def wanted_by(by: Criterion, kind: Kind) -> dict[str, Json] | None:
    """What a search is to look for; None when Copper cannot search by it."""
    match by.by:
        case "email":  # one text for leads, where people take a list
            return {"emails": by.value if kind is LEAD else [by.value]}
        case "phone":
            return {"phone_number": by.value}
        case "name":
            return {"name": by.value}
    if by.definition is None or by.definition.get("data_type") not in _SEARCHABLE:
        return None
    value = [by.value] if by.definition["data_type"] == "Dropdown" else by.value
    return {"custom_fields": [{"custom_field_definition_id": identifier(by.definition["id"]), "value": value}]}


def matching_records(by: Criterion, found: Answer | None) -> list[dict[str, Json]]:
    """The records of a search that do fit, the oldest first: Copper's search is loose, also parts of a name fit."""
    listed = found.body if found is not None and found.ok and isinstance(found.body, list) else []
    fitting = [
        item for item in listed if isinstance(item, dict) and identifier(item.get("id")) is not None and by.fits(item)
    ]
    return sorted(fitting, key=lambda item: (created_at(item), identifier(item["id"]) or 0))


def ambiguous(by: Criterion, kind: Kind, records: list[dict[str, Json]], ids: Sequence[int] = ()) -> Hold:
    """Held with what a person needs to tell the records apart; those that were not found are named by their id."""
    shown = candidates(records)
    known = {candidate.record_id for candidate in shown}
    bare = [Candidate(record_id=str(number)) for number in ids if str(number) not in known]
    detail = f"Several {kind.several} match by {by.title}: merge them in Copper, choose one, or set `on_many`."
    return Hold(reason="ambiguous_match", detail=detail, candidates=tuple([*shown, *bare][:CANDIDATES_SHOWN]))


def candidates(records: list[dict[str, Json]]) -> list[Candidate]:
    """Records as a person sees them side by side."""
    return [Candidate(record_id=str(identifier(record["id"])), summary=_summary(record)) for record in records]


def _summary(record: dict[str, Json]) -> dict[str, Json]:
    return {
        "name": record.get("name"),
        "email": next(iter(emails_of(record)), None),
        "created": _time(record.get("date_created")),
        "modified": _time(record.get("date_modified")),
        "company": record.get("company_name"),
        "owner": record.get("assignee_id"),
        "status": record.get("status"),
    }


def created_at(record: dict[str, Json]) -> int:
    """When the record was made, in Unix seconds; 0 when it does not say."""
    return _seconds(record.get("date_created"))


def _seconds(value: Json) -> int:
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**11
    return int(value) if usable else 0


def _time(value: Json) -> str | None:
    seconds = _seconds(value)
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat() if seconds else None
