"""A document's fields: under the names that a flat reading gives them, and answers by what was asked."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from leadbridge.events import Json
from leadbridge.sources.fields import flat, leaves
from leadbridge.sources.generic import vocabulary as words
from leadbridge.sources.generic.apart import Reading, are_apart, joined, with_joined
from leadbridge.sources.generic.envelope import envelope_of
from leadbridge.sources.generic.found import Found
from leadbridge.sources.generic.naming import Names
from leadbridge.sources.generic.questions import Items
from leadbridge.sources.generic.search import search
from leadbridge.sources.generic.texts import Texts, looks_like_json
from leadbridge.sources.generic.told import Told, told_in
from leadbridge.sources.generic.travelled import put_travelled
from leadbridge.sources.generic.wrapping import Unwrapping

_CONTAINERS: Final = (dict, list)
_MOST_FIELDS: Final = 20_000  # of one event; a body that makes more of them is read flat
_MOST_FORMS: Final = 20  # descriptions of one


def read(document: Json, items: Items, texts: Texts) -> Reading:
    """The fields of one submission; all of a body share `items` and `texts`. A flat document is not searched."""
    fields = flat(document)
    if not isinstance(document, dict) or _may_hold(document.values()):
        return _searched(fields, search(document, items, texts), Unwrapping(items, texts))
    return with_joined(fields) if are_apart(fields) else Reading(fields)


def _may_hold(values: Iterable[Json]) -> bool:
    """Whether answers may stand within these values, or side by side in two lists."""
    lists = 0
    for value in values:
        if isinstance(value, str):
            if value[:1] in "{[ \n" and looks_like_json(value):
                return True
        elif isinstance(value, dict):
            return True
        elif isinstance(value, list):
            lists += 1
            if lists > 1 or any(isinstance(one, _CONTAINERS) for one in value):
                return True
    return False


def _searched(fields: dict[str, Json], found: Found, unwrapping: Unwrapping) -> Reading:
    """The fields, and what was found about them."""
    names = Names(fields)
    told = told_in(found)
    _put_answers(told, names, unwrapping)
    forms = _leave_out_descriptions(found, told)
    about = {name for name in fields if name.startswith(forms)} if forms else set()
    travelled = put_travelled(found, told.structure, names, unwrapping)
    reaches = any(isinstance(value, str) and "@" in value for value in names.first.values())
    about |= travelled.about
    for holder in found.holders:
        about.update(envelope_of(holder, has_answers=bool(told.answers), reaches=reaches))
    parts = travelled.parts | _join(names, told.structure | about)
    structure = told.structure - names.taken()
    about -= names.taken()
    everything = names.fields()
    if len(everything) > _MOST_FIELDS:
        return Reading(fields)
    repeated = set(map(_text, names.first.values()))
    described = (name for name in fields if name in structure and _is_said(name, fields[name], repeated))
    seconds = (*names.seconds(), *described, *(name for name in parts if name in everything))
    return Reading(
        fields=everything,
        second_names=tuple(dict.fromkeys(seconds)),
        types={name: kind for name, kind in names.types().items() if name in everything},
        about=frozenset((about | structure | parts.keys() | names.made_up()) & everything.keys()),
    )


def _put_answers(told: Told, names: Names, unwrapping: Unwrapping) -> None:
    """Put the answers under their titles, and those of equal ones under their group's as well."""
    titles = Counter(answer.question.title for answer in told.answers)
    for answer in told.answers:
        question = answer.question
        is_grouped = answer.group and titles[question.title] > 1
        title = f"{answer.group}.{question.title}" if is_grouped else question.title
        names.put(answer, unwrapping.said(answer.value, question.options), title=title)


def _leave_out_descriptions(found: Found, told: Told) -> tuple[str, ...]:
    """Count what only describes questions that were answered to the structure.

    What such a list stands in says of the form: the beginnings of its names.
    """
    holding = {holder.path for holder in found.holders}
    forms: dict[str, None] = {}
    for path, value, names in found.described:
        if names.isdisjoint(told.asked):
            continue
        told.structure.update(name for name, _ in leaves(path, value))
        parent = path.rpartition(".")[0]
        if parent and parent not in holding and len(forms) < _MOST_FORMS:
            forms[f"{parent}."] = None
    return tuple(forms)


def _join(names: Names, known: set[str]) -> dict[str, None]:
    """Put what stands in several fields that are no parts of an answer; the names of these fields."""
    parts: dict[str, None] = {}
    for one in joined({name: value for name, value in names.flat.items() if name not in known}):
        if names.put_first(one.name, one.value, one.kind, other=one.name):
            parts |= dict.fromkeys(one.parts)
    return parts


def _is_said(name: str, value: Json, repeated: set[str]) -> bool:
    """Whether a part of an answer's description says nothing beside what its field does."""
    text = _text(value)
    if text in repeated:
        return True
    return "@" not in text and any(words.plain(part) in words.OF_QUESTIONS for part in name.split(".")[-2:])


def _text(value: Json) -> str:
    return str(value[0] if isinstance(value, list) and len(value) == 1 else value)
