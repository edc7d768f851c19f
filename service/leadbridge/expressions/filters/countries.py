"""Countries, by code or by name in the common languages, as ISO 3166-1 alpha-2."""

import gettext
from collections.abc import Mapping
from functools import cache
from typing import Final

import pycountry

from leadbridge.events import Json
from leadbridge.expressions.errors import Unreadable
from leadbridge.expressions.filters.text import text_in
from leadbridge.expressions.filters.words import COUNTRY_ALIASES, COUNTRY_LANGUAGES, folded
from leadbridge.expressions.registry import Filter

_MAX_LENGTH: Final = 100  # characters


def read_country(text: str) -> str:
    """The ISO 3166-1 alpha-2 code of a country's code or name. Raises Unreadable."""
    if text in _codes():  # the names take a tenth of a second to read; a configuration's own regions are codes
        return text
    key = _key(text) if len(text) <= _MAX_LENGTH else ""
    code = _index().get(key) or _index().get(key.removeprefix("the "))
    if code is None:
        raise Unreadable("cannot be read as a country")
    return code


@cache
def _codes() -> frozenset[str]:
    return frozenset([country.alpha_2 for country in pycountry.countries] + ["XK"])


@cache
def _index() -> Mapping[str, str]:
    """Every key that names one country: codes before English names before others. What names two is not there."""
    index = {code.casefold(): code for code in _codes()}
    index |= {country.alpha_3.casefold(): country.alpha_2 for country in pycountry.countries}
    index |= {_key(alias): code for code, aliases in COUNTRY_ALIASES.items() for alias in aliases.split(", ")}
    english: dict[str, set[str]] = {}
    other: dict[str, set[str]] = {}
    translations = [
        gettext.translation("iso3166-1", pycountry.LOCALES_DIR, [language]) for language in COUNTRY_LANGUAGES
    ]
    for country in pycountry.countries:
        names = [getattr(country, each, None) for each in ("name", "common_name", "official_name")]
        for name in filter(None, names):
            english.setdefault(_key(name), set()).add(country.alpha_2)
            for translation in translations:
                other.setdefault(_key(translation.gettext(name)), set()).add(country.alpha_2)
    for named in (english, other):
        for key, codes in named.items():
            if len(codes) == 1:
                index.setdefault(key, next(iter(codes)))
    return index


def _key(text: str) -> str:
    """The text with only what tells names apart: letters and digits, without accents, in small letters."""
    bare = folded(text.replace("'", "").replace("’", "").replace(".", ""))
    return " ".join("".join(letter if letter.isalnum() else " " for letter in bare).split())


def _country(value: Json) -> str:
    return read_country(text_in(value))


FILTERS: Final = (
    Filter(
        name="country",
        summary="A country's code or name, in any of the common languages, as its two-letter code (ISO 3166-1).",
        examples=(("'Deutschland' | country", "DE"), ("'UK' | country", "GB")),
        function=_country,
    ),
)
