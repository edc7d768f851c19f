"""What a plan writes, in the CRM's terms: which keys of the lead make one value there, and by which rule."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, TypeAlias

from leadbridge.crm.adapter import LeadKey
from leadbridge.crm.names import folded
from leadbridge.lead import Address, Lead, Utm
from leadbridge.plan import Plan, TagChange, WriteRule

LeadKeys: TypeAlias = Mapping[str, LeadKey]
Values: TypeAlias = dict[str, Any]  # by path: `email`, `address.city`, `custom:Budget`

PAIRS: Final = (("email", "emails"), ("phone", "phones"), ("website", "websites"))  # a main value and its list
_GROUPS: Final[Mapping[str, type[Address] | type[Utm]]] = {"address": Address, "utm": Utm}
_NAME_PARTS: Final = ("first_name", "last_name")
_CUSTOM: Final = "custom:"
_NOWHERE: Final = "nowhere:"


def values_of(plan: Plan) -> Values:
    """Everything that the plan has for its record, value by value, but for its tags."""
    values: Values = {}
    for key in plan.lead.model_fields_set - {"tags"}:
        value = getattr(plan.lead, key)
        if isinstance(value, Address | Utm):
            values |= {f"{key}.{part}": getattr(value, part) for part in value.model_fields_set}
        else:
            values[key] = value
    return values | {f"{_CUSTOM}{name}": value for name, value in plan.custom_fields.items()}


def with_values(plan: Plan, values: Values, tags: TagChange) -> Plan:
    """The plan with these values and tags in the place of its own."""
    lead: Values = {}
    groups: dict[str, Values] = {}
    custom_fields: Values = {}
    for path, value in values.items():
        key, _, part = path.partition(".")
        if path.startswith(_CUSTOM):
            custom_fields[path.removeprefix(_CUSTOM)] = value
        elif part:
            groups.setdefault(key, {})[part] = value
        else:
            lead[path] = value
    lead |= {key: _GROUPS[key](**parts) for key, parts in groups.items()}
    return plan.model_copy(update={"lead": Lead(**lead), "custom_fields": custom_fields, "tags": tags})


def attribute_of(path: str, keys: LeadKeys) -> str:
    """What of the record the path writes; paths with the same one make one value.

    A path that the CRM has no attribute for is one of its own.
    """
    if path.startswith(_CUSTOM):
        return f"{_CUSTOM}{folded(path.removeprefix(_CUSTOM))}"
    key, _, part = path.partition(".")
    attribute = keys[key].attribute
    if attribute is None:
        return f"{_NOWHERE}{path}"
    return f"{attribute}.{part}" if part and not keys[key].whole else attribute


def says_something(value: Any) -> bool:
    """Whether a value is sent: None clears what is there, blank texts and empty lists are left out."""
    return value not in ([], {}, ()) and not (isinstance(value, str) and not value.strip())


def is_written(path: str, value: Any, keys: LeadKeys) -> bool:
    """Whether the CRM gets the value."""
    return says_something(value) and not attribute_of(path, keys).startswith(_NOWHERE)


def merging_pairs(keys: LeadKeys) -> Iterator[tuple[str, str]]:
    """The main values and their lists that make one list of the record, to which submissions add."""
    return (pair for pair in PAIRS if keys[pair[0]].merges)


def rule_of(plan: Plan, path: str, keys: LeadKeys) -> WriteRule:
    """By which rule the path is written: `merge` for lists that stand beside one another, `always` for one value."""
    key = path if path.startswith(_CUSTOM) else path.partition(".")[0]
    merges = key in keys and keys[key].merges
    rule = plan.write.get(key, "merge" if merges else "always")
    return "always" if rule == "merge" and not merges else rule


def overwritten(plan: Plan, keys: LeadKeys) -> frozenset[str]:
    """The attributes whose former value the plan replaces, whatever it was."""
    written = [
        path
        for path, value in values_of(plan).items()
        if rule_of(plan, path, keys) == "always" and is_written(path, value, keys)
    ]
    return frozenset(attribute for path in written for attribute in attributes_of(written, path, keys))


def attributes_of(paths: Collection[str], path: str, keys: LeadKeys) -> Iterator[str]:
    """What the path writes among these: a full name alone is its parts as well, and every part changes the name."""
    yield attribute_of(path, keys)
    if path in _NAME_PARTS:
        yield attribute_of("name", keys)
    elif path == "name" and not any(part in paths for part in _NAME_PARTS):
        for part in _NAME_PARTS:
            yield attribute_of(part, keys)
