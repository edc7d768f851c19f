"""What the name of a field says: for which keys of the lead it stands, how surely, and what speaks against them."""

import re
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Final

from leadbridge.events import Json
from leadbridge.recognise.claims import FEW, NAMES, NEARLY, PARTS_OF_NAME, ROLE, WHOLE, Claim, claims_of
from leadbridge.recognise.label import Label, best, better, is_somebody, of_segment
from leadbridge.recognise.meaning import CONTEXTS, OTHERS, Context
from leadbridge.recognise.phrases import Hit, Phrases
from leadbridge.recognise.spoken import Spoken, spoken_in
from leadbridge.recognise.tables import Tables
from leadbridge.recognise.traps import SENTENCE, Traps
from leadbridge.recognise.values import consent_in
from leadbridge.recognise.words import LONGEST, words_of

_OVERRULED: Final = frozenset({"nothing", "not_a_name"})  # by a label that is known as a whole
_SELDOM: Final = frozenset({"not_a_phone", "not_a_website"})  # against a whole label in its own language alone
_NO_ASIDE: Final = frozenset({"nothing", "not_a_phone", "not_a_website"})  # in brackets: "Phone (no fax)"
_ANYWHERE: Final = frozenset(
    {"bookkeeping", "landline", "offers", "sending", "processing"}
)  # also within a phrase that is known
_NO_SENTENCE: Final = frozenset(CONTEXTS) - {"honeypot"}
_ENVELOPE: Final = re.compile(
    r"(?:(?:payload|body|data|form_?data|form_response|fields|answers|values|properties|attributes|merges)\.)+",
    re.IGNORECASE,
)  # where senders put the answers; "data" is a date in some languages
_ASIDE: Final = re.compile(r"[(（【〔_\-–—]\s*([^\s(（【〔_\-–—][^(（【〔_\-–—]*?)\s*[)）】〕]?$")
_FAMILY_FIRST: Final = frozenset({"hu", "ja", "ko", "vi", "zh"})  # the label says no more than "full name"
_SUB_LABEL: Final = re.compile(r"[(（【〔]([^(（【〔)）】〕]+)[)）】〕]\s*$")
_BRACKETED: Final = re.compile(r"[(（【〔].*?[)）】〕]")
_MOST_REMEMBERED: Final = 64  # fields of a form: what is remembered must not grow with what is sent
_NEAR: Final = 60  # characters before an address in a text
_FEW_WORDS: Final = 6


class Reader:
    """Reads labels by the tables; what it read it remembers, since the submissions of a form have the same labels."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._phrases = Phrases(tables)
        self._traps = Traps(self._phrases)
        self.read_all = lru_cache(maxsize=2048)(self._read_all)
        self._spoken_before = lru_cache(maxsize=128)(self._spoken)

    def _read_all(self, names: tuple[str, ...]) -> Label:
        """What the names of one field say together; the first one, which people see, says whose it is."""
        first, *others = (self.read(name) for name in names)
        if not others:
            return first
        labels = [first, *others]
        best: dict[str, Claim] = {}
        for claim in (claim for label in labels for claim in label.claims):
            if claim.target not in best or best[claim.target].sure < claim.sure:
                best[claim.target] = claim
        return Label(
            claims=tuple(best.values()),
            contexts=frozenset(context for label in labels for context in label.contexts),
            words=tuple(word for label in labels for word in label.words),
            own=any(label.own for label in labels),
            qualifiers=first.qualifiers,
            trap=any(label.trap for label in labels),
            family_first=any(label.family_first for label in labels),
        )

    def spoken(self, form: tuple[tuple[str, ...], ...]) -> Spoken:
        """What the labels of a form, each with all its names, say of its languages."""
        return self._spoken_before(form) if len(form) <= _MOST_REMEMBERED else self._spoken(form)

    def _spoken(self, form: tuple[tuple[str, ...], ...]) -> Spoken:
        return spoken_in([self.read_all(names) for names in form])

    def read(self, name: str) -> Label:
        """What one name says."""
        name = name[:LONGEST]
        envelope = _ENVELOPE.match(name) if "." in name else None
        if envelope and envelope.end() < len(name):
            name = name[envelope.end() :]
        label = self._label(words_of(name))
        said = label.said
        outside = _BRACKETED.sub(" ", name)
        if outside != name and (bare := words_of(outside)):
            label = self._of_sub_label(self._label(bare), name) or self._without_asides(label, self._label(bare), name)
        parent, dot, last = name.rpartition(".")
        if dot and parent and best(label) < NEARLY and self._may_end_a_path(segment := words_of(last)):
            label = better(label, of_segment(self._label(segment), len(segment)))
        if dot and "not_a_phone" in said and self._ends_with_a_phone(words_of(last)):
            label = replace(label, contexts=frozenset(each for each in label.contexts if each[0] != "not_a_phone"))
        if label.claims and said & OTHERS and self._is_oneself(name):
            label = replace(label, contexts=frozenset(each for each in label.contexts if each[0] not in OTHERS))
        if "honeypot" in said or said.issuperset(SENTENCE):
            # An aside only tells when the field may stay empty: "VAT number (leave this field blank if none)".
            asked = words_of(outside) or words_of(name)
            is_trap = self._traps.has(asked) or bool(dot and not last[:1].isspace() and self._traps.has(words_of(last)))
            label = replace(label, trap=is_trap)
        return replace(label, trap=True) if self._traps.is_named(last) else label

    def _is_oneself(self, name: str) -> bool:
        """Whether an aside at the end says that it is the submitter all the same: "Referrer (you)"."""
        aside = _ASIDE.search(name)
        hits = list(self._phrases.of(words_of(aside[1]))) if aside else []
        return any("oneself" in hit.meaning.contexts for hit in hits) and all(
            hit.meaning.own or "oneself" in hit.meaning.contexts for hit in hits
        )

    def _of_sub_label(self, outside: Label, name: str) -> Label | None:
        """The part of a name that the last brackets ask for: "Your name (buyer) (surname)"."""
        last = _SUB_LABEL.search(name)
        if last is None or not any(claim.target == "name" for claim in outside.claims):
            return None
        part = self._label(words_of(last[1]))
        if best(part) < WHOLE or not {claim.target for claim in part.claims} <= PARTS_OF_NAME:
            return None
        return replace(outside, claims=part.claims)

    def _without_asides(self, whole: Label, outside: Label, name: str) -> Label:
        """What stands in brackets adds nothing to a label that is known without it: "Phone (with extension)".

        It may say whose it is in a word or two, "E-mail (friend)", not in a sentence: "Phone (the driver calls you)".
        """
        if not outside.claims or best(whole) > best(outside) or best(whole) == WHOLE:
            return whole
        aside = self._label(words_of(" ".join(_BRACKETED.findall(name))))
        dropped = _NO_ASIDE if len(aside.words) < FEW else _NO_SENTENCE
        contexts = frozenset(each for each in whole.contexts if each[0] not in dropped) | outside.contexts
        return replace(outside, contexts=contexts, own=whole.own)

    def agrees(self, text: str) -> bool | None:
        """What a chosen box says that has its own text for its value: a sentence of consent yes, an opt-out no.

        None for any other text.
        """
        label = self.read(text)
        if not any(claim.target == "consent" for claim in label.claims):
            return None
        if label.refuses:
            return False
        return True if text.count(" ") >= FEW else None

    def yes_or_no(self, value: Json) -> bool | None:
        """What somebody answered in words, or a box for programs says; a number is neither."""
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        is_said = isinstance(value, bool) or (isinstance(value, str) and not value.strip().isdecimal())
        return consent_in(value, self.tables) if is_said else None

    def tells_of_another(self, text: str) -> bool:
        """Whether the last words of a text name somebody else than who wrote it: "please ask my accountant at"."""
        hits = list(self._phrases.of(words_of(text[-_NEAR:])))[-_FEW_WORDS:]
        if any(hit.meaning.contexts.keys() & OTHERS for hit in hits):
            return True
        return any(hit.meaning.own and not after.is_known for hit, after in pairwise(hits))

    def _label(self, words: tuple[str, ...]) -> Label:
        hits = list(self._phrases.of(words))
        label = Label(
            contexts=frozenset(
                (context, frozenset(codes)) for hit in hits for context, codes in hit.meaning.contexts.items()
            )
            | self._of_parts(words),
            words=tuple(hit.phrase for hit in hits if not hit.is_known),
            own=any(hit.meaning.own for hit in hits),
            qualifiers=frozenset(hit.phrase for hit in hits if not hit.is_known or hit.meaning.role),
        )
        whole = self._whole(words, hits)
        if self._asks_family_first(words):
            label = replace(label, family_first=True)
        if whole is not None:
            codes = frozenset(code for claim in whole for code in claim.languages)
            believed = frozenset(
                each
                for each in label.contexts
                if each[0] not in _OVERRULED and (each[1] & codes or each[0] not in _SELDOM)
            )
            return replace(label, claims=whole, contexts=believed)
        claims = claims_of(hits, len(label.words), own=label.own)
        if not claims and is_somebody(hits):
            claims = (Claim("name", ROLE, frozenset(self.tables.languages)),)
        return replace(label, claims=claims)

    def _ends_with_a_phone(self, segment: tuple[str, ...]) -> bool:
        """Whether the last part of a path asks for a phone by itself: `booking.customer.phone` is no booking number."""
        if not self._may_end_a_path(segment):
            return False
        label = self._label(segment)
        return "not_a_phone" not in label.said and any(
            claim.target == "phone" and claim.sure >= NEARLY for claim in label.claims
        )

    def _may_end_a_path(self, words: tuple[str, ...]) -> bool:
        return bool(words) and "".join(words) not in self.tables.alone

    def _of_parts(self, words: tuple[str, ...]) -> frozenset[tuple[Context, frozenset[str]]]:
        """What a few of the words say also within a longer phrase that is known: "home landline number"."""
        return frozenset(
            (context, frozenset(codes))
            for meaning in self._phrases.within(words)
            for context, codes in meaning.contexts.items()
            if context in _ANYWHERE
        )

    def _asks_family_first(self, words: tuple[str, ...]) -> bool:
        """Whether the first part of a name that the words ask for is the family name: "Surname and first name"."""
        if len(words) < 2:
            return False
        found = (self.tables.phrases.get(word) for word in words)
        parts = [meaning.targets for meaning in found if meaning is not None and meaning.targets.keys() & NAMES]
        if len(parts) < 2 or "last_name" in parts[1] or parts[1].keys().isdisjoint({"first_name", "name"}):
            return False
        family = parts[0].get("last_name", set())  # "nom" in French is the whole name as well
        return bool(family - _FAMILY_FIRST) and "name" not in parts[0]

    def _is_own(self, word: str) -> bool:
        meaning = self.tables.phrases.get(word)
        return meaning is not None and meaning.own

    def _whole(self, words: tuple[str, ...], hits: list[Hit]) -> tuple[Claim, ...] | None:
        """What the label stands for when it is known as a whole, at least without "your"."""
        found = self.tables.compact.get("".join(words))
        if found is None and any(hit.meaning.own for hit in hits):
            bare = "".join(hit.phrase for hit in hits if not hit.meaning.own)
            telling = "".join(hit.phrase for hit in hits if not hit.meaning.noise)
            found = self.tables.compact.get(bare.replace(" ", "")) or self.tables.compact.get(telling.replace(" ", ""))
        if found is None and len(words) <= FEW:
            return None
        # "your name" may be a phrase of its own: in "your name, first name", and in one of the languages of "your".
        without = "".join(word for word in words if not self._is_own(word))
        known = self.tables.compact.get(without) if len(without) < sum(map(len, words)) else None
        if found is None:
            found = known
        elif known is not None:
            found = {target: codes | known.get(target, set()) for target, codes in found.items()}
        if found is None:
            return None
        return tuple(Claim(target, WHOLE, frozenset(codes)) for target, codes in found.items())
