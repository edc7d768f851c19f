"""Whether a value can be what its label says, and the value as the lead has it."""

import re
from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from itertools import takewhile
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from leadbridge.events import Json
from leadbridge.expressions.errors import Unreadable
from leadbridge.expressions.filters.countries import read_country
from leadbridge.recognise.addresses import postal_code_in, street_in
from leadbridge.recognise.contacts import email_in
from leadbridge.recognise.tables import Tables
from leadbridge.recognise.words import UNSPACED, answer_of, words_of

_URL: Final = re.compile(r"(?:https?://|www\.)\S+|[^\s@/:,;()\"'!?]+\.[^\W\d_]{2,}(?:[/:?#]\S*)?", re.IGNORECASE)
_BARE_SCHEMES: Final = ("http://", "https://", "www.", "http://www.", "https://www.")
_DIGIT: Final = re.compile(r"\d")
_APART: Final = re.compile(r"\s*[,;.!،，、。]\s*|\s+[-–—]\s+")
_TICKS: Final = frozenset("1✓✔☑✅☒")
_LETTER: Final = re.compile(r"[^\W\d_]")
_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f]")
_FAMILY_FIRST: Final = frozenset({"CN", "HK", "HU", "JP", "KR", "TW", "VN"})  # ISO 3166-1
_BEHIND_NAMES: Final = frozenset({
    "jr", "sr", "junior", "senior", "ii", "iii", "iv", "phd", "md", "mba", "esq", "dds", "cpa", "rn", "csc", "drsc",
    "dis", "llm", "llb", "jd", "msc", "bsc", "ma", "ba", "dvm", "psyd", "pe", "lcsw", "np", "pa", "mph", "edd", "dr",
    "artd", "thd", "llp", "dba", "bc", "ing", "mag", "dipl", "habil", "ceng",
})  # fmt: skip
_IN_CAPITALS: Final = 3  # letters: fewer are initials
_LONGEST_NAME: Final = 100  # characters
_LONGEST_LINE: Final = 200
_MOST_NAME_WORDS: Final = 8
_LONGEST_COURTESY: Final = 30
_LETTERS: Final = re.compile("[a-z]+")
_LOOKED_AT: Final = 2_000  # characters of an address
_LONG_MESSAGE: Final = 60  # characters that nothing but a message has
_WORDY: Final = 6  # signs of a script without spaces
_WORDS_OF_SENTENCE: Final = 4  # and one more
_WORDS_OF_QUESTION: Final = 2  # and one more
_ALSO_OF_NAMES: Final = frozenset(".।")  # Acme & Sons Co.
_STOPS: Final = frozenset(".!?…。！？؟।")


def text_in(value: Json) -> str:
    """The one text that a value is; empty for one that is none, such as several choices."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        texts = list(dict.fromkeys(text for each in value if (text := text_in(each))))
        return texts[0] if len(texts) == 1 else ""
    return ""


def is_blank(value: Json) -> bool:
    """Whether the value says nothing."""
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())


def website_in(text: str) -> str | None:
    """The address of a page; what forms fill in themselves, such as `https://`, is none."""
    return text if _URL.fullmatch(text) and text.lower() not in _BARE_SCHEMES else None


def name_in(text: str) -> str | None:
    """The name, with single spaces."""
    if len(text) > _LONGEST_NAME or "@" in text or not _LETTER.search(text) or "://" in text:
        return None
    words = text.split()
    digits = len(_DIGIT.findall(text))
    return " ".join(words) if len(words) <= _MOST_NAME_WORDS and digits <= 2 else None


def full_name_in(text: str, region: str | None, courtesy: Container[str], *, family_first: bool = False) -> str | None:
    """The name with the given name first, where a comma or capitals tell: `Lee, Ann` and `LEE Ann` are `Ann Lee`.

    Two words are turned too where the label asks for the family name first. Where people write the family name first
    it stays as it is.
    """
    name = name_in(text)
    if name is None or region in _FAMILY_FIRST or not _LATIN.match(name):
        return name
    family, comma, given = (part.strip() for part in name.partition(","))
    if comma:
        is_turned = family and _LETTER.search(given) and "," not in given and not _is_behind_names(given)
        return f"{given} {family}" if is_turned else name
    words = name.split()
    capitals = len(list(takewhile(str.isupper, words)))
    families, rest = words[:capitals], words[capitals:]
    if family_first and len(words) == 2:
        return " ".join(reversed(words))
    if not rest or max(map(len, families), default=0) < _IN_CAPITALS:
        return name
    if any(word in courtesy for word in words_of(" ".join(families))):
        return name
    return " ".join(rest + families) if all(map(_is_capitalised, rest)) else name


def _is_behind_names(text: str) -> bool:
    """Whether it begins with what stands behind names: `Jr.`, `Ph.D.`, `M. Sc.`."""
    letters = "".join(each for each in text if each.isalpha() or each.isspace()).casefold().split()
    return bool(letters) and (letters[0] in _BEHIND_NAMES or "".join(letters) in _BEHIND_NAMES)


def _is_capitalised(word: str) -> bool:
    return word[0].isupper() and not word.isupper()


def line_in(text: str) -> str | None:
    """A short text of letters that is no e-mail address."""
    good = len(text) <= _LONGEST_LINE and _LETTER.search(text) and not email_in(text)
    return text if good else None


def title_in(text: str, courtesy: Container[str]) -> str | None:
    """What somebody does; a title of courtesy, in any of the languages, is none: `Dr.`, `Frau Mag.`."""
    return None if is_courtesy(text, courtesy) else line_in(text)


def is_courtesy(text: str, courtesy: Container[str]) -> bool:
    """Whether the text is nothing but a title of courtesy."""
    if len(text) > _LONGEST_COURTESY:
        return False
    words = _LETTERS.findall(text.lower()) if text.isascii() else words_of(text)
    return bool(words) and (" ".join(words) in courtesy or all(word in courtesy for word in words))


def country_in(text: str) -> str | None:
    """The country's ISO 3166-1 alpha-2 code; the text itself where it is not known."""
    line = line_in(text)
    if line is None:
        return None
    try:
        return read_country(line)
    except Unreadable:
        return line


def message_in(text: str) -> str | None:
    """What somebody wrote; a number, an address or a page alone is no message."""
    return text if _LETTER.search(text) and not email_in(text) and not _URL.fullmatch(text) else None


def campaign_in(page: Json) -> Iterator[tuple[str, str]]:
    """The campaign tags in a page's address, as targets with their values."""
    if not isinstance(page, str) or "utm_" not in page:
        return
    with suppress(ValueError):  # it is no address
        told = dict(parse_qsl(urlsplit(page[:_LOOKED_AT]).query))
        for key in ("source", "medium", "campaign", "term", "content"):
            if value := told.get(f"utm_{key}", "").strip():
                yield f"utm.{key}", value


def is_long(text: str) -> bool:
    """Whether the text can be nothing but a message."""
    return len(text) >= _LONG_MESSAGE and text.count(" ") >= 8 and message_in(text) is not None


def is_wordy(text: str) -> bool:
    """Whether the text is several words, or two with a stop, and may be a message."""
    most = text[:_LOOKED_AT]
    words = most.count(" ") + 1
    several = words > 2 or (words == 2 and text[-1] in _STOPS)
    return (several or (len(most) >= _WORDY and UNSPACED.search(most) is not None)) and message_in(text) is not None


def is_sentence(text: str) -> bool:
    """Whether the text is written as people write to others, in lines or with a stop at its end."""
    if not text or not ("\n" in text or text[-1] in _STOPS):
        return False
    fewest = _WORDS_OF_SENTENCE if text[-1] in _ALSO_OF_NAMES else _WORDS_OF_QUESTION
    enough = text.count(" ") >= fewest or (len(text) >= 2 * _WORDY and UNSPACED.search(text) is not None)
    return enough and message_in(text) is not None


def is_filled(value: Json, tables: Tables) -> bool:
    """Whether somebody put something in; a check box that says no is empty."""
    return not is_blank(value) and consent_in(value, tables) is not False


def consent_in(value: Json, tables: Tables) -> bool | None:
    """Yes or no, as check boxes and people say it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        answers = {consent_in(each, tables) for each in value}
        return answers.pop() if len(answers) == 1 else None
    if value in (0, 1):
        return bool(value)
    if not isinstance(value, str) or len(value) > _LONGEST_LINE:
        return None
    said = answer_of(value)
    if said not in tables.yes and said not in tables.no and (parts := _APART.split(value.strip(), maxsplit=1))[1:]:
        said = answer_of(parts[0])  # Yes, I agree
    return True if said in tables.yes or said in _TICKS else False if said in tables.no or said == "0" else None


READERS: Final[Mapping[str, Any]] = {
    "email": email_in, "name": name_in, "first_name": name_in, "last_name": name_in, "second_last_name": name_in,
    "middle_name": name_in, "last_name_prefix": name_in,
    "company": line_in, "website": website_in, "street": street_in, "city": line_in,
    "state": line_in, "postal_code": postal_code_in, "country": country_in, "message": message_in,
    "utm.source": str, "utm.medium": str, "utm.campaign": str, "utm.term": str, "utm.content": str,
}  # fmt: skip
