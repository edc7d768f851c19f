"""Whose field it is: what ties the fields of one person together."""

from typing import Final

from leadbridge.recognise.form import Field

_LONG_WORD: Final = 5  # letters
_SAME: Final = 0.6  # of the longer word, so that endings do not matter


def share_a_person(one: Field, other: Field) -> bool:
    """Whether both labels have the same word that says whose: the tenant's name and the tenant's e-mail."""
    return any(_same_word(mine, theirs) for mine in one.label.qualifiers for theirs in other.label.qualifiers)


def _same_word(one: str, other: str) -> bool:
    """Whether they are one word but for its ending."""
    if one == other:
        return True
    longest = max(len(one), len(other))
    alike = next((at for at, (mine, theirs) in enumerate(zip(one, other, strict=False)) if mine != theirs), len(one))
    return longest >= _LONG_WORD and min(alike, len(other)) >= max(_LONG_WORD - 1, longest * _SAME)


def has_all(text: str, part: str) -> bool:
    """Whether the text has every word of the part, and more."""
    return set(part.casefold().split()) < set(text.casefold().split())
