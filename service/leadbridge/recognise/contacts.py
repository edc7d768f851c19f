"""E-mail addresses and phone numbers in what people type."""

import re
import unicodedata
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from typing import Final

from leadbridge.expressions.errors import Unreadable
from leadbridge.expressions.filters.emails import read_emails
from leadbridge.expressions.filters.phones import read_phones

_EMAIL: Final = re.compile(
    r"[^\s@<>,;:()\[\]\"]{1,64}@[^\s@<>,;:()\[\]\"/]+\.[^\s@<>,;:()\[\]\"/.\d][^\s@<>,;:()\[\]\"/.]+"
)
_ANGLED: Final = re.compile(r"[^<>]*<\s*([^<>\s]+)\s*>")
_PHONE: Final = re.compile(r"[+(]?[\d\s()+./\-\u2010-\u2015\u2212\u200e\u202a-\u202c]{6,40}")
_SAID_BEFORE: Final = re.compile(r"(?:[^\W\d_]{1,15}[.:\s]+){1,2}(?=[+(\d])")  # Tel.: 030 901820
_EXTENDED: Final = re.compile(
    r"([+(]?[\d\s()+./\-\u2010-\u2015\u2212]{5,40}\d\)?)"
    r"([\s,;(\[/-]*(?:(?:[^\W\d_]{1,15}[.:]*[\s:-]*){1,2}(?:n[°º]\s*)?|#\s*)\d{1,6}\s*[)\]]?)"
)  # 030 901820 (Durchwahl 12)
_SEVERAL: Final = re.compile(
    r"([+(]?\d[^,;]{5,40}?\d)([\s,;/]+[^\W\d_]{1,5}[.\s]\s*[+(]?\d[\d\s()+./-]{5,40})"
)  # or 0171 12
_MEXICAN_MOBILE: Final = re.compile(r"((?:\+|00)[\s-]*52)[\s(.-]*1[\s).-]*(?=(?:[\s().-]*\d){10}\Z)")
"""As they were dialled from abroad until 2019: `+52 1 442 123 4567`."""
_NOT_NORTH_AMERICAN: Final = ("+10", "+11")  # a number of elsewhere, read as if it were: "089 1234567"
_DIGIT: Final = re.compile(r"\d")
_DATE: Final = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}(?:[T ].*)?|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}(?:[T ].*)?")
_LETTER: Final = re.compile(r"[^\W\d_]")
_LONGEST: Final = 200  # characters
_LOOKED_AT: Final = 2_000  # characters of a text in which an address is looked for
_MOST_TRIED: Final = 5  # addresses in a text


def email_in(text: str) -> str | None:
    """The address that the text is, in small letters."""
    if "@" not in text or len(text) > _LONGEST * 2:
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
    number, extension = _taken_apart(text)
    if extension:
        return True
    with suppress(Unreadable):
        first, *others = read_phones(number, region=region)
        return bool(others or first.note)
    return False


def looks_like_phone(text: str, *, bare: bool = False) -> bool:
    """Whether the text has the signs and the length of a phone number, and is no date.

    A word before it and an extension behind it, in any language, are no part of it, unless it must be `bare`:
    `Tel. 030 901820 (Durchwahl 12)`.
    """
    if len(text) > _LONGEST:
        return False
    number, extension = _taken_apart(text)
    if bare and (extension or text[:1].isalpha()):
        return False
    return bool(_PHONE.fullmatch(number)) and len(_DIGIT.findall(number)) >= 6 and not _DATE.fullmatch(number)


def phone_in(text: str, region: str | None) -> str | None:
    """The number that the text is, in E.164; a national one without a region as it came."""
    if not looks_like_phone(text):
        return None
    number, _ = _taken_apart(text)
    try:
        found = read_phones(number, region=region)[0].number
    except Unreadable:
        return number if not region else None
    return None if found.startswith(_NOT_NORTH_AMERICAN) else found


@lru_cache(maxsize=64)
def _taken_apart(text: str) -> tuple[str, str]:
    """The number without the word before it, and the extension or the second number behind it.

    Digits and signs of any script are as machines write them.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text)
    text = text.strip()
    said = _SAID_BEFORE.match(text)
    number = text[said.end() :] if said else text
    if "52" in number[:4]:
        number = _MEXICAN_MOBILE.sub(r"\1", number)
    extended = _EXTENDED.fullmatch(number) or _SEVERAL.fullmatch(number)
    return (extended[1], extended[2]) if extended else (number, "")
