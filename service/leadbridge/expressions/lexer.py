"""Where expressions stand in a text, and the words they are made of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from leadbridge.expressions.errors import TemplateError, place_of

Kind: TypeAlias = Literal["string", "number", "name", "sign"]

_TOKEN: Final = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<name>[^\W\d]\w*)
    | (?P<sign>\*\*|//|==|!=|<=|>=|[-+*/%~|.,:()\[\]{}<>=])
    """,
    re.VERBOSE | re.DOTALL,
)
_STATEMENT: Final = re.compile(r"\{%.*?%\}", re.DOTALL)
_COMMENT: Final = re.compile(r"\{#.*?#\}", re.DOTALL)
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word of an expression; `at` is its offset in the whole text."""

    kind: Kind
    text: str
    at: int

    @property
    def end(self) -> int:
        """The offset after its last character."""
        return self.at + len(self.text)

    def is_sign(self, *signs: str) -> bool:
        """Whether it is one of these signs."""
        return self.kind == "sign" and self.text in signs


@dataclass(frozen=True, slots=True)
class Expression:
    """What stands between `{{` and `}}`."""

    source: str
    at: int
    tokens: tuple[Token, ...]


def parts_of(text: str) -> tuple[str | Expression, ...]:
    """`text` as what is said literally and what is computed, in order; comments are gone.

    `{{-` and `-}}` take the white space beside them away, as in Jinja. Raises TemplateError for statements, which
    are not available, and for whatever is not closed.
    """
    if statement := _STATEMENT.search(text):
        raise problem_at(text, statement.start(), "statements (`{% … %}`) are not available; use `{{ … if … else … }}`")
    return tuple(part for part in _parts(text) if part)


def _parts(text: str) -> Iterator[str | Expression]:
    position, strip_next = 0, False
    while position <= len(text):
        start = _next_mark(text, position)
        literal = text[position:start].lstrip() if strip_next else text[position:start]
        strip_next = False
        if start == len(text):
            yield literal
            return
        if text.startswith("{#", start):
            comment = _COMMENT.match(text, start)
            if comment is None:
                raise problem_at(text, start, "the comment is not closed with `#}`")
            yield literal
            position = comment.end()
            continue
        begin = start + 2
        if text.startswith("-", begin):
            literal, begin = literal.rstrip(), begin + 1
        yield literal
        expression, position, strip_next = _expression(text, begin)
        yield expression


def _next_mark(text: str, position: int) -> int:
    found = [at for at in (text.find("{{", position), text.find("{#", position)) if at >= 0]
    return min(found, default=len(text))


def _expression(text: str, begin: int) -> tuple[Expression, int, bool]:
    """The expression that begins at `begin`, where the text goes on, and whether white space is to be taken there."""
    tokens: list[Token] = []
    open_signs: list[Token] = []
    position = begin
    while position < len(text):
        if not open_signs and text.startswith(("}}", "-}}"), position):
            if not tokens:
                raise problem_at(text, begin, "the expression is empty")
            strip = text[position] == "-"
            source = text[begin:position]
            return Expression(source, begin, tuple(tokens)), position + (3 if strip else 2), strip
        found = _TOKEN.match(text, position)
        if found is None:
            hint = "the text is not closed" if text[position] in "'\"" else f"unexpected `{text[position]}`"
            raise problem_at(text, position, hint)
        position = found.end()
        if found.lastgroup != "space":
            token = Token(_kind(found), found[0], found.start())
            tokens.append(token)
            _balance(text, token, open_signs)
    if open_signs:
        raise problem_at(text, open_signs[-1].at, f"`{open_signs[-1].text}` is not closed")
    raise problem_at(text, begin - 2, "the expression is not closed with `}}`")


def _kind(found: re.Match[str]) -> Kind:
    match found.lastgroup:
        case "string" | "number" | "name" as kind:
            return kind
        case _:
            return "sign"


def _balance(text: str, token: Token, open_signs: list[Token]) -> None:
    if token.is_sign("(", "[", "{"):
        open_signs.append(token)
    elif token.is_sign(")", "]", "}"):
        if not open_signs or open_signs[-1].text != _PAIRS[token.text]:
            raise problem_at(text, token.at, f"unexpected `{token.text}`")
        open_signs.pop()


def problem_at(text: str, offset: int, problem: str) -> TemplateError:
    """The problem with the place it is at."""
    line, column = place_of(text, offset)
    return TemplateError(problem, line=line, column=column)
