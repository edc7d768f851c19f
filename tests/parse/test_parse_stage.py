"""The parse stage as a whole: ids, times, files, and no other exception than the one it promises."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadbridge.errors import Unparseable
from leadbridge.events import Parsed, Received, Verified
from leadbridge.parse import instant, parse
from leadbridge.sources.registry import PRESETS
from tests.support.walked import walked

NOW = 1_796_000_000_000


def parsed(preset: str, body: bytes | Any, headers: dict[str, str] | None = None) -> Parsed:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    received = Received(
        source="website",
        method="POST",
        url="https://leads.example.com/hooks/website",
        headers={"content-type": "application/json", **(headers or {})},
        body=b"the payload counts, and not the body",
        received_at=NOW,
    )
    return parse(PRESETS[preset], Verified(request=received, payload=payload, verified=True))


@walked(
    ("headers", "ids"),
    [
        ({}, [None]),
        ({"idempotency-key": "key-1"}, ["key-1"]),
        ({"idempotency-key": "  "}, [None]),
        ({"webhook-id": "msg_1"}, ["msg_1"]),
        ({"svix-id": "msg_2"}, ["msg_2"]),
        ({"svix-id": "msg_2", "webhook-id": "msg_1", "idempotency-key": "key-1"}, ["key-1"]),
        (
            {"idempotency-key": "x" * 256},
            ["sha256:85e62acd750c4eb56b7b6a1d66dca5bfaac5f062608a1a893410d0288936c09a"],
        ),
    ],
)
def test_the_dedupe_id_is_the_one_that_the_sender_gives(headers: dict[str, str], ids: list[str | None]) -> None:
    events = parsed("generic", {"a": 1}, headers).events
    assert [event.dedupe_id for event in events] == ids


def test_each_of_several_events_has_its_index_in_the_dedupe_id() -> None:
    found = parsed("generic", [{"a": 1}, {}, {"a": 2}], {"idempotency-key": "key-1"})
    assert [event.dedupe_id for event in found.events] == ["key-1:0", "key-1:1"]
    assert [event.raw for event in found.events] == [{"a": 1}, {"a": 2}]


@walked(
    ("stated", "event_at"),
    [
        ("2026-11-20T14:03:21Z", 1_795_183_401_000),
        ("2026-11-20T14:03:21.987654+02:00", 1_795_176_201_987),
        ("2031-01-01T00:00:00Z", NOW),
        ("2026-11-20T14:03:21", None),
        ("yesterday", None),
        (1_795_183_401, None),
        (None, None),
    ],
)
def test_the_event_time_is_the_senders_and_never_after_arrival(stated: Any, event_at: int | None) -> None:
    (event,) = parsed("standard-webhooks", {"timestamp": stated, "data": {"a": 1}}).events
    assert event.event_at == event_at


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1969-12-31T23:59:59.999Z"])
def test_a_time_at_the_end_of_the_calendar_is_a_time(text: str) -> None:
    assert isinstance(instant(text), int)


@pytest.mark.parametrize(
    ("preset", "body"),
    [("generic", {}), ("generic", []), ("generic", {"a": {}}), ("standard-webhooks", {"data": {}}), ("generic", [{}])],
)
def test_a_body_without_fields_is_no_lead(preset: str, body: Any) -> None:
    assert parsed(preset, body) == Parsed(ignored="the body holds no fields")


@pytest.mark.parametrize(
    ("preset", "body"),
    [("generic", "text"), ("generic", [1]), ("standard-webhooks", []), ("standard-webhooks", {"data": ["x"]})],
)
def test_a_document_of_another_shape_is_unparseable(preset: str, body: Any) -> None:
    with pytest.raises(Unparseable, match="object"):
        parsed(preset, body)


def test_a_file_is_a_field_by_name_and_is_told_in_meta_and_files() -> None:
    body = b'--B\r\nContent-Disposition: form-data; name="cv"; filename="cv.pdf"\r\n\r\nPDF\r\n--B--\r\n'
    (event,) = parsed("generic", body, {"content-type": "multipart/form-data; boundary=B"}).events
    assert event.fields == {"cv": "cv.pdf"}
    assert [(part.name, part.size) for part in event.files] == [("cv.pdf", 3)]
    assert event.meta["files"][0]["field"] == "cv"
    assert event.meta["files"][0]["sha256"] == event.files[0].sha256


def test_what_stands_at_the_top_under_a_known_name_is_in_meta_too() -> None:
    body = {
        "form_id": 7,
        "form_name": "",
        "page_url": "https://example.com",
        "submitted_at": None,
        "submission_id": ["x"],
    }
    (event,) = parsed("generic", body).events
    assert event.meta == {"form_id": 7, "page_url": "https://example.com"}


CONTENT_TYPES = st.sampled_from(
    [
        "application/json",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=shift_jis",
        "multipart/form-data; boundary=B",
        "text/plain",
        "",
    ]
)
FRAGMENTS = st.lists(
    st.sampled_from(
        b'--B|\r\n|--|Content-Disposition: form-data; name="a"|; filename*=x\'\'%FF|{|}|[|]|"a"|:|,|1|NaN|=|&|%5B|[0]'
        b'|\x00|\xff|"form_response"|"data"'.split(b"|")
    ),
    max_size=30,
).map(b"".join)


@given(st.sampled_from(sorted(PRESETS)), CONTENT_TYPES | st.text(max_size=40), st.binary(max_size=300) | FRAGMENTS)
@example("generic", "multipart/form-data; boundary=B", b"--B\r\n\r\n")
@example("generic", "application/json; charset=\ud800", b"{}")
def test_any_bytes_under_any_type_are_parsed_or_unparseable(preset: str, content_type: str, body: bytes) -> None:
    try:
        found = parsed(preset, body, {"content-type": content_type})
    except Unparseable as problem:
        found = None
        json.dumps([problem.detail, problem.place]).encode()
    if found is not None:
        assert bool(found.events) != bool(found.ignored)


KEYS = [
    *("name", "value", "label", "data", "form_response", "answers", "field", "fields", "type", "hidden", "variables"),
    *("choice", "choices", "labels", "other", "definition", "properties", "title", "ref", "id", "event_type"),
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.sampled_from(KEYS),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=5)
    ),
)


@given(st.sampled_from(sorted(PRESETS)), VALUES, VALUES)
@example("typeform", [], {"type": "choices", "choices": {"labels": 5, "other": "x"}})
@example("generic", {"name": "k" * 5_000}, None)
def test_any_document_is_parsed_or_unparseable(preset: str, value: Any, answers: Any) -> None:
    for body in (value, {"data": value}, {"form_response": {"answers": [answers], "hidden": value}}):
        try:
            found = parsed(preset, body)
        except Unparseable:
            continue
        for event in found.events:
            json.dumps([dict(event.fields), event.raw, dict(event.meta)]).encode("utf-8")
