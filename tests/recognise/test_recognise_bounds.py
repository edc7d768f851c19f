"""Recognition of forms that somebody made to keep it busy: the work is bounded, and nothing is lost."""

from time import process_time

from leadbridge.events import Event, Json
from leadbridge.recognise import Recognised, recognise

SECONDS = 3.0  # unbounded they take many times as long


def timed(fields: dict[str, Json], second_names: tuple[str, ...] = ()) -> Recognised:
    event = Event(fields=fields, raw={}, second_names=second_names)
    begun = process_time()
    result = recognise(event, region="US")
    assert process_time() - begun < SECONDS
    return result


def letters(number: int) -> str:
    return "".join(chr(97 + (number // 26**place) % 26) for place in range(3))


def test_many_names_beside_many_contacts() -> None:
    fields: dict[str, Json] = {}
    for number in range(2_400):
        fields |= {f"q{letters(number)} name": "Jo Do", f"z{letters(number)} email": "a@example.com"}
    result = timed(fields)
    assert {finding.field for finding in result.used} | result.other.keys() == fields.keys()


def test_fields_after_the_first_ones_are_kept_and_not_read() -> None:
    fields: dict[str, Json] = {f"Colour {letters(number)}": "no" for number in range(300)}
    result = timed({**fields, "E-mail": "ann@example.com"})
    assert (result.lead, result.other["E-mail"]) == ({}, "ann@example.com")
    assert len(result.other) == 301


def test_many_second_names() -> None:
    fields: dict[str, Json] = {f"Colour {letters(number)}": "v" * 200 for number in range(4_000)}
    seconds = tuple(fields)[2_000:]
    result = timed(fields, seconds)
    assert {finding.field for finding in result.used} | result.other.keys() >= set(list(fields)[:2_000])


def test_a_number_with_room_for_a_thousand_more() -> None:
    assert timed({"Phone": "tel" + " " * 100_000 + "z"}).lead.keys() <= {"message"}


def test_many_addresses_that_are_none() -> None:
    text = " ".join(f"a{number}@b..co" for number in range(150))
    assert "email" not in timed({f"Text {letters(number)}": f"{number} {text}" for number in range(300)}).lead
