"""How surely the words of a label stand for keys of the lead."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from leadbridge.recognise.meaning import OTHERS
from leadbridge.recognise.phrases import Hit
from leadbridge.recognise.vetting import TEXT

WHOLE: Final = 0.95  # the whole label is known
NEARLY: Final = 0.92  # what is not known of it says nothing
SEGMENT: Final = 0.85  # the last part of a path is known
AMONG: Final = 0.75  # among words that no table knows
ROLE: Final = 0.7  # nothing but who somebody is: "Tenant"
LIKELY: Final = 0.6
WEAK: Final = 0.45  # not enough by itself

NAMES: Final = frozenset({"name", "first_name", "last_name_prefix", "last_name", "second_last_name", "middle_name"})
PARTS_OF_NAME: Final = NAMES - {"name"}
SHAPED: Final = frozenset({"email", "phone", "website"})  # their values tell
_KNOWN_AS_A_WHOLE: Final = frozenset({"company", "title"})  # "Airline company", "Book title": another thing's
_PARTS_OF_PLACE: Final = frozenset({"city", "state", "postal_code", "country"})
FEW: Final = 2  # unknown words beside a known one in a label that can still be believed


@dataclass(frozen=True, slots=True)
class Claim:
    """A key of the lead that a label stands for; `languages` are those in which it does."""

    target: str
    sure: float
    languages: frozenset[str]


def claims_of(hits: list[Hit], unknown: int, *, own: bool) -> tuple[Claim, ...]:
    """The keys that the phrases of a label stand for.

    `unknown` words stand beside them; `own` is whether the label says that the answer is the submitter's own.
    """
    found: dict[str, Claim] = {}
    telling = [hit for hit in hits if hit.meaning.targets and not hit.meaning.noise]
    asked = {id(after) for before, after in pairwise(hits) if before.meaning.own}  # "name" of "hello, your name please"
    for hit in telling or hits:  # "contact" says nothing in "contact phone"
        for target, codes in hit.meaning.targets.items():
            if target == "message" and unknown and hit.meaning.noise:
                continue  # "comment" is "how" in French
            sure = _sureness(target, hit.size, unknown, anywhere=target in hit.meaning.anywhere, own=own)
            if id(hit) in asked and target in NAMES and not hit.meaning.contexts.keys() & OTHERS:
                sure = max(sure, LIKELY)
            before = found.get(target)
            if sure > 0 and (before is None or before.sure < sure):
                found[target] = Claim(target, sure, frozenset(codes))
            elif before is not None and before.sure == sure:
                found[target] = replace(before, languages=before.languages | codes)
    return tuple(_without_qualifiers(found).values())


def _without_qualifiers(found: dict[str, Claim]) -> dict[str, Claim]:
    """Of several keys that one label names, those that it is about: the website of "company website"."""
    if len(found) > 1:
        found.pop(TEXT, None)
    if {"first_name", "last_name"} <= found.keys():
        whole = replace(found["first_name"], target="name")
        found = {key: claim for key, claim in found.items() if key not in NAMES} | {"name": whole}
    if found.keys() & _PARTS_OF_PLACE:
        found.pop("street", None)
    if found.keys() - NAMES - {"company", "message"}:
        found.pop("company", None)
    if found.keys() - {"message"}:
        found.pop("message", None)
    if found.keys() - NAMES - SHAPED - {"consent"}:
        return {key: claim for key, claim in found.items() if key not in NAMES}
    if found.keys() & {"first_name", "last_name", "middle_name"}:
        found.pop("name", None)
    return found


def _sureness(target: str, size: int, unknown: int, *, anywhere: bool, own: bool) -> float:
    """How surely a label with so many unknown words beside the phrase stands for the target; 0 for not at all."""
    if unknown == 0:
        return NEARLY
    if size == 0 or target in _KNOWN_AS_A_WHOLE or target == TEXT:
        return 0
    if target in SHAPED:
        return AMONG if anywhere or size > 1 else LIKELY
    if target in NAMES:
        clear = size > 1 or target != "name"
        return LIKELY if unknown == 1 and clear else WEAK if unknown <= FEW else 0
    if target == "consent":
        return AMONG if anywhere else 0
    return LIKELY if unknown <= FEW and (anywhere or own) else 0
