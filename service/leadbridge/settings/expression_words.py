"""What to do about an expression that cannot be read: the usual slips of people who know another language."""

import re
from typing import Final

_THEIR_WORDS: Final = {  # the engine names its tokens
    "unexpected end of variable block": "the expression ends too early",
    "end of variable block": "`}}`",
    "unexpected identifier": "unexpected name",
    "identifier or integer": "a name or a number",
    "identifier": "a name",
}
_UNKNOWN: Final = re.compile(r"unknown name `(\w+)`")
_WITH_DASH: Final = re.compile(r"\b((?:fields|meta|raw)(?:\.\w+)*)\.(\w+(?:-\w+)+)")
_WITH_SPACE: Final = re.compile(r"\b((?:fields|meta|raw)(?:\.\w+)*)\.(\w+(?: +\w+)+)")
_QUESTION: Final = re.compile(r"\b((?:fields|meta|raw)(?:\.\w+)*)\.(\w[\w ]*\?)\s*(?:\}\}|\|)")
_STATEMENT: Final = re.compile(r"\{\{-?\s*(?:if|for)\s")
_OPERATORS: Final = {"and", "contains", "else", "if", "in", "is", "not", "or"}
_SHAPES: Final = "an expression is like `fields.name`, `fields['Full name'] | title` or `a if b else c`"
_HINTS: Final = {  # by how the problem begins
    "the text is not closed": "write the same quote at its end",
    "the expression is empty": "write what to take, such as `fields.email`, or leave the option out",
    "the expression is not closed": "every `{{` has its own `}}`, and brackets and quotes inside are closed before it",
    "the expression is too long": "take it apart, or compute it at the sender",
    "`__": "only the fields' own names can be taken",
    "the comment is not closed": "leave it out, or write `#}` behind it",
    "must be text, a number": 'write one value, such as "{{ fields.name }}"',
    "`(` is not closed": "write `)` behind what it holds",
    "`[` is not closed": "write `]` behind what it holds",
    "`{` is not closed": "write `}` behind what it holds",
    "filter ": "see the filters in docs/configuration.md",
}
_SIGNS: Final = {  # by what the parser did not expect
    "`&`": "write `and`",
    "`!`": "write `not`, or `!=` for unequal",
    "`?`": "write `a if condition else b`, or `a | default(b)`",
    "`$`": "names begin at `fields`, `meta`, `raw` or `source`",
    "`=`": "write `==` to compare",
    "`}`": "close every bracket, and end the expression with `}}`",
    "`“`": "use straight quotes: 'text'",
    "`‘`": "use straight quotes: 'text'",
    "```": "use straight quotes: 'text'",
    "`:`": "arguments of a filter stand in brackets: `value | filter(argument)`",
}


def expression_words(said: str, text: str, column: int) -> tuple[str, str]:
    """Problem and hint for what an expression's parser says of `text`, one line that is wrong at `column`."""
    for theirs, ours in _THEIR_WORDS.items() if said.startswith("unexpected ") else ():
        said = said.replace(theirs, ours)
    problem, _, hint = said.partition("; ")
    unknown = _UNKNOWN.match(problem)
    if unknown and not hint.startswith("did you mean"):
        return problem, _for_name(unknown[1], text, column)
    return problem, hint or _for_sign(problem, text, column)


def _for_name(name: str, text: str, column: int) -> str:
    before = text[: column - 1].rstrip()
    dashed = next((one for one in _WITH_DASH.finditer(text) if one.start() < column <= one.end()), None)
    if dashed:
        return f"a name with `-` is written {dashed[1]}['{dashed[2]}']"
    if name in {"null", "nil", "undefined"}:
        return "write `none`"
    if before.endswith(("(", ",", "=", "in", "contains")):
        return f"put text in quotes: '{name}'"
    return f"the form's field is `fields.{name}`"


def _for_sign(problem: str, text: str, column: int) -> str:
    known = next((hint for start, hint in _HINTS.items() if problem.startswith(start)), None)
    if known is not None or not problem.startswith(("unexpected ", "the expression ends")):
        return known or ""
    if _STATEMENT.search(text):
        return "write `a if condition else b`; there are no loops"
    if text.startswith("contains", column - 1):
        return "write `'text' in fields.name`"
    if problem.startswith("unexpected `|`") and text[column - 2 : column - 1] == "|":
        return "write `or`, or `a | default(b)`"
    names = (one for pattern in (_QUESTION, _WITH_SPACE) for one in pattern.finditer(text))
    spaced = next((one for one in names if one.start() < column <= one.end()), None)
    if spaced and (spaced[2].endswith("?") or not _OPERATORS.intersection(spaced[2].split())):
        return f"a name with spaces is written {spaced[1]}['{spaced[2]}']"
    sign = re.match(r"unexpected (`[^ ]+`)", problem)
    return _SIGNS.get(sign[1] if sign else "", _SHAPES)
