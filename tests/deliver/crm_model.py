"""A record of a CRM as a small model: what each write rule leaves there, said without the code that is tested.

There are two kinds, as the CRMs differ: `one_name` keeps one name, whole addresses and lists of phones and websites;
the other keeps names and address parts singly, one phone and one website.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from leadbridge.crm.adapter import LeadKey
from leadbridge.lead import LEAD_KEYS, Address
from leadbridge.plan import Plan, WriteRule

_NOWHERE: Final = LeadKey(attribute=None, how="There is no such attribute.")


def _keys(**keys: LeadKey) -> Mapping[str, LeadKey]:
    return MappingProxyType({key: keys.get(key, _NOWHERE) for key in LEAD_KEYS})


_NAME: Final = LeadKey(attribute="name")
_PHONES: Final = LeadKey(attribute="phones", merges=True)
_SITES: Final = LeadKey(attribute="sites", merges=True)
ONE_NAME: Final = _keys(
    name=_NAME,
    first_name=_NAME,
    last_name=_NAME,
    email=LeadKey(attribute="email"),
    emails=LeadKey(attribute="email"),
    phone=_PHONES,
    phones=_PHONES,
    website=_SITES,
    websites=_SITES,
    address=LeadKey(attribute="address", whole=True),
    company=LeadKey(attribute="company"),
    title=LeadKey(attribute="title"),
    source=LeadKey(attribute="source"),
    tags=LeadKey(attribute="tags", merges=True),
)
TWO_NAMES: Final = _keys(
    name=LeadKey(attribute="whole_name"),
    first_name=LeadKey(attribute="first"),
    last_name=LeadKey(attribute="last"),
    email=LeadKey(attribute="email", finds=True),
    emails=LeadKey(attribute="email", finds=True),
    phone=LeadKey(attribute="phone", finds=True),
    phones=LeadKey(attribute="phone", finds=True),
    website=LeadKey(attribute="site"),
    websites=LeadKey(attribute="site"),
    address=LeadKey(attribute="address"),
    company=LeadKey(attribute="company"),
    title=LeadKey(attribute="title"),
    source=LeadKey(attribute="source"),
    tags=LeadKey(attribute="tags", merges=True),
)


@dataclass(frozen=True, slots=True)
class Record:
    """What stands in the CRM: single values, and lists that are not empty, whose order does not matter."""

    values: Mapping[str, Any]
    lists: Mapping[str, frozenset[str]]


def written(record: Record | None, plan: Plan, keys: Mapping[str, LeadKey]) -> Record:
    """The record after the plan; there was none where it is None."""
    new, record = record is None, record or Record({}, {})
    for key, attribute, value in _single(plan, one_name=keys is ONE_NAME):
        stands = record.values.get(attribute)
        if _goes(plan.write.get(key, "always"), new=new, empty=stands is None, clears=_is_blank(value)):
            record = replace(record, values={**record.values, attribute: value})
    if keys is ONE_NAME:
        for one, many, attribute in (("phone", "phones", "phones"), ("website", "websites", "sites")):
            items = frozenset(filter(None, (getattr(plan.lead, one), *getattr(plan.lead, many))))
            clears = one in plan.lead.model_fields_set and getattr(plan.lead, one) is None and not items
            rule = plan.write.get(one, "merge")
            record = _list_written(
                record, attribute, items, whole=clears or (rule == "always" and bool(items)), rule=rule, new=new
            )
    return _tags_written(record, plan, new=new)


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, tuple) and not any(value))


def _goes(rule: WriteRule, *, new: bool, empty: bool, clears: bool) -> bool:
    return {"always": True, "merge": True, "if_empty": empty and not clears, "on_create": new, "never": False}[rule]


def _single(plan: Plan, *, one_name: bool) -> list[tuple[str, str, Any]]:
    """(the key whose rule holds, the attribute, the value) of everything that stands alone."""
    lead, given = plan.lead, plan.lead.model_fields_set
    found: list[tuple[str, str, Any]] = []
    if one_name and lead.name:
        found.append(("name", "name", lead.name))
    elif not one_name:
        names = [(key, attribute) for key, attribute in (("first_name", "first"), ("last_name", "last"))]
        found += [(key, attribute, value) for key, attribute in names if (value := getattr(lead, key))]
        if lead.name and not lead.first_name and not lead.last_name:
            first, _, last = lead.name.partition(" ")
            found += [("name", "first", first), ("name", "last", last or None)]
    found += [(key, key, getattr(lead, key)) for key in ("email", "company", "title", "source") if key in given]
    if not one_name:
        found += [(key, key, getattr(lead, key)) for key in ("phone", "website") if key in given]
    if lead.address is not None:
        parts = {key: getattr(lead.address, key) for key in lead.address.model_fields_set}
        whole = [("address", "address", tuple(getattr(lead.address, key) for key in Address.model_fields))]
        found += whole if one_name else [("address", f"address.{key}", value) for key, value in parts.items()]
    return found + [(f"custom:{name}", f"custom:{name}", value) for name, value in plan.custom_fields.items()]


def _list_written(
    record: Record, attribute: str, items: frozenset[str], *, whole: bool, rule: WriteRule, new: bool
) -> Record:
    stands = record.lists.get(attribute, frozenset())
    if not (items or whole) or not _goes(rule, new=new, empty=not stands, clears=not items):
        return record
    return _with_list(record, attribute, items if whole else stands | items)


def _tags_written(record: Record, plan: Plan, *, new: bool) -> Record:
    rule = plan.write.get("tags", "merge")
    stands = record.lists.get("tags", frozenset())
    gone = {tag.casefold() for tag in plan.tags.remove}
    add = {tag.casefold() for tag in (*(plan.tags.replace or ()), *plan.tags.add, *plan.lead.tags)} - gone
    if plan.tags.replace is not None or (rule == "always" and add):
        after = frozenset(add)
    else:
        after = frozenset(stands - gone | add)
    if not _goes(rule, new=new, empty=not stands, clears=not add):
        return record
    return _with_list(record, "tags", after)


def _with_list(record: Record, attribute: str, items: frozenset[str]) -> Record:
    others = {name: listed for name, listed in record.lists.items() if name != attribute}
    return replace(record, lists=others | ({attribute: items} if items else {}))
