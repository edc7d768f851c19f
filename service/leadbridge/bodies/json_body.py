"""JSON, read strictly: nothing is lost, doubled or guessed, and every refusal names its place."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from leadbridge.bodies.text import decoded
from leadbridge.errors import Unparseable
from leadbridge.events import Json

DEPTH: Final = 100  # containers within each other
VALUES: Final = 10_000  # values in one body, containers included
DIGITS: Final = 4_300  # of an integer; reading longer ones takes quadratic time, and Python refuses

# Strings are matched whole and possessively (an unfinished one up to the end), so that a scan is linear.
_STRING: Final = r'"(?:[^"\\]++|\\.)*+"?'
_STRUCTURE: Final = re.compile(_STRING + r"|([\[{])|([\]}])|(,)", re.DOTALL)
_CONSTANT: Final = re.compile(_STRING + r"|(-?Infinity|NaN)", re.DOTALL)
_LONG_INTEGER: Final = re.compile(_STRING + rf"|(-?[0-9]{{{DIGITS + 1},}})", re.DOTALL)
_ESCAPE: Final = re.compile(
    r"\\(?:(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(u0000|u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_SUSPECT: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_PLAIN_FLOAT: Final = 16  # characters, so at most 15 digits: always exact as a float


def read_json(body: bytes, charset: str | None) -> Json:
    """The body's value. Raises `Unparseable` with the place.

    Integers are exact up to 4,300 digits. A number with a fraction or an exponent is a float when the float has the
    same value, else its text, so that no digit is lost (`1234567.123456789012`). NaN, infinities and keys that stand
    twice are refused. U+0000 and halves of surrogate pairs become U+FFFD, since no database takes them.
    """
    text = decoded(body, charset)
    _check_size(text)
    text = storable(text)
    try:
        try:
            return _READER.decode(text)
        except _DoubledError:
            value = _reader(_marked).decode(text)
    except json.JSONDecodeError as exc:
        raise Unparseable(f"this is not JSON: {exc.msg}", place=_place(text, exc.pos)) from exc
    except _ConstantError as exc:
        raise Unparseable(f"{exc} is not JSON; send null, or text", place=_found(_CONSTANT, text)) from exc
    except ValueError as exc:
        raise Unparseable(
            f"an integer has at most {DIGITS:,} digits; send it as text", place=_found(_LONG_INTEGER, text)
        ) from exc
    raise Unparseable("this key stands twice", place=next(_doubled(value, "")))


def storable(text: str) -> str:
    """JSON with U+FFFD for each escape of U+0000 or of half a surrogate pair, since no database takes them."""
    return _ESCAPE.sub(lambda found: r"\ufffd" if found[1] else found[0], text) if _SUSPECT.search(text) else text


class _ConstantError(Exception):
    """NaN or an infinity was met; JSON's reader does not say where."""


class _DoubledError(Exception):
    """A key stands twice in an object; JSON's reader does not say where."""


@dataclass(frozen=True, slots=True)
class _Twice:
    """An object in which a key stands twice, left in the tree so that its path can be told."""

    items: list[tuple[str, Json]]


def _object(items: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(items)
    if len(value) != len(items):
        raise _DoubledError
    return value


def _marked(items: list[tuple[str, Json]]) -> Json:
    value = dict(items)
    return value if len(value) == len(items) else _Twice(items)


def _refuse_constant(name: str) -> None:
    raise _ConstantError(name)


def _number(text: str) -> float | str:
    number = float(text)
    if len(text) <= _PLAIN_FLOAT and "e" not in text and "E" not in text:
        return number
    try:
        return number if Decimal(repr(number)) == Decimal(text) else text
    except InvalidOperation:
        return text


def _reader(objects: Callable[[list[tuple[str, Json]]], Json]) -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=objects, parse_float=_number, parse_constant=_refuse_constant)


_READER: Final = _reader(_object)  # one for all: making a reader takes as long as reading a usual body


def _check_size(text: str) -> None:
    """Refuse what is too deep or too large, before a recursive reader sees it."""
    openings = text.count("[") + text.count("{")
    if openings <= DEPTH and openings + text.count(",") < VALUES:
        return
    depth, values = 0, 1
    for found in _STRUCTURE.finditer(text):
        if found[1]:
            depth += 1
            values += 1
        elif found[2]:
            depth -= 1
        elif found[3]:
            values += 1
        if depth > DEPTH:
            raise Unparseable(f"more than {DEPTH} levels within each other", place=_place(text, found.start()))
        if values > VALUES:
            raise Unparseable(f"more than {VALUES:,} values in one body", place=_place(text, found.start()))


def _doubled(value: Json, path: str) -> Iterator[str]:
    match value:
        case _Twice(items):
            seen: set[str] = set()
            for key, item in items:
                yield from _doubled(item, _join(path, key))
                if key in seen:
                    yield _join(path, key)
                seen.add(key)
        case dict():
            for key, item in value.items():
                yield from _doubled(item, _join(path, key))
        case list():
            for index, item in enumerate(value):
                yield from _doubled(item, _join(path, str(index)))


def _join(path: str, step: str) -> str:
    return f"{path}.{step[:100]}" if path else step[:100]


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    for found in pattern.finditer(text):
        if found[1]:
            return _place(text, found.start())
    return None


def _place(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    return f"line {line}, column {position - text.rfind(chr(10), 0, position)}"
