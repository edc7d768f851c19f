"""What the sandbox's own endpoints say of a body they cannot take: every problem at once, where, and what to do."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from leadbridge.errors import RequestRefused
from leadbridge.events import Json
from leadbridge.masking import MASK

T = TypeVar("T")
_SECRET: Final = re.compile(r"token|secret|password|code", re.IGNORECASE)
_MOST_OF_A_VALUE: Final = 80  # characters of a wrong value that are repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend: where it stands in what was sent, what is wrong with it, and what to do."""

    path: str
    problem: str
    hint: str = ""

    def __str__(self) -> str:
        said = f"{self.problem}; {self.hint}" if self.hint else self.problem
        return f"{self.path}: {said}" if self.path else said


class ControlRefused(RequestRefused):
    """The sandbox's control cannot take it; nothing was changed."""

    def __init__(self, problems: Sequence[Problem], *, status: HTTPStatus | None = None) -> None:
        super().__init__("; ".join(str(problem) for problem in problems), status=status)
        self.problems = tuple(problems)

    def document(self) -> dict[str, Json]:
        """The problem document (RFC 9457); its `problems` are those of `detail`, one by one."""
        return {
            "type": "about:blank",
            "title": self.http_status.phrase,
            "status": int(self.http_status),
            "detail": self.detail,
            "problems": [asdict(problem) for problem in self.problems],
        }


def refused(problem: str, *, path: str = "", hint: str = "", status: HTTPStatus | None = None) -> ControlRefused:
    """A refusal for one reason."""
    return ControlRefused([Problem(path=path, problem=problem, hint=hint)], status=status)


def validated(adapter: TypeAdapter[T], value: Json) -> T:
    """`value` as what the adapter makes of it; raises `ControlRefused` with everything that is wrong."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise ControlRefused(problems_of(error, adapter)) from error


def problems_of(error: ValidationError, adapter: TypeAdapter[Any]) -> list[Problem]:
    """What pydantic found, in words."""
    return [_problem(found, _schema_of(adapter)) for found in error.errors(include_url=False)]


@lru_cache(maxsize=8)
def _schema_of(adapter: TypeAdapter[Any]) -> Mapping[str, Any]:
    return adapter.json_schema()


def did_you_mean(given: object, known: Iterable[object]) -> str:
    """The known name that is nearest, or all of them."""
    names = [str(name) for name in known]
    near = get_close_matches(str(given), names, n=1)
    return f"did you mean `{near[0]}`?" if near else f"known: {', '.join(names)}"


def _problem(found: Mapping[str, Any], schema: Mapping[str, Any]) -> Problem:
    path, known = _place(found["loc"], schema)
    context = found.get("ctx", {})
    given = MASK if _SECRET.search(path) else _shown(found["input"])
    match found["type"]:
        case "union_tag_invalid" | "union_tag_not_found":
            return _wrong_tag(path, context)
        case "extra_forbidden":
            problem, hint = "unknown", did_you_mean(found["loc"][-1], known)
        case "missing":
            problem, hint = "must be given", ""
        case "literal_error":
            problem, hint = f"{given} is not allowed", f"use {context['expected']}"
        case "dict_type" | "model_type" | "model_attributes_type":
            problem, hint = f"must be an object, not {given}", ""
        case "value_error":
            problem, hint = str(context["error"]), ""
        case _:
            said = found["msg"].replace("Input should", "must").replace("String should", "must")
            problem, hint = f"{said}, not {given}", ""
    return Problem(path=path, problem=problem, hint=hint)


def _wrong_tag(path: str, context: Mapping[str, Any]) -> Problem:
    """A union's member is told by a tag, which is missing (then pydantic says only its name) or unknown."""
    path = _joined(path, context["discriminator"].strip("'"))
    if "tag" not in context:
        return Problem(path=path, problem="must be given")
    hint = did_you_mean(context["tag"], context["expected_tags"].replace("'", "").split(", "))
    return Problem(path=path, problem=f"{_shown(context['tag'])} is not known", hint=hint)


def _place(location: Sequence[str | int], schema: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Where it is, as a person writes it, and what may stand there.

    pydantic's location also holds the tag of a union's member, which the sender wrote as a value.
    """
    node: Mapping[str, Any] = schema
    path = ""
    known: list[str] = []
    for part in location:
        node = _resolved(node, schema)
        if "discriminator" in node:
            node = {"$ref": node["discriminator"]["mapping"][part]}
            continue
        known = list(node.get("properties", ()))
        path = _joined(path, part)
        if isinstance(part, int):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(part) or node.get("additionalProperties") or {}
        node = node if isinstance(node, Mapping) else {}
    return path, known


def _resolved(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The shape that a reference means; of a shape or null, the shape."""
    for branch in node.get("anyOf", ()):
        if branch.get("type") != "null":
            node = branch
            break
    if "$ref" in node:
        resolved: Mapping[str, Any] = schema["$defs"][str(node["$ref"]).rpartition("/")[2]]
        return resolved
    return node


def _joined(path: str, part: str | int) -> str:
    if isinstance(part, int):
        return f"{path}[{part}]"
    return f"{path}.{part}" if path else part


def _shown(value: Json) -> str:
    """A wrong value, if it is short; what is within an object or list may be anything, also a secret."""
    if isinstance(value, Mapping | list):
        return ("{…}" if value else "{}") if isinstance(value, Mapping) else ("[…]" if value else "[]")
    text = repr(value)
    return text if len(text) <= _MOST_OF_A_VALUE else f"{text[:_MOST_OF_A_VALUE]}…"
