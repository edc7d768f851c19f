"""Phone numbers, as forms have them, in E.164."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from leadbridge.events import Json
from leadbridge.expressions.context import CURRENT, Report
from leadbridge.expressions.errors import ExpressionError, Unreadable
from leadbridge.expressions.filters.countries import read_country
from leadbridge.expressions.filters.text import text_in
from leadbridge.expressions.registry import Filter

_MAX_LENGTH: Final = 200  # characters of one field; more is no phone number
_EXTENSION: Final = "has an extension, which E.164 cannot say"
_BETWEEN: Final = re.compile(r"[;|,\n]|\s+(?:/|or|and|oder|und|ou|et|y|e|o)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Phone:
    """One number in E.164; `note` is what it does not say of the field it was read from."""

    number: str
    note: str | None = None


def is_e164(text: str) -> bool:
    """Whether `text` already is a number in E.164 that can exist."""
    return text.startswith("+") and text[1:].isascii() and text[1:].isdigit() and _parsed(text, None) is not None


def read_phones(text: str, *, region: str | None) -> tuple[Phone, ...]:
    """The numbers that one field holds; national ones are read as of `region` (ISO 3166-1 alpha-2).

    Raises Unreadable when there is none.
    """
    if len(text) > _MAX_LENGTH:
        raise Unreadable("is too long for a phone number")
    whole = _parsed(text, region)
    if whole is not None:
        return (whole,)
    found = [_parsed(piece, region) for piece in _BETWEEN.split(text) if piece.strip()]
    phones = [phone for phone in found if phone is not None]
    if phones:
        if len(phones) < len(found):
            phones[0] = Phone(phones[0].number, "holds something beside the phone number that cannot be read as one")
        return tuple(phones)
    hint = "" if region else "; a national number needs a region"
    raise Unreadable(f"cannot be read as a phone number{hint}")


@lru_cache(maxsize=256)  # every route of a submission asks for the same numbers, and then for their keys
def _parsed(text: str, region: str | None) -> Phone | None:
    stripped = text.strip()
    international = f"+{stripped[2:]}" if stripped.startswith("00") else None
    bare = f"+{stripped}" if stripped.isascii() and stripped.isdigit() else None
    for candidate, must_be_valid in ((international, True), (stripped, False), (bare, True)):
        number = _number(candidate, region) if candidate else None
        if number is None or (must_be_valid and not phonenumbers.is_valid_number(number)):
            continue
        written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        if phonenumbers.is_valid_number(number) or _reads_as_itself(written):
            return Phone(written, _EXTENSION if number.extension else None)
    return None


def _reads_as_itself(written: str) -> bool:
    """Whether a number that no plan knows survives being read again; some lose a leading zero each time."""
    number = _number(written, None)
    return number is not None and phonenumbers.format_number(number, PhoneNumberFormat.E164) == written


def _number(text: str, region: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return number if possible else None


def _e164(value: Json, region: Json = None) -> str:
    text = text_in(value)
    phones = read_phones(text, region=CURRENT.evaluation.region if region is None else _region(region))
    if len(phones) > 1:
        CURRENT.evaluation.reports.append(Report("holds several phone numbers; the first is used", value))
    if phones[0].note:
        CURRENT.evaluation.reports.append(Report(phones[0].note, value))
    return phones[0].number


def known_region(text: str) -> str:
    """A country that an argument names, as ISO 3166-1 alpha-2. Raises Unreadable."""
    code = read_country(text)
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise Unreadable(f"`{text}` has no phone numbers of its own")
    return code


def _region(region: Json) -> str:
    try:
        return known_region(text_in(region))
    except Unreadable as problem:
        raise ExpressionError(f"`e164`: the region {problem}") from None


FILTERS: Final = (
    Filter(
        name="e164",
        summary=(
            "A phone number in E.164. National numbers are read as of the country given, else the lead's own country, "
            "else the source's region, else the default."
        ),
        examples=(("'(214) 555-0100' | e164('US')", "+12145550100"), ("'0044 20 7946 0958' | e164", "+442079460958")),
        function=_e164,
        checks={"region": known_region},
    ),
)
