"""Reading LeadConnector's answers: which are good, how long to wait, and which contact they show.

Limits and their headers: https://github.com/GoHighLevel/highlevel-api-docs/blob/main/docs/oauth/Authorization.md.
"""

import re
from dataclasses import dataclass
from typing import Final

from leadbridge.crm.adapter import Answer, Limits
from leadbridge.crm.answers import Reading, Refusal, asked_wait, effective_status, words
from leadbridge.events import Json
from leadbridge.outcome import Hold, Retry
from leadbridge.outgoing.answers import seconds_in

_COUNT: Final = re.compile(r"[0-9]{1,9}")
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
    spent = _whole(answer, "x-ratelimit-daily-remaining") == 0
    header, otherwise = ("x-ratelimit-daily-reset", _DAY) if spent else ("x-ratelimit-interval-milliseconds", _INTERVAL)
    seconds = _seconds(answer, header)
    return otherwise if seconds is None else seconds


def limits_of(answer: Answer) -> Limits | None:
    """What the headers say of both quotas, where any of them is there and is a number."""
    said = Limits(
        remaining=_whole(answer, "x-ratelimit-remaining"),
        window=_seconds(answer, "x-ratelimit-interval-milliseconds"),
        daily_remaining=_whole(answer, "x-ratelimit-daily-remaining"),
        daily_reset=_seconds(answer, "x-ratelimit-daily-reset"),
        wait=asked_wait(answer),
    )
    return None if said == Limits() else said


def _whole(answer: Answer, header: str) -> int | None:
    value = answer.headers.get(header, "").strip()
    return int(value) if _COUNT.fullmatch(value) else None


def _seconds(answer: Answer, header: str) -> float | None:
    return seconds_in(answer.headers.get(header, ""), per_second=1_000)


# https://github.com/GoHighLevel/highlevel-api-docs, docs/oauth/Scopes.md
WRITE: Final = "contacts.write"
READ: Final = "contacts.readonly"
READ_FIELDS: Final = "locations/customFields.readonly"

_NO_SCOPE: Final = "not authorized for this scope"
_CHECK: Final = (
    "Check `token`: it may be expired, revoked or incomplete. Private Integration tokens begin with `pit-`. "
    "With `oauth`, connect the destination anew: `leadbridge connect leadconnector`."
)
_NOT_THE_TOKEN: Final = (_NO_SCOPE, "location", "version header")
_READING: Final = Reading(
    title="LeadConnector",
    advice=(
        (_NO_SCOPE, ""),
        ("location", "The token belongs to another location: check `location_id`, or make a token in that location."),
        ("version header", "Something between here and LeadConnector drops the `Version` header; check `base_url`."),
        ("1010", "A firewall in front of LeadConnector refused the call; the token may be good."),
        ("", _CHECK),
    ),
    wait=asked_wait_of,
)


def refusal_of(answer: Answer, *, needs: str) -> Refusal | None:
    """Why the delivery cannot go on from this answer to a call that needs this scope; None when it is good."""
    refusal = _READING.refusal(answer)
    if isinstance(refusal, Hold) and _NO_SCOPE in words(answer).casefold():
        advice = f"Give the integration the scope {needs}, then release what is held."
        return Hold(reason="missing_scope", detail=f"{refusal.detail.rstrip()} {advice}")
    return refusal


def blames_the_token(answer: Answer) -> bool:
    """Whether a 401 is about the access token itself, so that a fresh one may help; 403 never is."""
    said = words(answer).casefold()
    return effective_status(answer) == 401 and not any(part in said for part in _NOT_THE_TOKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The contact as LeadConnector echoes it.

    `created` is None when nothing tells, and `new` when the echo is that of the creation itself. `once` is the purpose
    of the call that made it, where that must not be made again.
    """

    contact_id: str
    contact: dict[str, Json]
    created: bool | None
    new: bool = False
    once: str | None = None


def written_in(answer: Answer, *, needs: str = WRITE) -> Written | Refusal:
    """The contact that a good answer echoes, or what happens next instead."""
    refusal = refusal_of(answer, needs=needs)
    if refusal is not None:
        return refusal
    contact = answer.body.get("contact")
    if not isinstance(contact, dict) or not is_contact_id(contact.get("id")):
        return Retry(detail=f"LeadConnector's answer names no contact: {words(answer)}")
    new = answer.body.get("new")
    created = new if isinstance(new, bool) else None
    return Written(contact_id=contact["id"], contact=dict(contact), created=created, new=created is True)


def is_contact_id(value: Json) -> bool:
    """Whether a value can stand in a path as a contact's id."""
    return isinstance(value, str) and _CONTACT_ID.fullmatch(value) is not None


def is_gone(answer: Answer) -> bool:
    """Whether the contact that a call names is not there: 400 and "Contact with id … not found", not always 404."""
    return effective_status(answer) in (400, 404) and "not found" in words(answer).casefold()


def is_of_another(answer: Answer) -> bool:
    """Whether a write is refused since another contact has the e-mail address or the phone number."""
    return effective_status(answer) == 400 and "duplicated contact" in words(answer).casefold()


def duplicate_in(answer: Answer) -> dict[str, Json]:
    """What such a refusal says of the other contact: `contactId`, `contactName`, `matchingField`."""
    meta = answer.body.get("meta") if isinstance(answer.body, dict) else None
    return meta if isinstance(meta, dict) else {}


def gone_or(refusal: Refusal, answer: Answer) -> Refusal:
    """A contact that was deleted after the upsert is no reason to lose the submission: the next upsert creates it."""
    if is_gone(answer):
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
