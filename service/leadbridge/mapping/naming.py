"""A full name in its parts, with nothing of it left out."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from leadbridge.expressions.filters.names import Name, read_name

_BETWEEN: Final = " ,;"  # what stands between parts and belongs to none


def whole_name(text: str, *, region: str | None) -> Name:
    """The parts of a full name, as `read_name` finds them, and beside them every word that it leaves out.

    Such words are nicknames and other spellings in brackets or quotes, and maiden names. They stay as they are
    written: among the middle names behind a first name, `Ann` and `(Annie)` of `Ann (Annie) Lee`; else in the last
    name.
    """
    clean = " ".join(text.split())
    found = read_name(clean, region=region)
    around = (found.prefix, found.suffix)
    if not any(_left(clean, *around, found.first, found.middle, found.last)):
        return found
    if found.first:
        return replace(found, middle=" ".join(_left(clean, *around, found.first, found.last)))
    return replace(found, last=" ".join(_left(clean, *around, found.middle)))


def _left(name: str, *parts: str) -> Iterator[str]:
    """The pieces of the name that are no word of the parts, in order."""
    free = [True] * len(name)
    for word in (word.strip(_BETWEEN) for part in parts for word in part.split()):
        start = _find(word, name, free)
        if word and start is not None:
            free[start : start + len(word)] = [False] * len(word)
    pieces = "".join(each if is_free else "\n" for each, is_free in zip(name, free, strict=True)).split("\n")
    return (piece.strip(_BETWEEN) for piece in pieces if any(each.isalnum() for each in piece))


def _find(word: str, name: str, free: list[bool]) -> int | None:
    """Where the word stands that is not taken yet: alone, else in brackets, else within a word, as in Chinese."""
    bare = re.escape(word)
    for pattern in (rf"(?<!\S){bare}(?=[\s,;]|$)", rf"(?<!\w){bare}(?!\w)", bare):
        for match in re.finditer(pattern, name):
            if all(free[match.start() : match.end()]):
                return match.start()
    return None
