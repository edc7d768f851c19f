"""From a plan to what is written of a contact: only properties that the API knows, and never an empty text.

https://marketplace.gohighlevel.com/docs/ghl/contacts/upsert-contact
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final

from leadbridge.crm.draft import Draft, is_blank, present, unique, warn_of_unwritten
from leadbridge.crm.echo import Same, Sent, same_date, same_phone, same_text, same_website
from leadbridge.crm.encoding import as_date
from leadbridge.crm.leadconnector.keys import LEAD_KEYS
from leadbridge.crm.leadconnector.rules import Later, later, permitted, rule_for
from leadbridge.events import Json
from leadbridge.lead import Address, Lead
from leadbridge.plan import Plan

IDENTIFIERS: Final = ("email", "phone")
CUSTOM_FIELD: Final = "customFields."  # what the place of a custom field begins with, before its id

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

COMPANY: Final = "companyName"
# PUT /contacts/{id} takes neither: https://marketplace.gohighlevel.com/docs/ghl/contacts/update-contact
NOT_IN_AN_UPDATE: Final = frozenset({COMPANY, "gender"})
_COMPANY: Final = f"{_DIFFERS}; it takes a company in an upsert alone, not in an update of a contact by its id"
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


@dataclass(slots=True, kw_only=True)
class ContactDraft(Draft):
    """A contact while it is put together: what is `sent` at once, and what comes `later` if its rule allows.

    `unseen` is sent at once too, and nothing tells whether it is kept. `finding` holds the e-mail address and phone
    number by which LeadConnector finds the contact.
    """

    plan: Plan
    later: list[Later] = field(default_factory=list)
    unseen: list[Sent] = field(default_factory=list)
    finding: dict[str, Json] = field(default_factory=dict)

    def put(self, one: Sent, *, rule_of: str | None = None) -> None:
        """Write a value as the rule says that stands under `rule_of`, else under the value's own field."""
        waiting = later(self.plan, one, rule_of or one.field) if self.plan.write else None
        if waiting is None:
            self.sent.append(one)
        else:
            self.later.append(waiting)


def attributes(sent: Iterable[Sent]) -> dict[str, Json]:
    """The values by the properties of the API; each custom field is an entry of one list."""
    plain: dict[str, Json] = {}
    fields: list[dict[str, Json]] = []
    for one in sent:
        if one.place.startswith(CUSTOM_FIELD):
            fields.append({"id": one.place.removeprefix(CUSTOM_FIELD), "field_value": one.value})
        else:
            plain[one.place] = one.value
    return {**plain, "customFields": fields} if fields else plain


def drafted(plan: Plan) -> ContactDraft:
    """The contact without tags and custom fields."""
    draft = ContactDraft(plan=plan)
    lead = permitted(plan)
    warn_of_unwritten(draft, lead, LEAD_KEYS, recognised=plan.recognised)
    _write_name(draft, lead)
    _write_email(draft, lead)
    _write_phone(draft, lead)
    _write_website(draft, lead)
    _put(draft, ("company", COMPANY), lead, same=same_text, cause=_COMPANY)
    _put(draft, ("source", "source"), lead, same=same_text)
    _put(draft, ("timezone", "timezone"), lead, same=same_text)
    _write_address(draft, lead)
    _write_person(draft, lead)
    draft.finding = _finding(draft)
    return draft


def _finding(draft: ContactDraft) -> dict[str, Json]:
    """What is sent to find the contact: the match key whatever its rule, since without it another may be found."""
    found = {one.place: one.value for one in draft.sent if one.place in IDENTIFIERS and one.value}
    match = draft.plan.match
    if match is not None and match.by in IDENTIFIERS and match.by not in found:
        form = _EMAIL if match.by == "email" else _E164
        if isinstance(match.value, str) and form.fullmatch(match.value.strip()):
            found[match.by] = match.value.strip()
    if not found:
        found = {one.sent.place: one.sent.value for one in draft.later if one.sent.place in IDENTIFIERS}
    return found


def _put(
    draft: ContactDraft, place: tuple[str, str], lead: Lead | Address, *, same: Same, cause: str = _DIFFERS
) -> None:
    """A key as it is, if the lead sets it; None clears it where the API allows that; blank text is left out."""
    key, attribute = place
    if key not in lead.model_fields_set:
        return
    field = f"address.{key}" if isinstance(lead, Address) else key
    _send(draft, Sent(field=field, place=attribute, value=getattr(lead, key), same=same, cause=cause))


def _send(draft: ContactDraft, one: Sent) -> None:
    if one.value is None and one.place not in _CLEARABLE:
        draft.warn(one.field, sent=None, cause=_NOT_CLEARED)
    elif one.value is None or not is_blank(one.value):
        draft.put(one)


def _write_name(draft: ContactDraft, lead: Lead) -> None:
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
    elif "name" in lead.model_fields_set and (left := _left_out(draft.plan.lead)):
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


def _write_email(draft: ContactDraft, lead: Lead) -> None:
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


def _write_phone(draft: ContactDraft, lead: Lead) -> None:
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


def _write_website(draft: ContactDraft, lead: Lead) -> None:
    websites = unique(lead.website, *lead.websites)
    if websites[1:]:
        draft.warn("websites", sent=websites[1:], cause="the API takes one website; the others are not written")
    if websites or ("website" in lead.model_fields_set and lead.website is None):
        value = websites[0] if websites else None
        _send(draft, Sent(field="website", place="website", value=value, same=same_website, cause=_DIFFERS))


def _write_address(draft: ContactDraft, lead: Lead) -> None:
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


def _write_person(draft: ContactDraft, lead: Lead) -> None:
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
    if lead.gender is not None and not is_blank(lead.gender):
        # An answer shows no gender: it is no part of the documented contact. It goes at once whatever its rule:
        # LeadConnector takes it with the creation alone, and spares the one that stands there by itself.
        one = Sent(field="gender", place="gender", value=lead.gender, same=same_text, must_echo=False, cause=_GENDER)
        (draft.sent if rule_for(draft.plan, "gender") == "always" else draft.unseen).append(one)
    if lead.dnd is not None:
        _send(draft, Sent(field="dnd", place="dnd", value=lead.dnd, same=same_text, cause=_DIFFERS))
    owner = (lead.owner or "").strip()
    if _USER_ID.fullmatch(owner):
        _send(draft, Sent(field="owner", place="assignedTo", value=owner, same=same_text, cause=_DIFFERS))
    elif owner:
        draft.warn("owner", sent=lead.owner, cause="LeadConnector takes a user's id; find it under Settings → My Staff")
