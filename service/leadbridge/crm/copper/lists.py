"""The lists of a Copper record: tags, phone numbers, websites, and a person's e-mail addresses.

Copper replaces a list as a whole, so they wait until an answer shows what stands there; only when something is to
change, one `PUT` sends the union. A change that someone makes between the two calls is lost.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from leadbridge.crm.copper.kinds import Kind
from leadbridge.crm.copper.rules import UNSEEN, rule_for
from leadbridge.crm.draft import unique
from leadbridge.crm.echo import same_phone, same_text, same_website
from leadbridge.events import Json
from leadbridge.lead import Lead
from leadbridge.outcome import WriteWarning
from leadbridge.plan import Plan, WriteRule

_LISTS: Final = frozenset({"tags", "phone", "phones", "website", "websites"})  # keys of the lead
_PERSON_LISTS: Final = _LISTS | {"email", "emails"}
_DROPPED: Final = "Copper does not show it after it was added"


def same_phone_or_text(sent: Json, got: Json) -> bool:
    """As phone numbers, or as texts where one of them holds no digits to compare."""
    return same_phone(sent, got) or same_text(sent, got)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """What is to happen to one list. `replace`: what stands there goes first; `rule`: when it is done at all."""

    field: str  # as the configuration names it
    attribute: str
    inner: str | None  # the key that holds the text of an item; None for a list of plain texts
    category: str | None
    same: Callable[[Json, Json], bool]
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    replace: bool = False
    rule: WriteRule = "merge"

    def text(self, item: Json) -> Json:
        """The text of one item as Copper lists it."""
        return item.get(self.inner) if self.inner and isinstance(item, dict) else item

    def item(self, text: str) -> Json:
        """One item as Copper takes it."""
        return {self.inner: text, "category": self.category} if self.inner else text

    def has(self, items: list[Json], text: str) -> bool:
        """Whether the text stands among the items, however it is formatted."""
        return any(self.same(text, self.text(item)) for item in items)

    def applied(self, standing: list[Json]) -> list[Json]:
        """The whole list after the change: what stands there keeps its place and spelling."""
        kept = (
            []
            if self.replace
            else [item for item in standing if not any(self.same(text, self.text(item)) for text in self.remove)]
        )
        for text in self.add:
            if not self.has(kept, text) and not any(self.same(text, gone) for gone in self.remove):
                kept.append(self.item(text))
        return kept


# Copper's own examples use these categories: https://developer.copper.com/introduction/appendix.html
_EMAILS: Final = ListChange(field="email", attribute="emails", inner="email", category="work", same=same_text)
_PHONES: Final = ListChange(
    field="phone", attribute="phone_numbers", inner="number", category="mobile", same=same_phone_or_text
)
_WEBSITES: Final = ListChange(field="website", attribute="websites", inner="url", category="work", same=same_website)


def list_changes(plan: Plan, kind: Kind) -> tuple[ListChange, ...]:
    """What this plan does to the lists of its record. `phone: {{ none }}` on purpose empties the list it stands for.

    A person always gets the value that it was looked for by: the next look could not find it otherwise.
    """
    lead, tags, match = plan.lead, plan.tags, plan.match
    changes_tags = tags.add or tags.remove or tags.replace is not None
    if kind.name == "person":
        has_lists = _PERSON_LISTS & lead.model_fields_set or (match is not None and match.by in ("email", "phone"))
    else:
        has_lists = _LISTS & lead.model_fields_set
    if not (has_lists or changes_tags):
        return ()
    changes = [
        _change(
            plan,
            kind,
            ListChange(
                field="tags",
                attribute="tags",
                inner=None,
                category=None,
                same=same_text,
                add=tuple(unique(*(tags.replace or ()), *tags.add, *lead.tags)),
                remove=tuple(unique(*tags.remove)),
                replace=tags.replace is not None,
            ),
        )
    ]
    changes += [_change(plan, kind, change) for change in _contact_changes(plan, kind)]
    return tuple(change for change in changes if change.add or change.remove or change.replace)


def _contact_changes(plan: Plan, kind: Kind) -> Iterator[ListChange]:
    lead, match = plan.lead, plan.match
    by = match.by if match is not None and kind.name == "person" else None
    matched = str(match.value) if match is not None else ""
    if kind.name == "person":
        addresses = unique(matched if by == "email" else None, lead.email, *lead.emails)
        yield _filled(_EMAILS, addresses, lead)
    yield _filled(_PHONES, unique(matched if by == "phone" else None, lead.phone, *lead.phones), lead)
    yield _filled(_WEBSITES, unique(lead.website, *lead.websites), lead)


def _filled(change: ListChange, items: list[str], lead: Lead) -> ListChange:
    """The change with its items; it empties the list when there are none and the key was cleared on purpose."""
    cleared = change.field in lead.model_fields_set and getattr(lead, change.field) is None
    return replace(change, add=tuple(items), replace=cleared and not items)


def _change(plan: Plan, kind: Kind, change: ListChange) -> ListChange:
    """The change by its rule: `always` replaces, `if_empty` and `on_create` take nothing away."""
    match rule_for(plan, kind, change.attribute):
        case "always":
            return replace(change, replace=change.replace or bool(change.applied([])), rule="always")
        case "if_empty" | "on_create" as rule:
            return replace(change, replace=False, remove=(), rule=rule)
    return change


def replacing(changes: tuple[ListChange, ...]) -> dict[str, Json]:
    """The lists that can be sent at once, because what stands there does not matter."""
    return {change.attribute: change.applied([]) for change in changes if change.replace}


def due(
    changes: tuple[ListChange, ...], record: Mapping[str, Json], *, created: bool
) -> tuple[dict[str, Json], list[WriteWarning]]:
    """The lists as they are to be, of those that have to change, and what cannot be changed safely.

    Those that are replaced whatever stands there are not among them.
    """
    body: dict[str, Json] = {}
    warnings = []
    for change in changes:
        if change.replace or (change.rule == "on_create" and not created):
            continue
        standing = record.get(change.attribute, UNSEEN)
        if standing is not None and not isinstance(standing, list):
            warnings.append(_warning(change, got=None, cause=UNSEEN))
            continue
        if change.rule == "if_empty" and standing:
            continue
        wanted = change.applied(standing or [])
        if wanted != (standing or []):
            body[change.attribute] = wanted
    return body, warnings


def unkept(changes: tuple[ListChange, ...], record: Mapping[str, Json]) -> list[WriteWarning]:
    """A warning for each list that was written, and in which something is missing or still there."""
    warnings = []
    for change in changes:
        standing = record.get(change.attribute)
        items = standing if isinstance(standing, list) else []
        wanted = change.applied(items)
        missing = any(not change.has(items, str(change.text(item))) for item in wanted)
        lingering = len(items) > len(wanted)
        if missing or lingering:
            warnings.append(_warning(change, got=[change.text(item) for item in items], cause=_DROPPED))
    return warnings


def refused(changes: tuple[ListChange, ...], body: Mapping[str, Json], why: str) -> list[WriteWarning]:
    """A warning for each list that the refused second call would have written."""
    return [
        _warning(change, got=None, cause=f"the record is written, this is not: {why}")
        for change in changes
        if change.attribute in body
    ]


def _warning(change: ListChange, *, got: Json, cause: str) -> WriteWarning:
    return WriteWarning(
        field=change.field, sent=[*change.add, *(f"-{text}" for text in change.remove)], got=got, cause=cause
    )
