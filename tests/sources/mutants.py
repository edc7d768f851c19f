"""Samples with something wrong in them: what a vendor might send one day, and what somebody sends in its name.

A mutant keeps the sample's shape but for a few places, so that it gets past the first look: a value of another type, a
key that is gone, twice there or called otherwise, a list where one value was, JSON within text that is none.
"""

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

from leadbridge.bodies import read_document
from leadbridge.sources.samples import Sample

_FORM: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
_STRANGE: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1.5, 2**53 + 1, 10**30, "", " ", "0", "null", "[]", "{", "\x00", "\ud800", "☃" * 3,
    "x" * 1_200, "first = a\nlast", "2026-11-20T14:03:21+99:99", "9" * 25, [], {}, [None], [[]], [{}], {"": ""},
    {"value": {"value": []}}, {"id": None, "text": {}}, [{"name": "a", "value": 1}], "a.b", "event", "{value}",
)  # fmt: skip


def mutant(sample: Sample, dice: Random) -> bytes:
    """The sample's body with one to four things wrong in it, in its own encoding."""
    value = read_document(sample.body, sample.headers).value
    for _ in range(dice.randint(1, 4)):
        value = _with_a_change(value, dice)
    body = _encoded(value, sample, dice)
    return _torn(body, dice) if dice.random() < 0.1 else body


def _with_a_change(value: Any, dice: Random) -> Any:
    """`value` changed at one place, anywhere in it, also within JSON that travels as text."""
    places = list(_places(value))
    place = dice.choice(places) if places else ()
    return _changed_at(value, place, dice)


def _places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within; `None` is a step into JSON as text."""
    yield above
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _places(item, (*above, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, (*above, index))
    elif isinstance(value, str) and value[:1] in ("{", "["):
        try:
            inner = json.loads(value)
        except ValueError:
            return
        yield from _places(inner, (*above, None))


def _changed_at(value: Any, place: tuple[Any, ...], dice: Random) -> Any:
    if not place:
        return dice.choice(_CHANGES)(value, dice)
    step, rest = place[0], place[1:]
    if step is None:
        return json.dumps(_changed_at(json.loads(value), rest, dice))
    if isinstance(value, list):
        return [*value[:step], _changed_at(value[step], rest, dice), *value[step + 1 :]]
    return {**value, step: _changed_at(value[step], rest, dice)}


def _another(value: Any, dice: Random) -> Any:
    return dice.choice(_STRANGE)


def _listed(value: Any, dice: Random) -> Any:
    return [value] * dice.randint(0, 3)


def _keyed(value: Any, dice: Random) -> Any:
    return {dice.choice(("value", "id", "0", "a.b", "")): value}


def _as_text(value: Any, dice: Random) -> Any:
    return json.dumps(value) if dice.random() < 0.5 else str(value)


def _less(value: Any, dice: Random) -> Any:
    if isinstance(value, dict) and value:
        gone = dice.choice(list(value))
        return {key: item for key, item in value.items() if key != gone}
    return value[: len(value) // 2] if isinstance(value, str | list) else None


def _more(value: Any, dice: Random) -> Any:
    if isinstance(value, dict) and value:
        key = dice.choice(list(value))
        return {**value, dice.choice((key.upper(), f"{key}.x", f"{key}[]", "email", "")): value[key]}
    return value * 2 if isinstance(value, str | list) else value


def _renamed(value: Any, dice: Random) -> Any:
    if not isinstance(value, dict) or not value:
        return value
    old = dice.choice(list(value))
    new = dice.choice((old.lower(), f"{old}_", dice.choice(list(value))))
    return {new if key == old else key: item for key, item in value.items()}


_CHANGES: Final[tuple[Callable[[Any, Random], Any], ...]] = (
    _another, _another, _listed, _keyed, _as_text, _less, _more, _renamed,
)  # fmt: skip


def _encoded(value: Any, sample: Sample, dice: Random) -> bytes:
    said = sample.headers.get("content-type", "")
    if said.startswith(_MULTIPART):
        boundary = said.partition("boundary=")[2].strip('"')
        parts = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
            for name, text in _pairs(value)
        )
        return f"{''.join(parts)}--{boundary}--\r\n".encode("utf-8", "replace")
    if said.startswith(_FORM):
        return "&".join(f"{_quoted(name)}={_quoted(text)}" for name, text in _pairs(value)).encode()
    if said.startswith("text/plain") and isinstance(value, str):
        return value.encode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=dice.random() < 0.5).encode("utf-8", "replace")


def _pairs(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """A form's names, with brackets, and values."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _pairs(item, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _pairs(item, f"{name}[]")
    else:
        yield name, "" if value is None else str(value)


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))


def _torn(body: bytes, dice: Random) -> bytes:
    """Bytes cut out, put in, or changed."""
    at = dice.randrange(len(body) + 1)
    return body[:at] + dice.randbytes(dice.randint(0, 3)) + body[at + dice.randint(0, 5) :]
