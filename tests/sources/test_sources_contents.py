"""The digest by which a repetition is told from a revision, alone and among the items of one request."""

from typing import Any

import pytest

from leadbridge.bodies import Document
from leadbridge.events import Event
from leadbridge.sources.contents import Known, raw_of
from leadbridge.sources.shapes import each, event, flat_at


def digest(raw: Any, *but: str, known: Known | None = None) -> bytes:
    return raw_of(Event(fields={}, raw=raw), but=set(but), known=known)


def test_the_order_of_keys_does_not_count_and_every_value_does() -> None:
    long = "x" * 5_000
    whole = {"a": 1, "b": [1, {"c": None}], "d": long, "e": {"f": long, "g": True}}
    turned = {"e": {"g": True, "f": long}, "d": long, "b": [1, {"c": None}], "a": 1}
    assert digest(whole) == digest(turned)
    others = [
        {**whole, "a": "1"},
        {**whole, "b": [{"c": None}, 1]},
        {**whole, "d": long + "x"},
        {**whole, "e": {"f": long, "g": 1}},
        {**whole, "e": {"f": long}},
    ]
    assert len({digest(one) for one in [whole, *others]}) == 6


def test_what_differs_each_time_is_left_out() -> None:
    assert digest({"a": 1, "at": 1}, "at") == digest({"a": 1, "at": 2}, "at") != digest({"a": 2, "at": 1}, "at")


def test_a_short_value_is_the_same_alone_and_among_others() -> None:
    raws = [{"a": number, "s": "x"} for number in range(100)]
    known: Known = {}
    assert [digest(raw, known=known) for raw in raws] == [digest(raw) for raw in raws]


def test_items_are_told_apart_also_where_things_are_left_out_of_them() -> None:
    """What is left out makes values that live for a moment; the next one must not pass for the last."""
    known: Known = {}
    digests = [digest({"items": {"a": number, "at": 1}}, "items.at", known=known) for number in range(2_000)]
    assert len(set(digests)) == 2_000


def test_what_stands_around_all_items_is_read_once() -> None:
    body = {"around": ["x" * 100] * 500, "items": [{"a": number} for number in range(50)]}
    known: Known = {}
    for one in each("items", event(flat_at("items")))(Document(value=body)):
        raw_of(one, but=frozenset(), known=known)
    assert sum(value is body["around"] for value, _ in known.values()) == 1
    assert len(known) < 4 * 50


@pytest.mark.parametrize("value", ["\ud800", "☃", ""])
def test_any_text_has_a_digest(value: str) -> None:
    assert len(digest({value: value * 2_000})) == 32
