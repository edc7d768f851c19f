"""What a custom field's value becomes on the wire, and how a name is found among the account's."""

from leadbridge.crm.encoding import Encoded, as_boolean, as_date, as_number, as_option, as_options, as_text
from leadbridge.crm.names import Found, Unfound, find
from leadbridge.events import Json
from tests.support.walked import walked

OPTIONS = [("Starter", 11), ("Team", 12), ("100", 13)]


@walked(
    ("encoded", "value"),
    [
        (as_text("02134"), "02134"),
        (as_text(5), "5"),
        (as_text(True), "true"),
        (as_text(["a", "b", " "]), "a, b"),
        (as_number(5), 5),
        (as_number("1200.50"), 1200.5),
        (as_number(" -7 "), -7),
        (as_boolean(False), False),
        (as_boolean("On"), True),
        (as_boolean(0), False),
        (as_date("2026-12-24"), "2026-12-24"),
        (as_date("2026-12-24T23:00:00Z"), "2026-12-24"),
        (as_option("team", OPTIONS), 12),
        (as_option(12, OPTIONS), 12),
        (as_option(["Team"], OPTIONS), 12),
        (as_option("100", OPTIONS), 13),
        (as_option(True, [("Yes", "Yes"), ("No", "No")]), "Yes"),
        (as_option(False, [("On", 1), ("Off", 2)]), 2),
        (as_options(["Team", "starter", "Team"], OPTIONS), [12, 11]),
        (as_options("Team", OPTIONS), [12]),
    ],
)
def test_a_value_is_sent_as_its_field_takes_it(encoded: Encoded, value: Json) -> None:
    assert encoded == Encoded(value=value)


@walked(
    ("encoded", "why"),
    [
        (as_text({"a": 1}), "takes text"),
        (as_number("1,200"), "`number` filter"),
        (as_number(True), "`number` filter"),
        (as_number(float("nan")), "`number` filter"),
        (as_number(float("inf")), "`number` filter"),
        (as_number(2**63), "`number` filter"),
        (as_number("9" * 300), "`number` filter"),
        (as_number("１２"), "`number` filter"),
        (as_boolean("perhaps"), "`bool` filter"),
        (as_boolean([True]), "`bool` filter"),
        (as_date("24.12.2026"), "`date` filter"),
        (as_date("2026-02-30"), "no such day"),
        (as_date(20261224), "`date` filter"),
        (as_option("Enterprise", OPTIONS), "Starter, Team, 100"),
        (as_option("x", []), "it has none"),
        (as_options(["x"], OPTIONS), "Starter, Team, 100"),
    ],
)
def test_a_value_that_does_not_fit_is_left_out_with_the_reason(encoded: Encoded, why: str) -> None:
    assert not encoded.send
    assert why in str(encoded.problem)


def test_options_that_fit_are_sent_although_others_do_not() -> None:
    encoded = as_options(["Team", "Enterprise"], OPTIONS)
    assert (encoded.value, encoded.send, bool(encoded.problem)) == ([12], True, True)


def test_a_text_that_is_too_long_is_cut_with_a_warning() -> None:
    encoded = as_text("x" * 300, limit=255)
    assert encoded.value == "x" * 255
    assert "255" in str(encoded.problem)


NAMED = [("Budget", 1), ("budget", 2), ("External ID", 3), ("Plan", 4), ("Plan", 5), ("", 6)]


@walked(
    ("wanted", "found"),
    [
        ("Budget", Found(1)),
        ("budget", Found(2)),
        ("external  id", Found(3)),
        ("BUDGET", Unfound("2 have that name")),
        ("Plan", Unfound("2 have that name")),
        ("Externl ID", Unfound("did you mean `External ID`?")),
        ("Zzz", Unfound("there are `Budget`, `budget`, `External ID`, `Plan`, `Plan`")),
    ],
)
def test_a_name_is_found_exactly_first_and_then_without_regard_to_case(
    wanted: str, found: Found[int] | Unfound
) -> None:
    assert find(wanted, NAMED) == found


def test_an_account_without_any_says_so() -> None:
    nothing: list[tuple[str, int]] = []
    assert find("Plan", nothing) == Unfound("there are none")
