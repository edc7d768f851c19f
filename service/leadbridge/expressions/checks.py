"""What is looked at before an expression may run: its names, its filters with their arguments, its size.

Nothing can be called but filters and tests, there are no loops, and arithmetic is guarded, so that an expression
can neither reach into Python nor make much out of little.
"""

import difflib
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from leadbridge.expressions.errors import TemplateError, Unreadable
from leadbridge.expressions.lexer import Expression, Token, problem_at
from leadbridge.expressions.registry import Filter

NAMES: Final = ("fields", "meta", "raw", "source")
TESTS: Final = (
    "defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "sequence",
    "iterable", "true", "false", "in", "eq", "ne", "lt", "le", "gt", "ge", "odd", "even", "divisibleby",
    "startingwith", "endingwith",
)  # fmt: skip
MAX_WORDS: Final = 200  # the engine's parser recurses: some ten thousand words end the process
MAX_JOINS: Final = 50  # each may copy a whole text
FACTOR: Final = "_factor"
TERM: Final = "_term"

_LITERALS: Final = ("true", "false", "none", "True", "False", "None")
_KEYWORDS: Final = ("and", "or", "not", "in", "is", "if", "else")
_ARITHMETIC: Final = ("*", "**", "/", "//", "%", "-")
Decode = Callable[[str], str]


def did_you_mean(wrong: str, known: Collection[str]) -> str:
    """The end of a message: a suggestion when one is near, otherwise what there is."""
    near = difflib.get_close_matches(wrong, known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"there are {', '.join(sorted(known))}"


class Checker:
    """Checks the expressions of one text. Raises TemplateError with the place of the first problem."""

    def __init__(self, text: str, *, filters: Mapping[str, Filter], decode: Decode) -> None:
        self._text = text
        self._filters = filters
        self._decode = decode

    def checked(self, expression: Expression) -> str:
        """The expression's source with its arithmetic guarded, as the engine gets it."""
        tokens = expression.tokens
        joins = sum(token.is_sign("~", "+") for token in tokens)
        if len(tokens) > MAX_WORDS or joins > MAX_JOINS:
            raise self._problem(
                tokens[0],
                f"the expression is too long: at most {MAX_WORDS} words and signs, {MAX_JOINS} of them `~` or `+`",
            )
        for index, token in enumerate(tokens):
            if token.kind == "name":
                self._check_name(tokens, index)
            elif token.is_sign("(") and index and _ends_operand(tokens[index - 1]) and not _called(tokens, index):
                raise self._problem(token, "nothing can be called here; filters are written `value | filter`")
        return _guarded(expression)

    def _check_name(self, tokens: Sequence[Token], index: int) -> None:
        token, before, after = tokens[index], _at(tokens, index - 1), _at(tokens, index + 1)
        called = after is not None and after.is_sign("(")
        if before is not None and before.is_sign("."):
            if token.text.startswith("__") and token.text.endswith("__"):
                raise self._problem(token, f"`{token.text}` is not available")
            if called:
                raise self._problem(token, f"methods cannot be called; {self._instead(token.text)}")
        elif before is not None and before.is_sign("|"):
            self._check_filter(tokens, index)
        elif _is_test(tokens, index):
            if token.text not in TESTS and token.text != "not":
                raise self._problem(token, f"unknown test `{token.text}`; {did_you_mean(token.text, TESTS)}")
        elif token.text in (*_KEYWORDS, *_LITERALS) or (after is not None and after.is_sign("=")):
            return
        elif called:
            raise self._problem(token, f"functions cannot be called; {self._instead(token.text)}")
        elif token.text not in NAMES:
            raise self._problem(token, f"unknown name `{token.text}`; {did_you_mean(token.text, NAMES)}")

    def _instead(self, name: str) -> str:
        return f"use the filter `{name}`" if name in self._filters else "there are filters: `value | filter`"

    def _check_filter(self, tokens: Sequence[Token], index: int) -> None:
        token = tokens[index]
        known = self._filters.get(token.text)
        if known is None:
            raise self._problem(token, f"unknown filter `{token.text}`; {did_you_mean(token.text, self._filters)}")
        positional: list[Sequence[Token]] = []
        named: dict[str, Sequence[Token]] = {}
        for argument in _arguments(tokens, index + 1):
            if len(argument) > 1 and argument[0].kind == "name" and argument[1].is_sign("="):
                named[argument[0].text] = argument[2:]
            else:
                positional.append(argument)
        given = inspect.Signature(known.parameters)
        try:
            bound = given.bind(*positional, **named)
        except TypeError:
            raise self._problem(token, f"filter `{known.name}` takes {_described(known.parameters)}") from None
        for name, check in known.checks.items():
            written = bound.arguments.get(name, ())
            if len(written) == 1 and written[0].kind == "string":
                try:
                    check(self._decode(written[0].text))
                except Unreadable as problem:
                    raise self._problem(written[0], f"filter `{known.name}`: {problem}") from None

    def _problem(self, token: Token, problem: str) -> TemplateError:
        return problem_at(self._text, token.at, problem)


def _described(parameters: Sequence[inspect.Parameter]) -> str:
    if not parameters:
        return "nothing in brackets"
    words = [
        f"`{each.name}`" + ("" if each.default is inspect.Parameter.empty else " (optional)") for each in parameters
    ]
    return " and ".join(words)


def _at(tokens: Sequence[Token], index: int) -> Token | None:
    return tokens[index] if 0 <= index < len(tokens) else None


def _is_word(token: Token | None, word: str) -> bool:
    return token is not None and token.kind == "name" and token.text == word


def _is_test(tokens: Sequence[Token], index: int) -> bool:
    before = _at(tokens, index - 1)
    if _is_word(before, "not"):
        before = _at(tokens, index - 2)
    return _is_word(before, "is")


def _called(tokens: Sequence[Token], index: int) -> bool:
    """Whether the bracket at `index` holds the arguments of a name, which is checked with that name."""
    return tokens[index - 1].kind == "name"


def _ends_operand(token: Token) -> bool:
    if token.kind == "name":
        return token.text not in _KEYWORDS
    return token.kind != "sign" or token.text in (")", "]", "}")


def _group_end(tokens: Sequence[Token], index: int) -> int:
    """The index after the bracket that closes the one at `index`."""
    depth = 0
    for position in range(index, len(tokens)):
        if tokens[position].is_sign("(", "[", "{"):
            depth += 1
        elif tokens[position].is_sign(")", "]", "}"):
            depth -= 1
        if not depth:
            return position + 1
    return len(tokens)


def _arguments(tokens: Sequence[Token], index: int) -> Iterator[Sequence[Token]]:
    bracket = _at(tokens, index)
    if bracket is None or not bracket.is_sign("("):
        return
    end = _group_end(tokens, index) - 1
    start = position = index + 1
    while position < end:
        if tokens[position].is_sign(",") and position > start:
            yield tokens[start:position]
            start = position + 1
        position = _group_end(tokens, position) if tokens[position].is_sign("(", "[", "{") else position + 1
    if start < end:
        yield tokens[start:end]


def _guarded(expression: Expression) -> str:
    """The source in which every operand of arithmetic passes a filter that lets only numbers through.

    The engine multiplies texts and lists too, up to sizes that would exhaust the memory.
    """
    tokens = expression.tokens
    guards: dict[int, str] = {}
    for index, token in enumerate(tokens):
        binary = index > 0 and _ends_operand(tokens[index - 1])
        if binary and token.is_sign("+", *_ARITHMETIC):
            guard = TERM if token.text == "+" else FACTOR
            for end in (tokens[index - 1].end, _operand_end(tokens, index + 1)):
                guards[end] = FACTOR if guards.get(end) == FACTOR else guard
    source = expression.source
    for end in sorted(guards, reverse=True):
        offset = end - expression.at
        source = f"{source[:offset]}|{guards[end]}{source[offset:]}"
    return source


def _operand_end(tokens: Sequence[Token], index: int) -> int:
    """The offset at which the operand that begins at `index` ends: signs, a value, its attributes and its filters."""
    position = index
    while position < len(tokens) and tokens[position].is_sign("-", "+"):
        position += 1
    position = _group_end(tokens, position)
    while position < len(tokens):
        if tokens[position].is_sign(".", "|"):
            position += 2
        elif tokens[position].is_sign("[", "("):
            position = _group_end(tokens, position)
        else:
            break
    return tokens[position - 1].end
