"""The Copper account of a trial."""

from collections.abc import Iterator, Mapping
from typing import Final

from leadbridge.crm.copper.ids import identifier
from leadbridge.crm.copper.kinds import KINDS, LEAD, PERSON
from leadbridge.events import Json
from leadbridge.plan import Plan
from leadbridge.sandbox import COPPER_PATH, CopperSeed
from leadbridge.sandbox.copper.catalog import (
    DEFINITIONS,
    SOURCES,
    STATUSES,
    USERS,
    Choice,
    DataType,
    Definition,
    Option,
    Status,
    User,
)
from leadbridge.trial.account import THERE, Emulated, Imagined, custom_fields_of, is_number, numbers, options_of

_WITH_OPTIONS: Final = ("Dropdown", "MultiSelect")
_OTHER: Final = "(another one, {})"
_LONG_AGO: Final = 1_500_000_000  # seconds since the Unix epoch, when the record that is there was made


def _seed(plan: Plan, imagined: Imagined, *, account: str, existing: bool) -> CopperSeed:
    """An account with what the plan names; the sandbox's own lists are put out of the way."""
    ids = numbers()
    fields = {name: value for name, value in custom_fields_of(plan).items() if name.strip()}
    kind, lead = KINDS.get(plan.record, LEAD), plan.lead
    sought = plan.match.field if plan.match is not None and kind is PERSON else None
    definitions = {
        name: _definition(name, value, ids, imagined, searched=name == sought) for name, value in fields.items()
    }
    there = (_record(plan, definitions, next(ids)),) if existing and plan.match is not None else ()
    has = {key: value if kind.keys[key].attribute is not None else None for key, value in lead}
    return CopperSeed(
        account=account,
        custom_field_definitions=(
            *(one.model_copy(update={"available_on": ()}) for one in DEFINITIONS),
            *definitions.values(),
        ),
        lead_statuses=(
            *(one.model_copy(update={"name": _OTHER.format(one.id)}) for one in STATUSES),
            *(Status(id=number, name=name) for number, name in _named("lead status", has["status"], ids, imagined)),
        ),
        customer_sources=(
            *(one.model_copy(update={"name": _OTHER.format(one.id)}) for one in SOURCES),
            *(Choice(id=number, name=name) for number, name in _named("customer source", has["source"], ids, imagined)),
        ),
        users=(
            *(one.model_copy(update={"name": _OTHER.format(one.id), "email": ""}) for one in USERS),
            *(User(id=number, name=name, email="") for number, name in _named("user", lead.owner, ids, imagined)),
        ),
        leads=there if kind is LEAD else (),
        people=there if kind is PERSON else (),
    )


def _named(what: str, name: str | None, ids: Iterator[int], imagined: Imagined) -> Iterator[tuple[int, str]]:
    """The status, source or user that the plan names; one that is named by its id has that."""
    name = (name or "").strip()
    known = identifier(name)
    if known is not None:
        yield known, name
    elif name:
        imagined.assumed.append(f"the account has the {what} `{name}`")
        yield imagined.named(next(ids), f"id of {what} '{name}'"), name


def _definition(name: str, value: Json, ids: Iterator[int], imagined: Imagined, *, searched: bool) -> Definition:
    """A field that takes the value as it is: which type the account's own has cannot be known.

    One that people are `searched` by is none of texts: Copper could not find them.
    """
    kind, says = ("Dropdown", "an option") if searched and isinstance(value, str) else _type_for(value)
    imagined.assumed.append(f"the account has the custom field `{name}`, and it takes {says} ({kind})")
    options = tuple(
        Option(id=imagined.named(next(ids), f"id of option '{label}' of custom field '{name}'"), name=label)
        for label in (options_of(value if kind == "MultiSelect" else [value]) if kind in _WITH_OPTIONS else ())
    )
    number = imagined.named(next(ids), f"id of custom field '{name}'")
    return Definition(id=number, name=name, data_type=kind, is_filterable=True, options=options)


def _type_for(value: Json) -> tuple[DataType, str]:
    if isinstance(value, bool):
        return "Checkbox", "yes or no"
    if is_number(value):
        return "Float", "a number"
    return ("MultiSelect", "options") if isinstance(value, list) else ("Text", "text")


def _record(plan: Plan, definitions: Mapping[str, Definition], number: int) -> dict[str, Json]:
    """What is there of the person, found by the match key, with something in each list that the plan adds to."""
    lead, match = plan.lead, plan.match
    record: dict[str, Json] = {"id": number, "date_created": _LONG_AGO, "date_modified": _LONG_AGO + 1}
    record["name"] = (
        str(match.value) if match is not None and match.by == "name" else f"A {plan.record} that is there already"
    )
    phones = []
    if match is not None and match.by == "email":
        email = {"email": str(match.value), "category": "work"}
        record |= {"emails": [email]} if plan.record == "person" else {"email": email}
    if match is not None and match.by == "phone":
        phones = [{"number": str(match.value), "category": "work"}]
    if match is not None and match.by == "custom" and match.field and match.field in definitions:
        definition = definitions[match.field]
        value = definition.options[0].id if definition.data_type == "Dropdown" else match.value
        entry = {"custom_field_definition_id": definition.id, "value": value}
        record["custom_fields"] = [entry]
    if lead.tags or plan.tags.add:
        record["tags"] = [THERE.format("tags")]
    if lead.phone or lead.phones:
        phones = [*phones, {"number": THERE.format("phone numbers"), "category": "mobile"}]
    if phones:
        record["phone_numbers"] = phones
    if lead.website or lead.websites:
        record["websites"] = [{"url": THERE.format("websites"), "category": "work"}]
    return record


COPPER: Final = Emulated(
    path=COPPER_PATH, named_by_token=True, records={"lead": "leads", "person": "people"}, seed=_seed
)
