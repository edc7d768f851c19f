"""Looks for answers and what describes them, wherever they stand in a document."""

from collections.abc import Mapping, Sequence
from typing import Final

from leadbridge.events import FieldType, Json
from leadbridge.sources.fields import below
from leadbridge.sources.generic import vocabulary as words
from leadbridge.sources.generic.found import Described, Found, Holder, Taken
from leadbridge.sources.generic.questions import (
    NO_QUESTION,
    Answer,
    Item,
    Items,
    Question,
    are_answers,
    are_questions,
)
from leadbridge.sources.generic.tables import columns, couples, row_in, single_keys
from leadbridge.sources.generic.texts import Texts

_DEEPEST: Final = 16  # containers within each other
_MOST_TEXTS_WITHIN: Final = 3  # texts of JSON within each other
_MOST_LOOKED_AT: Final = 4_000  # containers and texts of one document
_MOST_QUESTIONS: Final = 1_000
_SCALARS: Final = (str, int, float, type(None))


def search(document: Json, items: Items, texts: Texts) -> Found:
    """Everything in `document` that looks like an answer or a question. The work is bounded; what is beyond is left."""
    looking = _Search(items, texts)
    looking.walk(document, "", "", depth=0, within=0)
    return looking.found


class _Search:
    def __init__(self, items: Items, texts: Texts) -> None:
        self.found = Found()
        self._items = items
        self._texts = texts
        self._left = _MOST_LOOKED_AT
        self._group = ""

    def walk(self, value: Json, path: str, key: str, *, depth: int, within: int) -> bool:
        """Look at one value; says whether answers stand in it."""
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            return False
        if isinstance(value, dict):
            return self._object(value, path, key, depth=depth, within=within)
        if isinstance(value, list):
            return self._list(value, path, key, depth=depth, within=within)
        return self._text(value, path, key, depth=depth, within=within)

    def _object(self, value: dict[str, Json], path: str, key: str, *, depth: int, within: int) -> bool:
        inner = list(value.values())
        may_answer = key not in words.CIRCUMSTANCES
        if (
            inner
            and may_answer
            and all(isinstance(one, dict) for one in inner)
            and (len(inner) > 1 or key in words.CONTAINERS)
        ):
            items = [self._under(name, one) for name, one in value.items()]
            if are_answers(items):
                return self._take(items, value, path, [below(path, name) for name in value])
            if are_questions(items) and key not in words.OPTIONS:
                return self._describe(items, value, path, depth=depth, within=within)
        if key in words.LABEL_MAPS and inner and all(isinstance(one, str) for one in inner):
            self._label(value, path)
            return False
        self.found.loose.append((value, path))
        answers = self._row(value, path) | self._wrapped(value, path) if may_answer else set()
        holding = {
            name
            for name, one in value.items()
            if name not in answers
            if not isinstance(one, _SCALARS) or (isinstance(one, str) and one[:1] in "{[ \n" and one)
            if self.walk(one, below(path, name), words.plain(name), depth=depth + 1, within=within)
        } | answers
        if holding:
            self.found.holders.append(Holder(value, path, frozenset(holding)))
        return bool(holding) or (key in words.CONTAINERS and any(isinstance(one, _SCALARS) and one for one in inner))

    def _list(self, value: list[Json], path: str, key: str, *, depth: int, within: int) -> bool:
        if not value or key in words.OPTIONS:
            return False
        if all(isinstance(one, dict) for one in value):
            items = [self._items.of(one) for one in value]
            if are_answers(items):
                return self._take(items, value, path, [below(path, at) for at in range(len(value))])
            if questions := items if are_questions(items) else self._one_by_one(value):
                return self._describe(questions, value, path, depth=depth, within=within)
            if items := (columns(value) if depth else []) or single_keys(value):
                return self._take(items, value, path, [below(path, at) for at in range(len(value))])
        elif items := couples(value):
            return self._take(items, value, path, [below(path, at) for at in range(len(value))])
        found = [
            self.walk(one, below(path, at), "", depth=depth + 1, within=within)
            for at, one in enumerate(value)
            if isinstance(one, dict | list)
        ]
        return any(found)

    def _one_by_one(self, value: Sequence[Mapping[str, Json]]) -> list[Item]:
        """The questions of objects of one key, each described under its name: `[{"field_1": {"label": …}}, …]`."""
        under = [(name, one) for each in value if len(each) == 1 for name, one in each.items() if isinstance(one, dict)]
        if len(under) != len(value):
            return []
        items = [self._under(name, one) for name, one in under]
        return items if are_questions(items) else []

    def _text(self, value: Json, path: str, key: str, *, depth: int, within: int) -> bool:
        if not isinstance(value, str) or within >= _MOST_TEXTS_WITHIN:
            return False
        read = self._texts.read(value)
        if read is None:
            return False
        self.found.texts.append((path, read))
        return self.walk(read, path, key, depth=depth + 1, within=within + 1) or isinstance(read, dict)

    def _take(self, items: Sequence[Item], value: Json, path: str, paths: Sequence[str]) -> bool:
        answers = tuple(
            Answer(item.question, item.value, at, self._group)
            for item, at in zip(items, paths, strict=True)
            if item.has_value
        ) + tuple(
            Answer(Question(f"{title}.{part}", (), words.PARTS_OF_NAMES[part], {}), half, at, self._group)
            for item, at in zip(items, paths, strict=True)
            for title in (item.question.title or next(iter(item.question.names), ""),)
            for part, half in item.parts.items()
            if title
        )
        self.found.taken.append(Taken(path, value, answers))
        return True

    def _describe(self, items: Sequence[Item], value: Json, path: str, *, depth: int, within: int) -> bool:
        """Note questions; what stands in a group of them may be answers."""
        names: set[str] = set()
        holds = False
        for item, (key, one) in zip(items, value.items() if isinstance(value, dict) else enumerate(value), strict=True):
            names |= self._question(item.question, one, under="", depth=0)
            at = below(path, key)
            before, self._group = self._group, item.question.title
            holding = frozenset(
                name
                for name, inner in one.items()
                if isinstance(inner, dict | list)
                and self.walk(inner, below(at, name), words.plain(name), depth=depth + 2, within=within)
            )
            self._group = before
            if holding:
                self.found.holders.append(Holder(one, at, holding))
                holds = True
        self.found.described.append(Described(path, value, frozenset(names)))
        return holds

    def _question(self, question: Question, value: Mapping[str, Json], *, under: str, depth: int) -> set[str]:
        """Note one question by its names, and those within it: parts of its answer, or the questions of a group."""
        known = self.found.questions
        titled = question._replace(title=f"{under}.{question.title}" if under else question.title)
        for name in question.names:
            is_part = bool(under) and name in known and known[name].title == under  # a part may have the whole's id
            if is_part or (name not in known and len(known) < _MOST_QUESTIONS):
                known[name] = titled
        names = set(question.names)
        for key, one in value.items() if depth < _DEEPEST else ():
            inner = one.get("fields") if isinstance(one, dict) else one
            plain = words.plain(key)
            if not isinstance(inner, list) or plain in words.OPTIONS:
                continue
            parent = titled.title if plain in words.PARTS else ""
            for each in inner:
                self._left -= 1
                if isinstance(each, dict) and self._left > 0 and (part := self._items.of(each).question).title:
                    told = part if part.kind else part._replace(kind=_of_part(question, part))
                    names |= self._question(told, each, under=parent, depth=depth + 1)
        return names

    def _label(self, value: Mapping[str, str], path: str) -> None:
        known = self.found.questions
        for name, title in value.items():
            if title.strip() and name not in known and len(known) < _MOST_QUESTIONS:
                known[name] = Question(title.strip(), (name,), None, {})
        self.found.described.append(Described(path, value, frozenset(value)))

    def _row(self, value: Mapping[str, Json], path: str) -> set[str]:
        """A table's columns and its one row, side by side."""
        if (found := row_in(value)) is None:
            return set()
        headers, cells, items = found
        at = below(path, cells)
        self._take(items, value[cells], at, [at] * len(items))
        self.found.taken.append(Taken(below(path, headers), value[headers], ()))
        return {cells}

    def _wrapped(self, value: Mapping[str, Json], path: str) -> set[str]:
        """Answers that stand in an object of their own among others that do not: `{"email": {"value": …}}`."""
        found = {
            name: one
            for name, one in value.items()
            if isinstance(one, dict) and "value" in one and words.plain(name) not in words.ENVELOPES
            if len(one) == 1 or not self._items.of(one).question.names
        }
        if len(found) > 1:
            for name, one in found.items():
                at = below(path, name)
                self._take([self._under(name, one)], one, at, [at])
            return set(found)
        return set()

    def _under(self, name: str, value: dict[str, Json]) -> Item:
        """What stands under a key: the key is a name of it, and the only one where it has no other."""
        item = self._items.of(value)
        question = item.question
        if not question.title and (_holds_more(item.value) or words.SINGULAR.isdisjoint(map(words.plain, value))):
            return NO_QUESTION  # not what was answered to the key
        return (
            item if name in question.names else item._replace(question=question._replace(names=(*question.names, name)))
        )


def _holds_more(value: Json) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(one, dict | list) for one in inner)


def _of_part(whole: Question, part: Question) -> FieldType | None:
    return words.PARTS_OF_NAMES.get(words.plain(part.title)) if whole.kind == "name" else None
