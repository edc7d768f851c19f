"""Which inputs an expression reads: found in its words, so that it is known before any submission came."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from leadbridge.expressions.checks import NAMES
from leadbridge.expressions.lexer import Expression, Token, parts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One place that an expression reads: `fields.contact.email`, `raw['items'][0]`.

    `written` is as the configuration has it. `steps` are the names and indexes after `root`, up to the first one that
    is computed; `exact` is False when there is such a one.
    """

    written: str
    root: str
    steps: tuple[str, ...]
    exact: bool

    def covers(self, field: str) -> bool:
        """Whether it reads this flat field, a part of it, or a group that the field belongs to.

        `meta` and `raw` count too: most senders' values stand there by the same names.
        """
        if self.root == "source":
            return False
        path = ".".join(self.steps)
        return not path or f"{path}.".startswith(f"{field}.") or f"{field}.".startswith(f"{path}.")


def inputs_of(text: str, *, decode: Callable[[str], str]) -> tuple[Input, ...]:
    """What the expressions of a configured text read, in order, each once.

    `decode` gives the text that a literal stands for. Raises TemplateError for a text that is no template.
    """
    found = [each for part in parts_of(text) if isinstance(part, Expression) for each in _inputs(part, decode)]
    return tuple(dict.fromkeys(found))


def _inputs(expression: Expression, decode: Callable[[str], str]) -> Iterator[Input]:
    tokens = expression.tokens
    for index, token in enumerate(tokens):
        if token.kind == "name" and token.text in NAMES and _is_a_value(tokens, index):
            steps, end, exact = _path(tokens, index + 1, decode)
            written = expression.source[token.at - expression.at : tokens[end - 1].end - expression.at]
            yield Input(written=written, root=token.text, steps=steps, exact=exact)


def _is_a_value(tokens: Sequence[Token], index: int) -> bool:
    """Whether the name stands for itself: neither an attribute, a filter nor an argument's name."""
    before = tokens[index - 1] if index else None
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    return not (before is not None and before.is_sign(".", "|")) and not (after is not None and after.is_sign("="))


def _path(tokens: Sequence[Token], index: int, decode: Callable[[str], str]) -> tuple[tuple[str, ...], int, bool]:
    """The steps that begin at `index`, the index after them, and whether none that is computed follows."""
    steps: list[str] = []
    while index < len(tokens):
        if tokens[index].is_sign(".") and index + 1 < len(tokens):
            steps.append(tokens[index + 1].text)
            index += 2
        elif tokens[index].is_sign("["):
            literal = tokens[index + 1]
            if literal.kind not in ("string", "number") or not tokens[index + 2].is_sign("]"):
                return tuple(steps), index, False
            steps.append(decode(literal.text) if literal.kind == "string" else literal.text)
            index += 3
        else:
            break
    return tuple(steps), index, True
