"""The order of events: what later ones already wrote is left out, so that an old value never comes back. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

from leadbridge.clock import Millis
from leadbridge.deliver.attributes import (
    PAIRS,
    LeadKeys,
    Values,
    attribute_of,
    is_written,
    merging_pairs,
    overwritten,
    rule_of,
    values_of,
    with_values,
)
from leadbridge.deliver.lists import ListChange, as_pair, as_tags, pair_of, tags_of
from leadbridge.outcome import Superseded
from leadbridge.plan import Choice, Plan, WriteRule
from leadbridge.store.values import Written

_DETAIL: Final = "Later submissions of the same person have written all that it holds."
_FIRM: Final[frozenset[WriteRule]] = frozenset({"always", "merge"})  # written whatever stands there


def without_older(
    plan: Plan, newer: Sequence[Written], *, lead_keys: LeadKeys, seq: int, event_at: Millis
) -> Plan | Superseded:
    """The plan without the values that later events wrote to its record; the very same plan if there are none.

    `newer` are writes to one record. Those that are not later than (`event_at`, `seq`), or to another kind of record,
    do not count, nor does what they wrote only to a new record or an empty attribute. A list that several submissions
    add to only loses what a later one added or took away. The plan's match key stays.

    Where the CRM itself finds the record by the lead's e-mail or phone, one that the record still has stays for that.
    When it has none of them any more, the plan chooses the record by its id.
    """
    later = _later(plan, newer, place=(event_at, seq), keys=lead_keys)
    if not later:
        return plan
    values, tags = values_of(plan), tags_of(plan)
    kept, write = _values_left(plan, values, later, lead_keys)
    tags_left = _list_left(tags, _tag_rule(plan), [(tags_of(one.plan), _tag_rule(one.plan)) for one in later])
    if kept == values and tags_left == tags:
        return plan
    if not (tags_left or plan.note or any(_may_write(plan, path, kept[path], lead_keys) for path in kept)):
        return Superseded(detail=_DETAIL)
    finders = [pair for pair in PAIRS if lead_keys[pair[0]].finds and not {*pair} & kept.keys()]
    found_by = _still_there(finders, values, later, lead_keys)
    choice = plan.choice
    if choice is None and not found_by and any(pair_of(values, pair, "merge").add for pair in finders):
        choice = Choice(use=later[-1].record_id)
    reduced = with_values(plan, kept | found_by, as_tags(tags_left))
    return reduced.model_copy(update={"write": write, "choice": choice})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Later:
    """A later write: its plan, and the attributes that it replaced."""

    plan: Plan
    values: Values
    taken: frozenset[str]
    record_id: str


def _later(plan: Plan, newer: Sequence[Written], *, place: tuple[Millis, int], keys: LeadKeys) -> list[_Later]:
    """The later writes that count, in the order of their events."""
    if plan.allow_duplicates or (plan.choice is not None and plan.choice.create):
        return []  # it makes a record of its own
    chosen = plan.choice.use if plan.choice is not None else None
    found = []
    for one in sorted(newer, key=lambda one: (one.event_at, one.seq)):
        theirs = Plan.model_validate_json(one.plan)
        if (one.event_at, one.seq) > place and theirs.record == plan.record and chosen in (None, one.record_id):
            taken = overwritten(theirs, keys)
            found.append(_Later(plan=theirs, values=values_of(theirs), taken=taken, record_id=one.record_id))
    return found


def _values_left(
    plan: Plan, values: Values, later: Sequence[_Later], keys: LeadKeys
) -> tuple[Values, dict[str, WriteRule]]:
    """The values that no later plan wrote, and the rules for them."""
    taken = {attribute for one in later for attribute in one.taken}
    lists = tuple(merging_pairs(keys))
    in_lists = {path for pair in lists for path in pair}
    kept = {path: value for path, value in values.items() if path in in_lists or attribute_of(path, keys) not in taken}
    write = dict(plan.write)
    for pair in lists:
        rule = rule_of(plan, pair[0], keys)
        change = pair_of(values, pair, rule)
        rules = [(one.values, rule_of(one.plan, pair[0], keys)) for one in later]
        left = _list_left(
            change, rule, [(pair_of(theirs, pair, their_rule), their_rule) for theirs, their_rule in rules]
        )
        if left == change:
            continue
        kept = {path: value for path, value in kept.items() if path not in pair} | as_pair(left, pair)
        if left.whole and left.add:
            write |= dict.fromkeys(pair, "always")
    return kept, write


def _list_left(change: ListChange, rule: WriteRule, later: Sequence[tuple[ListChange, WriteRule]]) -> ListChange:
    """What is left of a change to a list after the later ones, each with its rule."""
    after = reduce(ListChange.then, (theirs for theirs, their_rule in later if their_rule in _FIRM), ListChange())
    if not after or rule in _FIRM:
        return change.before(after)
    return ListChange()  # the list is no empty one, or was emptied on purpose


def _still_there(finders: Sequence[tuple[str, str]], values: Values, later: Sequence[_Later], keys: LeadKeys) -> Values:
    """What the record is known to have of this plan's own e-mails and phones."""
    there: Values = {}
    for pair in finders:
        own = pair_of(values, pair, "merge").add
        theirs = [one.values for one in later if attribute_of(pair[0], keys) in one.taken]
        now = pair_of(theirs[-1], pair, "merge").add[:1] if theirs else ()
        if set(now) & set(own):
            there[pair[0]] = now[0]
    return there


def _may_write(plan: Plan, path: str, value: object, keys: LeadKeys) -> bool:
    """Whether the value may change a record that is there already."""
    return is_written(path, value, keys) and rule_of(plan, path, keys) not in ("on_create", "never")


def _tag_rule(plan: Plan) -> WriteRule:
    return plan.write.get("tags", "merge")
