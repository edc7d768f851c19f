"""Reading Copper's answers: which are good, which lead they show, and whether it is new."""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

from leadbridge.crm.adapter import Answer
from leadbridge.crm.answers import Reading, Refusal, asked_wait, effective_status, words
from leadbridge.crm.copper.ids import identifier
from leadbridge.events import Json
from leadbridge.outcome import Retry

READING: Final = Reading(
    title="Copper",
    advice=(("", "Check `access_token` and `user_email`: the key must be active, and made by that user."),),
    wait=asked_wait,
)

_FRESH: Final = 300  # seconds between a lead's creation and the answer within which that answer may have created it


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The lead as Copper echoes it after the first write; `created` is None where that cannot be told."""

    record: dict[str, Json]
    created: bool | None

    @property
    def record_id(self) -> int:
        """Copper's id of the lead."""
        return identifier(self.record.get("id")) or 0


def record_in(answer: Answer) -> dict[str, Json] | Refusal:
    """The lead that a good answer echoes, or what happens next instead."""
    refusal = READING.refusal(answer)
    if refusal is not None:
        return refusal
    if identifier(answer.body.get("id")) is None:
        return Retry(detail=f"Copper's answer names no lead: {words(answer)}")
    return dict(answer.body)


def gone_or(refusal: Refusal, answer: Answer) -> Refusal:
    """A lead that was deleted after it was found is no reason to lose the submission: the next upsert creates it."""
    if effective_status(answer) == 404:
        return Retry(detail="The lead was deleted in Copper meanwhile; it is upserted again.")
    return refusal


def was_created(record: dict[str, Json], answer: Answer) -> bool | None:
    """Whether this answer created the lead; Copper does not say so.

    A lead that was never modified and is as young as the answer was. Another client's create within the same minutes,
    answered here by an update that changed nothing, looks the same.
    """
    created, modified = _seconds(record.get("date_created")), _seconds(record.get("date_modified"))
    if created is None or modified is None:
        return None
    if created != modified:
        return False
    answered = _unix(answer.headers.get("date", ""))
    return answered is None or answered - _FRESH <= created


@lru_cache(maxsize=16)  # all answers of a second say the same
def _unix(date: str) -> float | None:
    """A date as headers have it, in seconds; None when it is none."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _seconds(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def echo_of(record: dict[str, Json]) -> dict[str, Json]:
    """The record by the places that `Sent` names."""
    echo = dict(record)
    email, address, fields = record.get("email"), record.get("address"), record.get("custom_fields")
    if isinstance(email, dict):
        echo["email"] = email.get("email")
    if isinstance(address, dict):
        echo.update({f"address.{key}": value for key, value in address.items()})
    for entry in fields if isinstance(fields, list) else []:
        if isinstance(entry, dict):
            echo[f"custom_fields.{entry.get('custom_field_definition_id')}"] = entry.get("value")
    return echo
