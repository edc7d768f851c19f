"""Traps for robots: fields that people do not see, or are told to leave alone."""

import re
from typing import Final

from leadbridge.recognise.claims import NAMES, claims_of
from leadbridge.recognise.meaning import Context
from leadbridge.recognise.phrases import Phrases
from leadbridge.recognise.words import words_of

SENTENCE: Final[tuple[Context, ...]] = ("leave", "empty", "field")  # one sentence: "leave this field empty"
_CLEAR: Final = 3  # words
_NAMED: Final = re.compile(r"hp[_-](?=[A-Za-z])|[A-Za-z0-9_-]+[_-]hp", re.ASCII)  # hp_name, fax_confirm_hp
_BAIT: Final = NAMES | {"website", "message"}
_MOBILE: Final = frozenset({"id", "ko"})  # languages in which hp is a mobile phone


class Traps:
    """Tells traps by the words of labels and names."""

    def __init__(self, phrases: Phrases) -> None:
        self._phrases = phrases

    def has(self, words: tuple[str, ...]) -> bool:
        """Whether the words say nothing but that the field is no field for people.

        A trap in two or fewer words stands alone, since "Phone, leave blank" asks for a phone number; and words of one
        language alone make a sentence, with the field itself in it: "Will the property be left empty?" is none.
        """
        hits = list(self._phrases.of(words))
        traps = [hit for hit in hits if "honeypot" in hit.meaning.contexts]
        rest = [
            hit for hit in hits if not hit.meaning.noise and not hit.meaning.contexts.keys() & {"honeypot", "field"}
        ]
        if traps and not rest:
            return True
        if any(hit.size >= _CLEAR for hit in traps) and not any(hit.meaning.targets for hit in rest):
            return True
        said = ({code for hit in hits for code in hit.meaning.contexts.get(each, ())} for each in SENTENCE)
        return bool(set.intersection(*said))

    def is_named(self, name: str) -> bool:
        """Whether a name for programs marks the field with `hp`, as `hp_name`, and is none for a mobile phone."""
        if "hp" not in name or not _NAMED.match(name):
            return False
        hits = list(self._phrases.of(tuple(word for word in words_of(name) if word != "hp")))
        if any("not_a_phone" in hit.meaning.contexts for hit in hits) and name.endswith("hp"):
            return True
        if all(hit.meaning.noise for hit in hits):
            return False  # no_hp, contact_hp
        unknown = sum(not hit.is_known for hit in hits)
        claims = claims_of(hits, unknown, own=False)
        baits = _BAIT | {"email"} if name.startswith("hp") else _BAIT
        return not unknown and any(each.target in baits and each.languages - _MOBILE for each in claims)
