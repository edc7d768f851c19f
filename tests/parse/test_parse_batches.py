"""Ids, times and reasons that a preset's declarations find, alone and in a request with many submissions."""

import json
from dataclasses import replace
from typing import Any

import pytest

from leadbridge.bodies import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event, Parsed, Received, Verified
from leadbridge.parse import parse
from leadbridge.sources.preset import Header, Ignore, Joined, Moment, Path, Preset
from leadbridge.sources.shapes import each, event, flat_at, json_at
from tests.support.walked import walked

NOW = 1_796_000_000_000
ALONE = Preset(name="acme", title="Acme", description="Acme's forms.", shape=event(flat_at()))
BATCH = replace(ALONE, shape=each("items", event(flat_at("items"))))


def parsed(preset: Preset, body: Any, headers: dict[str, str] | None = None) -> Parsed:
    received = Received(
        source="website",
        method="POST",
        url="https://leads.example.com/hooks/website",
        headers={"content-type": "application/json", **(headers or {})},
        body=json.dumps(body).encode(),
        received_at=NOW,
    )
    return parse(preset, Verified(request=received, payload=received.body, verified=True))


def ids(preset: Preset, body: Any, headers: dict[str, str] | None = None) -> list[str | None]:
    return [one.dedupe_id for one in parsed(preset, body, headers).events]


@walked(
    ("body", "headers", "found"),
    [
        ({"form": "f", "entry": 7}, {}, "f:7"),
        ({"form": "f", "entry": 0}, {}, "f:0"),
        ({"form": "f"}, {}, None),
        ({"form": "f", "entry": None}, {}, None),
        ({"form": "f", "entry": [7]}, {}, None),
        ({"form": " ", "entry": 7}, {}, None),
        ({"form": "f", "n": 1}, {"x-id": "h"}, "f:h"),
        ({"form": "f", "entry": 7}, {"x-id": "h"}, "f:7"),
        ({"form": "f" * 200, "entry": "7" * 60}, {}, "sha256:"),
    ],
)
def test_an_id_may_be_put_together_of_all_of_its_parts(
    body: dict[str, Any], headers: dict[str, str], found: str | None
) -> None:
    places = (Joined(Path("form"), Path("entry")), Joined(Path("form"), Header("x-id")))
    (dedupe_id,) = ids(replace(ALONE, dedupe=places), body, headers)
    assert dedupe_id == found or (found == "sha256:" and str(dedupe_id).startswith(found))


def test_ids_of_items_stay_as_they_are_and_those_of_the_request_get_the_items_number() -> None:
    body = {"items": [{"id": "a"}, {"id": "b"}]}
    headers = {"x-id": "h"}
    for places, found in (
        ((Path("items.id"),), ["a", "b"]),
        ((Header("x-id"),), ["h:0", "h:1"]),
        ((Joined(Header("x-id"), Path("items.id")),), ["h:a", "h:b"]),
        ((Joined(Header("x-id"), Header("x-id")),), ["h:h:0", "h:h:1"]),
    ):
        assert ids(replace(BATCH, dedupe=places), body, headers) == found


@walked(
    ("unit", "stated", "event_at"),
    [
        ("s", 1_795_183_401, 1_795_183_401_000),
        ("s", "1795183401", 1_795_183_401_000),
        ("ms", 1_795_183_401_987, 1_795_183_401_987),
        ("ms", " 1795183401987 ", 1_795_183_401_987),
        ("iso", "2026-11-20T14:03:21Z", 1_795_183_401_000),
        ("s", NOW, NOW),
        ("ms", 10**20, None),
        ("s", -5, None),
        ("s", "1.5", None),
        ("s", 1.5, None),
        ("s", True, None),
        ("s", "²", None),
        ("s", "2026-11-20T14:03:21Z", None),
        ("iso", 1_795_183_401, None),
    ],
)
def test_a_senders_time_may_be_counted(unit: Any, stated: Any, event_at: int | None) -> None:
    (found,) = parsed(replace(ALONE, event_at=Moment("at", unit=unit)), {"at": stated}).events
    assert found.event_at == event_at


SPAM = Ignore(path="items.spam", present=True, reason="the vendor says that it is spam")
TEST = Ignore(path="test", values=(True,), reason="a test")


def test_a_rule_ignores_that_item_alone_which_it_fits_and_the_others_keep_their_numbers() -> None:
    preset = replace(BATCH, ignore=(SPAM,), dedupe=(Header("x-id"),))
    body = {"items": [{"a": 1, "spam": True}, {"a": 2, "spam": False}, {"a": 3}]}
    found = parsed(preset, body, {"x-id": "h"})
    assert found.ignored is None
    assert [one.ignored for one in found.events] == ["the vendor says that it is spam", None, None]
    assert [one.dedupe_id for one in found.events] == ["h:0", "h:1", "h:2"]


def test_a_rule_that_fits_the_whole_ignores_the_request() -> None:
    preset = replace(BATCH, ignore=(SPAM, TEST))
    assert parsed(preset, {"test": True, "items": [{"a": 1}, {"a": 2}]}) == Parsed(ignored="a test")


def test_one_item_that_is_ignored_is_the_request() -> None:
    preset = replace(BATCH, ignore=(SPAM,))
    assert parsed(preset, {"items": [{"a": 1, "spam": 1}]}) == Parsed(ignored="the vendor says that it is spam")


def test_a_shape_may_say_of_an_event_that_it_is_no_lead() -> None:
    def shape(document: Document) -> list[Event]:
        return [
            Event(fields={}, raw=one, ignored="nobody") if not one else Event(fields=one, raw=one)
            for one in document.value
        ]

    preset = replace(ALONE, shape=shape)
    assert [one.ignored for one in parsed(preset, [{"a": 1}, {}]).events] == [None, "nobody"]
    assert parsed(preset, [{}]) == Parsed(ignored="nobody")


def test_a_rule_sees_what_travelled_as_json_in_a_form() -> None:
    preset = replace(
        ALONE,
        shape=json_at("raw", event(flat_at("raw"))),
        ignore=(Ignore(path="raw.spam", present=True, reason="spam"),),
    )
    assert parsed(preset, {"raw": '{"a": 1, "spam": 1}'}) == Parsed(ignored="spam")
    assert parsed(preset, {"raw": '{"a": 1}'}).events[0].fields == {"a": 1}


def test_a_rule_may_look_at_a_header() -> None:
    rule = Ignore(header="x-topic", unless=("created",), reason="the topic {value} is no lead")
    preset = replace(ALONE, ignore=(rule,), meta_headers={"topic": "x-topic", "shop": "x-shop"})
    assert parsed(preset, {"a": 1}, {"x-topic": "deleted"}) == Parsed(ignored="the topic deleted is no lead")
    (taken,) = parsed(preset, {"a": 1}, {"x-topic": "created"}).events
    assert taken.meta == {"topic": "created"}
    assert parsed(preset, {"a": 1}).events[0].meta == {}


@walked("found", [True, 1, "1", "true", "Yes", "x", [0], {"a": 0}])
def test_what_is_present_is_ignored(found: Any) -> None:
    rule = Ignore(path="spam", present=True, reason="spam")
    assert rule.why({"spam": found}) == "spam"


@walked("found", [None, False, 0, 0.0, "", " ", "0", "false", "FALSE", "no", "off", "null", [], {}])
def test_what_is_not_present_is_a_lead(found: Any) -> None:
    rule = Ignore(path="spam", present=True, reason="spam")
    assert rule.why({"spam": found}) is None


def test_an_item_of_another_shape_makes_the_whole_request_unparseable() -> None:
    with pytest.raises(Unparseable) as refused:
        parsed(BATCH, {"items": [{"a": 1}, "b"]})
    assert refused.value.place == "items[1]"
