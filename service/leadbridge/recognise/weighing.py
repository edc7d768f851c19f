"""What each field of a submission may be: a claim of its label, its vendor's type or its value, and how sure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Final, NamedTuple

from leadbridge.events import FieldType
from leadbridge.recognise import values
from leadbridge.recognise.claims import NAMES, SHAPED, Claim
from leadbridge.recognise.contacts import email_in, looks_like_phone
from leadbridge.recognise.form import Field
from leadbridge.recognise.label import Label
from leadbridge.recognise.labels import Reader
from leadbridge.recognise.meaning import OTHERS, Context
from leadbridge.recognise.people import share_a_person
from leadbridge.recognise.spoken import OF_PROGRAMS
from leadbridge.recognise.vetting import TEXT

ENOUGH: Final = 0.5
_OWN: Final = 0.02  # a label that says whose it is: "your name" before "name"
_FOREIGN: Final = 0.1  # less sure when a label says so only in another language than the form's
_FOREIGN_CLEARLY: Final = 0.5
_LESS_SPOKEN: Final = 0.04
_LESS_OWN: Final = (("maybe_else", 0.3), ("ward", 0.4))  # a student's name: the parent's goes before it
_BOOKKEEPING: Final = 0.22  # less sure that an address for invoices is the submitter's
_LANDLINE: Final = 0.05  # a mobile phone goes before it
_ONLY_INITIALS: Final = 0.1  # a field with the name itself goes before it
_TOGETHER: Final = 0.9  # a name beside which the same person's e-mail or phone number stands
_APART: Final = 0.3  # less sure when those are another person's
_TYPED: Final = 0.97
_TYPED_ALONE: Final = 0.9
_BY_SHAPE: Final = 0.55  # nothing but the value speaks for it
_LONG_TEXT: Final = 0.5
_LESS_A_MESSAGE: Final = 0.2  # "Content": what is asked as a message goes before it
_CHOSEN: Final = 0.2  # less sure that what was chosen is a message
_OFFERED: Final = 0.6  # an answer of yes or no to what is sent to people: "Newsletter by post?"
_MOST_CONTACTS: Final = 16  # each is compared with every name: more are no form of one person
_MOST_UNFILLED: Final = 300
_AGAINST_ANY: Final = frozenset[Context]({"nothing"})
_AGAINST: Final[Mapping[str, frozenset[Context]]] = {
    "phone": _AGAINST_ANY | {"not_a_phone"},
    "website": _AGAINST_ANY | {"not_a_website"},
    **dict.fromkeys((*NAMES, "title"), _AGAINST_ANY | {"not_a_name"}),
}
_INITIALS: Final = re.compile(r"(?:[^\W\d_]\.[\s-]*)+")  # M.J.
PLACES: Final = frozenset({"street", "city", "state", "postal_code", "country"})
_REACHING: Final = frozenset({"email", "phone"})
_TARGET_OF_TYPE: Final[Mapping[FieldType, str]] = {
    "email": "email", "phone": "phone", "name": "name", "first_name": "first_name", "last_name": "last_name",
    "company": "company", "website": "website", "address": "street", "consent": "consent",
}  # fmt: skip


class Candidate(NamedTuple):
    """A field for a key of the lead."""

    field: Field
    target: str
    sure: float
    rule: str


class Weighing:
    """The fields of one submission, weighed against each other. `unfilled` are the names of those without a value."""

    def __init__(self, fields: Sequence[Field], reader: Reader, unfilled: Iterable[str]) -> None:
        self._fields = fields
        self._reader = reader
        self._unfilled = unfilled
        is_clear, self._languages, contexts = reader.spoken(tuple(field.names for field in fields))
        self._foreign = _FOREIGN_CLEARLY if is_clear else _FOREIGN
        self.contexts = self._told_apart(contexts)

    @cached_property
    def contacts(self) -> list[Field]:
        """The e-mail addresses and phone numbers of somebody who may be the submitter."""
        return [field for field in self._fields if self._reaches(field)][:_MOST_CONTACTS]

    @cached_property
    def _empty(self) -> list[Label]:
        return [self._reader.read(name) for name in islice(self._unfilled, _MOST_UNFILLED)]

    def is_anothers(self, field: Field) -> bool:
        """Whether the field is about somebody else than the submitter."""
        return "someone_else" in self.contexts[field.at]

    def candidates(self) -> list[Candidate]:
        """The surest first, and of equal ones the first of the form."""
        return sorted(self._found(), key=lambda each: (-each.sure, each.field.at))

    def asks_for(self, candidates: Iterable[Candidate], target: str) -> bool:
        """Whether a field may be for the target, also one that nobody filled."""
        if any(each.target == target for each in candidates):
            return True
        return any(claim.target == target and claim.sure >= ENOUGH for label in self._empty for claim in label.claims)

    def _found(self) -> Iterator[Candidate]:
        for field in self._fields:
            if not field.label.trap and not self.is_anothers(field):
                yield from self._claimed(field)
                yield from self._shaped(field)
            if "offers" in self.contexts[field.at] and self._languages and not field.label.trap:
                yield from self._offered(field)

    def _told_apart(self, contexts: tuple[frozenset[Context], ...]) -> tuple[frozenset[Context], ...]:
        """A partner or an agent is the submitter where the form asks for nobody else, and else somebody else."""
        related = [field for field in self._fields if "relation" in contexts[field.at]]
        if not related or self._are_alone(related, contexts):
            return contexts
        return tuple(each | {"someone_else"} if "relation" in each else each for each in contexts)

    def _are_alone(self, related: list[Field], contexts: tuple[frozenset[Context], ...]) -> bool:
        """Whether these are one person, who can be reached, and no other field could be of another one.

        "Partner name" and "Partner e-mail" alone are a sign-up of partners.
        """
        first, *others = related
        if not all(share_a_person(first, each) for each in others):
            return False
        if not any(_could_reach(each) for each in related):
            return False
        for field in self._fields:
            if "relation" not in contexts[field.at] and _is_about_a_person(field, contexts[field.at]):
                return False
        return not any(
            claim.target in NAMES | _REACHING and claim.sure >= ENOUGH
            for label in self._empty
            if label.said.isdisjoint(OTHERS)
            for claim in label.claims
        )

    def _reaches(self, field: Field) -> bool:
        """Whether it is an e-mail address or a phone number of somebody who may be the submitter."""
        if field.label.trap or self.contexts[field.at] & {"someone_else", "nothing"}:
            return False
        return _could_reach(field)

    def _claimed(self, field: Field) -> Iterator[Candidate]:
        typed = _TARGET_OF_TYPE.get(field.type) if field.type is not None else None
        contexts = self.contexts[field.at]
        for claim in field.label.claims:
            if _speak_against(contexts, claim.target):
                continue
            if claim.target == TEXT:
                if values.is_wordy(field.text):
                    sure = self._weighed(claim, field) - _LESS_A_MESSAGE
                    yield Candidate(field, "message", round(sure, 2), "its label says `text`, and it is one")
                continue
            sure, rule = self._weighed(claim, field), f"its label says `{claim.target}`"
            if claim.target == typed:
                sure, rule = _TYPED, f"the sender's type and its label say `{claim.target}`"
            yield Candidate(field=field, target=claim.target, sure=sure, rule=rule)
        claimed = field.label.targets
        if not typed or typed in claimed or (typed == "name" and claimed & NAMES):
            return
        if not _speak_against(contexts, typed):
            yield Candidate(field=field, target=typed, sure=_TYPED_ALONE, rule=f"the sender's type says `{typed}`")

    def _weighed(self, claim: Claim, field: Field) -> float:
        sure = claim.sure + (_OWN if field.label.own else 0)
        if self._languages.keys().isdisjoint(claim.languages):
            mixes = claim.target in SHAPED or OF_PROGRAMS in claim.languages
            sure -= _FOREIGN if mixes else self._foreign
        elif len(field.label.claims) > 1:  # a word of two languages
            sure -= _LESS_SPOKEN * (1 - max(self._languages.get(code, 0) for code in claim.languages))
        if self.contexts[field.at]:
            sure -= max((less for context, less in _LESS_OWN if context in self.contexts[field.at]), default=0)
        if claim.target == "email" and "bookkeeping" in field.label.said:
            sure -= _BOOKKEEPING
        if claim.target == "phone" and "landline" in field.label.said:
            sure -= _LANDLINE
        if claim.target in NAMES and field.label.qualifiers and self.contacts:
            if any(share_a_person(field, contact) for contact in self.contacts):
                sure = max(sure, _TOGETHER)
            elif not field.label.own and all(contact.label.qualifiers for contact in self.contacts):
                sure -= _APART
        if claim.target == "message" and field.type == "choice":
            sure -= _CHOSEN
        if claim.target == "first_name" and _INITIALS.fullmatch(field.text):
            sure -= _ONLY_INITIALS
        return round(sure, 2)

    def _shaped(self, field: Field) -> Iterator[Candidate]:
        """What the value alone says, for a label that stands for nothing else that it could be."""
        claimed = field.label.targets
        if "nothing" in self.contexts[field.at] or not field.text:
            return
        if "email" not in claimed and email_in(field.text):
            yield Candidate(field=field, target="email", sure=_BY_SHAPE, rule="the value is an e-mail address")
        elif not claimed and not _is_another_number(field) and _is_surely_a_phone(field):
            yield Candidate(field=field, target="phone", sure=_BY_SHAPE, rule="the value is a phone number")
        elif "message" not in claimed and self._is_written(field, claimed):
            yield Candidate(field=field, target="message", sure=_LONG_TEXT, rule="the value is a text")

    def _offered(self, field: Field) -> Iterator[Candidate]:
        """What somebody said to offers and news, or a tick at the refusal of them, however the label says it.

        A yes counts where the label says no more, or that they are sent: "Do you have other offers?" asks for none.
        """
        said = self._reader.yes_or_no(field.value)
        is_sent = len(field.label.words) == 1 or "sending" in self.contexts[field.at]
        if field.label.refuses or said is False or (said and is_sent):
            rule = "its label tells of what is sent to people, and the answer is yes or no"
            yield Candidate(field=field, target="consent", sure=_OFFERED, rule=rule)

    def _is_written(self, field: Field, claimed: frozenset[str]) -> bool:
        """Whether somebody wrote the text: a long one, or a sentence that nobody asked for by another key.

        A sentence of a box that was chosen is the form's, and "Dedication" in any language is for somebody else.
        """
        if values.is_long(field.text):
            return "nothing" not in field.label.said and not claimed & PLACES
        if claimed or field.type == "choice" or not values.is_sentence(field.text):
            return False
        return "nothing" not in field.label.said and self._reader.agrees(field.text) is None


def _could_reach(field: Field) -> bool:
    targets = field.label.targets
    return bool(("email" in targets and email_in(field.text)) or ("phone" in targets and looks_like_phone(field.text)))


def _is_about_a_person(field: Field, contexts: frozenset[Context]) -> bool:
    """Whether the field could have the submitter's name, e-mail address or phone number."""
    if field.label.trap or contexts & {"someone_else", "nothing"}:
        return False
    asked = {claim.target for claim in field.label.claims if claim.sure >= ENOUGH}
    told = any(not _speak_against(contexts, target) for target in asked & (NAMES | _REACHING))
    return told or email_in(field.text) is not None or (not asked and _is_surely_a_phone(field))


def _speak_against(contexts: frozenset[Context], target: str) -> bool:
    return bool(contexts) and not contexts.isdisjoint(_AGAINST.get(target, _AGAINST_ANY))


def _is_another_number(field: Field) -> bool:
    """Whether the label says so in any language: without a word for telephone, all of them are believed."""
    return "not_a_phone" in field.label.said


def _is_surely_a_phone(field: Field) -> bool:
    """Whether the number can be nothing else: it is international, or written as a phone number without any label."""
    text = field.text
    if not looks_like_phone(text):
        return False
    if text.startswith(("+", "00")):
        return True
    return not field.label.words and not text.isdigit() and looks_like_phone(text, bare=True)
