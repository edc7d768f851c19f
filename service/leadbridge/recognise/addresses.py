"""Postal addresses: what can be a part of one, and one line taken apart by the form of its postal code."""

import re
from collections.abc import Mapping
from typing import Final

from leadbridge.events import Json
from leadbridge.expressions.errors import Unreadable
from leadbridge.expressions.filters.countries import read_country
from leadbridge.recognise.contacts import email_in

_LONGEST: Final = 400  # characters
_PLACE: Final = ("city", "state", "postal_code", "country")
_MOST_POSTAL_WORDS: Final = 2
_LETTER: Final = re.compile(r"[^\W\d_]")
_POSTAL: Final = re.compile(r"(?=.*\d)[\w\s\-–〒]{3,12}")
_CODE_AND_CITY: Final = re.compile(r"(?:[A-Z]{1,2}-)?(?P<postal_code>\d{4,5}) (?P<city>[^\W\d_][^\d,\n]{2,60})")
_STREET: Final = r"(?P<street>[^,\n]*\d[^,\n]*)[,\n]"
_CITY: Final = r"(?P<city>[^\d,\n]{2,60}?)"
_CONTINENTAL: Final = re.compile(
    r"(?P<street>[^,\n]*\d[^,\n]*?)[ ]?[,\n][ ]?(?:[A-Z]{1,2}-)?"
    r"(?P<postal_code>\d{4} ?[A-Z]{2}|\d{4,5}(?:-\d{3})?|\d{3} \d{2}|\d\d-\d{3}),? (?P<city>[^\d,\n]{2,60})"
)
_AMERICAN: Final = re.compile(rf"{_STREET}{_CITY}, ?(?P<state>[A-Z]{{2}}),? (?P<postal_code>\d{{5}}(?:-\d{{4}})?)")
_CANADIAN: Final = re.compile(
    rf"{_STREET}{_CITY}[\s,(]+(?P<state>AB|BC|MB|NB|NL|NS|NT|NU|ON|PE|QC|SK|YT)[\s),]+"
    r"(?P<postal_code>[A-Z]\d[A-Z] ?\d[A-Z]\d)"
)
_BRITISH: Final = re.compile(  # parts with a number are the street's: "Flat 2, 14 Mill Lane"
    rf"(?P<street>(?:[^,\d\n]*+\d[^,\n]*+[,\n])+?){_CITY}[\s,]+(?P<postal_code>[A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}})"
)
_JAPANESE: Final = re.compile(
    r"〒?\s*(?P<postal_code>\d{3}[-‐−–ー]?\d{4})\s*(?P<state>東京都|北海道|京都府|大阪府|[^\s\d都道府]{2,3}県)\s*"
    r"(?P<city>[^\s\d]{1,6}?[市区町村](?!市))\s*(?P<street>\S.*)"
)
_BALTIC: Final = re.compile(rf"{_STREET} ?{_CITY}, ?(?P<postal_code>[A-Z]{{2}}-?\d{{4,5}})")  # …, Rīga, LV-1010
_BRITISH_CODE: Final = re.compile(
    r"(?P<street>.*\d.*?)[\s,]+(?P<postal_code>[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})", re.DOTALL
)
_ONE_LINE: Final = (_CONTINENTAL, _AMERICAN, _CANADIAN, _BRITISH, _JAPANESE, _BALTIC, _BRITISH_CODE)


def street_in(text: str) -> str | None:
    """Street and number, or the whole address."""
    return text if len(text) <= _LONGEST and _LETTER.search(text) and not email_in(text) else None


def postal_code_in(text: str) -> str | None:
    """A postal code of any country, also with the city behind it."""
    if _CODE_AND_CITY.fullmatch(text):
        return text
    return text if _POSTAL.fullmatch(text) and len(text.split()) <= _MOST_POSTAL_WORDS else None


def parts_of_address(line: str) -> dict[str, Json]:
    """Street, postal code, city and state of an address in one line; nothing of one that its postal code does not tell.

    `Lindenweg 3, 6020 Innsbruck`, `8 Elm St, Reno, NV 89501, USA`, `8 Mill Lane, Leeds LS1 4AB`,
    `〒150-0002 東京都渋谷区渋谷1-2`.
    """
    parts = _parts_of(line)
    before, _, last = line.rpartition(",")
    if not parts and before and (parts := _parts_of(before)):
        try:
            parts["country"] = read_country(last.strip())
        except Unreadable:
            return {}
    return parts


def _parts_of(line: str) -> dict[str, Json]:
    found = next((match for form in _ONE_LINE if (match := form.fullmatch(line))), None)
    return {part: text.strip(", \n") for part, text in found.groupdict().items()} if found else {}


def without_place(street: str, filled: Mapping[str, Json]) -> str:
    """The street without the town behind it that other fields have too: `Tsimiski 45, Thessaloniki 54623`."""
    place = {word for key in _PLACE if key in filled for word in _words(str(filled[key]))}
    before, comma, last = street.rpartition(",")
    while comma and before.strip() and place.issuperset(_words(last)):
        street = before.strip()
        before, comma, last = street.rpartition(",")
    return street


def _words(text: str) -> list[str]:
    return text.casefold().split()


def with_city(postal_code: str) -> dict[str, Json]:
    """Postal code and city where both stand in one field, `24103 Kiel`; nothing of any other text."""
    found = _CODE_AND_CITY.fullmatch(postal_code)
    return dict(found.groupdict()) if found else {}
