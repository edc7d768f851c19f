"""The names of one person among the fields: halves that belong together, and those that do not."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from leadbridge.events import Json
from leadbridge.recognise.claims import NAMES
from leadbridge.recognise.findings import Finding
from leadbridge.recognise.form import Field
from leadbridge.recognise.people import has_all, share_a_person
from leadbridge.recognise.weighing import ENOUGH, Candidate, Weighing

PARTS_OF_SURNAME: Final = ("last_name_prefix", "last_name", "second_last_name")
_MUCH: Final = 0.15  # surer by so much that the less sure one is about somebody else
_HALF: Final = 0.6
_FAMILY_FIRST: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")


def without_outer_names(candidates: list[Candidate], weighing: Weighing) -> list[Candidate]:
    """Leave out `name` outside of the group that has the person's name: `{"name": "Contact form", "data": {…}}`.

    That is the group of the e-mail or the phone, and any where a form asks for neither. A name of which the one within
    is a part stays.
    """
    inner = [each for each in candidates if each.target in NAMES and each.sure >= ENOUGH and _group(each.field)]
    if not inner:
        return candidates  # as in most forms, which are flat
    groups = {_group(contact) for contact in weighing.contacts}
    if groups:
        inner = [each for each in inner if _group(each.field) in groups]
    return [each for each in candidates if each.target != "name" or not _is_outside(each, inner, groups)]


def _is_outside(each: Candidate, inner: list[Candidate], groups: set[str]) -> bool:
    group = _group(each.field)
    if group in groups or " " in each.field.name or any(has_all(each.field.text, one.field.text) for one in inner):
        return False
    return any(
        _group(one.field).startswith(f"{group}." if group else "") and one.field is not each.field for one in inner
    )


def _group(field: Field) -> str:
    """What the field stands in; nothing for one whose name has a point of its own: "1. Name"."""
    parent, _, last = field.name.rpartition(".")
    return "" if last[:1].isspace() else parent


def with_halves(candidates: list[Candidate], read: Callable[[Candidate], Json]) -> list[Candidate]:
    """Beside a first name, `Name` alone is the last name, and beside a last name the first one."""
    surest: dict[str, Candidate] = {}
    for each in candidates:
        if each.target in NAMES and each.sure >= ENOUGH and read(each):
            surest.setdefault(each.target, each)
    first, last, whole = surest.get("first_name"), surest.get("last_name"), surest.get("name")
    if first is not None and last is None:
        part, known = "last_name", first
    elif last is not None and first is None:
        part, known = "first_name", last
    else:
        return candidates
    if whole is not None and whole.sure > known.sure + _MUCH and not share_a_person(whole.field, known.field):
        return candidates  # somebody else's half
    if whole is not None and _are_two_names(whole.field, known.field):
        return candidates  # two full names, of which one is the submitter's
    found = [_other_half(each, part, known.field) if each.target == "name" else each for each in candidates]
    return sorted(found, key=lambda each: (-each.sure, each.field.at))


def with_whole_names(candidates: list[Candidate], is_asked: Callable[[str], bool]) -> list[Candidate]:
    """Two words under "First name" are the full name where the form asks for no other part of one (`is_asked`)."""
    firsts = [each for each in candidates if each.target == "first_name" and each.sure >= ENOUGH]
    if not firsts or " " not in firsts[0].field.text or is_asked("last_name") or is_asked("name"):
        return candidates
    rule = f"{firsts[0].rule}, and no other field has the rest of the name"
    return [each._replace(target="name", rule=rule) if each is firsts[0] else each for each in candidates]


def _are_two_names(one: Field, other: Field) -> bool:
    """Whether both have a name of several words, and only one label says that it is the submitter's own."""
    return one.label.own != other.label.own and " " in one.text and " " in other.text


def _other_half(each: Candidate, part: str, known: Field) -> Candidate:
    if each.field is known or each.field.text == known.text or has_all(each.field.text, known.text):
        return each
    sure = max(each.sure, _HALF) if share_a_person(each.field, known) else each.sure
    return each._replace(target=part, sure=sure, rule=f"{each.rule}, and another field has the rest of the name")


def with_whole_surname(filled: Mapping[str, Json]) -> dict[str, Json]:
    """The last name with what a form asks for apart: "van der" before it, the second surname behind it."""
    joined = [str(filled[key]) for key in PARTS_OF_SURNAME if key in filled]
    without = {key: value for key, value in filled.items() if key not in PARTS_OF_SURNAME}
    return without | {"last_name": " ".join(joined)} if joined else without


def anothers(filled: Mapping[str, Json], findings: Iterable[Finding]) -> list[str]:
    """The keys to leave out: a first or last name that is no part of the full name is another's, or that one is."""
    name = filled.get("name")
    halves = [part for part in ("first_name", "last_name") if part in filled]
    words = set(str(name).casefold().split())
    if name is None or all(set(str(filled[part]).casefold().split()) <= words for part in halves):
        return []
    if all(has_all(str(name), str(filled[part])) for part in halves):
        return []
    if len(halves) < 2:
        return halves
    found = {each.target: each for each in findings}
    surer = min(found[part].sure for part in halves) >= found["name"].sure
    return ["name"] if surer or _stand_with_the_contact(found) else halves


def _stand_with_the_contact(found: Mapping[str, Finding]) -> bool:
    """Whether both halves stand in one group with the e-mail or the phone, and the full name outside of it."""
    groups = {target: finding.field.rpartition(".")[0] for target, finding in found.items()}
    group = groups["first_name"]
    if not group or group != groups["last_name"] or groups["name"].startswith(group):
        return False
    return group in (groups.get("email"), groups.get("phone"))


def family_first(filled: Mapping[str, Json], *, region: str | None) -> str | None:
    """The full name of halves in Chinese, Japanese or Korean script, in which the family name comes first."""
    first, last = filled.get("first_name"), filled.get("last_name")
    if "name" in filled or not isinstance(first, str) or not isinstance(last, str):
        return None
    if not (_FAMILY_FIRST.match(first) and _FAMILY_FIRST.match(last)):
        return None
    return f"{last} {first}" if region == "JP" else f"{last}{first}"
