"""What a plan does to a list of its record (tags, phone numbers), as a value that can follow another one."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from leadbridge.crm.names import folded
from leadbridge.deliver.attributes import Values
from leadbridge.plan import Plan, TagChange, WriteRule


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """`add` goes to the list and `remove` out of it; with `whole` the list is nothing but `add` afterwards."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    whole: bool = False

    def __bool__(self) -> bool:
        return bool(self.add or self.remove or self.whole)

    def then(self, later: "ListChange") -> "ListChange":
        """One change that leaves what `later` leaves after this one."""
        if later.whole:
            return later
        kept = _unique((*_without(self.add, later.remove), *later.add))
        if self.whole:
            return ListChange(add=kept, whole=True)
        gone = _without(_unique((*self.remove, *later.remove)), later.add)
        return ListChange(add=kept, remove=gone)

    def before(self, later: "ListChange") -> "ListChange":
        """What is left of this change to be made after `later`, as if it had been made before."""
        if later.whole:
            return ListChange()
        if self.whole:
            return self.then(later)
        known = (*later.add, *later.remove)
        return ListChange(add=_without(self.add, known), remove=_without(self.remove, known))


def joined(changes: Iterable[ListChange], rule: WriteRule) -> ListChange:
    """One change that leaves what all of them leave, one after the other."""
    made = list(changes)
    match rule:
        case "on_create":  # whatever the first one finds or makes, the others find a record
            return made[0]
        case "if_empty":
            return next((change for change in made if change.add), ListChange())
        case "never":
            return made[-1]
    return reduce(ListChange.then, made)


def tags_of(plan: Plan) -> ListChange:
    """What the plan does to the tags; one that it both adds and removes is removed."""
    tags = plan.tags
    wanted = _without(_unique((*(tags.replace or ()), *tags.add, *plan.lead.tags)), tags.remove)
    if tags.replace is not None or (wanted and plan.write.get("tags") == "always"):
        return ListChange(add=wanted, whole=True)
    return ListChange(add=wanted, remove=_unique(tags.remove))


def as_tags(change: ListChange) -> TagChange:
    """The change as a plan says it."""
    if change.whole:
        return TagChange(replace=change.add)
    return TagChange(add=change.add, remove=change.remove)


def pair_of(values: Values, pair: tuple[str, str], rule: WriteRule) -> ListChange:
    """What a main value and its list do to the record's list; a main value cleared on purpose empties it."""
    one, many = pair
    items = _unique((values.get(one), *(values.get(many) or ())))
    cleared = not items and one in values and values[one] is None
    return ListChange(add=items, whole=cleared or (bool(items) and rule == "always"))


def as_pair(change: ListChange, pair: tuple[str, str]) -> Values:
    """The main value and the list that say the change; that they are all there is, their rule has to say."""
    one, many = pair
    if not change.add:
        return {one: None} if change.whole else {}
    return {one: change.add[0]} | ({many: change.add} if len(change.add) > 1 else {})


def _unique(texts: Iterable[str | None]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for text in texts:
        if text is not None and text.strip():
            first.setdefault(folded(text), text)
    return tuple(first.values())


def _without(texts: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    gone = {folded(text) for text in others}
    return tuple(text for text in texts if folded(text) not in gone)
