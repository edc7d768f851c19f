"""What the source says of itself, read from its syntax trees: log lines, statuses, exit codes, messages, variables."""

import ast
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from tests.generated import ROOT

PACKAGE: Final = ROOT / "service" / "leadbridge"
LEVELS: Final = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "error": "error",
    "exception": "error",
    "critical": "critical",
}
# Given to structlog and not a field: the traceback that the text speaks of.
NO_FIELDS: Final = {"exc_info"}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One call that logs. `event` is None when its name is put together while the program runs."""

    place: str  # file:line
    event: str | None
    levels: frozenset[str]
    fields: frozenset[str]


@cache
def tree_of(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def files(package: Path = PACKAGE) -> list[Path]:
    """Every source file."""
    return sorted(package.rglob("*.py"))


def log_lines(path: Path) -> Iterator[LogLine]:
    """Every call in a file that logs: `log.info("name", field=…)`, also through `say = log.warning if … else …`."""
    tree = tree_of(path)
    constants = _constants(tree)
    for function in _outermost(tree):
        aliases = _aliases(function)
        for call in _calls(function):
            levels = _levels(call.func, aliases)
            if levels:
                yield LogLine(
                    place=f"{path.name}:{call.lineno}",
                    event=_event(call, constants),
                    levels=levels,
                    fields=frozenset(_fields(call, function)) - NO_FIELDS,
                )


def _outermost(tree: ast.Module) -> Iterator[ast.AST]:
    """Functions that stand in no other, and what stands in none: a name means one thing within each."""
    for node in tree.body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        yield from members


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (found for found in ast.walk(node) if isinstance(found, ast.Call))


def _levels(function: ast.expr, aliases: dict[str, frozenset[str]]) -> frozenset[str]:
    """The levels at which calling this logs; none when it is no logger's."""
    if isinstance(function, ast.Name):
        return aliases.get(function.id, frozenset())
    if isinstance(function, ast.Attribute) and function.attr in LEVELS:
        owner = function.value
        name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        if name.strip("_") in ("log", "logger"):
            return frozenset({LEVELS[function.attr]})
    return frozenset()


def _aliases(function: ast.AST) -> dict[str, frozenset[str]]:
    """Names that were given a logger's method: `say = log.warning if bad else log.info`."""
    found = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            choices = [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]
            levels = frozenset[str]().union(*(_levels(choice, {}) for choice in choices))
            if levels:
                found[node.targets[0].id] = levels
    return found


def _constants(tree: ast.Module) -> dict[str, str]:
    """Texts that a module gives a name: `DONE: Final = "service.started"`."""
    found = {}
    for node in tree.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(text))):
                found[name] = text
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                found[name] = text
    return found


def _event(call: ast.Call, constants: dict[str, str]) -> str | None:
    match call.args:
        case [ast.Constant(value=str(event)), *_]:
            return event
        case [ast.Name(id=name), *_]:
            return constants.get(name)
    return None


def _fields(call: ast.Call, function: ast.AST) -> Iterator[str]:
    """The keywords, and the keys of the dictionaries that are unpacked into it and written in the same function."""
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg
            continue
        names = {node.id for node in ast.walk(keyword.value) if isinstance(node, ast.Name)}
        written = [keyword.value]
        for node in ast.walk(function):
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                written += [node.value for target in targets if isinstance(target, ast.Name) and target.id in names]
                written += [node.value for target in targets if _item_of(target) in names]
                for target in targets:
                    if _item_of(target) in names and isinstance(target, ast.Subscript):
                        yield from _texts(target.slice)
        for value in written:
            for node in ast.walk(value):
                if isinstance(node, ast.Dict):
                    for key in node.keys:
                        yield from _texts(key)


def _item_of(target: ast.expr) -> str | None:
    """The dictionary that `facts["name"] = …` writes into."""
    inner = target.value if isinstance(target, ast.Subscript) else None
    return inner.id if isinstance(inner, ast.Name) else None


def _texts(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def statuses(path: Path) -> set[int]:
    """The HTTP statuses that a file names: `HTTPStatus.NOT_FOUND`, or `(431, "Request Header Fields Too Large", …)`."""
    found: set[int] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "HTTPStatus":
            found.add(int(HTTPStatus[node.attr]))
        match node:
            case ast.Tuple(elts=[ast.Constant(value=int(status)), ast.Constant(value=str(title)), *_]):
                found |= {known for known in HTTPStatus if known == status and known.phrase == title}
    return found


def exit_codes(path: Path) -> set[int]:
    """The codes that a file ends the process with."""
    tree = tree_of(path)
    numbers = {
        node.target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, int)
    }
    found = set()
    for call in _calls(tree):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in ("Exit", "SystemExit", "exit") and call.args:
            found |= _codes(call.args[0], numbers)
    return found


def _codes(node: ast.expr, numbers: dict[str, int]) -> set[int]:
    match node:
        case ast.Constant(value=int(code)):
            return {code}
        case ast.Name(id=name) if name in numbers:
            return {numbers[name]}
        case ast.IfExp(body=body, orelse=orelse):
            return _codes(body, numbers) | _codes(orelse, numbers)
        case ast.BinOp(left=ast.Constant(value=128), right=ast.Attribute(attr=name)):
            return {128 + signal.Signals[name]}
    return set()


def messages(path: Path, error: str, *, within: str | None = None) -> set[str]:
    """The messages of an error that a file (or one function of it) raises; `…` stands for what is filled in."""
    found = set()
    tree: ast.AST = tree_of(path)
    if within is not None:
        tree = next(
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == within
        )
    for call in _calls(tree):
        if isinstance(call.func, ast.Name) and call.func.id == error and call.args:
            found.add(_message(call.args[0]))
    return found


def _message(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_message(part) for part in parts)
    return "…"


def environment_variables() -> set[str]:
    """The variables that the source reads or names, but for those of a configuration's own `${NAME}`."""
    found = set()
    for path in files():
        text = path.read_text("utf-8")
        found |= set(re.findall(r"\b(LEADBRIDGE_[A-Z_]+|NO_COLOR|HTTPS?_PROXY|NO_PROXY|SSL_CERT_(?:FILE|DIR))\b", text))
        found |= set(re.findall(r"environ(?:\.get\(|\[)\s*[\"'](\w+)[\"']", text))
        found |= set(re.findall(r"getenv\(\s*[\"'](\w+)[\"']", text))
    return found
