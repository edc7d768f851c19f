"""A label taken apart into the phrases that the tables know, and the words that they do not."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

from leadbridge.recognise.meaning import Meaning
from leadbridge.recognise.tables import Tables
from leadbridge.recognise.words import UNSPACED

NOTHING: Final = Meaning()
_SHORT_PART: Final = 3  # letters
_LONGEST_PART: Final = 8  # signs of a script without spaces
_MOST_WORDS: Final = 3
_LINKS: Final = ("", "s", "n", "en", "es", "er")  # what German and its like put between the parts of a word
_LATIN: Final = re.compile("[a-z]+|[^a-z]+")


class Hit(NamedTuple):
    """A piece of a label. `size` is its words; one sign of a script without spaces, a part of many words, has 0."""

    phrase: str
    size: int
    meaning: Meaning

    @property
    def is_known(self) -> bool:
        """Whether a table says what it asks for, or that it asks for nothing; else it only says what is meant."""
        return bool(self.meaning.targets) or self.meaning.noise


class Phrases:
    """Finds the phrases of the tables, the longest first."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def of(self, words: tuple[str, ...]) -> Iterator[Hit]:
        """The pieces of the label, in order; single letters that mean nothing are left out."""
        for unspaced, run in groupby(words, key=lambda word: UNSPACED.search(word) is not None):
            if unspaced:
                yield from self._terms("".join(run))
            else:
                yield from self._spaced(list(run))

    def within(self, words: tuple[str, ...]) -> Iterator[Meaning]:
        """What each few of the words say by themselves, also within a longer phrase that is known."""
        for unspaced, run in groupby(words, key=lambda word: UNSPACED.search(word) is not None):
            if unspaced:
                text = "".join(run)
                parts = (text[at : at + size] for at in range(len(text)) for size in range(2, _LONGEST_PART + 1))
                yield from (meaning for part in parts if (meaning := self._tables.terms.get(part)) is not None)
                continue
            spaced = list(run)
            for at in range(len(spaced)):
                for end in range(at + 1, min(at + _MOST_WORDS, len(spaced)) + 1):
                    phrase = " ".join(spaced[at:end])
                    meaning = self._tables.phrases.get(phrase) or self._beginning(phrase, spaced[end - 1])
                    if meaning is not None:
                        yield meaning

    def _spaced(self, words: list[str]) -> Iterator[Hit]:
        at = 0
        while at < len(words):
            for size in range(min(self._tables.longest_phrase, len(words) - at), 0, -1):
                phrase = " ".join(words[at : at + size])
                meaning = self._tables.phrases.get(phrase) or self._beginning(phrase, words[at + size - 1])
                if meaning is not None:
                    yield Hit(phrase, size, meaning)
                    at += size
                    break
            else:
                if len(words[at]) > 1:
                    yield from self._compound(words[at])
                at += 1

    def _beginning(self, phrase: str, last: str) -> Meaning | None:
        shortest = max(len(phrase) - len(last) + 1, 2)
        found = (self._tables.beginnings.get(phrase[:end]) for end in range(len(phrase), shortest - 1, -1))
        return next((meaning for meaning in found if meaning is not None), None)

    def _compound(self, word: str) -> Iterator[Hit]:
        """A word that no table has: in its two parts, where those say something (Mietername, guestemail)."""
        for at in range(_SHORT_PART, len(word) - _SHORT_PART):
            last = self._tables.phrases.get(word[at:])
            if last is None or not last.targets:
                continue
            for link in _LINKS:
                first = word[:at].removesuffix(link)
                meaning = self._tables.phrases.get(first) or self._beginning(first, first)
                if len(first) >= _SHORT_PART and meaning and (meaning.role or meaning.contexts or meaning.targets):
                    yield Hit(first, 1, meaning)
                    yield Hit(word[at:], 1, last)
                    return
        yield Hit(word, 1, NOTHING)

    def _terms(self, text: str) -> Iterator[Hit]:
        at, unknown = 0, ""
        while at < len(text):
            for size in range(min(self._tables.longest_term, len(text) - at), 0, -1):
                meaning = self._tables.terms.get(text[at : at + size])
                if meaning is not None:
                    yield from self._between_terms(unknown)
                    unknown = ""
                    yield Hit(text[at : at + size], min(size - 1, 1), meaning)
                    at += size
                    break
            else:
                unknown += text[at]
                at += 1
        yield from self._between_terms(unknown)

    def _between_terms(self, text: str) -> Iterator[Hit]:
        """What no term covers; a Latin piece of it may be a word: FAX番号."""
        for piece in _LATIN.findall(text):
            yield Hit(piece, 1, self._tables.phrases.get(piece, NOTHING))
