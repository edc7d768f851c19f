"""Answers that came as JSON in a text, under their own names."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from leadbridge.events import Json
from leadbridge.sources.fields import below, leaves
from leadbridge.sources.generic import vocabulary as words
from leadbridge.sources.generic.found import Found
from leadbridge.sources.generic.naming import Names
from leadbridge.sources.generic.pretty import labels_in
from leadbridge.sources.generic.questions import Answer, Question
from leadbridge.sources.generic.wrapping import Unwrapping


class Travelled(NamedTuple):
    """Flat names: of texts that were read or say the same again, and those of them that answers were taken from."""

    about: set[str]
    parts: dict[str, None]


def put_travelled(found: Found, structure: set[str], names: Names, unwrapping: Unwrapping) -> Travelled:
    """Put what stands in texts of JSON, but not what was put already or only describes (`structure`)."""
    travelled = Travelled(set(), {})
    texts = dict(found.texts)
    if not texts:
        return travelled
    taken = {each.path for each in found.taken}
    answers = {answer.path for each in found.taken for answer in each.answers}
    read = {above for path in taken for above in (path, *_above(path))}
    left_out = answers | {path for each in found.described for path in (each.path, *_above(each.path))}
    done = texts.keys() | taken | structure
    travelled.about.update(name for name, value in names.flat.items() if _is_xml(value))
    travelled.about.update(texts)
    for path, value in texts.items():
        is_form = words.plain(path.rpartition(".")[2]) in words.ENVELOPES
        is_put = isinstance(value, dict) and not is_form and path not in left_out
        if is_put or path in read:
            travelled.parts[path] = None
        if is_put:
            labels = _labels_beside(path, value, names.flat, travelled)
            _put_all(path, value, labels, done, names, unwrapping)
    return travelled


def _put_all(
    path: str,
    value: Mapping[str, Json],
    labels: Mapping[str, str],
    done: set[str],
    names: Names,
    unwrapping: Unwrapping,
) -> None:
    for name, inner in value.items():
        at = below(path, name)
        if name in labels:
            answer = Answer(Question(labels[name], (name,), None, {}), inner, at)
            names.put(answer, unwrapping.said(inner, {}), title=labels[name])
            if not isinstance(inner, dict):
                continue
        if at in done or words.plain(name) in words.OF_THE_ENVELOPE:
            continue
        for own, leaf in leaves(name, unwrapping.said(inner, {})):
            names.put_first(own, leaf, None, other=below(path, own))


def _labels_beside(
    path: str, answers: Mapping[str, Json], flat: Mapping[str, Json], travelled: Travelled
) -> Mapping[str, str]:
    """The labels of answers that stand all in one text beside them."""
    at = below(path.rpartition(".")[0], "pretty")
    labels = labels_in(flat.get(at), answers)
    if labels:
        travelled.parts[at] = None
        travelled.about.add(at)
    return labels


def _above(path: str) -> Iterator[str]:
    """The paths that lead to `path`."""
    while path := path.rpartition(".")[0]:
        yield path


def _is_xml(value: Json) -> bool:
    return isinstance(value, str) and value.startswith("<?xml")
