"""What was answered, with all that a document says of what was asked."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from leadbridge.sources.fields import below, leaves
from leadbridge.sources.generic import vocabulary as words
from leadbridge.sources.generic.found import Found
from leadbridge.sources.generic.questions import Answer, Question, asked_by


@dataclass(slots=True)
class Told:
    """The answers; `structure` are the flat names of all they stand in, `asked` the names of questions they answer."""

    answers: list[Answer] = field(default_factory=list)
    structure: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)


def told_in(found: Found) -> Told:
    """The answers that say what was asked, or that a description elsewhere says it of."""
    told = Told()
    for taken in found.taken:
        answers = [each for answer in taken.answers if (each := _told(answer, found)) is not None]
        if answers or not taken.answers:
            told.structure.update(name for name, _ in leaves(taken.path, taken.value))
        told.answers += answers
    for answer in _keyed(found):
        told.structure.update(name for name, _ in leaves(answer.path, answer.value))
        told.answers.append(answer)
    told.asked.update(name for each in told.answers for name in each.question.names if name in found.questions)
    return told


def _told(answer: Answer, found: Found) -> Answer | None:
    """The answer with what is said of its question elsewhere; None when nobody says what was asked.

    The title and the options beside the answer count before those of the description, as the sender's last word; of
    the types the description's does, unless it is no more than text. Without any title it is the first readable name.
    """
    own = answer.question
    other = next((found.questions[name] for name in own.names if name in found.questions), None)
    if other is not None:
        names = tuple(dict.fromkeys((*own.names, *other.names)))
        kind = words.telling(other.kind, own.kind)
        return answer._replace(question=Question(own.title or other.title, names, kind, own.options or other.options))
    if own.title:
        return answer
    names = tuple(name for name in own.names if not name.isdecimal() and words.is_readable(name))
    return answer._replace(question=own._replace(title=names[0], names=own.names)) if names else None


def _keyed(found: Found) -> Iterator[Answer]:
    """The answers that stand under the names of questions described elsewhere."""
    known = found.questions
    if not known:
        return
    matches = [
        (path, {key: question for key, one in value.items() if (question := asked_by(key, one, known))}, value)
        for value, path in found.loose
    ]
    most = max((len(asked) for _, asked, _ in matches), default=0)
    for path, asked, value in matches:
        if len(asked) * 2 < most:
            continue
        for key, question in asked.items():
            names = tuple(dict.fromkeys((key, *question.names)))
            yield Answer(question._replace(names=names), value[key], below(path, key))
