"""The names under which a submission's values stand: what was asked first, a flat reading's, and those for programs."""

from collections.abc import Mapping

from leadbridge.events import FieldType, Json
from leadbridge.sources.fields import below, leaves
from leadbridge.sources.generic import vocabulary as words
from leadbridge.sources.generic.questions import Answer


class Names:
    """Collects names. A name of the flat reading keeps its value whatever comes: configurations refer to it."""

    def __init__(self, flat: dict[str, Json]) -> None:
        self.flat = flat
        self.first: dict[str, Json] = {}  # by what was asked
        self._others: dict[str, Json] = {}  # of the same values, for programs
        self._types: dict[str, FieldType] = {}

    def put(self, answer: Answer, value: Json, *, title: str) -> None:
        """Put an answer's value under its title, with its parts below, and under its question's other names."""
        question = answer.question
        for name, leaf in leaves(title, value):
            kind = _kind_of_part(question.kind, name.removeprefix(title)) if isinstance(value, dict) else question.kind
            is_wrapped = self.flat.get(name) == [leaf]  # and stays so: it has its name already
            self.put_first(name, [leaf] if is_wrapped else leaf, kind, other=below(answer.path, name))
        for name in () if isinstance(value, dict) else question.names:
            if name == title or not self._is_free(name, value) or (name.isdecimal() and name not in self.flat):
                continue
            self._others.setdefault(name, value)
            if question.kind is not None:
                self._types.setdefault(name, question.kind)

    def put_first(self, name: str, value: Json, kind: FieldType | None, *, other: str) -> bool:
        """Put a value under a name, or under another one where this is another value's; says whether either was free.

        A value that finds neither free has its flat name, or stands in its text.
        """
        for each in (name, other):
            if _is_same(self.first[each], value) if each in self.first else self._is_free(each, value):
                self.first.setdefault(each, value)
                if kind is not None:
                    self._types.setdefault(each, kind)
                return True
        return False

    def seconds(self) -> list[str]:
        """The names that say only what another one says."""
        return [name for name in self._others if name not in self.first]

    def made_up(self) -> set[str]:
        """Those second names that say nothing of the answer."""
        return {name for name in self.seconds() if not words.is_readable(name) or words.is_counted(name)}

    def taken(self) -> set[str]:
        """The names that answers have so far."""
        return self.first.keys() | self._others.keys()

    def types(self) -> Mapping[str, FieldType]:
        """What the sender's types say the values to be, by name."""
        return self._types

    def fields(self) -> dict[str, Json]:
        """Everything by its names, answers first."""
        fields = self.first | self.flat
        return fields | {name: value for name, value in self._others.items() if name not in fields}

    def _is_free(self, name: str, value: Json) -> bool:
        return name not in self.flat or _is_same(self.flat[name], value)


def _is_same(one: Json, other: Json) -> bool:
    return type(one) is type(other) and one == other


def _kind_of_part(kind: FieldType | None, name: str) -> FieldType | None:
    """What a part of a composite answer is: the first name of a name, and no part of an address is one."""
    if kind == "name":
        return words.PARTS_OF_NAMES.get(words.plain(name))
    return None if kind in ("address", "email") else kind
