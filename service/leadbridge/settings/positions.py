"""The configuration as plain values, with the place of every key and value.

Plain scalars mean what they mean in JSON: `true`, `false`, `null` (also `~` and nothing at all) and numbers as JSON
writes them. So `yes`, `012`, `1_000`, `+4930123456` and `2024-01-01` stay the text they look like.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from yaml.error import Mark
from yaml.nodes import MappingNode, Node, ScalarNode

from leadbridge.events import Json
from leadbridge.settings.problem import Path, Problem, Severity
from leadbridge.settings.syntax import COLLECTION, PLAIN, QUOTED, NotYaml, compose

MAX_VALUES: Final = 20_000  # with every alias written out; more where the file itself is long
AS_MANY_AS_WRITTEN: Final = 10  # for each value and name that is written: thousands of accounts may share a part
MAX_DIGITS: Final = 100

_TOO_MANY: Final = "use fewer aliases, or split the file"
_UNSTORABLE: Final = "remove the `\\0` or `\\uD…`"
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Spot:
    """A line and a column, counted in characters from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands and where its key does; a list item's key is the item itself.

    `within` is the spot of the text's first character (after a quote), where counting on along one line is exact.
    """

    key: Spot
    value: Spot
    within: Spot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A configuration file as read: `data` is what it says, `places` where. The top is the empty path."""

    file: str
    data: Json
    places: Mapping[Path, Place]
    problems: tuple[Problem, ...] = ()
    broken: frozenset[Path] = frozenset()  # values that are not read as they were meant

    def place(self, path: Path) -> Place:
        """Where `path` stands; for what is not in the file, where its nearest parent does."""
        known = path
        while known not in self.places:
            known = known[:-1]
        return self.places[known]

    def problem(
        self,
        path: Path,
        problem: str,
        *,
        hint: str = "",
        at: Spot | Literal["key"] | None = None,
        severity: Severity = "error",
    ) -> Problem:
        """A problem at the value of `path`, at its key, or at a spot of its own."""
        place = self.place(path)
        spot = place.key if at == "key" or path not in self.places else at or place.value
        named = dotted(path, self.data)
        return _at(self.file, spot, path=named, problem=problem, hint=hint, severity=severity)


def dotted(path: Path, data: Json) -> str:
    """The path as a person writes it: `sources.website.verify`, `routes[website to copper].match[0]`."""
    text = ""
    at = data
    for step in path:
        if isinstance(at, Mapping):
            at = at.get(step)
        elif isinstance(at, list) and isinstance(step, int) and step < len(at):
            at = at[step]
        else:
            at = None
        if isinstance(step, int):
            name = at.get("name") if isinstance(at, Mapping) else None
            text += f"[{name}]" if isinstance(name, str) and name.isprintable() else f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def read_document(text: str, *, file: str) -> Document:
    """What `text` says and where, with every problem that its YAML has."""
    reading = _Reading(file)
    try:
        top = compose(text, file=file)
        data = reading.value(top, (), key=_spot(top.start_mark))
    except NotYaml as error:
        start = Spot(1, 1)
        return Document(file=file, data=None, places={(): Place(start, start)}, problems=(error.problem,))
    return Document(
        file=file,
        data=data,
        places=reading.places,
        problems=tuple(
            _at(file, spot, path=dotted(path, data), problem=problem, hint=hint)
            for spot, path, problem, hint in reading.said
        ),
        broken=frozenset(path for _, path, _, _ in reading.said),
    )


class _Reading:
    """One walk over the nodes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[Path, Place] = {}
        self.said: list[tuple[Spot, Path, str, str]] = []
        self.open: set[int] = set()  # nodes the walk is inside of, to stop at an alias to one of them
        self.values = 0
        self.written: set[int] = set()  # nodes: an alias is none of its own

    def value(self, node: Node, path: Path, *, key: Spot) -> Json:
        self.places[path] = Place(key, _spot(node.start_mark), _within(node))
        self.values += 1
        self.written.add(id(node))
        if self.values > MAX_VALUES + AS_MANY_AS_WRITTEN * len(self.written):
            section = path[:1]
            words = f"the file holds more than {MAX_VALUES:,} values, its aliases written out"
            raise NotYaml(
                _at(self.file, self.places[section].key, path=dotted(section, None), problem=words, hint=_TOO_MANY)
            )
        if id(node) in self.open:
            self.say(node, path, "this value contains itself through its alias", "write it out instead of `*`")
            return None
        if node.tag not in {PLAIN, QUOTED, COLLECTION}:
            self.say(node, path, "`!` begins a YAML tag, and none is known here", "put the text in quotes")
            return None
        if isinstance(node, ScalarNode):
            return self.scalar(node, path)
        self.open.add(id(node))
        found = self.mapping(node, path) if isinstance(node, MappingNode) else self.sequence(node, path)
        self.open.discard(id(node))
        return found

    def scalar(self, node: ScalarNode, path: Path) -> Json:
        text: str = node.value
        if _SURROGATE.search(text) or "\0" in text:
            self.say(node, path, "this text holds a character that cannot be stored", _UNSTORABLE)
            return None
        return text if node.tag == QUOTED else _plain(text)

    def sequence(self, node: Node, path: Path) -> Json:
        return [self.value(item, (*path, index), key=_spot(item.start_mark)) for index, item in enumerate(node.value)]

    def mapping(self, node: MappingNode, path: Path) -> Json:
        if _is_bare_expression(node):
            self.say(node, path, "an expression needs quotes", 'write "{{ … }}"')
            return None
        found: dict[str, Json] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            spot = _spot(key.start_mark)
            self.written.add(id(key))
            if not isinstance(key, ScalarNode) or key.value == "":
                self.say(key, path, "an option's name must be plain text", "write `name: value`")
                continue
            name = str(key.value)
            if key.tag == PLAIN and name == "<<":
                hint = "write the options out, or share a whole value with `&name` and `*name`"
                self.say(key, path, "merge keys (`<<`) are not supported", hint)
            elif _SURROGATE.search(name) or "\0" in name:
                self.say(key, path, "this name holds a character that cannot be stored", _UNSTORABLE)
            elif name in found:
                hint = f"it is also on line {lines[name]}: remove one"
                self.say(key, (*path, name), "stands twice", hint)
            else:
                lines[name] = spot.line
                found[name] = self.value(value, (*path, name), key=spot)
        return found

    def say(self, node: Node, path: Path, problem: str, hint: str = "") -> None:
        self.said.append((_spot(node.start_mark), path, problem, hint))


def _at(file: str, spot: Spot, **said: Any) -> Problem:
    return Problem(file=file, line=spot.line, column=spot.column, **said)


def _spot(mark: Mark) -> Spot:
    return Spot(mark.line + 1, mark.column + 1)


def _within(node: Node) -> Spot | None:
    if not isinstance(node, ScalarNode) or node.start_mark.line != node.end_mark.line:
        return None
    spot = _spot(node.start_mark)
    quote = 1 if node.style in {"'", '"'} else 0
    written = node.end_mark.column - node.start_mark.column - 2 * quote
    return Spot(spot.line, spot.column + quote) if written == len(node.value) else None  # else it has escapes


def _plain(text: str) -> Json:
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if len(text) <= MAX_DIGITS:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text) and abs(number := float(text)) != float("inf"):
            return number
    return text


def _is_bare_expression(node: MappingNode) -> bool:
    """Whether this is `{{ … }}` without quotes, which YAML reads as a mapping whose key is a mapping."""
    return len(node.value) == 1 and isinstance(node.value[0][0], MappingNode) and bool(node.flow_style)
