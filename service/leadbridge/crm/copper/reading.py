"""Reading Copper's answers: which are good, which record they show, and whether it is new."""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

from leadbridge.crm.adapter import Answer
from leadbridge.crm.answers import Reading, Refusal, asked_wait, effective_status, words
from leadbridge.crm.copper.ids import identifier
from leadbridge.crm.copper.lists import ListChange
from leadbridge.crm.echo import Sent
from leadbridge.events import Json
from leadbridge.outcome import Hold, Retry, WriteWarning

_READING: Final = Reading(
    title="Copper",
    advice=(("", "Check `access_token` and `user_email`: the key must be active, and made by that user."),),
    wait=asked_wait,
)

_FRESH: Final = 300  # seconds between a record's creation and the answer within which that answer may have created it


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The record as Copper echoes it after the write that found or made it, and what of it was sent.

    `created` is None where that cannot be told. A `whole` one has everything that the plan has for it; one that was
    made by a call that must not be repeated names that call.
    """

    record: dict[str, Json]
    created: bool | None
    whole: bool = False
    nameless: bool = False  # the name was left out, to see whether the record is there
    made_by: str | None = None
    sent: tuple[Sent, ...] = ()
    changes: tuple[ListChange, ...] = ()  # that went with it
    warnings: tuple[WriteWarning, ...] = ()

    @property
    def record_id(self) -> int:
        """Copper's id of the record."""
        return identifier(self.record.get("id")) or 0


def refusal_of(answer: Answer, *, shape: type[dict[str, Json]] | type[list[Json]] = dict) -> Refusal | None:
    """Why the delivery cannot go on from this answer; None when it is good and its body is a `shape`."""
    refusal = _READING.refusal(answer, shape=shape)
    if isinstance(refusal, Hold) and effective_status(answer) == 403:
        # A key has no scopes of its own: https://developer.copper.com/introduction/best_practices.html
        detail = f"Copper answered 403: {words(answer)}. A key may do what its user may: give the user of `user_email` "
        return Hold(reason="missing_scope", detail=f"{detail}the right, or use the key of one who has it.")
    return refusal


def record_in(answer: Answer) -> dict[str, Json] | Refusal:
    """The record that a good answer echoes, or what happens next instead."""
    refusal = refusal_of(answer)
    if refusal is not None:
        return refusal
    if identifier(answer.body.get("id")) is None:
        return Retry(detail=f"Copper's answer names no record: {words(answer)}")
    return dict(answer.body)


def gone_or(refusal: Refusal, answer: Answer) -> Refusal:
    """A record that was deleted after it was found is no reason to lose the submission: the next try looks anew."""
    if effective_status(answer) == 404:
        return Retry(detail="The record was deleted in Copper meanwhile; the next try looks for it anew.")
    return refusal


def is_unreadable(answer: Answer, refusal: Refusal) -> bool:
    """Whether nothing in the answer, not even its status, tells if the call was done."""
    return isinstance(refusal, Retry) and answer.status < 400 and effective_status(answer) not in (408, 425, 429, 503)


def was_created(record: dict[str, Json], answer: Answer) -> bool | None:
    """Whether this answer created the record; Copper does not say so.

    A record that was never modified and is as young as the answer was. Another client's create within the same minutes,
    answered here by an update that changed nothing, looks the same.
    """
    created, modified = _seconds(record.get("date_created")), _seconds(record.get("date_modified"))
    if created is None or modified is None:
        return None
    if created != modified:
        return False
    answered = date_of(answer)
    return answered is None or answered - _FRESH <= created


def date_of(answer: Answer) -> float | None:
    """When it was answered by Copper's clock, in Unix seconds; None when it does not say."""
    return _unix(answer.headers.get("date", ""))


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
