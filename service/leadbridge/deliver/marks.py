"""What is kept of deliveries that are pruned, so that an older one still puts no old value back (see `order`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from leadbridge.crm.registry import CRMS
from leadbridge.deliver.attributes import PAIRS, LeadKeys, says_something, values_of
from leadbridge.deliver.lists import as_tags, tags_of
from leadbridge.deliver.order import that_count
from leadbridge.lead import Address, Lead, Utm
from leadbridge.plan import Plan, RecordKind
from leadbridge.store.claims import Written

_CUSTOM = "custom:"
_WITH_PARTS: Mapping[str, type[Address] | type[Utm]] = {"address": Address, "utm": Utm}
_LISTED = frozenset(key for pair in PAIRS for key in pair)


def marks_of(lane: str, writes: Sequence[Written]) -> list[Written]:
    """Of writes to one record of a lane, in the order of events, those that an older one would still meet.

    Each says which values were written, and none of them but those of lists (e-mails, phones, websites, tags): what
    stands there is the CRM's to know. One that later ones have written over is left out; the last one stays, since it
    says that the record is known. What cannot be read is kept as it is.
    """
    plans: dict[int, Plan] = {}
    for place, one in enumerate(writes):
        try:
            plans[place] = Plan.model_validate_json(one.plan)
        except ValidationError:
            continue
    kept = {*range(len(writes))} - plans.keys()
    for kind in {plan.record for plan in plans.values()}:
        of_kind = [place for place, plan in plans.items() if plan.record == kind]
        keys = _lead_keys(lane, kind)
        count = [True] * len(of_kind) if keys is None else that_count([plans[one] for one in of_kind], lead_keys=keys)
        kept |= {place for place, counts in zip(of_kind, count, strict=True) if counts}
    return [
        Written(
            record_id=one.record_id,
            event_at=one.event_at,
            seq=one.seq,
            plan=_without_values(plans[place]).model_dump_json(exclude_unset=True) if place in plans else one.plan,
        )
        for place, one in enumerate(writes)
        if place in kept
    ]


def _lead_keys(lane: str, kind: RecordKind) -> LeadKeys | None:
    """How the lane's CRM takes the lead's keys; None when it is not installed any more."""
    crm = CRMS.get(lane.partition(":")[0])
    return None if crm is None else crm.adapter.lead_keys_of(kind)


def _without_values(plan: Plan) -> Plan:
    """The plan with nothing in the place of its values, which says as much of what it wrote."""
    lead: dict[str, Any] = {}
    parts: dict[str, dict[str, None]] = {}
    custom_fields: dict[str, None] = {}
    for path, value in values_of(plan).items():
        key, _, part = path.partition(".")
        if not says_something(value):
            continue
        if path.startswith(_CUSTOM):
            custom_fields[path.removeprefix(_CUSTOM)] = None
        elif key in _LISTED:
            lead[key] = value
        elif part:
            parts.setdefault(key, {})[part] = None
        else:
            lead[key] = {"": None} if key == "other" else None
    lead |= {key: _WITH_PARTS[key](**its) for key, its in parts.items()}
    said: dict[str, Any] = {"record": plan.record, "lead": Lead(**lead), "match": None}
    if custom_fields:
        said["custom_fields"] = custom_fields
    if tags := tags_of(plan):
        said["tags"] = as_tags(tags)
    if plan.write:
        said["write"] = plan.write
    return Plan(**said)
