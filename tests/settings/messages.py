"""Every sentence that the code can say of a configuration, found in its source: none is to be said by no test."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.generated import ROOT

PACKAGE: Final = ROOT / "service" / "leadbridge"
MODULES: Final = (
    *sorted(
        path
        for path in (PACKAGE / "settings").glob("*.py")
        if path.name not in {"reference.py", "schema.py", "secret_texts.py", "problem.py"}  # these refuse nothing
    ),
    *sorted((PACKAGE / "schemes").glob("*.py")),
    *sorted((PACKAGE / "crm").glob("**/settings.py")),
    PACKAGE / "expressions" / "checks.py",
    PACKAGE / "expressions" / "lexer.py",
)
_OF_THE_READER: Final = {"Field", "compile", "findall", "search", "match", "split", "startswith", "endswith", "replace"}
_SENTENCE: Final = re.compile(r"[^\W\d_]{2,}\W* [^\W\d_]+|^[^\W\d_]{2,} `")  # two words, or a word and what is quoted


def sentences(path: Path) -> Iterator[str]:
    """The sentences of one module, as regular expressions with anything in place of what is put in.

    Left out are docstrings, descriptions, what texts are searched for, and the names that tables are looked up by.
    """
    tree = ast.parse(path.read_text("utf-8"))
    yield from (pattern for pattern in _found(tree, top=True) if _SENTENCE.search(pattern.replace("\\", "")))


def _found(node: ast.AST, *, top: bool) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield re.escape(text)
        case ast.JoinedStr(values=parts):
            yield "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*" for part in parts)
        case _:
            top = top and not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Call)
            for one in _inside(node, top=top):
                yield from _found(one, top=top)


def _inside(node: ast.AST, *, top: bool) -> Iterator[ast.AST]:
    match node:
        case ast.Expr(value=ast.Constant()):
            return
        case ast.Call(func=function, args=arguments, keywords=keywords):
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name not in _OF_THE_READER:
                first = 1 if name == "_Mended" else 0  # what the YAML reader says
                yield from [function, *arguments[first:], *(each.value for each in keywords)]
        case ast.Dict(keys=keys, values=values):
            yield from [*(() if top else (key for key in keys if key)), *values]
        case _:
            yield from ast.iter_child_nodes(node)
