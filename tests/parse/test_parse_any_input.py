"""Any bytes under any content type, through every preset: what comes out can be stored, mapped again and logged.

`tests.fuzz.bodies.check_as` says what that means; here hypothesis makes the input, and finds the same on every machine.
"""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import BUILT_IN, PRESETS
from leadbridge.sources.samples import folder_of, samples_in
from tests.fuzz.bodies import HARD, MOST_FIELDS, TYPES, check_as

GENERIC = PRESETS["generic"]
SAMPLES = [sample for preset in BUILT_IN for sample in samples_in(folder_of(preset.name))]
DOCUMENTS = [json.loads(sample.body) for sample in SAMPLES if sample.body.lstrip()[:1] in (b"{", b"[")]
CONTENT_TYPES = st.one_of(
    st.sampled_from(TYPES),
    st.builds(
        "{}; charset={}".format, st.sampled_from(TYPES), st.sampled_from(["utf-7", "latin1", "big5", "x", "\x00"])
    ),
    st.text(st.characters(max_codepoint=255, exclude_characters="\n"), max_size=60),
)
PIECES = [
    b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"=", b"&", b"%", b"%5B", b"\r\n", b"--B", b"--B--", b"\0",
    b"\xff", b"\\ud800", b"\\u0000", b"NaN", b"1e999", b"9" * 5_000, b"null", b'"data"', b'"value"', b'"name"',
    b"_charset_=x", b'Content-Disposition: form-data; name="a"; filename*=x\'\'%FF\r\n\r\n',
]  # fmt: skip


def read(content_type: str, body: bytes, *, preset: Preset) -> None:
    check_as(preset, {"content-type": content_type}, body)


@given(st.sampled_from(BUILT_IN), CONTENT_TYPES, st.binary(max_size=400))
@example(GENERIC, "", b"\xff\xfe")
@example(GENERIC, "multipart/form-data; boundary=", b"--\r\n\r\n----")
def test_any_bytes(preset: Preset, content_type: str, body: bytes) -> None:
    read(content_type, body, preset=preset)


@given(st.sampled_from(BUILT_IN), CONTENT_TYPES, st.lists(st.sampled_from([*PIECES, *HARD]), max_size=30).map(b"".join))
def test_any_heap_of_what_readers_look_for(preset: Preset, content_type: str, body: bytes) -> None:
    read(content_type, body, preset=preset)


@given(st.sampled_from(BUILT_IN), st.sampled_from(SAMPLES), st.data())
def test_any_sample_with_a_piece_put_in_or_cut_out(preset: Preset, sample: Any, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(sample.body)))
    end = min(len(sample.body), start + data.draw(st.integers(0, 40)))
    body = sample.body[:start] + data.draw(st.sampled_from([b"", *PIECES])) + sample.body[end:]
    read(sample.headers.get("content-type", ""), body, preset=preset)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["name", "value", "id", "", "a.b"]), inner)
    ),
    max_leaves=8,
)


def replaced(document: Any, choose: Any, value: Any) -> Any:
    """`document` with something within it replaced by `value`."""
    match document:
        case Mapping() if document and choose():
            key = sorted(document)[choose(len(document) - 1)]
            return {**document, key: replaced(document[key], choose, value)}
        case list() if document and choose():
            index = choose(len(document) - 1)
            return [*document[:index], replaced(document[index], choose, value), *document[index + 1 :]]
        case _:
            return value


@given(st.sampled_from(BUILT_IN), st.sampled_from(DOCUMENTS), VALUES, st.data())
def test_any_document_of_a_vendor_with_any_value_in_any_place(
    preset: Preset, document: Any, value: Any, data: st.DataObject
) -> None:
    def choose(most: int = 4) -> int:
        return data.draw(st.integers(0, most))

    read("application/json", json.dumps(replaced(document, choose, value)).encode(), preset=preset)


def test_the_largest_bodies_that_are_taken_have_a_bounded_number_of_fields() -> None:
    pair = {"name": "n", "label": "l", "key": "k", "value": 1}
    documents: tuple[Any, ...] = (
        [pair] * 1_900,
        {"data": [pair] * 1_900},
        [{"a": 1}] * 3_300,
        {"a": list(range(9_000))},
    )
    for document in documents:
        for name in ("generic", "standard-webhooks", "typeform"):
            read("application/json", json.dumps(document).encode(), preset=PRESETS[name])
    assert MOST_FIELDS == 30_000
