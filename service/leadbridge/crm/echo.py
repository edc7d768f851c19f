"""Verified writes: whether what a CRM echoes is what it was sent. Formatting is no difference."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, Literal, TypeAlias

from leadbridge.events import Json
from leadbridge.outcome import WriteWarning

Verdict: TypeAlias = Literal["kept", "differs", "not_echoed"]
Same: TypeAlias = Callable[[Json, Json], bool]

_LOCAL_PART_DIGITS: Final = 7  # a number without its country has at least so many
_SCHEME: Final = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_ZONES: Final = timedelta(hours=14)  # no place is further from UTC
_FAR_FUTURE: Final = 10**12  # Unix seconds beyond any date
_DATE_FORMATS: Final = ("%Y-%m-%d", "%m/%d/%Y")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One attribute as it was sent.

    `field` is its name in the configuration, `place` where the echo shows it. `must_echo` says that the API shows it
    whenever it is kept; `cause` is the known reason why it is not.
    """

    field: str
    place: str
    value: Json
    same: Same
    must_echo: bool = True
    cause: str


def verdict(sent: Sent, echo: Mapping[str, Json]) -> Verdict:
    """What became of one attribute. An attribute that was cleared is kept when nothing stands there."""
    if sent.place not in echo:
        return "kept" if sent.value in (None, []) else "not_echoed"
    got = echo[sent.place]
    if sent.value in (None, []):
        return "kept" if got in (None, "", [], {}) else "differs"
    return "kept" if sent.same(sent.value, got) else "differs"


def warnings_of(sent: tuple[Sent, ...], echo: Mapping[str, Json]) -> tuple[WriteWarning, ...]:
    """A warning for each attribute that differs, or that is missing where the API must show it."""
    found = []
    for one in sent:
        outcome = verdict(one, echo)
        if outcome == "differs" or (outcome == "not_echoed" and one.must_echo):
            found.append(WriteWarning(field=one.field, sent=one.value, got=echo.get(one.place), cause=one.cause))
    return tuple(found)


def _plain(value: Json) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return " ".join(unicodedata.normalize("NFKC", str(value)).split()).casefold()
    return None


def same_text(sent: Json, got: Json) -> bool:
    """Equal but for case, spacing, line ends and the way accents are encoded."""
    if isinstance(sent, str) and sent == got:
        return True
    return _plain(sent) is not None and _plain(sent) == _plain(got)


def same_number(sent: Json, got: Json) -> bool:
    """Equal as numbers: `100`, `100.0` and `"100.00"`."""
    if isinstance(sent, bool) or isinstance(got, bool):
        return sent is got
    try:
        return Decimal(str(sent).strip()) == Decimal(str(got).strip())
    except InvalidOperation:
        return False


def _digits(value: Json) -> str:
    return re.sub(r"[^0-9]", "", value) if isinstance(value, str) else ""


def same_phone(sent: Json, got: Json) -> bool:
    """The same digits, or one is the other without its country: `+14151234567` and `(415) 123-4567`."""
    longer, shorter = sorted((_digits(sent), _digits(got)), key=len, reverse=True)
    if longer == shorter:
        return bool(longer)
    local = shorter.lstrip("0")
    return len(local) >= _LOCAL_PART_DIGITS and longer.endswith(local)


def same_website(sent: Json, got: Json) -> bool:
    """Equal but for the scheme, case and a slash at the end."""
    if not isinstance(sent, str) or not isinstance(got, str):
        return False
    return _bare_website(sent) == _bare_website(got)


def _bare_website(address: str) -> str:
    return _SCHEME.sub("", address.strip()).rstrip("/").casefold()


def same_id(sent: Json, got: Json) -> bool:
    """Equal as ids, which come as numbers or as text."""
    return isinstance(got, str | int) and not isinstance(got, bool) and str(sent) == str(got)


def same_set(sent: Json, got: Json) -> bool:
    """The same texts or ids in any order."""
    if not isinstance(sent, list) or not isinstance(got, list):
        return False
    return {_plain(item) for item in sent} == {_plain(item) for item in got}


def same_date(sent: Json, got: Json) -> bool:
    """The same day; `got` may also be a Unix time at midnight of a place that is not known (Copper's account)."""
    day = _day(sent)
    if day is None:
        return False
    if isinstance(got, int | float) and not isinstance(got, bool):
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
        return -_ZONES.total_seconds() <= min(got, _FAR_FUTURE) - midnight <= _ZONES.total_seconds()
    return _day(got) == day


def _day(value: Json) -> date | None:
    if not isinstance(value, str):
        return None
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(value.strip()[:10], form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None
