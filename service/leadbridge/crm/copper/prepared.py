"""A plan in Copper's terms, and what of it is left to write once an answer shows what stands there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from leadbridge.crm.adapter import Answer, Answers, Call, Done
from leadbridge.crm.copper.kinds import KINDS, Kind
from leadbridge.crm.copper.lists import ListChange, due, list_changes
from leadbridge.crm.copper.lookups import LOOKUPS, READ_CUSTOM_FIELDS, items, outstanding
from leadbridge.crm.copper.matching import Criterion, criterion
from leadbridge.crm.copper.properties import drafted, name_when_new
from leadbridge.crm.copper.reading import echo_of
from leadbridge.crm.copper.rules import Waiting, is_due, joined, permitted, set_aside, unseen
from leadbridge.crm.draft import Draft, is_blank
from leadbridge.crm.echo import Sent, same_text
from leadbridge.crm.remembering import remembering
from leadbridge.events import Json
from leadbridge.outcome import Hold, WriteWarning
from leadbridge.plan import Plan

_AT_WORK: Final = 128  # plans between their first step and their last
_LOOKED_UP: Final = tuple(call.purpose for call in LOOKUPS)
_NOTHING: Final[Mapping[str, Json]] = dict.fromkeys(("tags", "emails", "phone_numbers", "websites", "address"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan turned into Copper's terms. `by` is None when a record is to be created whatever is there."""

    plan: Plan
    kind: Kind
    draft: Draft
    by: Criterion | None
    changes: tuple[ListChange, ...]
    waiting: tuple[Waiting, ...]
    kept: Plan  # without what is never written

    @property
    def name_when_new(self) -> str:
        """What the record is called when it has to be created."""
        return name_when_new(self.kept, self.kind)

    @property
    def asks_whether_new(self) -> bool:
        """Whether it matters to what is written if the record is there."""
        return bool(self.waiting) or any(change.rule == "on_create" for change in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A body, what of it can be verified, and what could not be put into it."""

    body: dict[str, Json]
    sent: tuple[Sent, ...]
    changes: tuple[ListChange, ...]
    waiting: tuple[Waiting, ...]
    warnings: tuple[WriteWarning, ...]


def prepare(plan: Plan, answers: Answers) -> Prepared | Call | Done:
    """Everything that is known before the first write, or the next lookup that it takes.

    Held when a custom field or the match key cannot be used.
    """
    return _prepare(plan, *map(answers.get, _LOOKED_UP))


@remembering(_AT_WORK)
def _prepare(plan: Plan, *found: Answer | None) -> Prepared | Call | Done:
    """From the plan and what the lookups found alone: the same at every step."""
    answers = {purpose: answer for purpose, answer in zip(_LOOKED_UP, found, strict=True) if answer is not None}
    kind = KINDS[plan.record]
    kept = permitted(plan, kind)
    step = outstanding(kept, kind, answers)
    if step is not None:
        return step
    changes = list_changes(kept, kind)
    draft = drafted(kept, kind, changes, answers)
    if isinstance(draft, Hold):
        return Done(outcome=draft)
    waiting = set_aside(draft, kept, kind, items(READ_CUSTOM_FIELDS, answers))
    by = criterion(plan.match, kind, draft, answers) if plan.match is not None else None
    if plan.choice is not None:  # a person said which record it is
        by = None
    if isinstance(by, Hold):
        return Done(outcome=by)
    at_once = {one.place for one in draft.sent}  # what the record is found by goes with the first call, by any rule
    waiting = tuple(one for one in waiting if not any(sent.place in at_once for sent in one.sent))
    return Prepared(
        plan=plan,
        kind=kind,
        draft=draft,
        by=by,
        changes=changes,
        waiting=waiting,
        kept=kept,
    )


def whole_when_new(prepared: Prepared) -> Rest:
    """Everything for a record that is not there yet, its name among it."""
    draft, name = prepared.draft, prepared.name_when_new
    all_of_it = _rest(prepared, _NOTHING, created=True, base={"name": name, **draft.body})
    sent = tuple(one for one in (*draft.sent, *all_of_it.sent) if one.place != "name")
    named = Sent(
        field="name", place="name", value=name, same=same_text, cause="Copper shows another name than was sent"
    )
    return replace(all_of_it, sent=(named, *sent), changes=prepared.changes)


def whole_for(prepared: Prepared, record: Mapping[str, Json]) -> Rest:
    """Everything for a record that was just read."""
    draft = prepared.draft
    all_of_it = _rest(prepared, record, created=False, base=draft.body)
    replaced = tuple(change for change in prepared.changes if change.replace)
    return replace(all_of_it, sent=(*draft.sent, *all_of_it.sent), changes=(*replaced, *all_of_it.changes))


def left_for(prepared: Prepared, record: Mapping[str, Json], *, created: bool, nameless: bool) -> Rest:
    """What is left after a first write that left out what waits, and with `nameless` the name."""
    name = prepared.draft.body.get("name")
    extra: tuple[Waiting, ...] = ()
    if nameless and (name is not None or is_blank(record.get("name", "not shown"))):
        value = name if name is not None else prepared.name_when_new
        sent = Sent(field="name", place="name", value=value, same=same_text, cause="Copper shows another name")
        extra = (Waiting(rule="always", attribute="name", value=value, sent=(sent,)),)
    return _rest(prepared, record, created=created, base={}, extra=extra)


def _rest(
    prepared: Prepared,
    record: Mapping[str, Json],
    *,
    created: bool,
    base: Mapping[str, Json],
    extra: tuple[Waiting, ...] = (),
) -> Rest:
    if not (prepared.changes or prepared.waiting or extra):
        return Rest(body=dict(base), sent=(), changes=(), waiting=(), warnings=())
    echo = echo_of(dict(record))
    lists, warnings = due(prepared.changes, record, created=created)
    waiting = tuple(one for one in (*extra, *prepared.waiting) if is_due(one, echo, created=created))
    return Rest(
        body={**joined(base, waiting, record), **lists},
        sent=tuple(sent for one in waiting for sent in one.sent),
        changes=tuple(change for change in prepared.changes if change.attribute in lists),
        waiting=waiting,
        warnings=(*warnings, *(() if created else unseen(prepared.waiting, echo))),
    )
