"""What the route's `write` rules mean for a contact: what goes with the first call, and what only when it shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from leadbridge.crm.draft import is_blank
from leadbridge.crm.echo import Sent, verdict
from leadbridge.events import Json
from leadbridge.lead import Lead
from leadbridge.plan import Plan, WriteRule

# Several keys of the lead make one attribute: the first of these that has a rule gives it.
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "first_name": ("first_name", "name"),
    "middle_name": ("middle_name", "first_name", "name"),
    "last_name": ("last_name", "name"),
    "email": ("email", "emails"),
    "emails": ("emails", "email"),
    "phone": ("phone", "phones"),
    "phones": ("phones", "phone"),
    "website": ("website", "websites"),
    "websites": ("websites", "website"),
}
_NAME_PLACES: Final = ("firstName", "lastName", "name")
_DEFAULTED: Final = "country"  # a new contact has its location's


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A value that is written only to a new contact (`on_create`), or where nothing stands (`if_empty`)."""

    rule: WriteRule
    sent: Sent
    beside: tuple[str, ...]  # the places of which none may hold anything


def rule_for(plan: Plan, field: str) -> WriteRule:
    """The rule of a field of the configuration; of a part of the address its own, else the address's."""
    keys = _KEYS.get(field, (field, "address") if field.startswith("address.") else (field,))
    return next((plan.write[key] for key in keys if key in plan.write), "always")


def permitted(plan: Plan) -> Lead:
    """The lead without the keys that are never written."""
    lead = plan.lead
    if "never" not in plan.write.values():
        return lead
    kept = {key for key in lead.model_fields_set if rule_for(plan, key) != "never"}
    return Lead.model_construct(_fields_set=kept, **{key: getattr(lead, key) for key in kept})


def later(plan: Plan, sent: Sent, field: str) -> Later | None:
    """The value as one for later, if its rule says so. `field` is what the rule is looked up by."""
    rule = rule_for(plan, field)
    if rule not in ("if_empty", "on_create"):
        return None
    # Half a name beside half of another person's would make up a third one.
    whole_name = sent.place in _NAME_PLACES and field not in plan.write
    return Later(rule=rule, sent=sent, beside=_NAME_PLACES if whole_name else (sent.place,))


def due(values: Iterable[Later], echo: Mapping[str, Json], *, new: bool, created: bool) -> tuple[Sent, ...]:
    """The values that are to be written now.

    `new` says that this very answer is of the contact's creation: then nobody else's value can stand there. `created`
    holds also for a later look at a contact that an earlier try created.
    """
    return tuple(value.sent for value in values if _is_due(value, echo, new=new, created=created))


def _is_due(value: Later, echo: Mapping[str, Json], *, new: bool, created: bool) -> bool:
    if value.sent.value is None or (value.rule == "on_create" and not created):
        return False
    empty = all(is_blank(echo.get(place)) or echo.get(place) is False for place in value.beside)
    ours = new or (created and value.sent.place == _DEFAULTED)
    return (empty or ours) and verdict(value.sent, echo) != "kept"
