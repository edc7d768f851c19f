"""Parts for vendors that name their fields themselves."""

from typing import Any

import pytest

from leadbridge.bodies.document import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event
from leadbridge.sources.parts import ids, keyed, object_at, picked, rest_of, typed
from leadbridge.sources.shapes import Part, event
from tests.support.walked import walked


def of(document: Any, *parts: Part) -> Event:
    (one,) = event(*parts)(Document(value=document))
    return one


def test_picked_fields_have_our_names_and_leave_out_what_is_empty() -> None:
    document: Any = {
        "a": {"mail": "ann@example.com", "phone": None, "tags": [], "note": "", "more": {}, "no": False, "n": 0}
    }
    names = {"email": "a.mail", "phone": "a.phone", "tags": "a.tags", "note": "a.note", "more": "a.more", "gone": "b"}
    assert of(document, picked({**names, "no": "a.no", "n": "a.n"})).fields == {
        "email": "ann@example.com",
        "no": False,
        "n": 0,
    }


def test_ids_are_text_and_never_lose_a_digit() -> None:
    found = of({"a": 2**63 + 1, "b": "0042", "c": None, "d": 0}, ids({name: name for name in "abcd"}))
    assert found.fields == {"a": "9223372036854775809", "b": "0042", "d": "0"}


def test_what_is_picked_again_is_a_second_name_and_yields_to_a_field_of_that_name() -> None:
    document = {"answers": {"EMAIL": "ann@example.com", "phone": "1"}, "mail": "ann@example.com", "number": "2"}
    found = of(document, rest_of("answers"), picked({"email": "mail", "phone": "number"}, again=True))
    assert found.fields == {"EMAIL": "ann@example.com", "phone": "1", "email": "ann@example.com"}
    assert found.second_names == ("email",)


def test_the_rest_yields_to_what_is_there_and_leaves_out_the_envelope() -> None:
    document = {"form": {"source": "A friend"}, "source": "Google", "id": "1", "city": None, "at": {"x": 1}}
    assert of(document, rest_of("form"), rest_of(leave_out=("form", "id"))).fields == {"source": "A friend", "at.x": 1}


def test_keys_are_names_where_each_holds_an_object_with_its_value() -> None:
    document = {"properties": {"email": {"value": "ann@example.com", "versions": [1]}, "x": {"value": ""}, "y": "text"}}
    assert of(document, keyed("properties")).fields == {"email": "ann@example.com"}


def test_types_are_said_of_fields_that_are_there_and_the_first_address_and_number_get_plain_names() -> None:
    found = of(
        {"mail": "ann@example.com", "tel": "1"}, rest_of(), typed({"mail": "email", "tel": "phone", "n": "name"})
    )
    assert found.types == {"mail": "email", "tel": "phone", "email": "email", "phone": "phone"}
    assert found.fields["email"] == "ann@example.com"
    assert found.fields["phone"] == "1"


@walked("part", [rest_of("a.b"), keyed("a.b")], ids=["rest_of", "keyed"])
@walked("value", ["text", 1, ["list"], True])
def test_something_else_than_an_object_is_refused_with_its_place(part: Part, value: Any) -> None:
    with pytest.raises(Unparseable, match=r"^a\.b: an object is expected here$"):
        of({"a": {"b": value}}, part)


def test_an_object_that_is_not_there_is_empty() -> None:
    assert object_at({"a": {}}, "a.b") == {}
    assert object_at({"a": 1}, "") == {"a": 1}
    assert of({"a": {}}, rest_of("a.b"), keyed("c")).fields == {}
