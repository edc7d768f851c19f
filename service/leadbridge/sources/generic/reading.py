"""A document's fields: under the names that a flat reading gives them, and answers by what was asked."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from leadbridge.events import FieldType, Json
from leadbridge.sources.fields import below, flat, leaves
from leadbridge.sources.generic import vocabulary as words
from leadbridge.sources.generic.apart import are_apart, joined
from leadbridge.sources.generic.envelope import envelope_of
from leadbridge.sources.generic.questions import Answer, Question, asked_by, said
from leadbridge.sources.generic.search import Found, search
from leadbridge.sources.generic.texts import looks_like_json

_CONTAINERS: Final = (dict, list)
_MOST_FIELDS: Final = 20_000  # of one event; a body that makes more of them is read flat
_MOST_FORMS: Final = 20  # descriptions of one


class Reading(NamedTuple):
    """Fields, answers first; see `Event` for the others."""

    fields: dict[str, Json]
    second_names: tuple[str, ...] = ()
    types: Mapping[str, FieldType] = {}
    about: frozenset[str] = frozenset()


def read(document: Json) -> Reading:
    """The fields of one submission. A flat document is not searched."""
    fields = flat(document)
    if not isinstance(document, dict) or _may_hold(document.values()):
        return _Reader(fields, search(document)).reading()
    return _with_joined(fields) if are_apart(fields) else Reading(fields)


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


def _with_joined(fields: dict[str, Json]) -> Reading:
    """A flat document, with one field for what stands in several."""
    found = joined(fields)
    if not found:
        return Reading(fields)
    parts = [part for one in found for part in one.parts]
    return Reading(
        fields={one.name: one.value for one in found} | fields,
        second_names=tuple(parts),
        types={one.name: one.kind for one in found if one.kind is not None},
        about=frozenset(parts),
    )


class _Reader:
    def __init__(self, fields: dict[str, Json], found: Found) -> None:
        self._flat = fields
        self._found = found
        self._named: dict[str, Json] = {}
        self._seconds: dict[str, Json] = {}
        self._made_up: set[str] = set()  # second names that nobody can read anything in
        self._types: dict[str, FieldType] = {}
        self._structure: set[str] = set()
        self._about: set[str] = set()
        self._parts: dict[str, None] = {}  # of what was put together
        self._asked: set[str] = set()  # names of questions that have an answer

    def reading(self) -> Reading:
        answers = [answer for answers in (self._listed(), self._keyed()) for answer in answers]
        titles = Counter(answer.question.title for answer in answers)
        for answer in answers:
            self._put(answer, is_one_of_several=titles[answer.question.title] > 1)
        self._leave_out_descriptions()
        self._read_texts()
        reaches = any(isinstance(value, str) and "@" in value for value in self._named.values())
        for holder in self._found.holders:
            self._about.update(envelope_of(holder, has_answers=bool(answers), reaches=reaches))
        self._join()
        self._structure -= self._named.keys() | self._seconds.keys()
        self._about -= self._named.keys() | self._seconds.keys()
        seconds = {name: value for name, value in self._seconds.items() if name not in self._named}
        fields = self._named | {name: value for name, value in self._flat.items() if name not in self._named} | seconds
        if len(fields) > _MOST_FIELDS:
            return Reading(self._flat)
        about = self._about | self._structure | self._parts.keys() | (self._made_up & seconds.keys())
        repeated = set(map(_text, self._named.values()))
        described = (name for name in self._flat if name in self._structure and self._is_said(name, repeated))
        return Reading(
            fields=fields,
            second_names=tuple(
                dict.fromkeys((*seconds, *described, *(name for name in self._parts if name in fields)))
            ),
            types={name: kind for name, kind in self._types.items() if name in fields},
            about=frozenset(about & fields.keys()),
        )

    def _listed(self) -> Iterator[Answer]:
        """The answers that stand beside their questions, or name them."""
        known = self._found.questions
        for taken in self._found.taken:
            told = [each for each in map(self._told, taken.answers) if each is not None]
            if told or not taken.answers:
                self._structure.update(name for name, _ in leaves(taken.path, taken.value))
            self._asked.update(name for each in told for name in each.question.names if name in known)
            yield from told

    def _told(self, answer: Answer) -> Answer | None:
        """The answer with all that is said of its question elsewhere; None when nobody says what was asked."""
        own = answer.question
        known = self._found.questions
        other = next((known[name] for name in own.names if name in known), None)
        if other is not None:
            names = tuple(dict.fromkeys((*own.names, *other.names)))
            told = Question(
                own.title or other.title, names, words.telling(other.kind, own.kind), own.options or other.options
            )
            return answer._replace(question=told)
        if own.title:
            return answer
        names = tuple(name for name in own.names if not name.isdecimal() and words.is_readable(name))
        return answer._replace(question=own._replace(title=names[0], names=own.names)) if names else None

    def _keyed(self) -> Iterator[Answer]:
        """The answers that stand under the names of questions described elsewhere."""
        known = self._found.questions
        if not known:
            return
        matches = [
            (path, {key: question for key, one in value.items() if (question := asked_by(key, one, known))}, value)
            for value, path in self._found.loose
        ]
        most = max((len(asked) for _, asked, _ in matches), default=0)
        for path, asked, value in matches:
            if not asked or len(asked) * 2 < most:
                continue
            for key, question in asked.items():
                at = below(path, key)
                self._asked.update(name for name in question.names if name in known)
                names = tuple(dict.fromkeys((key, *question.names)))
                self._structure.update(name for name, _ in leaves(at, value[key]))
                yield Answer(question._replace(names=names), value[key], at)

    def _put(self, answer: Answer, *, is_one_of_several: bool) -> None:
        question = answer.question
        value = said(answer.value, question.options)
        title = f"{answer.group}.{question.title}" if answer.group and is_one_of_several else question.title
        for name, leaf in leaves(title, value):
            kind = _kind_of_part(question.kind, name.removeprefix(title)) if isinstance(value, dict) else question.kind
            is_wrapped = self._flat.get(name) == [leaf]  # and stays so: it has its name already
            self._put_first(name, [leaf] if is_wrapped else leaf, kind, other=below(answer.path, name))
        for name in () if isinstance(value, dict) else question.names:
            if name == title or not self._is_free(name, value) or (name.isdecimal() and name not in self._flat):
                continue
            self._seconds.setdefault(name, value)
            if not words.is_readable(name):
                self._made_up.add(name)
            if question.kind is not None:
                self._types.setdefault(name, question.kind)

    def _put_first(self, name: str, value: Json, kind: FieldType | None, *, other: str) -> None:
        """Put a field, under another name where this one is taken by another value."""
        if name in self._named and self._named[name] == value:
            return
        if name in self._named or not self._is_free(name, value):
            name = other
        self._named.setdefault(name, value)
        if kind is not None:
            self._types.setdefault(name, kind)

    def _is_said(self, name: str, repeated: set[str]) -> bool:
        """Whether a part of an answer's description says nothing beside what its field does."""
        text = _text(self._flat[name])
        if text in repeated:
            return True
        return "@" not in text and any(words.plain(part) in words.OF_QUESTIONS for part in name.split(".")[-2:])

    def _is_free(self, name: str, value: Json) -> bool:
        return name not in self._flat or (type(self._flat[name]) is type(value) and self._flat[name] == value)

    def _join(self) -> None:
        """What stands in several fields that are no parts of an answer."""
        known = self._structure | self._about
        for one in joined({name: value for name, value in self._flat.items() if name not in known}):
            self._put_first(one.name, one.value, one.kind, other=one.name)
            self._parts |= dict.fromkeys(one.parts)

    def _leave_out_descriptions(self) -> None:
        """What only describes questions that were answered; what such a list stands in says of the form."""
        holding = {holder.path for holder in self._found.holders}
        forms: dict[str, None] = {}
        for path, value, names in self._found.described:
            if names.isdisjoint(self._asked):
                continue
            self._structure.update(name for name, _ in leaves(path, value))
            parent = path.rpartition(".")[0]
            if parent and parent not in holding and len(forms) < _MOST_FORMS:
                forms[f"{parent}."] = None
        if forms:
            within = tuple(forms)
            self._about.update(name for name in self._flat if name.startswith(within))

    def _read_texts(self) -> None:
        """Answers that came as JSON in a text, by their own names. XML beside them says the same again."""
        texts = dict(self._found.texts)
        taken = {each.path for each in self._found.taken}
        answers = {answer.path for each in self._found.taken for answer in each.answers}
        read = {above for path in taken for above in (path, *_above(path))}
        describing = {path for each in self._found.described for path in (each.path, *_above(each.path))}
        if texts:
            self._about.update(name for name, value in self._flat.items() if _is_xml(value))
        for path, value in texts.items():
            self._about.add(path)
            if path in read:
                self._parts[path] = None
            is_form = words.plain(path.rpartition(".")[2]) in words.ENVELOPES
            if is_form or path in describing or path in answers or not isinstance(value, dict):
                continue
            self._parts[path] = None
            for name, inner in value.items():
                at = below(path, name)
                if at in texts or at in taken or at in self._structure or words.plain(name) in words.OF_THE_ENVELOPE:
                    continue
                for own, leaf in leaves(name, said(inner, {})):
                    self._put_first(own, leaf, None, other=below(path, own))


def _above(path: str) -> Iterator[str]:
    """The paths that lead to `path`."""
    while path := path.rpartition(".")[0]:
        yield path


def _is_xml(value: Json) -> bool:
    return isinstance(value, str) and value.startswith("<?xml")


def _text(value: Json) -> str:
    return str(value[0] if isinstance(value, list) and len(value) == 1 else value)


def _kind_of_part(kind: FieldType | None, name: str) -> FieldType | None:
    """What a part of a composite answer is: the first name of a name, and no part of an address is one."""
    if kind == "name":
        return words.PARTS_OF_NAMES.get(words.plain(name))
    return None if kind in ("address", "email") else kind
