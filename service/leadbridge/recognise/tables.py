"""The vocabulary of forms as one index over all languages, read from the files beside this one."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import combinations
from typing import Any, Final, Literal, TypeAlias

from leadbridge.recognise.vetting import gaps, mistakes
from leadbridge.recognise.words import UNSPACED, spellings, words_of

Context: TypeAlias = Literal[
    "someone_else", "relation", "maybe_else", "ward", "not_a_name", "not_a_phone", "not_a_website", "nothing",
    "honeypot", "leave", "empty", "field", "refusal", "oneself", "bookkeeping",
    "landline", "offers", "sending", "processing",
]  # fmt: skip
CONTEXTS: Final[tuple[Context, ...]] = (
    "someone_else", "relation", "maybe_else", "ward", "not_a_name", "not_a_phone", "not_a_website", "nothing",
    "honeypot", "leave", "empty", "field", "refusal", "oneself", "bookkeeping",
    "landline", "offers", "sending", "processing",
)  # fmt: skip

OTHERS: Final = frozenset[Context]({"someone_else", "relation"})
"""The contexts of somebody else; a relation is the submitter where the form asks for nobody else."""


@dataclass(slots=True)
class Meaning:
    """What a phrase says; targets and contexts have the languages in which it does.

    `anywhere` are the targets that it stands for also among words that no table knows, `role` is somebody who may
    submit a form.
    """

    targets: dict[str, set[str]] = field(default_factory=dict)
    anywhere: set[str] = field(default_factory=set)
    contexts: dict[Context, set[str]] = field(default_factory=dict)
    noise: bool = False
    own: bool = False
    role: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The vocabulary of all languages: what a phrase of words (joined with spaces) or the beginning of a word means.

    `compact` has whole labels without spaces, also without the words that say nothing, `alone` those of them that no
    part of a path can be; `terms` the phrases of scripts that write no spaces. `longest` are the most words, and the
    most characters of a term. `languages` has the English names by code, `courtesy` titles before names (dr, mrs).
    """

    languages: Mapping[str, str]
    phrases: Mapping[str, Meaning]
    beginnings: Mapping[str, Meaning]
    terms: Mapping[str, Meaning]
    compact: Mapping[str, Mapping[str, set[str]]]
    alone: frozenset[str]
    longest_phrase: int
    longest_term: int
    yes: frozenset[str]
    no: frozenset[str]
    courtesy: frozenset[str]


@cache
def default_tables() -> Tables:
    """The tables that are shipped. They are read once, which takes some tenths of a second.

    Raises ValueError with all that is wrong with them, or that they lack.
    """
    folder = files("leadbridge.recognise") / "tables"
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    languages: dict[str, Mapping[str, Any]] = {}
    problems: list[str] = []
    for each in found:
        code = each.name.removesuffix(".toml")
        try:
            languages[code] = table = tomllib.loads(each.read_text("utf-8"))
        except tomllib.TOMLDecodeError as problem:
            problems.append(f"{each.name}: {problem}")
        else:
            problems += [*_mistakes(code, table), *gaps(code, table)]
    _refuse(problems)
    return compiled(languages)


def compiled(languages: Mapping[str, Mapping[str, Any]]) -> Tables:
    """One index of the tables by language code. Raises ValueError with every key and value that no table has."""
    _refuse([problem for code, table in languages.items() for problem in _mistakes(code, table)])
    index = _Index()
    for code, table in languages.items():
        index.add(code, table)
    index.settle()
    return Tables(
        languages={code: table["language"] for code, table in languages.items()},
        phrases=index.phrases,
        beginnings=index.beginnings,
        terms=index.terms,
        compact=index.compact,
        alone=frozenset(index.alone),
        longest_phrase=max((phrase.count(" ") + 1 for phrase in index.phrases), default=1),
        longest_term=max(map(len, index.terms), default=1),
        yes=frozenset(index.yes),
        no=frozenset(index.no),
        courtesy=frozenset(index.courtesy),
    )


def _mistakes(code: str, table: Mapping[str, Any]) -> list[str]:
    return mistakes(code, table, contexts=CONTEXTS)


def _refuse(problems: list[str]) -> None:
    if problems:
        raise ValueError("\n".join(problems))


def answer_of(text: str) -> str:
    """An answer as it is compared: its words, or the signs where it has none, such as `✓`."""
    return " ".join(words_of(text)) or text.strip()


def _merge(meaning: Meaning, *, into: Meaning) -> None:
    for target, codes in meaning.targets.items():
        into.targets.setdefault(target, set()).update(codes)
    for context, codes in meaning.contexts.items():
        into.contexts.setdefault(context, set()).update(codes)
    into.anywhere |= meaning.anywhere


class _Index:
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

    def add(self, code: str, table: Mapping[str, Any]) -> None:
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
            for spelled in filter(None, spellings(entry.removeprefix("="))):
                self.compact.setdefault("".join(spelled), {}).setdefault(target, set()).add(code)
                if entry.startswith("="):
                    self.alone.add("".join(spelled))

    def _shorten(self, code: str, target: str, labels: Sequence[str]) -> None:
        """Note labels as programs have them: `nombre_pila` for "nombre de pila"."""
        for words in map(words_of, labels):
            telling = [word for word in words if word not in self.phrases or not self.phrases[word].noise]
            if 1 < len(telling) < len(words):
                self._short.append(("".join(telling), target, code))

    def settle(self) -> None:
        """What the beginning of a word means in one language, a longer one that another language has means too."""
        known = frozenset(self.compact)
        for short, target, code in self._short:
            if short not in known:
                self.compact.setdefault(short, {}).setdefault(target, set()).add(code)
        for phrase, meaning in (*self.phrases.items(), *self.beginnings.items()):
            shortest = phrase.rfind(" ") + 3
            for end in range(shortest, len(phrase) + 1):
                beginning = self.beginnings.get(phrase[:end])
                if beginning is not None and beginning is not meaning:
                    _merge(beginning, into=meaning)
        for phrase, meaning in self.phrases.items():
            if " " in phrase and meaning.targets:
                self._share(meaning, [self.phrases.get(word) or self._begun(word) for word in phrase.split()])
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

    def _begun(self, word: str) -> Meaning:
        found = (self.beginnings.get(word[:end]) for end in range(len(word), 1, -1))
        return next((meaning for meaning in found if meaning is not None), Meaning())

    def _all(self, entries: Iterable[str]) -> Iterator[Meaning]:
        for entry in entries:
            yield from self._meanings(entry)

    def _meanings(self, entry: str) -> Iterator[Meaning]:
        """Where an entry stands in the index; `word*` is the beginning of a word."""
        for words in spellings(entry.removesuffix("*")):
            if not words:
                continue
            if any(map(UNSPACED.search, words)):
                yield self.terms.setdefault("".join(words), Meaning())
            elif entry.endswith("*"):
                yield self.beginnings.setdefault(" ".join(words), Meaning())
            else:
                yield self.phrases.setdefault(" ".join(words), Meaning())
