"""An announced event with its answers, whatever the vendor: what goes before what, and what is kept beside it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from leadbridge.bodies.document import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event
from leadbridge.sources.completing import completing
from leadbridge.sources.parts import picked, rest_of, typed
from leadbridge.sources.preset import Ignore
from leadbridge.sources.shapes import event

SHAPE = event(rest_of("lead"), typed({"mail": "email"}), meta={"form_name": "lead.form"})
ANNOUNCED = Event(
    fields={"id": "7", "mail": "old@example.com", "ref": "7"},
    types={"mail": "text", "id": "hidden"},
    meta={"form_id": "1", "form_name": "?"},
    second_names=("ref", "mail"),
    raw={"id": 7},
    dedupe_id="7",
    event_at=1,
)


def test_what_was_fetched_goes_before_what_was_announced() -> None:
    completed = completing(SHAPE)(ANNOUNCED, {"lead": {"mail": "new@example.com", "form": "Guide"}})
    assert completed == replace(
        ANNOUNCED,
        fields={"id": "7", "mail": "new@example.com", "ref": "7", "form": "Guide", "email": "new@example.com"},
        types={"id": "hidden", "mail": "email", "email": "email"},
        meta={"form_id": "1", "form_name": "Guide"},
        second_names=("ref", "email"),
        raw={"id": 7, "fetched": {"lead": {"mail": "new@example.com", "form": "Guide"}}},
    )


def test_what_was_announced_may_stand_beside_it_unless_it_says_the_same() -> None:
    complete = completing(SHAPE, beside="announced")
    other = complete(ANNOUNCED, {"lead": {"mail": "new@example.com"}})
    same = complete(ANNOUNCED, {"lead": {"mail": "old@example.com"}})
    assert other.fields["announced.mail"] == "old@example.com"
    assert "announced.mail" not in same.fields
    assert "announced.id" not in other.fields


@pytest.mark.parametrize(("state", "reason"), [("test", "a test lead"), ("live", None), (None, None)])
def test_the_answers_may_show_that_it_is_no_lead(state: Any, reason: str | None) -> None:
    complete = completing(SHAPE, ignore=[Ignore(path="lead.state", values=("test",), reason="a {value} lead")])
    assert complete(ANNOUNCED, {"lead": {"state": state}}).ignored == reason


def test_a_shape_may_say_so_itself() -> None:
    def shape(document: Document) -> Iterator[Event]:
        yield from (replace(one, ignored="because") for one in SHAPE(document))

    assert completing(shape)(ANNOUNCED, {"lead": {}}).ignored == "because"


def test_parts_see_the_documents_of_all_steps_by_their_names() -> None:
    complete = completing(event(picked({"one": "first.a", "two": "second.0.b"})))
    assert complete(ANNOUNCED, {"first": {"a": 1}, "second": [{"b": 2}]}).fields == {
        **ANNOUNCED.fields,
        "one": 1,
        "two": 2,
    }


def test_what_has_not_the_shape_is_unparseable() -> None:
    with pytest.raises(Unparseable, match="an object is expected here"):
        completing(SHAPE)(ANNOUNCED, {"lead": []})
    with pytest.raises(Unparseable, match="holds no lead"):
        completing(lambda _: ())(ANNOUNCED, {"lead": {}})


def test_an_announcement_that_is_no_object_stays_as_it_is() -> None:
    assert completing(SHAPE)(replace(ANNOUNCED, raw=[7]), {"lead": {"mail": "x"}}).raw == [7]
