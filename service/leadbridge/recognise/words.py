"""Names of fields as comparable words, whatever script, case, accents, separators and numbering a form builder uses."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 160  # characters of a name that are looked at
_DROPPED: Final = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0640\u064b-\u065f\u0670\u200b-\u200f\u2060\ufeff]"
)
_LETTERS: Final = str.maketrans({
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ة": "ه", "ى": "ي",
    "ی": "ي", "ک": "ك", "ς": "σ", "’": "'", "ʼ": "'", "`": "'", "״": '"', "׳": "'",
})  # fmt: skip
_SPELLED_OUT: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ə": "e", "Ə": "E"}
)
_UMLAUTS: Final = re.compile(f"[{''.join(map(chr, _SPELLED_OUT))}]")

_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_IDS: Final = re.compile(
    r"(?<![a-z0-9])(?:(?=(?:[a-z]*\d+[a-z]+){2})[a-z0-9]{6,}|(?=[a-f]*\d)[0-9a-f]{8,})(?![a-z0-9])", re.IGNORECASE
)
_DIGITS: Final = re.compile(r"\d+")

# Marks of South and South-East Asian scripts are part of their letters, and no letters to `\w`.
_BETWEEN: Final = re.compile(r"[^\w\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+|_+")
UNSPACED: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
)
_APOSTROPHE: Final = re.compile("(?<=[\u0400-\u05ff])['\"](?=[\u0400-\u05ff])|(?<=[a-z])'s\\b")  # ім'я, דוא"ל, friend's


_ABBREVIATED: Final = re.compile(r"(?<=\b\w)\.(?=\w\b)")  # ф.и.о.
_REST: Final = ((".", _ABBREVIATED, ""), ("'", _APOSTROPHE, ""), ('"', _APOSTROPHE, ""))


def folded(text: str) -> str:
    """The text in small letters, without the accents and points that people leave out."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return unicodedata.normalize("NFKC", _DROPPED.sub("", text)).casefold().translate(_LETTERS)


def words_of(name: str) -> tuple[str, ...]:
    """The words of a field's name, folded; numbers and made-up ids are none: `q3_fullName[first]` is full, name, first.

    Applied to its own result, joined with spaces, it gives the same words.
    """
    name = name[:LONGEST]
    if name.isascii() and name.islower() and name.replace(" ", "").isalpha():
        return tuple(name.split())
    if _DIGITS.search(name):
        name = _IDS.sub(" ", name)
    if not name.islower():
        name = _CAMEL.sub(" ", name)
    name = folded(name)
    if name.replace(" ", "").isalpha():  # as most are: nothing is left to do
        return tuple(name.split())
    for sign, pattern, instead in _REST:
        if sign in name:
            name = pattern.sub(instead, name)
    if _DIGITS.search(name):
        name = _DIGITS.sub(" ", name)
    return tuple(_BETWEEN.sub(" ", name).split())


def spellings(entry: str) -> tuple[tuple[str, ...], ...]:
    """The ways in which an entry of a table is written: as it is, and with its umlauts spelled out."""
    if entry.isascii() or not _UMLAUTS.search(entry):
        return (words_of(entry),)
    return tuple(dict.fromkeys((words_of(entry), words_of(entry.translate(_SPELLED_OUT)))))


def answer_of(text: str) -> str:
    """An answer as it is compared: its words, or the signs where it has none, such as `✓`."""
    return " ".join(words_of(text)) or text.strip()
