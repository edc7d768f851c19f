"""Who sends what: people who share e-mails and phones, and their submissions, all drawn from a seed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Literal, TypeAlias

from leadbridge.prove.ground import SourceName

Ordering: TypeAlias = Literal["arrival", "event"]

_FIRST: Final = ("Ann", "Bola", "Carlos", "Dana", "Erik", "Fatima", "Grace", "Hiro", "Ines", "Jürgen", "Kim", "Zoë")
_LAST: Final = ("Lee", "Adeyemi", "García López", "O'Neil", "Groß", "Fischer", "Rivera", "Nakamura", "Smith")
_PER_PERSON: Final = 8  # submissions, on average
_TRICKLE: Final = 1.5  # seconds over which half of a round's submissions are spread; the others come at once
_LATENESS: Final = 30  # submissions by which an event of the partner's may come too early or too late


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Everybody who uses one e-mail address: one record in each account, whatever name they give.

    Relatives share phone numbers with others, whose records must stay apart; they are known to the accounts beforehand.
    Of a contact ordered by `arrival`, senders send one submission after the other; one ordered by `event` has its
    submissions sent in any order, with the times at which they happened.
    """

    email: str
    names: tuple[str, ...]
    phones: tuple[str, ...]
    relatives: bool
    ordering: Ordering


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One thing that a sender sends until it is answered 2xx. `place` orders those of one contact.

    `after` is when it is sent first, in seconds from the begin of its round, or when the one before it was answered.
    """

    serial: int
    source: SourceName
    contact: Contact
    place: int
    name: str
    phone: str | None
    company: str | None
    score: int | None
    after: float

    @property
    def values(self) -> Mapping[str, int | str | None]:
        """What it gives a record; no other submission gives the same."""
        return {"Serial": self.serial, "company": self.company, "Score": self.score}

    @property
    def tag(self) -> str:
        """A tag that no other submission has."""
        return f"s{self.serial}"

    @property
    def note(self) -> str:
        """The note that it leaves, where the route says so."""
        return f"Submission {self.serial}."


def contacts(dice: Random, *, leads: int) -> tuple[Contact, ...]:
    """As many contacts as `leads` submissions need to meet each other; a third of them share phones with others."""
    count = max(6, leads // _PER_PERSON)
    households = [_phone(place) for place in range(max(2, count // 9))]
    return tuple(_contact(dice, place, households) for place in range(count))


def submissions(
    dice: Random, people: Sequence[Contact], *, leads: int, first_serial: int, hot: int
) -> Iterator[Submission]:
    """A round of `leads` submissions, half of them of `hot` contacts, so that they meet on their way."""
    few = dice.sample(people, min(hot, len(people)))
    for serial in range(first_serial, first_serial + leads):
        contact = dice.choice(few if dice.random() < 0.5 else people)
        by_event = contact.ordering == "event"
        late = dice.randint(-_LATENESS, _LATENESS)
        yield Submission(
            serial=serial,
            source="partner" if by_event else dice.choice(("website", "relay")),
            contact=contact,
            # Milliseconds of an event's time; the last three digits keep two of one contact apart.
            place=(serial + _LATENESS + late) * 1000 + serial % 1000 if by_event else serial,
            name=dice.choice(contact.names),
            phone=dice.choice(contact.phones) if dice.random() < 0.7 else None,
            company=f"Company {serial}" if dice.random() < 0.6 else None,
            score=serial * 10 if dice.random() < 0.5 else None,
            after=dice.uniform(0, _TRICKLE) if dice.random() < 0.5 else 0.0,
        )


def _contact(dice: Random, place: int, households: Sequence[str]) -> Contact:
    relatives = place % 3 == 0
    own = _phone(1_000 + place)
    last = dice.choice(_LAST)
    names = tuple(f"{first} {last}" for first in dice.sample(_FIRST, 2 if relatives else 1))
    return Contact(
        email=f"person{place}@example.com",
        names=names,
        phones=tuple(dice.sample(households, min(2, len(households)))) if relatives else (own,),
        relatives=relatives,
        ordering="event" if place % 2 else "arrival",
    )


def _phone(number: int) -> str:
    return f"+1415{2_000_000 + number}"
