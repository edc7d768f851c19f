"""The vocabulary of forms as one index over all languages, read from the files beside this one."""

import gc
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from leadbridge.recognise.index import Index
from leadbridge.recognise.meaning import CONTEXTS, Meaning
from leadbridge.recognise.vetting import gaps, mistakes


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
    with _without_collection():
        return _read()


@contextmanager
def _without_collection() -> Iterator[None]:
    """Look for no garbage meanwhile: all that is read stays, and looking through it takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read() -> Tables:
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
    index = Index()
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
