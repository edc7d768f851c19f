"""A custom field's value as the wire wants it, or the reason why it cannot go there. Shared by the CRMs."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from leadbridge.crm.names import Found, find
from leadbridge.events import Json

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?")
_ISO_DATE: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ].*)?", re.DOTALL)
_BOOLEANS: Final = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """What is sent, and what of it had to be left out and why. `send` is False when nothing is left to send."""

    value: Json = None
    send: bool = True
    problem: str | None = None
    written: Json = None  # with a problem: what is sent all the same, in the words of the form


def _left_out(problem: str) -> Encoded:
    return Encoded(send=False, problem=problem)


def as_text(value: Json, *, limit: int | None = None) -> Encoded:
    """Text of at most `limit` characters; a list is joined with commas."""
    if isinstance(value, list):
        parts = [as_text(item) for item in value]
        text = ", ".join(part.value for part in parts if part.send)
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str | int | float):
        text = str(value)
    else:
        return _left_out("the field takes text, not an object")
    if not text.strip():
        return Encoded(send=False)
    if limit is not None and len(text) > limit:
        return Encoded(
            value=text[:limit], problem=f"the field takes {limit} characters; the rest is cut off", written=text[:limit]
        )
    return Encoded(value=text)


def as_number(value: Json) -> Encoded:
    """A finite number of at most 64 bits, also one written as plain digits."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value) if "." in value else int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and _fits(value):
        return Encoded(value=value)
    return _left_out("the field takes a number; use the `number` filter")


def _fits(value: float) -> bool:
    return -(2**63) <= value < 2**63 if isinstance(value, int) else math.isfinite(value)


def as_boolean(value: Json) -> Encoded:
    """True or false, also as a form says it: yes, on, 1."""
    if isinstance(value, bool):
        return Encoded(value=value)
    known = _BOOLEANS.get(str(value).strip().lower()) if isinstance(value, str | int) else None
    if known is None:
        return _left_out("the field takes true or false; use the `bool` filter")
    return Encoded(value=known)


def as_date(value: Json) -> Encoded:
    """An ISO 8601 date; a time after it is cut off."""
    matched = _ISO_DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if matched is None:
        return _left_out("the field takes an ISO 8601 date; use the `date` filter")
    try:
        return Encoded(value=date.fromisoformat(matched[1]).isoformat())
    except ValueError:
        return _left_out("there is no such day")


def as_option(value: Json, options: Sequence[tuple[str, Json]]) -> Encoded:
    """What stands for the option with this label; the wire's own form (an option's id) is taken too.

    True and false also find the options of a yes-or-no question.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str | int | float):
        named = [*options, *((str(wire), wire) for _, wire in options)]
        for spelling in _spellings(value):
            found = find(spelling, named)
            if isinstance(found, Found):
                return Encoded(value=found.item)
    return _left_out("the field takes one of its options: " + _labels(options))


def _spellings(value: str | float) -> tuple[str, ...]:
    if isinstance(value, bool):
        return tuple(word for word, meant in _BOOLEANS.items() if meant is value)
    return (str(value),)


def as_options(value: Json, options: Sequence[tuple[str, Json]]) -> Encoded:
    """What stands for the options with these labels; those that the field does not have are left out."""
    wanted = value if isinstance(value, list) else [value]
    encoded = [as_option(item, options) for item in wanted]
    kept = [one.value for one in encoded if one.send]
    problem = next((one.problem for one in encoded if not one.send), None)
    written = [item for item, one in zip(wanted, encoded, strict=True) if one.send]
    return Encoded(
        value=list(dict.fromkeys(kept)),
        send=bool(kept) or not wanted,
        problem=problem,
        written=written if problem and written else None,
    )


def _labels(options: Sequence[tuple[str, Json]]) -> str:
    labels = list(dict.fromkeys(label for label, _ in options))
    return ", ".join(labels[:20]) + (", …" if len(labels) > 20 else "") if labels else "(it has none)"
