"""Several submissions of one person as one call: a plan that leaves what they leave one after the other. Pure."""

from collections.abc import Sequence
from typing import Any

from leadbridge.deliver.attributes import (
    LeadKeys,
    Values,
    attribute_of,
    attributes_of,
    merging_pairs,
    rule_of,
    says_something,
    values_of,
    with_values,
)
from leadbridge.deliver.lists import as_pair, as_tags, joined, pair_of, tags_of
from leadbridge.plan import Plan, WriteRule


def merged(plans: Sequence[Plan], *, lead_keys: LeadKeys) -> Plan:
    """One plan for plans of one route and one person, in the order of their events.

    Of values that stand alone the last one wins, lists are united in order, and what happens to a tag is what the last
    plan that names it says. `if_empty` takes the first value there is. `on_create` takes those of the first plan alone:
    the others find its record. How the record is found is the newest one's; the warnings are those of all.
    """
    newest = plans[-1]
    if len(plans) == 1:
        return newest
    all_values = [values_of(plan) for plan in plans]
    write: dict[str, WriteRule] = dict(newest.write)
    united: Values = {}
    lists: set[str] = set()
    for pair in merging_pairs(lead_keys):
        rule = rule_of(newest, pair[0], lead_keys)
        change = joined([pair_of(values, pair, rule) for values in all_values], rule)
        united |= as_pair(change, pair)
        lists.update(pair)
        if change.whole and change.add:
            write |= dict.fromkeys(pair, "always")
    single = [{path: value for path, value in values.items() if path not in lists} for values in all_values]
    tags = joined([tags_of(plan) for plan in plans], newest.write.get("tags", "merge"))
    one = with_values(newest, _single(plans, single, lead_keys) | united, as_tags(tags))
    warnings = {warning.model_dump_json(): warning for plan in plans for warning in plan.warnings}
    recognised = tuple(dict.fromkeys(key for plan in plans for key in plan.recognised))
    update: dict[str, Any] = {"write": write, "warnings": tuple(warnings.values())}
    return one.model_copy(update=update | ({"recognised": recognised} if recognised else {}))


def _single(plans: Sequence[Plan], all_values: Sequence[Values], keys: LeadKeys) -> Values:
    """The values that stand alone, each by its rule."""
    found: dict[WriteRule, Values] = {"always": {}, "if_empty": {}, "on_create": {}, "never": {}}
    for at, (plan, values) in enumerate(zip(plans, all_values, strict=True)):
        by_rule: dict[WriteRule, Values] = {"always": {}, "if_empty": {}, "on_create": {}, "never": {}}
        for path, value in values.items():
            if says_something(value):
                by_rule[rule_of(plan, path, keys)][path] = value
        found["always"] = _over(found["always"], by_rule["always"], keys)
        filling = {path: value for path, value in by_rule["if_empty"].items() if value is not None}
        found["if_empty"] = _over(filling, found["if_empty"], keys)
        found["never"] = by_rule["never"]
        if at == 0:
            found["on_create"] = by_rule["on_create"]
    return {path: value for values in found.values() for path, value in values.items()}


def _over(under: Values, over: Values, keys: LeadKeys) -> Values:
    """`over`, and of `under` what writes other attributes."""
    taken = {attribute for path in over for attribute in attributes_of(over, path, keys)}
    return {path: value for path, value in under.items() if attribute_of(path, keys) not in taken} | over
