"""The languages that the labels of a form are written in."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from leadbridge.recognise.label import Label
from leadbridge.recognise.meaning import Context

OF_PROGRAMS: Final = "en"  # names for programs are English in any form
_SPOKEN: Final = 0.4  # of the labels that the best known language knows
_CLEAR: Final = 2  # labels that only one language has


class Spoken(NamedTuple):
    """In which languages the labels of a form may be written, if that `is_clear`, and so what speaks against each.

    A language has its share of the labels: 1 for the one that knows most.
    """

    is_clear: bool
    languages: Mapping[str, float]
    contexts: tuple[frozenset[Context], ...]


def spoken_in(labels: Sequence[Label]) -> Spoken:
    """The languages that know nearly half as many of the labels as the best one does, or more."""
    votes: defaultdict[str, float] = defaultdict(float)
    for claim in (claim for label in labels for claim in label.claims):
        for code in claim.languages if not claim.target.startswith("utm.") else ():  # those are English anywhere
            votes[code] += 1 / len(claim.languages)
    most = max(votes.values(), default=0)
    languages = {code: count / most for code, count in votes.items() if count >= most * _SPOKEN}
    contexts = tuple(
        frozenset(
            context
            for context, codes in label.contexts
            if not languages or codes & languages.keys() or OF_PROGRAMS in codes
        )
        for label in labels
    )
    return Spoken(most >= _CLEAR, languages, contexts)
