"""Recognition of forms that somebody made to keep it busy: the work is bounded, and nothing is lost."""

from leadbridge.events import Event, Json
from leadbridge.recognise import Recognised, recognise


def looked_at(fields: dict[str, Json], second_names: tuple[str, ...] = ()) -> Recognised:
    event = Event(fields=fields, raw={}, second_names=second_names)
    return recognise(event, region="US")


def letters(number: int) -> str:
    return "".join(chr(97 + (number // 26**place) % 26) for place in range(3))


def test_many_names_beside_many_contacts() -> None:
    fields: dict[str, Json] = {}
    for number in range(2_400):
        fields |= {f"q{letters(number)} name": "Jo Do", f"z{letters(number)} email": "a@example.com"}
    result = looked_at(fields)
    assert {finding.field for finding in result.used} | result.other.keys() == fields.keys()


def test_fields_after_the_first_ones_are_kept_and_not_read() -> None:
    fields: dict[str, Json] = {f"Colour {letters(number)}": "no" for number in range(300)}
    result = looked_at({**fields, "E-mail": "ann@example.com"})
    assert (result.lead, result.other["E-mail"]) == ({}, "ann@example.com")
    assert len(result.other) == 301


def test_many_second_names() -> None:
    fields: dict[str, Json] = {f"Colour {letters(number)}": "v" * 200 for number in range(4_000)}
    seconds = tuple(fields)[2_000:]
    result = looked_at(fields, seconds)
    assert {finding.field for finding in result.used} | result.other.keys() >= set(list(fields)[:2_000])


def test_a_number_with_room_for_a_thousand_more() -> None:
    assert looked_at({"Phone": "tel" + " " * 100_000 + "z"}).lead.keys() <= {"message"}


def test_many_addresses_that_are_none() -> None:
    text = " ".join(f"a{number}@b..co" for number in range(150))
    assert "email" not in looked_at({f"Text {letters(number)}": f"{number} {text}" for number in range(300)}).lead
