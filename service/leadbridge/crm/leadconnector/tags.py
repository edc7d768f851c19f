"""A contact's tags: added and removed by calls of their own, since `tags` in the upsert replaces them all.

https://marketplace.gohighlevel.com/docs/ghl/contacts/add-tags
"""

from dataclasses import dataclass
from typing import Final

from leadbridge.crm.adapter import Answers, Call, Done
from leadbridge.crm.draft import unique
from leadbridge.crm.leadconnector.reading import WRITE, Written, gone_or, refusal_of
from leadbridge.crm.names import folded
from leadbridge.events import Json
from leadbridge.outcome import Fail, WriteWarning
from leadbridge.plan import Plan, WriteRule

UNTOLD: Final = "LeadConnector did not say whether the contact is new, so that it was taken for an old one"
_DROPPED: Final = "LeadConnector does not show it after it was written"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagWishes:
    """What is to become of the tags. `whole` is what they are replaced with; None to leave the others alone.

    `rule` is `on_create` or `if_empty` when they are only added to a new contact, or to one without any.
    """

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    whole: tuple[str, ...] | None = None
    rule: WriteRule = "merge"


def wishes(plan: Plan) -> TagWishes:
    """What the plan wants; a tag that is both added and removed is removed."""
    rule = plan.write.get("tags", "merge")
    if rule == "never":
        return TagWishes()
    gone = {folded(tag) for tag in plan.tags.remove}
    wanted = unique(*(plan.tags.replace or ()), *plan.tags.add, *plan.lead.tags)
    add = tuple(tag for tag in wanted if folded(tag) not in gone)
    if rule in ("on_create", "if_empty"):
        return TagWishes(add=add, rule=rule)
    if plan.tags.replace is not None or (rule == "always" and add):
        return TagWishes(whole=add)
    return TagWishes(add=add, remove=tuple(unique(*plan.tags.remove)))


def change_tags(wanted: TagWishes, written: Written, answers: Answers) -> Call | Done | list[WriteWarning]:
    """The next call on the tags, or what came of them; the echo shows which calls are needless."""
    standing = _standing(written.contact.get("tags"))
    if wanted.whole is not None:
        kept = standing is not None and standing == {folded(tag) for tag in wanted.whole}
        return [] if kept else [_warning(list(wanted.whole), written.contact.get("tags"), cause=_DROPPED)]
    if wanted.rule == "on_create" and not written.created:
        return [] if written.created is False or not wanted.add else [_warning(list(wanted.add), None, cause=UNTOLD)]
    if wanted.rule == "if_empty" and standing and not written.new:
        return []
    # Without a list in the echo both calls are made: they are idempotent.
    add = [tag for tag in wanted.add if standing is None or folded(tag) not in standing]
    remove = [tag for tag in wanted.remove if standing is None or folded(tag) in standing]
    path = f"/contacts/{written.contact_id}/tags"
    calls = (
        (add, Call(purpose="add tags", method="POST", path=path, body={"tags": add})),
        (remove, Call(purpose="remove tags", method="DELETE", path=path, body={"tags": remove})),
    )
    warnings: list[WriteWarning] = []
    for tags, call in calls:
        if not tags:
            continue
        if call.purpose not in answers:
            return call
        answer = answers[call.purpose]
        refusal = refusal_of(answer, needs=WRITE)
        outcome = gone_or(refusal, answer) if refusal is not None else None
        if outcome is not None and not isinstance(outcome, Fail):
            return Done(outcome=outcome)
        left = _standing(answer.body.get("tags")) if outcome is None else None
        if outcome is not None:
            warnings.append(_warning(tags, None, cause=f"the contact is written, this is not: {outcome.detail}"))
        elif left is not None and any((folded(tag) in left) == (call.method == "DELETE") for tag in tags):
            warnings.append(_warning(tags, answer.body["tags"], cause=_DROPPED))
    return warnings


def _standing(tags: Json) -> set[str] | None:
    """The tags that stand there, as they are compared; None when the answer does not show them."""
    return {folded(tag) for tag in tags if isinstance(tag, str)} if isinstance(tags, list) else None


def _warning(sent: list[str], got: Json, *, cause: str) -> WriteWarning:
    return WriteWarning(field="tags", sent=sent, got=got, cause=cause)
