"""One index over the tables of all languages, put together when the program starts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple

from leadbridge.recognise.meaning import Meaning
from leadbridge.recognise.words import UNSPACED, answer_of, spellings


def _merge(meaning: Meaning, *, into: Meaning) -> None:
    for target, codes in meaning.targets.items():
        into.targets.setdefault(target, set()).update(codes)
    for context, codes in meaning.contexts.items():
        into.contexts.setdefault(context, set()).update(codes)
    into.anywhere |= meaning.anywhere


class _Spelling(NamedTuple):
    """A way to write an entry: its words, these joined, with spaces and without; whether its script writes none."""

    words: tuple[str, ...]
    phrase: str
    compact: str
    unspaced: bool


class Index:
    """What the tables of all languages say, by what is looked up; `settle` when all were added."""

    def __init__(self) -> None:
        self.phrases: dict[str, Meaning] = {}
        self.alone: set[str] = set()
        self.beginnings: dict[str, Meaning] = {}
        self.terms: dict[str, Meaning] = {}
        self.compact: dict[str, dict[str, set[str]]] = {}
        self._short: list[tuple[str, str, str]] = []  # whole labels without the words that say nothing
        self.yes: set[str] = set()
        self.no: set[str] = set()
        self.courtesy: set[str] = set()
        self._spelled: dict[str, tuple[_Spelling, ...]] = {}  # entries that were taken apart: languages share many

    def add(self, code: str, table: Mapping[str, Any]) -> None:
        """Add what the table of one language says."""
        for meaning in self._all(table.get("noise", ())):
            meaning.noise = True
        for meaning in self._all(table.get("own", ())):
            meaning.noise = meaning.own = True
        for meaning in self._all(table.get("roles", ())):
            meaning.noise = meaning.role = True
        for context, entries in table.get("contexts", {}).items():
            for meaning in self._all(entries):
                meaning.contexts.setdefault(context, set()).add(code)
        for target, entries in table.get("targets", {}).items():
            self._add_target(code, target, labels=entries.get("labels", ()), words=entries.get("words", ()))
            self._shorten(code, target, entries.get("labels", ()))
        self.courtesy |= {answer_of(title) for title in table.get("courtesy", ())}
        answers = table.get("answers", {})
        self.yes |= {answer_of(word) for word in answers.get("yes", ())}
        self.no |= {answer_of(word) for word in answers.get("no", ())}

    def _add_target(self, code: str, target: str, *, labels: Sequence[str], words: Sequence[str]) -> None:
        """A label with `=` before it counts only as a whole, `word*` only as the beginning of a word."""
        for meaning in self._all(label for label in labels if not label.startswith("=")):
            meaning.targets.setdefault(target, set()).add(code)
        for meaning in self._all(words):
            meaning.targets.setdefault(target, set()).add(code)
            meaning.anywhere.add(target)
        for entry in (*labels, *(word for word in words if not word.endswith("*"))):
            for spelling in self._spellings(entry.removeprefix("=")):
                self.compact.setdefault(spelling.compact, {}).setdefault(target, set()).add(code)
                if entry.startswith("="):
                    self.alone.add(spelling.compact)

    def _shorten(self, code: str, target: str, labels: Sequence[str]) -> None:
        """Note labels as programs have them: `nombre_pila` for "nombre de pila"."""
        for label in labels:
            words = next((each.words for each in self._spellings(label.removeprefix("="))), ())
            telling = [word for word in words if word not in self.phrases or not self.phrases[word].noise]
            if 1 < len(telling) < len(words):
                self._short.append(("".join(telling), target, code))

    def settle(self) -> None:
        """What the beginning of a word means in one language, a longer one that another language has means too."""
        known = frozenset(self.compact)
        for short, target, code in self._short:
            if short not in known:
                self.compact.setdefault(short, {}).setdefault(target, set()).add(code)
        # A beginning has all words but the last, and two letters of that: most phrases have none that does.
        begun = {beginning[: beginning.rfind(" ") + 3] for beginning in self.beginnings}
        for phrase, meaning in (*self.phrases.items(), *self.beginnings.items()):
            shortest = phrase.rfind(" ") + 3
            if phrase[:shortest] not in begun:
                continue
            for end in range(shortest, len(phrase) + 1):
                beginning = self.beginnings.get(phrase[:end])
                if beginning is not None and beginning is not meaning:
                    _merge(beginning, into=meaning)
        meant = cache(self._meant)
        for phrase, meaning in self.phrases.items():
            if " " in phrase and meaning.targets:
                self._share(meaning, [meant(word) for word in phrase.split()])
        for term, meaning in self.terms.items():
            if "consent" in meaning.targets:
                spans = combinations(range(len(term) + 1), 2)
                parts = (self.terms.get(term[start:end]) for start, end in spans if end - start > 1)
                meaning.anywhere |= {"consent" for part in parts if part is not None and "consent" in part.anywhere}

    def _share(self, meaning: Meaning, words: list[Meaning]) -> None:
        """What a phrase means in one language it does in each where the rest of it says nothing: "kontakt telefon".

        What one of its words stands for in any label, the phrase does too.
        """
        meaning.anywhere |= {target for word in words for target in word.anywhere if target in meaning.targets}
        telling = [word for word in words if not word.noise]
        if len(telling) == 1:
            for target in meaning.targets.keys() & telling[0].targets.keys():
                meaning.targets[target] |= telling[0].targets[target]

    def _meant(self, word: str) -> Meaning:
        """What a word means, or the longest beginning of it that means something."""
        if (meaning := self.phrases.get(word)) is not None:
            return meaning
        found = (self.beginnings.get(word[:end]) for end in range(len(word), 1, -1))
        return next((meaning for meaning in found if meaning is not None), Meaning())

    def _all(self, entries: Iterable[str]) -> Iterator[Meaning]:
        """Where entries stand in the index; `word*` is the beginning of a word."""
        for entry in entries:
            begins = entry.endswith("*")
            for spelling in self._spellings(entry.removesuffix("*")):
                if spelling.unspaced:
                    known, key = self.terms, spelling.compact
                else:
                    known, key = self.beginnings if begins else self.phrases, spelling.phrase
                if (meaning := known.get(key)) is None:
                    meaning = known[key] = Meaning()
                yield meaning

    def _spellings(self, entry: str) -> tuple[_Spelling, ...]:
        """The ways to write an entry that have words."""
        found = self._spelled.get(entry)
        if found is None:
            found = self._spelled[entry] = tuple(
                _Spelling(words, " ".join(words), "".join(words), any(map(UNSPACED.search, words)))
                for words in spellings(entry)
                if words
            )
        return found
