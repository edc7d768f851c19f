"""What YAML text means here, and where each thing of it stands."""

from pathlib import Path

import pytest

from leadbridge.settings.loading import load
from leadbridge.settings.positions import Place, Spot, dotted, read_document
from leadbridge.settings.problem import ConfigProblems
from tests.support.walked import walked


@walked(
    ("written", "meant"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("1.5", 1.5),
        ("-1e3", -1000.0),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("012", "012"),
        ("0o14", "0o14"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("+4930123456", "+4930123456"),
        ("2024-01-01", "2024-01-01"),
        (".5", ".5"),
        ("1.", "1."),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("9" * 101, "9" * 101),
        ("'12'", "12"),
        ('"true"', "true"),
        ("=", "="),
    ],
)
def test_a_plain_scalar_means_what_it_means_in_json(written: str, meant: object) -> None:
    document = read_document(f"key: {written}\n", file="f")
    assert document.problems == ()
    assert document.data == {"key": meant}
    assert type(document.data["key"]) is type(meant)


def test_numbers_and_words_as_keys_stay_the_text_they_are() -> None:
    assert read_document("{2024: a, true: b, 1.0: c}", file="f").data == {"2024": "a", "true": "b", "1.0": "c"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_places_count_characters_from_one_whatever_ends_the_lines(end: str) -> None:
    text = end.join(["größe: 1", '"😀 ключ":   wert', "list: [a, {b: 😀}, 'c']", ""])
    places = read_document(text, file="f").places
    assert places["größe",] == Place(Spot(1, 1), Spot(1, 8), Spot(1, 8))
    assert places["😀 ключ",] == Place(Spot(2, 1), Spot(2, 13), Spot(2, 13))
    assert places["list", 1, "b"] == Place(Spot(3, 12), Spot(3, 15), Spot(3, 15))
    assert places["list", 2] == Place(Spot(3, 19), Spot(3, 19), Spot(3, 20))


def test_a_byte_order_mark_moves_no_column() -> None:
    assert read_document("\ufeffkey: 1", file="f").places["key",].value == Spot(1, 6)


def test_what_is_not_in_the_file_stands_where_its_parent_does() -> None:
    document = read_document("a:\n  b: {c: 1}\n", file="f")
    assert str(document.problem(("a", "b", "x", "y"), "is missing")) == "f:2:3: a.b.x.y: is missing"


def test_a_route_is_named_in_a_path_and_other_items_are_counted() -> None:
    data = {"routes": [{"name": "one"}, {}, {"name": "two\nlines"}]}
    paths = [dotted(("routes", index, "to"), data) for index in range(4)]
    assert paths == ["routes[one].to", "routes[1].to", "routes[2].to", "routes[3].to"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"version: 1\nname: caf\xe9\n", "2:10: the file is not UTF-8 text; save it as UTF-8"),
        ("version: 1\r\nname: é".encode() + b"\xc3", "2:8: the file is not UTF-8 text; save it as UTF-8"),
        (b"\xff\xfev\x00", "1:1: the file is not UTF-8 text; save it as UTF-8"),
    ],
)
def test_bytes_that_are_no_utf_8_are_found(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigProblems) as caught:
        load(path, {})
    assert str(caught.value) == f"{path}:{said}"


def test_a_file_beyond_any_sensible_size_is_not_parsed() -> None:
    document = read_document("#" * 10_000_001, file="f")
    (problem,) = document.problems
    assert str(problem) == "f:1:1: the file is longer than 10,000,000 characters; is it the right file?"


def test_a_file_may_hold_thousands_of_accounts_that_share_what_is_the_same() -> None:
    accounts = [f"  account-{number}: *shared" for number in range(6_000)]
    text = "\n".join(["a:", "  shared: &shared {crm: copper, quota: [1, 2, 3]}", *accounts])
    document = read_document(text, file="f")
    assert document.problems == ()
    assert document.data["a"]["account-5999"] == {"crm": "copper", "quota": [1, 2, 3]}
