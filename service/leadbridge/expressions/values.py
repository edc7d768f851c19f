"""Values on their way into the engine and out of it: nothing of Python can be reached, nothing loses precision."""

import json
import math
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

from leadbridge.events import Json
from leadbridge.expressions.errors import ExpressionError

MAX_TEXT: Final = 1_000_000  # characters that one value may have
MAX_DEPTH: Final = 64  # levels of nesting that expressions can see
_ENGINE_INTEGERS: Final = 2**127  # beyond it the engine turns integers into floats


class Absent(Enum):
    """The type of `ABSENT`: nothing to send, which differs from a deliberate None."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absent.ABSENT
AbsentType: TypeAlias = Literal[Absent.ABSENT]


class View:
    """A mapping for the engine to read: it has keys and no methods, so `fields.copy` is a field and never a method.

    Nulls are not there, so that a None that comes out was written by the mapping. Values are looked at when asked
    for.
    """

    __slots__ = ("_depth", "_items")

    def __init__(self, items: Mapping[str, Json], depth: int = 0) -> None:
        self._items = items
        self._depth = depth

    def __getitem__(self, key: object) -> Any:
        value = self._items.get(key) if isinstance(key, str) else None
        if value is None:
            raise KeyError(key)
        return viewed(value, self._depth + 1)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[str]:
        return (key for key, value in self._items.items() if value is not None)

    def __str__(self) -> str:
        return text_of(plain(self))


Mapping.register(View)


class _Exact:
    """An integer too large for the engine, carried through it as it is."""

    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value

    def __str__(self) -> str:
        return str(self.value)


def viewed(value: Json, depth: int = 0) -> Any:
    """`value` as the engine may see it; what is nested deeper than `MAX_DEPTH` is not seen."""
    match value:
        case str() | bool() | float():
            return value
        case int():
            return value if -_ENGINE_INTEGERS <= value < _ENGINE_INTEGERS else _Exact(value)
        case Mapping() if depth < MAX_DEPTH:
            return View(value, depth)
        case list() | tuple() if depth < MAX_DEPTH:
            return ["" if item is None else viewed(item, depth + 1) for item in value]
        case _:
            return ""


def fields_viewed(fields: Mapping[str, Json]) -> View:
    """The flat `fields`, so that `contact.email` is found both by its key and one name at a time.

    Where a name is both a value and the beginning of longer ones, it is the value.
    """
    nested: dict[str, Any] = {}
    for key, value in fields.items():
        *parents, last = key.split(".")
        if value is None or not parents or len(parents) > MAX_DEPTH:
            continue
        branch = nested
        for name in parents:
            deeper = branch.setdefault(name, {})
            if not isinstance(deeper, dict):
                break
            branch = deeper
        else:
            branch.setdefault(last, value)
    return View({**nested, **{key: value for key, value in fields.items() if value is not None}})


def plain(value: Any, depth: int = 0) -> Json:  # noqa: PLR0911 - one line for each kind of value
    """What came out of the engine, as JSON; anything that is none (a method of a list) is None."""
    if depth > MAX_DEPTH:
        raise ExpressionError(f"the result is nested more than {MAX_DEPTH} deep")
    match value:
        case None | str() | bool() | int():
            return value
        case float():
            if not math.isfinite(value):
                raise ExpressionError("the result is not a finite number")
            return value
        case _Exact():
            return value.value
        case View():
            return {key: plain(value[key], depth + 1) for key in value}
        case dict():
            return {str(key): plain(item, depth + 1) for key, item in value.items()}
        case list() | tuple():
            return [plain(item, depth + 1) for item in value]
        case _:
            return None


def text_of(value: Json) -> str:
    """`value` as text: lists joined with a comma, mappings as JSON, booleans as JSON writes them; None is empty."""
    match value:
        case str():
            text = value
        case None:
            text = ""
        case bool():
            text = "true" if value else "false"
        case list():
            text = ", ".join(text_of(item) for item in value)
        case dict():
            text = json_of(value)
        case _:
            text = str(value)
    if len(text) > MAX_TEXT:
        raise ExpressionError(f"the result has {len(text):,} characters; at most {MAX_TEXT:,} are taken")
    return text


def json_of(value: Json) -> str:
    """`value` as JSON text; integers of any size stay exact."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
