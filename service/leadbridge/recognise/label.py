"""What a label says, and how two readings of one are weighed."""

from dataclasses import dataclass, replace
from functools import cached_property

from leadbridge.recognise.claims import SEGMENT, WHOLE, Claim
from leadbridge.recognise.meaning import Context
from leadbridge.recognise.phrases import Hit


@dataclass(frozen=True)
class Label:
    """A name that was read: what it stands for, and what speaks against that, with the languages in which it does so.

    `words` are those that no table knows; `own` is whether it says that the answer is the submitter's own. `qualifiers`
    are the words that say whose: roles, and those that no table knows. `trap` is whether it tells people to leave the
    field alone, which only robots do not do. `family_first` is whether it asks for the family name before the given.
    """

    claims: tuple[Claim, ...] = ()
    contexts: frozenset[tuple[Context, frozenset[str]]] = frozenset()
    words: tuple[str, ...] = ()
    own: bool = False
    qualifiers: frozenset[str] = frozenset()
    trap: bool = False
    family_first: bool = False

    @cached_property
    def said(self) -> frozenset[Context]:
        """What speaks against it, in any language."""
        return frozenset(context for context, _ in self.contexts)

    @cached_property
    def targets(self) -> frozenset[str]:
        """The keys of the lead that it may stand for."""
        return frozenset(claim.target for claim in self.claims)

    @property
    def refuses(self) -> bool:
        """Whether a tick says no, in any language: a consent that nobody gave is worse than one that is missed."""
        return "refusal" in self.said


def is_somebody(hits: list[Hit]) -> bool:
    """Whether the words say who somebody is, and no more: "Tenant", "Your agent"."""
    is_relation = ["relation" in hit.meaning.contexts for hit in hits]
    nothing_else = all(hit.is_known or said for hit, said in zip(hits, is_relation, strict=True))
    return nothing_else and (any(is_relation) or any(hit.meaning.role for hit in hits))


def of_segment(label: Label, size: int) -> Label:
    """The last part of a path, whose parents no table knows: `name` alone could be anything's."""
    tells_who = size > 1 or bool(label.qualifiers)
    claims = tuple(
        replace(each, sure=min(each.sure, SEGMENT))
        for each in label.claims
        if each.target != "name" or (tells_who and (size > 1 or each.sure == WHOLE))
    )
    return replace(label, claims=claims)


def better(whole: Label, part: Label) -> Label:
    """The part's claims where they are surer; what speaks against them anywhere in the name stays."""
    if best(part) <= best(whole):
        return whole
    return replace(whole, claims=part.claims, contexts=whole.contexts | part.contexts, own=whole.own or part.own)


def best(label: Label) -> float:
    """How sure the surest claim is; 0 without any."""
    return max((claim.sure for claim in label.claims), default=0.0)
