"""JSON bodies: exact, strict, and refused with a place."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadbridge.bodies import read_document
from leadbridge.errors import Unparseable
from tests.support.walked import walked

MANY_KEYS = json.dumps({str(n): n for n in range(100_000)})
UP_TO_THE_LIMIT = len(json.dumps({str(n): n for n in range(9_999)}))  # 9,999 values and the object; then a comma


def read(body: bytes | str, content_type: str = "application/json") -> Any:
    raw = body.encode() if isinstance(body, str) else body
    return read_document(raw, {"content-type": content_type}).value


def refused(body: bytes | str, content_type: str = "application/json") -> Unparseable:
    with pytest.raises(Unparseable) as problem:
        read(body, content_type)
    assert problem.value.http_status == 400
    return problem.value


@walked(
    ("body", "place", "problem"),
    [
        ("[" * 10_000, "line 1, column 101", "more than 100 levels"),
        ("[" * 101 + "]" * 101, "line 1, column 101", "more than 100 levels"),
        ("[" * 5_000 + "]" * 5_000, "line 1, column 101", "more than 100 levels"),
        ('{"a":' * 10_000, "line 1, column 501", "more than 100 levels"),
        ('[\n"[[[[",\n' + "[" * 100, "line 3, column 100", "more than 100 levels"),
        (MANY_KEYS, f"line 1, column {UP_TO_THE_LIMIT}", "more than 10,000 values"),
        (json.dumps([0] * 10_000), "line 1, column 29997", "more than 10,000 values"),
        ('{"a": ' + "9" * 5_000 + "}", "line 1, column 7", "at most 4,300 digits"),
        ('{"a": "' + "9" * 5_000 + '",\n"b": -' + "9" * 4_301 + "}", "line 2, column 6", "at most 4,300 digits"),
        ('{"fields": {"email": 1, "email": 2}}', "fields.email", "stands twice"),
        ('[{"a": [1, {"b": 1, "c": 2, "b": 3}]}]', "0.a.1.b", "stands twice"),
        (r'{"a": 1, "\u0061": 2}', "a", "stands twice"),
        ('{"a": NaN}', "line 1, column 7", "NaN is not JSON"),
        ('{"a": "NaN \\" Infinity",\n "b": [-Infinity]}', "line 2, column 8", "-Infinity is not JSON"),
        ('{"a": "é"}'.encode()[:8], "byte 8", "not UTF-8 text"),
        (b'{"a": "Jos\xe9"}', "byte 11", "not UTF-8 text"),
        (b"\xef\xbb\xbf{\xff}", "byte 5", "not UTF-8 text"),
        (b'{"a": "\xed\xa0\x80"}', "byte 8", "not UTF-8 text"),
        ('{"a": "\x00"}', "line 1, column 8", "control character"),
        ('{"a": 1', "line 1, column 8", "this is not JSON"),
        ("{'a': 1}", "line 1, column 2", "this is not JSON"),
        ('{"a": 1} {"b": 2}', "line 1, column 10", "Extra data"),
        ('{"a": 01}', "line 1, column 8", "this is not JSON"),
        ("email=a@example.com", "line 1, column 1", "this is not JSON"),
        (" \r\n\t", None, "the body is empty"),
        ("", None, "the body is empty"),
    ],
)
def test_a_hostile_or_broken_body_is_refused_with_its_place(body: bytes | str, place: str | None, problem: str) -> None:
    found = refused(body)
    assert found.place == place
    assert problem in found.problem


@pytest.mark.parametrize(
    "hostile",
    ['"' + '\\"' * 500_000, "[" * 99 + '"\\' * 500_000, "-" * 1_000_000, '{"a":' * 99 + "," * 1_000_000],
    ids=["unfinished string", "open string", "dashes", "commas"],
)
def test_a_megabyte_of_hostility_is_refused_in_linear_time(hostile: str) -> None:
    assert "this is not JSON" in refused(hostile).problem or "more than" in refused(hostile).problem


@walked(
    ("body", "value"),
    [
        ('{"id": 9007199254740993}', {"id": 9007199254740993}),
        ('{"id": -' + "9" * 4_300 + "}", {"id": 1 - 10**4_300}),
        ('{"n": [0.1, 1.10, 1e5, -0.0, 1E-7]}', {"n": [0.1, 1.1, 100_000.0, -0.0, 1e-7]}),
        ('{"n": 123456789012345678.0}', {"n": "123456789012345678.0"}),
        ('{"n": 1234567.123456789012}', {"n": "1234567.123456789012"}),
        ('{"n": [1e400, 1e-400]}', {"n": ["1e400", "1e-400"]}),
        ('{"n": 1e9999999999999999999999}', {"n": "1e9999999999999999999999"}),
        ('{"zip": "02134", "long": "12345678901234567890"}', {"zip": "02134", "long": "12345678901234567890"}),
        (r'{"a": "x\u0000y", "\u0000": 1}', {"a": "x�y", "�": 1}),
        (r'{"a": "\ud800 \ud83d\ude00 \udc00\ud83d"}', {"a": "� 😀 ��"}),
        (r'{"a": "\\u0000 \\ud800 \\\u0000"}', {"a": "\\u0000 \\ud800 \\�"}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "ł"}'.encode("utf-16"), {"a": "ł"}),
        ("[" * 100 + "]" * 100, json.loads("[" * 100 + "]" * 100)),
        (json.dumps([0] * 9_999), [0] * 9_999),
        (json.dumps([{"a": [1]}] * 200), [{"a": [1]}] * 200),
        (json.dumps({"text": "[{,}]" * 20_000}), {"text": "[{,}]" * 20_000}),
        ('{"a": {}, "b": [], "c": null, "d": true}', {"a": {}, "b": [], "c": None, "d": True}),
    ],
)
def test_nothing_of_a_good_body_is_lost(body: bytes | str, value: Any) -> None:
    found = read(body)
    assert found == value
    assert repr(found) == repr(value)  # 1 is not 1.0, and 0.0 is not -0.0


@walked(
    ("charset", "codec"),
    [
        ("utf-8", "utf-8"),
        ('"UTF-8"', "utf-8"),
        ("us-ascii", "utf-8"),
        ("iso-8859-1", "latin-1"),
        ("ISO-8859-2", "iso8859-2"),
        ("windows-1252", "cp1252"),
        ("Shift_JIS", "shift_jis"),
        ("utf-16le", "utf-16-le"),
        ("no-such-charset", "utf-8"),
        ("rot13", "utf-8"),
        ("base64", "utf-8"),
        ("idna", "utf-8"),
        ("utf-7", "utf-8"),
        ("\x00", "utf-8"),
    ],
)
def test_a_stated_charset_is_honoured_when_it_is_one_of_text(charset: str, codec: str) -> None:
    text = "カ" if codec == "shift_jis" else "ß"
    assert read(f'{{"a": "{text}"}}'.encode(codec), f"application/json; charset={charset}") == {"a": text}


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(-(10**40), 10**40) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


@given(JSON, st.booleans())
@example("😀 \\u0000 ł", True)
def test_integers_and_text_survive_exactly(value: Any, ascii_only: bool) -> None:
    assert read(json.dumps(value, ensure_ascii=ascii_only)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_stays_the_float_that_it_is(number: float) -> None:
    assert read(json.dumps([number])) == [number]


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_its_value_as_a_float_or_as_its_text(number: Any) -> None:
    text = format(number, "f") if abs(number.as_tuple().exponent) < 400 else format(number, "e")
    if "." not in text and "e" not in text.lower():
        text += ".0"
    (found,) = read(f"[{text}]")
    assert found == text or type(number)(repr(found)) == type(number)(text)
