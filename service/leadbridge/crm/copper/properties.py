"""From a plan to the properties of a Copper record: only attributes that the API knows, since one unknown fails all.

https://developer.copper.com/leads/overview.html and https://developer.copper.com/people/overview.html
"""

from typing import Final

from leadbridge.crm.adapter import Answers
from leadbridge.crm.copper.custom_fields import write_custom_fields
from leadbridge.crm.copper.kinds import Kind
from leadbridge.crm.copper.lists import ListChange, replacing
from leadbridge.crm.copper.lookups import READ_CUSTOM_FIELDS, id_of, items, references
from leadbridge.crm.draft import Draft, is_blank, present, unique, warn_of_unwritten
from leadbridge.crm.echo import Same, Sent, same_id, same_number, same_text
from leadbridge.crm.encoding import Encoded, as_number
from leadbridge.crm.names import Unfound, folded
from leadbridge.events import Json
from leadbridge.lead import Address, Lead
from leadbridge.outcome import Hold
from leadbridge.plan import Plan

_DIFFERS: Final = "Copper shows another value than was sent"
_TEXTS: Final = (("company", "company_name"), ("title", "title"), ("message", "details"))


def drafted(plan: Plan, kind: Kind, changes: tuple[ListChange, ...], answers: Answers) -> Draft | Hold:
    """The record's properties without the lists that are only added to; held when a custom field is unknown."""
    draft = Draft()
    lead = plan.lead
    warn_of_unwritten(draft, lead, kind.keys, recognised=plan.recognised)
    _write_name(draft, plan)
    if not kind.keys["email"].merges:
        _write_email(draft, plan)
    for key, attribute in _TEXTS:
        if key in lead.model_fields_set and kind.keys[key].attribute is not None:
            _put(draft, (key, attribute), getattr(lead, key), same=same_text)
    if kind.keys["value"].attribute is not None:
        _write_value(draft, lead)
    _write_address(draft, lead)
    _write_references(draft, lead, kind, answers)
    draft.body.update(replacing(changes))
    return write_custom_fields(draft, plan.custom_fields, items(READ_CUSTOM_FIELDS, answers), kind) or draft


def name_when_new(plan: Plan, kind: Kind) -> str:
    """What the record is called when it has to be created: Copper refuses one without a name.

    Without a name the e-mail address, since it is at once seen to be no name; else the company, the phone number, the
    match value.
    """
    lead = plan.lead
    named = present(
        _full_name(plan),
        plan.match.value if plan.match and plan.match.by == "email" and isinstance(plan.match.value, str) else None,
        lead.email,
        *lead.emails,
        lead.company if kind.keys["company"].attribute is not None else None,
        lead.phone,
        *lead.phones,
        str(plan.match.value) if plan.match else None,
    )
    return named[0] if named else kind.unnamed


def _put(draft: Draft, place: tuple[str, str], value: Json, *, same: Same) -> None:
    """A value as it is under (our key, Copper's attribute), None to clear it; blank text is left out."""
    key, attribute = place
    if isinstance(value, str) and not value.strip():
        return
    draft.body[attribute] = value
    draft.sent.append(Sent(field=key, place=attribute, value=value, same=same, cause=_DIFFERS))


def _full_name(plan: Plan) -> str:
    lead = plan.lead
    if plan.match and plan.match.by == "name":
        return str(plan.match.value)
    name = " ".join(present(lead.name))
    if not name or folded(name) == folded(" ".join(present(lead.first_name, lead.last_name))):
        return " ".join(_name_parts(lead))
    return name


def _name_parts(lead: Lead) -> list[str]:
    return present(lead.prefix, lead.first_name, lead.middle_name, lead.last_name, lead.suffix)


def _write_name(draft: Draft, plan: Plan) -> None:
    name, parts = _full_name(plan), _name_parts(plan.lead)
    known = folded(name)
    left = [part for part in parts if any(word not in known for word in folded(part).split())]
    if left:
        draft.warn("name", sent=left, cause="Copper takes one name, and `name` does not hold these parts of it")
    _put(draft, ("name", "name"), name, same=same_text)


def _write_email(draft: Draft, plan: Plan) -> None:
    lead = plan.lead
    matched = str(plan.match.value) if plan.match and plan.match.by == "email" else None
    addresses = unique(matched, lead.email, *lead.emails)
    if addresses:
        _put(draft, ("email", "email"), addresses[0], same=same_text)
        draft.body["email"] = {"email": addresses[0], "category": "work"}
    elif "email" in lead.model_fields_set and lead.email is None:
        _put(draft, ("email", "email"), None, same=same_text)
    if addresses[1:]:
        draft.warn(
            "emails", sent=addresses[1:], cause="a Copper lead has one e-mail address; the others are not written"
        )


def _write_value(draft: Draft, lead: Lead) -> None:
    if "value" not in lead.model_fields_set:
        return
    encoded = as_number(lead.value) if lead.value is not None else Encoded(value=None)
    if encoded.send:
        _put(draft, ("value", "monetary_value"), encoded.value, same=same_number)
    else:
        draft.warn("value", sent=str(lead.value), cause=str(encoded.problem))


def _write_address(draft: Draft, lead: Lead) -> None:
    if lead.address is None:
        if "address" in lead.model_fields_set:
            _put(draft, ("address", "address"), None, same=same_text)
        return
    given = {key: getattr(lead.address, key) for key in Address.model_fields if key in lead.address.model_fields_set}
    address = {key: value for key, value in given.items() if value is None or not is_blank(value)}
    if not address:
        return
    draft.body["address"] = address
    for key, value in address.items():
        same = _same_country if key == "country" else same_text
        draft.sent.append(Sent(field=f"address.{key}", place=f"address.{key}", value=value, same=same, cause=_DIFFERS))


def _same_country(sent: Json, got: Json) -> bool:
    """Copper answers with a two-letter code whatever way the country was written."""
    written_out = isinstance(sent, str) and len(sent.strip()) > 2
    return same_text(sent, got) or (written_out and isinstance(got, str) and len(got) == 2)


def _write_references(draft: Draft, lead: Lead, kind: Kind, answers: Answers) -> None:
    for reference in references(kind):
        wanted = getattr(lead, reference.key)
        if reference.key not in lead.model_fields_set or (wanted is not None and not wanted.strip()):
            continue
        if wanted is None:
            _put(draft, (reference.key, reference.attribute), None, same=same_id)
            continue
        found = id_of(wanted, reference.call, answers)
        if isinstance(found, Unfound):
            cause = f"Copper shows no such {reference.key}, so the {kind.name} is written without it: {found.why}"
            draft.warn(reference.key, sent=wanted, cause=cause)
        else:
            _put(draft, (reference.key, reference.attribute), found.item, same=same_id)
