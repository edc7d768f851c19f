"""What a search has found in a document. Paths are those by which a flat reading of it calls its values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from leadbridge.events import Json
from leadbridge.sources.generic.questions import Answer, Question


class Holder(NamedTuple):
    """An object on the way to answers: `key` is what it stands under, `holding` are its keys that lead to them."""

    value: Mapping[str, Json]
    path: str
    holding: frozenset[str]


class Taken(NamedTuple):
    """A list or an object of answers."""

    path: str
    value: Json
    answers: tuple[Answer, ...]


class Described(NamedTuple):
    """A list or an object of questions without answers, and all names of these."""

    path: str
    value: Json
    names: frozenset[str]


@dataclass(slots=True)
class Found:
    """Everything that looks like an answer or a question."""

    loose: list[tuple[Mapping[str, Json], str]] = field(default_factory=list)  # objects whose keys may be questions
    questions: dict[str, Question] = field(default_factory=dict)
    described: list[Described] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    texts: list[tuple[str, Json]] = field(default_factory=list)  # JSON that was read, by the path of its text
    holders: list[Holder] = field(default_factory=list)
