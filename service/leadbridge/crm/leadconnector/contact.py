"""From a plan to the body of a contact upsert: only properties that the API knows, and never an empty text.

https://marketplace.gohighlevel.com/docs/ghl/contacts/upsert-contact
"""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Final

from leadbridge.crm.draft import Draft, is_blank, present, unique, warn_of_unwritten
from leadbridge.crm.echo import Same, Sent, same_date, same_phone, same_text, same_website
from leadbridge.crm.encoding import as_date
from leadbridge.crm.leadconnector.keys import LEAD_KEYS
from leadbridge.events import Json
from leadbridge.lead import Address, Lead
from leadbridge.outcome import Hold
from leadbridge.plan import Plan

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_USER_ID: Final = re.compile(r"[A-Za-z0-9]{6,40}")
_DIFFERS: Final = "LeadConnector shows another value than was sent, or none"
_IDENTIFIER: Final = "it belongs to another contact: LeadConnector then ignores it on the contact that it matched first"
_NOT_CLEARED: Final = "LeadConnector documents no way to clear it"

_MIDDLE: Final = "LeadConnector contacts have no middle name; it goes behind the first name"
_NAME_LEFT_OUT: Final = "first and last name go instead of `name`, and do not hold these words of it"
_WORD: Final = re.compile(r"""[^\s,;()\[\]{}<>"'“”„«»‘’「」『』（）]+""")

# https://github.com/GoHighLevel/highlevel-api-docs/issues/313
_GENDER: Final = "LeadConnector ignores the gender of a contact that exists already"

_TEXTS: Final[tuple[tuple[str, str, Same], ...]] = (
    ("company", "companyName", same_text),
    ("source", "source", same_text),
    ("timezone", "timezone", same_text),
)
_ADDRESS: Final = (("street", "address1"), ("city", "city"), ("state", "state"), ("postal_code", "postalCode"))
_CLEARABLE: Final = frozenset(
    {"firstName", "lastName", "name", "email", "phone", "address1", "city", "state", "website", "timezone"}
    | {"companyName", "dateOfBirth"}
)


@cache
def country_codes() -> frozenset[str]:
    """The codes that LeadConnector takes: neither all of ISO 3166-1 nor only it."""
    text = (files("leadbridge.crm.leadconnector") / "country_codes.json").read_text(encoding="utf-8")
    return frozenset(json.loads(text)["codes"])


def drafted(plan: Plan, location_id: str) -> Draft | Hold:
    """The contact without tags and custom fields; held when it has neither an e-mail address nor a phone number."""
    draft = Draft(body={"locationId": location_id})
    lead = plan.lead
    warn_of_unwritten(draft, lead, LEAD_KEYS)
    _write_name(draft, lead)
    _write_email(draft, lead)
    _write_phone(draft, lead)
    if not (draft.body.get("email") or draft.body.get("phone")):
        return Hold(
            reason="no_match_key",
            detail="LeadConnector takes a contact only with an e-mail address or a phone number in E.164 form; "
            "this lead has neither.",
        )
    _write_website(draft, lead)
    for key, attribute, same in _TEXTS:
        _put(draft, (key, attribute), lead, same=same)
    _write_address(draft, lead)
    _write_person(draft, lead)
    return draft


def _put(draft: Draft, place: tuple[str, str], lead: Lead | Address, *, same: Same) -> None:
    """A key as it is, if the lead sets it; None clears it where the API allows that; blank text is left out."""
    key, attribute = place
    if key not in lead.model_fields_set:
        return
    field = f"address.{key}" if isinstance(lead, Address) else key
    _send(draft, Sent(field=field, place=attribute, value=getattr(lead, key), same=same, cause=_DIFFERS))


def _send(draft: Draft, one: Sent) -> None:
    if one.value is None and one.place not in _CLEARABLE:
        draft.warn(one.field, sent=None, cause=_NOT_CLEARED)
    elif one.value is None or not is_blank(one.value):
        draft.body[one.place] = one.value
        draft.sent.append(one)


def _write_name(draft: Draft, lead: Lead) -> None:
    first, middle = present(lead.first_name), present(lead.middle_name)
    if first and middle:
        both = " ".join([*first, *middle])
        _send(draft, Sent(field="first_name", place="firstName", value=both, same=same_text, cause=_DIFFERS))
    else:
        _put(draft, ("first_name", "firstName"), lead, same=same_text)
        if middle:  # alone, it would take the place of the first name that the contact has
            draft.warn("middle_name", sent=lead.middle_name, cause=f"{_MIDDLE}; this lead has no first name")
    _put(draft, ("last_name", "lastName"), lead, same=same_text)
    if not present(lead.first_name, lead.last_name):
        _put(draft, ("name", "name"), lead, same=same_text)
    elif left := _left_out(lead):
        draft.warn("name", sent=left, cause=_NAME_LEFT_OUT)


def _left_out(lead: Lead) -> list[str]:
    """The words of the full name that no part of it holds."""
    parts = present(lead.prefix, lead.first_name, lead.middle_name, lead.last_name, lead.suffix)
    known = sorted({word for part in parts for word in _WORD.findall(part.casefold())}, key=len, reverse=True)
    return [word for word in _WORD.findall(lead.name or "") if not _is_made_of(word.casefold(), known)]


def _is_made_of(word: str, known: list[str]) -> bool:
    """Whether the word is one of the known, or, as in Chinese, several without a space between them."""
    for each in known:
        word = word.replace(each, " ")
    return not any(letter.isalnum() for letter in word)


def _write_email(draft: Draft, lead: Lead) -> None:
    addresses = unique(lead.email, *lead.emails)
    usable = [address for address in addresses if _EMAIL.fullmatch(address)]
    if len(usable) < len(addresses):
        rest = [address for address in addresses if address not in usable]
        draft.warn("email", sent=rest, cause="no e-mail address; LeadConnector would refuse the whole contact")
    if usable[1:]:
        draft.warn("emails", sent=usable[1:], cause="the API takes one e-mail address; the others are not written")
    if usable or ("email" in lead.model_fields_set and lead.email is None):
        value = usable[0] if usable else None
        _send(draft, Sent(field="email", place="email", value=value, same=same_text, cause=_IDENTIFIER))


def _write_phone(draft: Draft, lead: Lead) -> None:
    numbers = unique(lead.phone, *lead.phones)
    usable = [number for number in numbers if _E164.fullmatch(number)]
    if len(usable) < len(numbers):
        rest = [number for number in numbers if number not in usable]
        draft.warn(
            "phone", sent=rest, cause="LeadConnector takes phone numbers in E.164 form only, such as +14155550123"
        )
    if usable[1:]:
        draft.warn("phones", sent=usable[1:], cause="the API takes one phone number; the others are not written")
    if usable or ("phone" in lead.model_fields_set and lead.phone is None and not numbers):
        value = usable[0] if usable else None
        _send(draft, Sent(field="phone", place="phone", value=value, same=same_phone, cause=_IDENTIFIER))


def _write_website(draft: Draft, lead: Lead) -> None:
    websites = unique(lead.website, *lead.websites)
    if websites[1:]:
        draft.warn("websites", sent=websites[1:], cause="the API takes one website; the others are not written")
    if websites or ("website" in lead.model_fields_set and lead.website is None):
        value = websites[0] if websites else None
        _send(draft, Sent(field="website", place="website", value=value, same=same_website, cause=_DIFFERS))


def _write_address(draft: Draft, lead: Lead) -> None:
    if lead.address is None:
        if "address" in lead.model_fields_set:
            draft.warn("address", sent=None, cause=f"{_NOT_CLEARED} as a whole; clear its parts")
        return
    for key, attribute in _ADDRESS:
        _put(draft, (key, attribute), lead.address, same=same_text)
    country = lead.address.country
    if country is None or is_blank(country):
        return
    code = country.strip().upper()
    if code in country_codes():
        one = Sent(field="address.country", place="country", value=code, same=same_text, cause=_DIFFERS)
        _send(draft, one)
    else:
        draft.warn("address.country", sent=country, cause="not in LeadConnector's list of two-letter country codes")


def _write_person(draft: Draft, lead: Lead) -> None:
    born: Json = lead.date_of_birth
    if born is not None and not is_blank(born):
        encoded = as_date(born)
        if encoded.send:
            one = Sent(field="date_of_birth", place="dateOfBirth", value=encoded.value, same=same_date, cause=_DIFFERS)
            _send(draft, one)
        else:
            draft.warn("date_of_birth", sent=born, cause=str(encoded.problem))
    elif "date_of_birth" in lead.model_fields_set and born is None:
        _put(draft, ("date_of_birth", "dateOfBirth"), lead, same=same_date)
    if lead.gender is not None:
        # An answer shows no gender: it is no part of the documented contact.
        one = Sent(field="gender", place="gender", value=lead.gender, same=same_text, must_echo=False, cause=_GENDER)
        _send(draft, one)
    if lead.dnd is not None:
        _send(draft, Sent(field="dnd", place="dnd", value=lead.dnd, same=same_text, cause=_DIFFERS))
    owner = (lead.owner or "").strip()
    if _USER_ID.fullmatch(owner):
        _send(draft, Sent(field="owner", place="assignedTo", value=owner, same=same_text, cause=_DIFFERS))
    elif owner:
        draft.warn("owner", sent=lead.owner, cause="LeadConnector takes a user's id; find it under Settings → My Staff")
