"""The LeadConnector location of a trial."""

from collections.abc import Iterator
from typing import Final

from leadbridge.events import Json
from leadbridge.expressions.filters.phones import is_e164
from leadbridge.plan import Plan
from leadbridge.sandbox import LEADCONNECTOR_PATH, LeadConnectorSeed
from leadbridge.sandbox.leadconnector.catalog import FIELDS, ContactField, FieldType
from leadbridge.trial.account import Emulated, Imagined, codes, custom_fields_of, is_code, is_number, options_of


def _seed(plan: Plan, imagined: Imagined, *, account: str, existing: bool) -> LeadConnectorSeed:
    """A location with the fields that the plan names; the sandbox's own are put out of the way."""
    ids = codes()
    fields = {name: value for name, value in custom_fields_of(plan).items() if name.strip()}
    contact = _contact(plan, next(ids)) if existing else None
    return LeadConnectorSeed(
        account=account,
        custom_fields=(
            *(one.model_copy(update={"name": f"(another one, {one.id})", "key": one.id.lower()}) for one in FIELDS),
            *(_field(name, value, ids, imagined) for name, value in fields.items()),
        ),
        contacts=(contact,) if contact is not None else (),
    )


def _field(name: str, value: Json, ids: Iterator[str], imagined: Imagined) -> ContactField:
    """A field that takes the value as it is: which type the location's own has cannot be known."""
    kind, says = _type_for(value)
    imagined.assumed.append(f"the location has the contact field `{name}`, and it takes {says} ({kind})")
    number = name if is_code(name) else imagined.named(next(ids), f"id of custom field '{name}'")
    return ContactField(id=number, name=name, data_type=kind, options=tuple(options_of(value)))


def _type_for(value: Json) -> tuple[FieldType, str]:
    if is_number(value):
        return "NUMERICAL", "a number"
    return ("MULTIPLE_OPTIONS", "options") if isinstance(value, list) else ("LARGE_TEXT", "text")


def _contact(plan: Plan, contact_id: str) -> dict[str, Json] | None:
    """The person's contact, found by whatever the upsert sends; None when it sends nothing to find one by."""
    lead = plan.lead
    phones = [phone for phone in (lead.phone, *lead.phones) if phone and is_e164(phone)]
    emails = [email for email in (lead.email, *lead.emails) if email]
    if not (phones or emails):
        return None
    contact: dict[str, Json] = {"id": contact_id, "firstName": "Somebody"}
    return contact | ({"email": emails[0]} if emails else {}) | ({"phone": phones[0]} if phones else {})


LEADCONNECTOR: Final = Emulated(
    path=LEADCONNECTOR_PATH, named_by_token=False, records={"contact": "contacts"}, seed=_seed
)
