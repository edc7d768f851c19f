"""Dates, in ISO 8601. Only what can be read in one way is read."""

import datetime as dt
import re
import unicodedata
from typing import Final

from leadbridge.events import Json
from leadbridge.expressions.errors import ExpressionError, Unreadable
from leadbridge.expressions.filters.text import text_in
from leadbridge.expressions.filters.words import MONTHS, folded
from leadbridge.expressions.registry import Filter

_MAX_LENGTH: Final = 80  # characters
ORDERS: Final = ("dmy", "mdy", "ymd")
_SECONDS: Final = range(10**8, 10**11)  # epoch seconds, 1973 to 5138
_MILLISECONDS: Final = range(10**11, 10**14)
_TIME: Final = (
    r"(?:[T ,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST: Final = re.compile(rf"(\d{{4}})([-/. ])(\d{{1,2}})\2(\d{{1,2}}){_TIME}")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T\d{4,6}Z?)?")
_EAST_ASIAN: Final = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?")
_YEAR_LAST: Final = re.compile(rf"(\d{{1,2}})([-/. ])(\d{{1,2}})\2(\d{{4}}){_TIME}")
_DAY_NAME_YEAR: Final = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?[\s-]*(?:de |of |d')?\s*([^\W\d_]+)\.?[\s,-]*(?:de |del )?\s*(\d{4})" + _TIME
)
_NAME_DAY_YEAR: Final = re.compile(rf"([^\W\d_]+)\.?\s*(\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s+(\d{{4}}){_TIME}")
_WEEKDAY: Final = re.compile(r"^[^\W\d_]{2,12}\.?,\s*(?=\d|\w+ \d)")

_MONTH_OF: Final = {name: number for number, names in enumerate(MONTHS, 1) for name in names.split()}


def read_date(text: str, *, order: str | None = None) -> str:
    """The date that `text` says, as YYYY-MM-DD; a time of day is left out and a zone is not converted.

    `order` (`dmy`, `mdy`, `ymd`) decides what could be read in two ways. Raises Unreadable.
    """
    if len(text) > _MAX_LENGTH:
        raise Unreadable("is too long for a date")
    clean = _WEEKDAY.sub("", unicodedata.normalize("NFKC", text).strip())
    for pattern in (_YEAR_FIRST, _COMPACT, _EAST_ASIAN):
        if found := pattern.fullmatch(clean):
            numbers = [int(each) for each in found.groups() if each.isdigit()]
            return _date(*numbers)
    if found := _YEAR_LAST.fullmatch(clean):
        return _year_last(int(found[1]), int(found[3]), int(found[4]), order)
    if found := _DAY_NAME_YEAR.fullmatch(clean):
        return _date(int(found[3]), _month(found[2]), int(found[1]))
    if found := _NAME_DAY_YEAR.fullmatch(clean):
        return _date(int(found[3]), _month(found[1]), int(found[2]))
    raise Unreadable("cannot be read as a date")


def _year_last(first: int, second: int, year: int, order: str | None) -> str:
    if order == "dmy":
        return _date(year, second, first)
    if order == "mdy":
        return _date(year, first, second)
    if first > 12 or first == second:
        return _date(year, second, first)
    if second > 12:
        return _date(year, first, second)
    raise Unreadable("can be read as two dates; say the order: `date('dmy')` or `date('mdy')`")


def _date(year: int, month: int, day: int) -> str:
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        raise Unreadable("is no date of the calendar") from None


def _month(name: str) -> int:
    """The month of a name, or of its first three letters or more."""
    bare = folded(name)
    if bare in _MONTH_OF:
        return _MONTH_OF[bare]
    months = {number for full, number in _MONTH_OF.items() if len(bare) >= 3 and full.startswith(bare)}
    if len(months) != 1:
        raise Unreadable("cannot be read as a date")
    return months.pop()


def known_order(text: str) -> str:
    """An order of day, month and year. Raises Unreadable."""
    if text not in ORDERS:
        raise Unreadable(f"the order must be one of {', '.join(ORDERS)}")
    return text


def _filter_date(value: Json, order: Json = None) -> str:
    if order is not None and order not in ORDERS:
        raise ExpressionError(f"`date`: the order must be one of {', '.join(ORDERS)}")
    if isinstance(value, int) and not isinstance(value, bool):
        if value in _SECONDS or value in _MILLISECONDS:
            seconds = value if value in _SECONDS else value // 1000
            return dt.datetime.fromtimestamp(seconds, dt.UTC).date().isoformat()
        value = str(value)
    return read_date(text_in(value), order=order)


FILTERS: Final = (
    Filter(
        name="date",
        summary=(
            "A date in ISO 8601 (YYYY-MM-DD). A date that can be read in two ways needs its order: `dmy`, `mdy` or "
            "`ymd`. Numbers are seconds or milliseconds since 1970, UTC."
        ),
        examples=(("'31 May 1990' | date", "1990-05-31"), ("'03/05/1990' | date('dmy')", "1990-05-03")),
        function=_filter_date,
        checks={"order": known_order},
    ),
)
