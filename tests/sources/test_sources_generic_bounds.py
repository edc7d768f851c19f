"""The search for answers in bodies that somebody made to keep it busy: it ends, and loses nothing."""

import json
import sys
from collections.abc import Mapping
from typing import Final

import pytest

from leadbridge.events import Json
from leadbridge.sources.fields import flat
from tests.sources.generic import answers_of, event_of, events_of
from tests.support.walked import walked


def nested(levels: int, inner: Json, key: str = "data") -> Json:
    for _ in range(levels):
        inner = {key: inner}
    return inner


def texts(levels: int, inner: Json) -> Json:
    for _ in range(levels):
        inner = {"inner": json.dumps(inner)}
    return inner


def group(levels: int, inner: Json, key: str) -> Json:
    for level in range(levels):
        inner = {"label": f"group {level}", key: [inner]}
    return inner


TEXT: Final = json.dumps([{}] * 330, separators=(",", ":"))  # short enough for an answer


def answer(number: int) -> Json:
    return {"label": f"l{number}", "value": TEXT}


def calls_for(body: Json) -> int:
    """How much is called to read a body: the work, and the same on every machine."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        events_of(body)
    finally:
        sys.setprofile(before)
    return calls


ANSWERS: Final = [{"prompt": "Nafn", "answer": "Jón"}]
MANY_TEXTS: Final = {f"t{n}": json.dumps([{"label": f"l{m}", "value": m} for m in range(90)]) for n in range(200)}
HOSTILE: Final[Mapping[str, Json]] = {
    "deep": nested(95, ANSWERS),
    "deep lists": json.loads('{"a":' + "[" * 95 + '{"label":"x","value":1}' + "]" * 95 + "}"),
    "questions in questions": {"fields": [{"label": "x", "field": nested(90, "1", "field")}]},
    "groups in groups": json.loads('{"fields":[{"label":"x","fields":[' * 20 + "1" + "]}]}" * 20),
    "many lists of questions with one id": {
        "x": "1",
        **{f"a{n}": {"f": [{"id": "x", "title": "t"}]} for n in range(1_900)},
    },
    "many objects with the questions' keys": {
        "labels": {"a": "A", "b": "B"},
        **{f"o{n}": {"a": n, "b": 2} for n in range(2_500)},
    },
    "one label": {"fields": [{"label": "l", "value": n} for n in range(3_000)]},
    "a long label": {"fields": [{"label": "k" * 300_000, "value": {f"p{n}": n for n in range(900)}}]},
    "a long key": {"k" * 300_000: {f"a{n}": {"b": {"c": n}} for n in range(2_000)}},
    "many texts of JSON": MANY_TEXTS,
    "texts in texts": {"a": texts(9, ANSWERS)},
    "broken texts": {f"t{n}": '{"a": [1, 2}' for n in range(500)},
    "answers that are texts": {"fields": [{"label": f"l{n}", "value": '{"a": [1, {"b": 2}]}'} for n in range(900)]},
    "digits": {"fields": [{"label": "a", "value": {"value": "1_" * 50_000, "label": "b"}}]},
    "numbered": {f"tel{n}": "090" for n in range(990)},
}


@pytest.mark.parametrize("shape", HOSTILE)
def test_whatever_is_sent_has_all_its_fields(shape: str) -> None:
    body = HOSTILE[shape]
    event = event_of(body)
    assert (
        event.fields.items()
        >= {name: value for name, value in flat(body).items() if not isinstance(value, list)}.items()
    )


@pytest.mark.parametrize("shape", HOSTILE)
def test_the_same_body_is_read_the_same_way_again(shape: str) -> None:
    first, second = event_of(HOSTILE[shape]), event_of(HOSTILE[shape])
    assert (first, list(first.fields)) == (second, list(second.fields))


def test_no_answer_is_hidden_because_there_are_many() -> None:
    assert {*answers_of(event_of(HOSTILE["one label"])).values()} == {*range(3_000)}


def test_texts_that_are_not_read_any_more_are_kept_for_the_record() -> None:
    event = event_of(MANY_TEXTS)
    assert "t0" in event.second_names
    assert "t199" not in event.second_names


def test_a_body_that_would_make_too_many_fields_is_read_flat() -> None:
    asked = [{"question": f"q{n}", "id": f"i{n}", "answer": n} for n in range(2_400)]
    body = {"asked": asked, "text": json.dumps({f"p{n}": n for n in range(9_000)})}
    event = event_of(body)
    assert (event.fields, event.about) == (flat(body), frozenset())


def test_answers_far_down_are_left_where_they_are() -> None:
    assert answers_of(event_of(nested(12, ANSWERS))) == {"Nafn": "Jón"}
    event = event_of(nested(40, ANSWERS))
    assert answers_of(event) == event.fields


def test_texts_within_texts_are_read_to_a_depth() -> None:
    assert answers_of(event_of(texts(3, ANSWERS))) == {"Nafn": "Jón"}
    assert "Nafn" not in event_of(texts(4, ANSWERS)).fields


GROUP: Final = {"label": "e", "value": 1}
WIDE: Final = {"label": "t", "values": [{"label": "x"}] * 4_000}
MUCH_WORK: Final[Mapping[str, Json]] = {
    "answers that are texts": {"a": [answer(n) for n in range(300)]},
    "submissions that hold texts": [{"a": TEXT} for _ in range(300)],
    "submissions with answers that are texts": [{"a": [answer(0)]} for _ in range(300)],
    "groups of values": {"a": [group(45, GROUP, "values") for _ in range(66)]},
    "groups of responses": {"a": [group(45, GROUP, "responses") for _ in range(66)]},
    "a wide group far down": json.loads('{"values":[' * 8 + json.dumps(WIDE) + "]}" * 8),
}  # fmt: skip
MOST_CALLS: Final = 120  # for each of the 10,000 values that a body may have


@walked("shape", MUCH_WORK)
def test_the_work_is_bounded_by_what_a_body_may_hold(shape: str) -> None:
    assert calls_for(MUCH_WORK[shape]) < MOST_CALLS * 10_000


def test_answers_that_are_texts_are_read_to_the_same_bound() -> None:
    event = event_of({"a": [{"label": f"l{n}", "value": '[{"x": 1}, {"y": 2}]'} for n in range(3_300)]})
    assert event.fields["l0.0.x"] == 1
    assert event.fields["l3299"] == '[{"x": 1}, {"y": 2}]'
    assert "l3299.0.x" not in event.fields


def test_all_submissions_of_a_body_share_the_bound() -> None:
    text = json.dumps({"Nafn": "Jón", "more": [{"x": n} for n in range(60)]})
    events = events_of([{"text": text} for _ in range(300)])
    assert answers_of(events[0])["Nafn"] == "Jón"
    assert events[-1].fields == {"text": text}


def test_questions_within_questions_are_looked_at_to_the_same_bound() -> None:
    """Everything that is looked at counts: else the same list of parts could be walked again from each list of it."""

    def answers_with(fillers: int) -> Mapping[str, Json]:
        group = {"id": "g", "title": "Group", "fields": [*([{}] * fillers), {"id": "x1", "title": "Colour"}]}
        return answers_of(event_of({"data": {"x1": "red"}, "questions": [group, {"id": "h", "title": "Height"}]}))

    assert answers_with(3_000) == {"Colour": "red"}
    assert "Colour" not in answers_with(4_500)
