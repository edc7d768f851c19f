"""Numbers and truth values, as people write them."""

import re
import unicodedata
from typing import Final

from leadbridge.events import Json
from leadbridge.expressions.errors import ExpressionError, Unreadable
from leadbridge.expressions.filters.text import text_in
from leadbridge.expressions.filters.words import CURRENCIES, NO, YES, folded
from leadbridge.expressions.registry import Filter

_EXACT_DIGITS: Final = 15  # decimal digits that a double holds without loss
_MAX_DIGITS: Final = 30
_MAX_LENGTH: Final = 100  # characters
_CURRENCY: Final = "|".join(sorted(CURRENCIES))
_AROUND: Final = re.compile(rf"^(?:(?:us|r|a|ca|nz|hk|s|mx)?\$|\b(?:{_CURRENCY})\b\.?)?|(?:%|\$|(?:{_CURRENCY})\.?)?$")
_NUMBER: Final = re.compile(r"([-+]?)(\d[\d.,']*|[.,]\d+)")
_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}(?:([.,'])\d{3})(?:\1\d{3})*|[1-9]\d?(?:,\d{2})+,\d{3}")


def read_number(text: str, *, decimal: str | None = None) -> int | float:
    """The number that `text` says, whatever the currency around it and the signs within.

    `decimal` (`.` or `,`) decides where one sign could separate thousands or decimals. Raises Unreadable, also for
    a number that would lose digits.
    """
    found = _NUMBER.fullmatch(_bare(text)) if len(text) <= _MAX_LENGTH else None
    if found is None:
        raise Unreadable("cannot be read as a number")
    sign, body = found.groups()
    whole, fraction = _split(body, decimal)
    if len(whole) > _MAX_DIGITS:
        raise Unreadable("has more digits than a number may have")
    if not fraction.strip("0"):
        return int(f"{sign}{whole or 0}")
    if len((whole + fraction).strip("0")) > _EXACT_DIGITS:
        raise Unreadable("has more digits than a number can keep exactly")
    return float(f"{sign}{whole or 0}.{fraction}")


def _bare(text: str) -> str:
    """Without white space, currency, and with ASCII digits and signs."""
    letters = folded(text).strip()
    letters = "".join(
        str(unicodedata.digit(letter)) if unicodedata.category(letter) == "Nd" else letter
        for letter in letters
        if unicodedata.category(letter) != "Sc" or letter == "$"
    )
    letters = letters.replace("−", "-").replace("’", "'").replace("٬", ",").replace("٫", ".")
    letters = letters.strip().rstrip(".,-–—").strip()
    signed = letters.startswith(("-", "+"))
    stripped = _AROUND.sub("", letters[1:].strip() if signed else letters).strip()
    return re.sub(r"(?<=\d)[\s_](?=\d{3}(?!\d))", "", (letters[0] if signed else "") + stripped)


def _split(body: str, decimal: str | None) -> tuple[str, str]:
    """The digits before and after the decimal sign."""
    if decimal is not None:
        whole, _, fraction = body.partition(decimal)
        grouped = re.fullmatch(r"\d*|\d{1,3}(?:[.,']\d{3})+", whole) is not None
        if not grouped or not (fraction.isdigit() or not fraction):
            raise Unreadable("does not fit the declared decimal sign")
        return re.sub(r"\D", "", whole), fraction
    signs = re.findall(r"[.,']", body)
    last = signs[-1] if signs else ""
    if not signs or (_THOUSANDS.fullmatch(body) and (len(signs) > 1 or last == "'")):
        return re.sub(r"\D", "", body), ""
    if _THOUSANDS.fullmatch(body):
        raise Unreadable("can be read as two numbers; say the decimal sign: `number('.')` or `number(',')`")
    whole, _, fraction = body.rpartition(last)
    if (
        last == "'"
        or last in whole
        or not fraction.isdigit()
        or not (_THOUSANDS.fullmatch(whole) or whole.isdigit() or not whole)
    ):
        raise Unreadable("cannot be read as a number")
    return re.sub(r"\D", "", whole), fraction


def read_bool(text: str) -> bool:
    """Yes or no in the common languages, and what forms send for a ticked box. Raises Unreadable."""
    word = folded(text).strip().strip(".! ") if len(text) <= _MAX_LENGTH else ""
    if word in YES or word in NO:
        return word in YES
    raise Unreadable("cannot be read as yes or no")


def known_decimal(text: str) -> str:
    """A decimal sign. Raises Unreadable."""
    if text not in (".", ","):
        raise Unreadable("the decimal sign must be `.` or `,`")
    return text


def _number(value: Json, decimal: Json = None) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if decimal not in (None, ".", ","):
        raise ExpressionError("`number`: the decimal sign must be `.` or `,`")
    return read_number(text_in(value), decimal=decimal)


def _bool(value: Json) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if value in (0, 1):
            return bool(value)
        raise Unreadable("cannot be read as yes or no")
    return read_bool(text_in(value))


FILTERS: Final = (
    Filter(
        name="number",
        summary=(
            "A number, whatever currency and separators it was written with. Where a sign could separate thousands or "
            "decimals (`1,234`), say the decimal sign: `number('.')` or `number(',')`."
        ),
        examples=(("'$ 1,234.50' | number", 1234.5), ("'1.234' | number(',')", 1234)),
        function=_number,
        checks={"decimal": known_decimal},
    ),
    Filter(
        name="bool",
        summary="True or false from yes, no, on, off, 1, 0 and their like in the common languages.",
        examples=(("'Yes' | bool", True), ("'nein' | bool", False)),
        function=_bool,
    ),
)
