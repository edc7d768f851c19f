"""YAML text to a tree of nodes with marks, or the one problem that keeps it from being YAML.

PyYAML's own words name its tokens, and some quote the text, which may be a secret: they are replaced by ours.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from yaml.composer import Composer
from yaml.error import Mark, MarkedYAMLError
from yaml.nodes import Node, ScalarNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.scanner import Scanner

from leadbridge.settings.problem import Problem

PLAIN: Final = "plain"  # the tag of a scalar without quotes: the only one that may be a number, a truth or nothing
QUOTED: Final = "quoted"
COLLECTION: Final = "collection"
MAX_CHARACTERS: Final = 10_000_000  # some 30,000 accounts
MAX_DEPTH: Final = 40


@dataclass(frozen=True, slots=True)
class _Mended:
    """What PyYAML says, in part, and what we say instead."""

    theirs: str
    problem: str
    hint: str = ""
    at_start: bool = False  # the place is where the broken thing begins, not where PyYAML gave up


_NO_COLON: Final = "no `:` can stand here"
_GLUED: Final = re.compile(r"\s*(?:- )?[\w-]+:[^\s/]")
_BEFORE_COLON: Final = "check the indentation, and put text that holds `: ` in quotes"
_CLOSE: Final = "write the same quote at the end of the text"
_TAG: Final = ("`!` begins a YAML tag, and none is known here", "put text that begins with `!` in quotes")
_MENDED: Final = (
    _Mended("cannot start any token", "no value can begin with this character", "put the text in quotes"),
    _Mended("could not find expected ':'", "this is not `option: value`", _BEFORE_COLON, at_start=True),
    _Mended("mapping values are not allowed", _NO_COLON, _BEFORE_COLON),
    _Mended("mapping keys are not allowed", "no `?` can stand here", "put the text in quotes"),
    _Mended("sequence entries are not allowed", "no list item can stand here", "check the indentation"),
    _Mended("expected <block end>", "this does not fit the lines above", "check the indentation and the quotes"),
    _Mended("expected ',' or ']'", "the list is not closed", "write `,` or `]` before this"),
    _Mended("expected ',' or '}'", "the mapping is not closed", "write `,` or `}` before this"),
    _Mended("expected the node content", "a value is expected here", "check the brackets and commas before it"),
    _Mended("unexpected end of stream", "the quote that begins here is not closed", _CLOSE, at_start=True),
    _Mended("unexpected document separator", "the quote that begins here is not closed", _CLOSE, at_start=True),
    _Mended("escape", "this `\\` means nothing in double quotes", "double the backslash, or use single quotes"),
    _Mended("undefined alias", "`*` begins an alias, and this one is defined nowhere", "put the text in quotes"),
    _Mended("second occurrence", "this anchor is defined twice", "put text that begins with `&` in quotes"),
    _Mended("another document", "only one document can stand in the file", "remove this `---` and what follows"),
    _Mended("<document start>", "the document has ended before this", "check the indentation"),
    _Mended("tag", *_TAG),
    _Mended("directive", "`%` begins a YAML directive, and none is known here", "put the text in quotes"),
    _Mended("incompatible YAML document", "only YAML 1 can be read", "remove the `%YAML` line"),
    _Mended("block scalar", "nothing but `+`, `-` or a number can follow `|` and `>`", "put the text in quotes"),
    _Mended("anchor", "`&` begins an anchor, and this one has no name", "put the text in quotes"),
    _Mended("alias", "`*` begins an alias, and this one has no name", "put the text in quotes"),
)
_NO_YAML: Final = _Mended("", "this is not YAML that can be read", "check the indentation, quotes and brackets here")
_INNER_QUOTES: Final = re.compile(r"\"[^\"]*\{\{[^\"}]*\"[^\"]+\"")
_INNER_QUOTES_HINT: Final = "inside double quotes write single ones: \"{{ fields['a name'] }}\""
_SEARCHED: Final = 1_000  # characters of a line in which the cause is looked for
_EXPRESSION_HINT: Final = 'put the whole value in quotes: "{{ … }}"'
_VARIABLE_HINT: Final = 'inside [ ] and { } a variable needs quotes: "${NAME}"'


class NotYaml(Exception):
    """The text is no YAML that can be read here; `problem` says where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class _Loader(Reader, Scanner, Parser, Composer):
    """PyYAML's reader up to nodes, without its resolver: what a plain scalar means is ours to say."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        self.depth = 0

    def resolve(self, kind: type[Node], _value: Any, implicit: Any) -> str:
        if kind is not ScalarNode:
            return COLLECTION
        return PLAIN if implicit[0] else QUOTED

    def descend_resolver(self, parent: Node | None, _index: Any) -> None:
        self.depth += 1
        if parent is not None and self.depth > MAX_DEPTH:
            raise MarkedYAMLError(problem="too deep", problem_mark=parent.start_mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1


def compose(text: str, *, file: str) -> Node:
    """The document's top node.

    Raises:
        NotYaml: with the first problem; a syntax error leaves nothing that could be read further.

    """
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_CHARACTERS:
        raise NotYaml(
            _at(file, 1, 1, f"the file is longer than {MAX_CHARACTERS:,} characters", hint="is it the right file?")
        )
    try:
        loader = _Loader(text)
    except ReaderError as error:
        raise NotYaml(_unprintable(text, int(error.position), file=file)) from None
    try:
        node = loader.get_single_node()
    except MarkedYAMLError as error:
        raise NotYaml(_plain_words(error, file=file)) from None
    except (ValueError, OverflowError):  # PyYAML gives "\UFFFFFFFF" to chr() as it stands
        mark = loader.get_mark()
        hint = "the highest one is `\\U0010FFFF`"
        problem = _at(file, mark.line + 1, mark.column + 1, "this escape is no Unicode character", hint=hint)
        raise NotYaml(problem) from None
    if node is None:
        raise NotYaml(_at(file, 1, 1, "the file is empty", hint="see config/minimal.yaml for the smallest useful one"))
    return node


def _at(file: str, line: int, column: int, problem: str, *, hint: str = "") -> Problem:
    return Problem(file=file, line=line, column=column, path="", problem=problem, hint=hint)


def _unprintable(text: str, position: int, *, file: str) -> Problem:
    before = text[:position]
    line = len(re.findall(r"\r\n|[\r\n\x85\u2028\u2029]", before)) + 1
    column = len(re.split(r"[\r\n\x85\u2028\u2029]", before)[-1]) + 1
    problem = f"the character U+{ord(text[position]):04X} cannot stand in YAML"
    return _at(file, line, column, problem, hint="remove it; it is invisible, and was perhaps copied along")


def _plain_words(error: MarkedYAMLError, *, file: str) -> Problem:
    theirs = f"{error.context or ''} {error.problem or ''}"
    mended = next((one for one in _MENDED if one.theirs in theirs), _NO_YAML)
    if error.problem == "too deep":
        mended = _Mended("", f"lists and mappings are nested deeper than {MAX_DEPTH}", "check the brackets")
    mark = error.context_mark if mended.at_start and error.context_mark else error.problem_mark
    line, column = _place(mark)
    written = _line_of(mark)[:_SEARCHED]
    if mended.problem == _NO_COLON and mark is not None and _GLUED.match(_line_before(mark)):
        return _at(file, line - 1, 1, "there is no space after the `:`", hint="write `option: value`")
    if re.match(r" *\t", written) or "found character '\\t'" in theirs:
        return _at(file, line, column, "a tab cannot indent YAML", hint="use spaces")
    hint = mended.hint
    if _INNER_QUOTES.search(written):
        hint = _INNER_QUOTES_HINT
    elif re.search(r"[:\[,-]\s*\{\{", written):
        hint = _EXPRESSION_HINT
    elif re.search(r"[\[{,:]\s*\$\{", written) and "closed" in mended.problem:
        hint = _VARIABLE_HINT
    return _at(file, line, column, mended.problem, hint=hint)


def _place(mark: Mark | None) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _line_before(mark: Mark) -> str:
    """The whole line before the one that `mark` stands in."""
    before = re.split(r"\r\n|[\r\n]", (mark.buffer or "")[: mark.pointer])
    return before[-2] if len(before) > 1 else ""


def _line_of(mark: Mark | None) -> str:
    """The whole line that `mark` stands in."""
    if mark is None or mark.buffer is None:
        return ""
    start = max(mark.buffer.rfind(end, 0, mark.pointer) for end in "\r\n") + 1
    return re.split(r"[\r\n\0]", mark.buffer[start:], maxsplit=1)[0]
