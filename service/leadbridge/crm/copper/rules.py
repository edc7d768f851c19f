"""What the route's `write` rules mean for a Copper record: what goes at once, and what waits for a look at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from leadbridge.crm.copper.custom_fields import definition_of
from leadbridge.crm.copper.ids import identifier
from leadbridge.crm.copper.kinds import LEAD, PERSON, Kind
from leadbridge.crm.draft import Draft, is_blank
from leadbridge.crm.echo import Sent, same_text, verdict
from leadbridge.events import Json
from leadbridge.lead import Lead
from leadbridge.outcome import Hold, WriteWarning
from leadbridge.plan import Plan, TagChange, WriteRule

UNSEEN: Final = "Copper's answer does not show what stands there, so adding could have removed something"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A value that goes into a call only when it is known what stands there.

    By `if_empty` where nothing does, by `on_create` to a new record alone, by `merge` beside the other parts of an
    address, by `always` where another one does.
    """

    rule: WriteRule
    attribute: str
    value: Json  # of a custom field its entry
    sent: tuple[Sent, ...]


def rule_for(plan: Plan, kind: Kind, attribute: str) -> WriteRule | None:
    """The rule of an attribute, None for the usual one; of several keys that make it, the first that has one."""
    if not plan.write:
        return None
    return next((plan.write[key] for key in kind.keys_for(attribute) if key in plan.write), None)


def permitted(plan: Plan, kind: Kind) -> Plan:
    """The plan without what is never written."""
    if "never" not in plan.write.values():
        return plan
    attributes = {key: kind.keys[key].attribute for key in plan.lead.model_fields_set}
    forbidden = {
        key
        for key, attribute in attributes.items()
        if attribute is not None and rule_for(plan, kind, attribute) == "never"
    }
    kept = plan.lead.model_fields_set - forbidden
    lead = Lead.model_construct(_fields_set=kept, **{key: getattr(plan.lead, key) for key in kept})
    fields = {name: value for name, value in plan.custom_fields.items() if plan.write.get(f"custom:{name}") != "never"}
    tags = TagChange() if plan.write.get("tags") == "never" else plan.tags
    return plan.model_copy(update={"lead": lead, "custom_fields": fields, "tags": tags})


def set_aside(draft: Draft, plan: Plan, kind: Kind, definitions: list[dict[str, Json]]) -> tuple[Waiting, ...]:
    """Take out of the draft what must wait. A name for new records alone need not: they always get one."""
    waiting: list[Waiting] = []
    for attribute in [name for name in draft.body if name != "custom_fields"]:
        rule = rule_for(plan, kind, attribute)
        if attribute == "address" and not kind.keys["address"].whole and draft.body["address"] is not None:
            rule = "merge" if rule not in ("if_empty", "on_create") else rule
        if rule in ("merge", "if_empty", "on_create") and not _is_list(kind, attribute):
            value, sent = draft.body.pop(attribute), _taken(draft, attribute)
            # To clear what is empty, or new, is nothing to do.
            if value is not None and (attribute, rule) != ("name", "on_create"):
                waiting.append(Waiting(rule=rule, attribute=attribute, value=value, sent=sent))
    waiting += _custom_fields_aside(draft, plan, kind, definitions)
    return tuple(waiting)


def _custom_fields_aside(draft: Draft, plan: Plan, kind: Kind, definitions: list[dict[str, Json]]) -> list[Waiting]:
    waiting: list[Waiting] = []
    for name in plan.custom_fields:
        rule = plan.write.get(f"custom:{name}")
        definition = definition_of(name, definitions, kind) if rule in ("if_empty", "on_create") else None
        if rule is None or definition is None or isinstance(definition, Hold):
            continue
        field_id = identifier(definition["id"])
        entries = draft.body.pop("custom_fields", [])
        kept = [entry for entry in entries if entry["custom_field_definition_id"] != field_id]
        if kept:
            draft.body["custom_fields"] = kept
        sent = _taken(draft, f"custom_fields.{field_id}")
        waiting += [
            Waiting(rule=rule, attribute="custom_fields", value=entry, sent=sent)
            for entry in entries
            if entry not in kept and entry["value"] is not None
        ]
    return waiting


def _is_list(kind: Kind, attribute: str) -> bool:
    return any(kind.keys[key].merges for key in kind.keys_for(attribute))


def _taken(draft: Draft, place: str) -> tuple[Sent, ...]:
    """What the draft was to verify under this place; no longer in it."""
    taken = tuple(one for one in draft.sent if one.place == place or one.place.startswith(f"{place}."))
    draft.sent = [one for one in draft.sent if one not in taken]
    return taken


def is_due(one: Waiting, echo: Mapping[str, Json], *, created: bool) -> bool:
    """Whether the value is to be written to the record that the echo shows."""
    match one.rule:
        case "on_create":
            return created
        case "if_empty" if one.attribute == "name":
            return created or is_placeholder(echo)
        case "if_empty":
            return created or (_is_shown(one, echo) and all(is_blank(echo.get(sent.place)) for sent in one.sent))
    return any(verdict(sent, echo) != "kept" for sent in one.sent)


def is_placeholder(echo: Mapping[str, Json]) -> bool:
    """Whether the record is only called something because it had to be: see `properties.name_when_new`."""
    name, emails, phones = echo.get("name"), echo.get("emails"), echo.get("phone_numbers")
    others = [echo.get("email"), echo.get("company_name"), LEAD.unnamed, PERSON.unnamed]
    for listed, key in ((emails, "email"), (phones, "number")):
        others += [item.get(key) for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return "name" in echo and (is_blank(name) or any(same_text(name, other) for other in others))


def _is_shown(one: Waiting, echo: Mapping[str, Json]) -> bool:
    """Whether the echo says what stands there; every custom field is listed, those without a value as null."""
    return one.attribute in echo


def joined(body: Mapping[str, Json], waiting: tuple[Waiting, ...], standing: Mapping[str, Json]) -> dict[str, Json]:
    """The body with these values too; the parts of an address that stand there stay beside ours."""
    whole = dict(body)
    for one in waiting:
        if one.attribute == "custom_fields":
            whole["custom_fields"] = [*whole.get("custom_fields", []), one.value]
        elif one.attribute == "address" and one.rule == "merge":
            address = standing.get("address")
            there = {key: value for key, value in address.items() if value} if isinstance(address, dict) else {}
            whole["address"] = there | one.value
        else:
            whole[one.attribute] = one.value
    return whole


def unseen(waiting: tuple[Waiting, ...], echo: Mapping[str, Json]) -> list[WriteWarning]:
    """A warning for each value that was left out because the answer does not show what stands there."""
    return [
        WriteWarning(field=sent.field, sent=sent.value, got=None, cause=UNSEEN)
        for one in waiting
        if one.rule == "if_empty" and not _is_shown(one, echo)
        for sent in one.sent
    ]
