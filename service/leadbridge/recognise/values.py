"""Whether a value can be what its label says, and the value as the lead has it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from leadbridge.events import Json
from leadbridge.expressions.errors import Unreadable
from leadbridge.expressions.filters.countries import read_country
from leadbridge.expressions.filters.emails import read_emails
from leadbridge.expressions.filters.phones import read_phones
from leadbridge.recognise.tables import Tables, answer_of
from leadbridge.recognise.words import words_of

_EMAIL: Final = re.compile(
    r"[^\s@<>,;:()\[\]\"]{1,64}@[^\s@<>,;:()\[\]\"/]+\.[^\s@<>,;:()\[\]\"/.\d][^\s@<>,;:()\[\]\"/.]+"
)
_ANGLED: Final = re.compile(r"[^<>]*<\s*([^<>\s]+)\s*>")
_PHONE: Final = re.compile(
    r"(?:tel|tel\.|phone|mobil)?:?\s*"
    r"[+＋(（]?[\d\s()（）+./\-‐-―−－・\u200e\u202a-\u202c]{6,40}"
    r"(?:\s*(?:ext|x|extension|доб|вн|int|durchwahl|poste|#)\.?:?\s*\d{1,6})?",
    re.IGNORECASE,
)
_NOT_NORTH_AMERICAN: Final = ("+10", "+11")  # a number of elsewhere, read as if it were: "089 1234567"
_DIGIT: Final = re.compile(r"\d")
_DATE: Final = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}(?:[T ].*)?|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}(?:[T ].*)?")
_URL: Final = re.compile(r"(?:https?://|www\.)\S+|[^\s@/:,;()\"'!?]+\.[^\W\d_]{2,}(?:[/:?#]\S*)?", re.IGNORECASE)
_BARE_SCHEMES: Final = ("http://", "https://", "www.", "http://www.", "https://www.")
_MOST_POSTAL_WORDS: Final = 2
_POSTAL: Final = re.compile(r"(?=.*\d)[\w\s\-–〒]{3,12}")
_SALUTATIONS: Final = frozenset({
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "madam", "herr", "frau", "divers", "m", "mme", "mlle",
    "monsieur", "madame", "mademoiselle", "sr", "sra", "srta", "senor", "senora", "sig", "signor", "signora", "dott",
    "dhr", "mevr", "mw", "heer", "mevrouw", "pan", "pani", "bay", "bayan", "hr", "fr",
})  # fmt: skip
_TICKS: Final = frozenset("1✓✔☑✅☒")
_LETTER: Final = re.compile(r"[^\W\d_]")
_LONGEST_NAME: Final = 100  # characters
_LONGEST_LINE: Final = 200
_MOST_NAME_WORDS: Final = 8
_LOOKED_AT: Final = 2_000  # characters of a text in which an address is looked for
_MOST_TRIED: Final = 5  # addresses in a text
_LONG_MESSAGE: Final = 60  # characters that nothing but a message has


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


def email_in(text: str) -> str | None:
    """The address that the text is, in small letters."""
    if "@" not in text or len(text) > _LONGEST_LINE * 2:
        return None
    angled = _ANGLED.fullmatch(text)
    bare = (angled[1] if angled else text).removeprefix("mailto:").rstrip(".")
    return _address(bare) if _EMAIL.fullmatch(bare) else None


def email_within(text: str) -> tuple[str, str] | None:
    """The first address among other words, and what stands before it."""
    found = islice(_EMAIL.finditer(text, 0, _LOOKED_AT), _MOST_TRIED) if "@" in text else ()
    return next(((address, text[: each.start()]) for each in found if (address := _address(each[0]))), None)


@lru_cache(maxsize=64)
def _address(text: str) -> str | None:
    """The address as a lead has it; None for one that no lead takes, so that another field is asked.

    Each address of a form is asked for four times.
    """
    try:
        return read_emails(text.strip("'’"))[0]
    except Unreadable:
        return None


def says_more(text: str, target: str, region: str | None) -> bool:
    """Whether an e-mail or a phone field holds something beside what is read of it: a name, a second number."""
    if target == "email":
        angled = _ANGLED.fullmatch(text)
        return angled is not None and _LETTER.search(text[: angled.start(1)]) is not None
    if target != "phone":
        return False
    with suppress(Unreadable):
        first, *others = read_phones(text, region=region)
        return bool(others or first.note)
    return False


def looks_like_phone(text: str) -> bool:
    """Whether the text has the letters and the length of a phone number, and is no date."""
    if len(text) > _LONGEST_LINE:
        return False
    return bool(_PHONE.fullmatch(text)) and len(_DIGIT.findall(text)) >= 6 and not _DATE.fullmatch(text)


def phone_in(text: str, region: str | None) -> str | None:
    """The number that the text is, in E.164; a national one without a region as it came."""
    if not looks_like_phone(text):
        return None
    try:
        number = read_phones(text, region=region)[0].number
    except Unreadable:
        return text if not region else None
    return None if number.startswith(_NOT_NORTH_AMERICAN) else number


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


def line_in(text: str) -> str | None:
    """A short text of letters that is no e-mail address."""
    good = len(text) <= _LONGEST_LINE and _LETTER.search(text) and not email_in(text)
    return text if good else None


def title_in(text: str) -> str | None:
    """What somebody does; a salutation is none."""
    words = words_of(text)
    return None if words and all(word in _SALUTATIONS for word in words) else line_in(text)


def street_in(text: str) -> str | None:
    """Street and number, or the whole address."""
    return text if len(text) <= _LONGEST_LINE * 2 and _LETTER.search(text) and not email_in(text) else None


def postal_code_in(text: str) -> str | None:
    """A postal code of any country."""
    return text if _POSTAL.fullmatch(text) and len(text.split()) <= _MOST_POSTAL_WORDS else None


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
    return True if said in tables.yes or said in _TICKS else False if said in tables.no or said == "0" else None


READERS: Final[Mapping[str, Any]] = {
    "email": email_in, "name": name_in, "first_name": name_in, "last_name": name_in, "middle_name": name_in,
    "company": line_in, "title": title_in, "website": website_in, "street": street_in, "city": line_in,
    "state": line_in, "postal_code": postal_code_in, "country": country_in, "message": message_in,
    "utm.source": str, "utm.medium": str, "utm.campaign": str, "utm.term": str, "utm.content": str,
}  # fmt: skip
