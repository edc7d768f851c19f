"""The order of events: what later ones already wrote is left out, so that an old value never comes back. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from leadbridge.clock import Millis
from leadbridge.crm.names import folded
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
from leadbridge.store.claims import Written

Place: TypeAlias = tuple[Millis, int]  # in the order of events: its time, then the order of arrival

_DETAIL: Final = "Later submissions of the same person have written all that it holds."
_FIRM: Final[frozenset[WriteRule]] = frozenset({"always", "merge"})  # written whatever stands there


def without_older(
    plans: Sequence[tuple[Place, Plan]], newer: Sequence[Written], *, lead_keys: LeadKeys
) -> list[Plan | Superseded]:
    """Each plan without the values that later events wrote to its record; the very same plan if there are none.

    `plans` are of one kind of record, in the order of their places. `newer` are writes to one record. Those that are
    not later than a plan's place, or to another kind of record, do not count, nor does what they wrote only to a new
    record or an empty attribute. A list that several submissions add to only loses what a later one added or took
    away. The plan's match key stays.

    Where the CRM itself finds the record by the lead's e-mail or phone, one that the record still has stays for that.
    When it has none of them any more, the plan chooses the record by its id.

    Each write is read once, from the newest on: thousands may have been made to a record that many people share.
    """
    writes = sorted(newer, key=lambda one: (one.event_at, one.seq))
    since: _Since | None = None
    left: list[Plan | Superseded] = []
    for place, plan in reversed(plans):
        while writes and (writes[-1].event_at, writes[-1].seq) > place:
            one = writes.pop()
            theirs = Plan.model_validate_json(one.plan)
            if theirs.record == plan.record:
                since = (since or _nothing_since(one.record_id, lead_keys)).and_before(theirs, lead_keys)
        left.append(plan if since is None else _reduced(plan, since, lead_keys))
    return left[::-1]


def that_count(plans: Sequence[Plan], *, lead_keys: LeadKeys) -> list[bool]:
    """Of writes of one kind to one record, in the order of events: whether an older plan meets it in any way.

    It does not when the later ones have written over all that it wrote; the last one always counts.
    """
    counts: list[bool] = []
    since: _Since | None = None
    for plan in reversed(plans):
        before = (since or _nothing_since("", lead_keys)).and_before(plan, lead_keys)
        counts.append(since is None or before.met() != since.met())
        since = before
    return counts[::-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Since:
    """What a run of writes did to a record, as if one had done it all."""

    record_id: str
    taken: frozenset[str]  # attributes that they replaced
    lists: Mapping[tuple[str, str], ListChange]
    tags: ListChange
    stands: Mapping[str, tuple[str, ...]]  # the main e-mail, phone, ... that the last of them to replace it wrote

    def and_before(self, plan: Plan, keys: LeadKeys) -> "_Since":
        """With what a plan wrote right before them."""
        values, taken = values_of(plan), overwritten(plan, keys)
        stands = {
            pair[0]: pair_of(values, pair, "merge").add[:1]
            for pair in PAIRS
            if pair[0] not in self.stands and attribute_of(pair[0], keys) in taken
        }
        lists = {pair: _firmly(values, pair, plan, keys).then(change) for pair, change in self.lists.items()}
        firm_tags = tags_of(plan) if _tag_rule(plan) in _FIRM else ListChange()
        return _Since(
            record_id=self.record_id,
            taken=self.taken | taken,
            lists=lists,
            tags=firm_tags.then(self.tags),
            stands={**self.stands, **stands},
        )

    def met(self) -> object:
        """What an older plan meets: the order of what was added to a list is nothing to it."""
        changes = (*self.lists.values(), self.tags)
        return self.taken, [(*map(_as_set, (one.add, one.remove)), one.whole) for one in changes]


def _as_set(texts: Sequence[str]) -> frozenset[str]:
    return frozenset(folded(text) for text in texts)


def _nothing_since(record_id: str, keys: LeadKeys) -> _Since:
    lists = {pair: ListChange() for pair in merging_pairs(keys)}
    return _Since(record_id=record_id, taken=frozenset(), lists=lists, tags=ListChange(), stands={})


def _firmly(values: Values, pair: tuple[str, str], plan: Plan, keys: LeadKeys) -> ListChange:
    """What the plan does to a list of a record whatever stands there."""
    rule = rule_of(plan, pair[0], keys)
    return pair_of(values, pair, rule) if rule in _FIRM else ListChange()


def _reduced(plan: Plan, since: _Since, keys: LeadKeys) -> Plan | Superseded:
    if not _leads_to(plan, since.record_id):
        return plan
    values, tags = values_of(plan), tags_of(plan)
    kept, write = _values_left(plan, values, since, keys)
    tags_left = _list_left(tags, _tag_rule(plan), since.tags)
    if kept == values and tags_left == tags:
        return plan
    if not (tags_left or plan.note or any(_may_write(plan, path, kept[path], keys) for path in kept)):
        return Superseded(detail=_DETAIL)
    finders = [pair for pair in PAIRS if keys[pair[0]].finds and not {*pair} & kept.keys()]
    found_by = _still_there(finders, values, since)
    choice = plan.choice
    if choice is None and not found_by and any(pair_of(values, pair, "merge").add for pair in finders):
        choice = Choice(use=since.record_id)
    reduced = with_values(plan, kept | found_by, as_tags(tags_left))
    return reduced.model_copy(update={"write": write, "choice": choice})


def _leads_to(plan: Plan, record_id: str) -> bool:
    """False for a plan that makes a record of its own, or for which a person chose another one."""
    if plan.allow_duplicates:
        return False
    return plan.choice is None or (not plan.choice.create and plan.choice.use in (None, record_id))


def _values_left(plan: Plan, values: Values, since: _Since, keys: LeadKeys) -> tuple[Values, dict[str, WriteRule]]:
    """The values that no later plan wrote, and the rules for them."""
    in_lists = {path for pair in since.lists for path in pair}
    kept = {
        path: value for path, value in values.items() if path in in_lists or attribute_of(path, keys) not in since.taken
    }
    write = dict(plan.write)
    for pair, after in since.lists.items():
        rule = rule_of(plan, pair[0], keys)
        change = pair_of(values, pair, rule)
        left = _list_left(change, rule, after)
        if left == change:
            continue
        kept = {path: value for path, value in kept.items() if path not in pair} | as_pair(left, pair)
        if left.whole and left.add:
            write |= dict.fromkeys(pair, "always")
    return kept, write


def _list_left(change: ListChange, rule: WriteRule, after: ListChange) -> ListChange:
    """What is left of a change to a list after the later ones."""
    if not after or rule in _FIRM:
        return change.before(after)
    return ListChange()  # the list is no empty one, or was emptied on purpose


def _still_there(finders: Sequence[tuple[str, str]], values: Values, since: _Since) -> Values:
    """What the record is known to have of this plan's own e-mails and phones."""
    own = {pair: set(pair_of(values, pair, "merge").add) for pair in finders}
    return {pair[0]: now for pair in finders for now in since.stands.get(pair[0], ()) if now in own[pair]}


def _may_write(plan: Plan, path: str, value: object, keys: LeadKeys) -> bool:
    """Whether the value may change a record that is there already."""
    return is_written(path, value, keys) and rule_of(plan, path, keys) not in ("on_create", "never")


def _tag_rule(plan: Plan) -> WriteRule:
    return plan.write.get("tags", "merge")
