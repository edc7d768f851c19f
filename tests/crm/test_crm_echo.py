"""Formatting is no difference, and everything else is."""

from leadbridge.crm.echo import (
    Same,
    Sent,
    same_date,
    same_id,
    same_number,
    same_phone,
    same_set,
    same_text,
    same_website,
    verdict,
)
from leadbridge.events import Json
from tests.support.walked import walked


@walked(
    ("same", "sent", "got", "kept"),
    [
        (same_text, "Ann Lee", "ann  lee", True),
        (same_text, "one\r\ntwo", "one\ntwo ", True),
        (same_text, "José", "José", True),
        (same_text, "Straße", "STRASSE", True),
        (same_text, "Ann", "Anne", False),
        (same_text, "5", 5, True),
        (same_text, True, "true", True),
        (same_text, "Ann", ["Ann"], False),
        (same_text, "Ann", None, False),
        (same_number, 100, "100.00", True),
        (same_number, 0.1, 0.1, True),
        (same_number, 1, True, False),
        (same_number, 100, "a lot", False),
        (same_number, 100, None, False),
        (same_phone, "+14155550123", "(415) 555-0123", True),
        (same_phone, "+442079460018", "020 7946 0018", True),
        (same_phone, "+1 415 555 0123", "+14155550123", True),
        (same_phone, "+14155550123", "+14155550124", False),
        (same_phone, "+14155550123", "0123", False),
        (same_phone, "+14155550123", None, False),
        (same_phone, "none", "none", False),
        (same_website, "https://Lee.example/", "lee.example", True),
        (same_website, "http://lee.example/a", "https://lee.example/a", True),
        (same_website, "https://lee.example/a", "https://lee.example/b", False),
        (same_website, "https://lee.example", None, False),
        (same_id, 12, "12", True),
        (same_id, 1, True, False),
        (same_id, 12, 13, False),
        (same_set, [1, 2], [2, 1], True),
        (same_set, ["Solar"], ["solar"], True),
        (same_set, [1, 2], [1], False),
        (same_set, [1], 1, False),
        (same_date, "12/24/2026", "2026-12-24T00:00:00.000Z", True),
        (same_date, "12/24/2026", 1798070400, True),  # midnight UTC
        (same_date, "12/24/2026", 1798099200, True),  # midnight in Los Angeles
        (same_date, "12/24/2026", 1798027200, True),  # midnight in Auckland
        (same_date, "12/24/2026", 1798070400 + 86_400, False),
        (same_date, "12/24/2026", 10**400, False),
        (same_date, "12/24/2026", "12/25/2026", False),
        (same_date, "12/24/2026", True, False),
        (same_date, "Christmas", "Christmas", False),
    ],
)
def test_an_attribute_is_kept_or_differs(same: Same, sent: Json, got: Json, kept: bool) -> None:
    one = Sent(field="f", place="p", value=sent, same=same, cause="c")
    assert verdict(one, {"p": got}) == ("kept" if kept else "differs")


@walked(
    ("sent", "echo", "expected"),
    [
        ("x", {}, "not_echoed"),
        (None, {}, "kept"),
        (None, {"p": None}, "kept"),
        (None, {"p": ""}, "kept"),
        (None, {"p": []}, "kept"),
        (None, {"p": "still there"}, "differs"),
    ],
)
def test_an_attribute_that_was_cleared_is_kept_when_nothing_stands_there(
    sent: Json, echo: dict[str, Json], expected: str
) -> None:
    assert verdict(Sent(field="f", place="p", value=sent, same=same_text, cause="c"), echo) == expected
