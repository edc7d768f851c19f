"""Reading LeadConnector's answers: which are good, how long to wait, and which contact they show.

Limits and their headers: https://github.com/GoHighLevel/highlevel-api-docs/blob/main/docs/oauth/Authorization.md.
"""

import re
from dataclasses import dataclass
from typing import Final

from leadbridge.crm.adapter import Answer
from leadbridge.crm.answers import Reading, Refusal, asked_wait, effective_status, seconds_in, words
from leadbridge.events import Json
from leadbridge.outcome import Retry

_CONTACT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DAY: Final = 86_400.0  # seconds
_INTERVAL: Final = 10.0  # seconds


def asked_wait_of(answer: Answer) -> float | None:
    """Seconds until a call can succeed. On 429 the daily budget or the interval says it; `Retry-After` goes first.

    `x-ratelimit-daily-reset` counts milliseconds down to the end of the day's budget; it is not documented.
    """
    asked = asked_wait(answer)
    if asked is not None or answer.status != 429:
        return asked
    spent = answer.headers.get("x-ratelimit-daily-remaining", "").strip() == "0"
    header, otherwise = ("x-ratelimit-daily-reset", _DAY) if spent else ("x-ratelimit-interval-milliseconds", _INTERVAL)
    seconds = seconds_in(answer.headers.get(header, ""), per_second=1_000)
    return otherwise if seconds is None else seconds


_SCOPES: Final = (
    "Give the integration the scopes contacts.write and contacts.readonly, "
    "and locations/customFields.readonly where custom fields are mapped."
)
READING: Final = Reading(
    title="LeadConnector",
    advice=(
        ("not authorized for this scope", _SCOPES),
        ("location", "The token belongs to another location: check `location_id`, or make a token in that location."),
        ("version header", "Something between here and LeadConnector drops the `Version` header; check `base_url`."),
        ("1010", "A firewall in front of LeadConnector refused the call; the token may be good."),
        ("", "Check `token`: it may be expired, revoked or incomplete. Private Integration tokens begin with `pit-`."),
    ),
    wait=asked_wait_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The contact as LeadConnector echoes it after the upsert; `created` is None when the answer does not tell."""

    contact_id: str
    contact: dict[str, Json]
    created: bool | None


def written_in(answer: Answer) -> Written | Refusal:
    """The contact that a good answer to the upsert echoes, or what happens next instead."""
    refusal = READING.refusal(answer)
    if refusal is not None:
        return refusal
    contact = answer.body.get("contact")
    contact_id = contact.get("id") if isinstance(contact, dict) else None
    if not isinstance(contact_id, str) or not _CONTACT_ID.fullmatch(contact_id):
        return Retry(detail=f"LeadConnector's answer names no contact: {words(answer)}")
    new = answer.body.get("new")
    return Written(contact_id=contact_id, contact=dict(contact), created=new if isinstance(new, bool) else None)


def gone_or(refusal: Refusal, answer: Answer) -> Refusal:
    """A contact that was deleted after the upsert is no reason to lose the submission: the next upsert creates it.

    LeadConnector says so with 400 and "Contact with id … not found".
    """
    if effective_status(answer) in (400, 404) and "not found" in words(answer).casefold():
        return Retry(detail="The contact was deleted in LeadConnector meanwhile; it is upserted again.")
    return refusal


def echo_of(contact: dict[str, Json]) -> dict[str, Json]:
    """The contact by the places that `Sent` names.

    Names and e-mail also stand there lower-cased, sometimes alone: the comparators do not regard case.
    """
    echo = {key.removesuffix("LowerCase"): value for key, value in contact.items() if key.endswith("LowerCase")}
    echo["name"] = echo.pop("fullName", contact.get("contactName"))
    echo.update(contact)
    fields = contact.get("customFields")
    for entry in fields if isinstance(fields, list) else []:
        if isinstance(entry, dict):
            echo[f"customFields.{entry.get('id')}"] = entry.get("value", entry.get("field_value"))
    return echo
