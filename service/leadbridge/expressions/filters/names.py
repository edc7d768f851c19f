"""Names of people: their parts, and their capitals."""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final

from nameparser import Parser, Policy, locales, parser_for

from leadbridge.events import Json
from leadbridge.expressions.context import CURRENT
from leadbridge.expressions.errors import Unreadable
from leadbridge.expressions.filters.text import text_in
from leadbridge.expressions.filters.words import PARTICLES, SPANISH_FAMILIES, SPANISH_GIVEN, SPANISH_SPEAKING, folded
from leadbridge.expressions.registry import Filter

_MAX_LENGTH: Final = 300  # characters; longer is no name, and parsing it costs
_CHINESE: Final = frozenset({"CN", "TW", "HK", "MO", "SG"})
_WORD: Final = re.compile(r"[^\W_]+")
_JOINED: Final = ("o'", "d'", "l'", "m'", "n'", "o’", "d’", "l’")
_NUMERALS: Final = frozenset({"ii", "iii", "iv"})


@dataclass(frozen=True, slots=True)
class Name:
    """The parts of a name; those that it does not have are empty."""

    first: str = ""
    middle: str = ""
    last: str = ""
    prefix: str = ""
    suffix: str = ""


def read_name(text: str, *, region: str | None = None) -> Name:
    """The parts of a full name, by the habits of its script, and of `region` where the script does not tell.

    A single word is a first name, unless its script or its particles make it a family name. What is no name (an
    e-mail address, digits) is given back as a first name whole.
    """
    return _parts(" ".join(text.split()), region)


@lru_cache(maxsize=256)  # every route of a submission asks for the same name, and parsing costs
def _parts(clean: str, region: str | None) -> Name:
    if not clean or len(clean) > _MAX_LENGTH or "@" in clean or not any(each.isalpha() for each in clean):
        return Name(first=clean)
    words = clean.split()
    if len(words) > 1 and words[0] in PARTICLES and words[0].islower() and words[-1][0].isupper():
        return Name(last=clean)
    two_families = _has_two_families(words, region)
    found = _parser(clean, region, two_families=two_families).parse(clean)
    name = Name(found.given, found.middle, found.family, found.title, found.suffix)
    if two_families or (region in SPANISH_SPEAKING and name.first):
        return replace(name, first=" ".join(filter(None, (name.first, name.middle))), middle="")
    if not name.first and not name.last:
        return Name(first=clean)
    return name


def _has_two_families(words: list[str], region: str | None) -> bool:
    """Whether the name ends with a father's and a mother's family name, as in Spanish."""
    if len(words) < 3 or "," in "".join(words):
        return False
    before, last = folded(words[-2]), folded(words[-1])
    if region in SPANISH_SPEAKING:
        return before not in SPANISH_GIVEN
    return before in SPANISH_FAMILIES and last in SPANISH_FAMILIES


def _parser(text: str, region: str | None, *, two_families: bool) -> Parser:
    if two_families:
        return _spanish()
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in text if letter.isalpha()}
    if "CYRILLIC" in scripts:
        return _russian()
    if region in _CHINESE and scripts == {"CJK"}:
        return _chinese()
    return _plain()


@cache
def _plain() -> Parser:
    return Parser()


@cache
def _spanish() -> Parser:
    return Parser(policy=replace(Policy(), two_family_names=True))


@cache
def _russian() -> Parser:
    return parser_for(locales.RU)


@cache
def _chinese() -> Parser:
    return parser_for(locales.ZH)


def titled(text: str) -> str:
    """A name with the capitals it should have. Words that have both cases already were written with care and stay."""
    written = _titled(text)
    # Short words can come out as capitals alone, which would be read as shouted the next time.
    return written if any(letter.islower() for letter in written) else _titled(written)


def _titled(text: str) -> str:
    shouted = not any(letter.islower() for letter in text)
    words = text.split(" ")
    last = len(words) - 1
    return " ".join(
        word if not (word.islower() or (shouted and word.isupper())) else _word(word.lower(), index, last)
        for index, word in enumerate(words)
    )


def _word(word: str, index: int, last: int) -> str:
    if index and word in _NUMERALS and index == last:
        return word.upper()
    if 0 < index < last and word in PARTICLES:
        return word
    return "-".join(_part(part) for part in word.split("-"))


def _part(part: str) -> str:
    for joined in _JOINED:
        if part.startswith(joined) and len(part) > len(joined) + 1:
            return _capital(joined) + _capital(part[len(joined) :])
    if part.startswith("mc") and len(part) > 3:
        return "Mc" + _capital(part[2:])
    return _capital(part)


def _capital(part: str) -> str:
    """The first letter of `part` in capitals, where it has one capital."""
    found = _WORD.search(part)
    if found is None:
        return part
    at = found.start()
    upper = part[at].upper()
    return part[:at] + (upper if len(upper) == 1 else part[at]) + part[at + 1 :]


def _title(value: Json) -> str:
    text = text_in(value)
    if len(text) > _MAX_LENGTH:
        raise Unreadable("is too long for a name")
    return titled(text)


def _first_name(value: Json) -> str:
    return read_name(text_in(value), region=CURRENT.evaluation.region).first


def _last_name(value: Json) -> str:
    return read_name(text_in(value), region=CURRENT.evaluation.region).last


FILTERS: Final = (
    Filter(
        name="title",
        summary="A person's name with its capitals; words that have both cases already stay as they are.",
        examples=(
            ('"SEAN O\'NEIL" | title', "Sean O'Neil"),
            ("'ludwig van beethoven' | title", "Ludwig van Beethoven"),
        ),
        function=_title,
    ),
    Filter(
        name="first_name",
        summary="The given name within a full name.",
        examples=(("'Doe, John' | first_name", "John"), ("'María José García López' | first_name", "María José")),
        function=_first_name,
    ),
    Filter(
        name="last_name",
        summary="The family name within a full name; absent when there is none.",
        examples=(("'Jan van der Berg' | last_name", "van der Berg"), ("'김민준' | last_name", "김")),
        function=_last_name,
    ),
)
