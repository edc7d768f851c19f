"""URL-encoded and multipart forms, and bodies that do not say what they are."""

import hashlib
import tracemalloc
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadbridge.bodies import Document, read_document
from leadbridge.bodies.text import form_text
from leadbridge.errors import Unparseable
from leadbridge.events import FilePart
from tests.support.walked import walked

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=XyZ"
MIB = 1024 * 1024


def read(body: bytes, content_type: str = FORM) -> Any:
    return read_document(body, {"content-type": content_type} if content_type else {}).value


def refused(body: bytes, content_type: str = FORM) -> Unparseable:
    with pytest.raises(Unparseable) as problem:
        read(body, content_type)
    return problem.value


@walked(
    ("body", "value"),
    [
        (b"a=1&b=two+words&c=%2B%26%3D", {"a": "1", "b": "two words", "c": "+&="}),
        (b"a=1&a=2&a=", {"a": ["1", "2", ""]}),
        (b"a&b=&&c=x=y&=nameless", {"a": "", "b": "", "c": "x=y"}),
        (b"a=100%&b=%zz&c=%4&d=%u0041", {"a": "100%", "b": "%zz", "c": "%4", "d": "%u0041"}),
        ("n=Zoë&m=Zo%C3%AB".encode(), {"n": "Zoë", "m": "Zoë"}),
        (b"n=Jos%E9&t=%C3", {"n": "José", "t": "Ã"}),
        (b"n=x%00y", {"n": "x�y"}),
        (b"a.b=1", {"a.b": "1"}),
        (b"a[b][c]=1&a%5Bb%5D%5Bd%5D=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        (b"a[]=1&a[]=2", {"a": ["1", "2"]}),
        (b"a[]=1", {"a": ["1"]}),
        (b"a[19]=x&b[20]=y", {"a": ["x"], "b": {"20": "y"}}),
        (b"a[1]=y&a[0]=x", {"a": ["x", "y"]}),
        (b"a[0][n]=x&a[1][n]=y", {"a": [{"n": "x"}, {"n": "y"}]}),
        (
            b"rows[1700000000][n]=x&rows[1700000001][n]=y",
            {"rows": {"1700000000": {"n": "x"}, "1700000001": {"n": "y"}}},
        ),
        (b"&".join(b"a[%d]=%d" % (n, n) for n in range(200)), {"a": [str(n) for n in range(200)]}),
        (b"&".join(b"a[]=%d" % n for n in range(1_000)), {"a": [str(n) for n in range(1_000)]}),
        (b"q=1 [2] = 3".replace(b" ", b"+"), {"q": "1 [2] = 3"}),
        (b"field" + b"[x]" * 20 + b"=1", None),
        (b"\r\na=1\r\n", {"a": "1"}),
    ],
)
def test_a_form_is_read_as_browsers_and_php_write_it(body: bytes, value: Any) -> None:
    if value is None:
        value = "1"
        for name in ["x"] * 20 + ["field"]:
            value = {name: value}
    assert read(body) == value


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"n=Jos%E9&m=Jos\xe9", FORM + "; charset=ISO-8859-1"),
        (b"n=Jos%E9&m=Jos%E9&_charset_=windows-1252", FORM),
        ("n=Jos%C3%A9&m=José&_charset_=iso-8859-1".encode(), FORM + "; charset=utf-8"),
        (b"n=Jos%C3%A9&m=Jos%C3%A9", FORM + "; charset=utf-16"),
        (b"n=Jos%C3%A9&m=Jos%C3%A9&_charset_=rot13", FORM),
    ],
)
def test_a_form_is_read_in_the_charset_that_its_sender_states(body: bytes, content_type: str) -> None:
    assert read(body, content_type) == {"n": "José", "m": "José"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"&".join(b"k%d=1" % n for n in range(1_001)), "at most 1,000 fields"),
        (b"&".join(b"k%d=1" % n for n in range(100_000)), "at most 1,000 fields"),
        (b"a" + b"[" * 5_000 + b"=1", "at most 20 brackets"),
        (b"a" + b"[b]" * 21 + b"=1", "at most 20 brackets"),
        (b"\n", "the body is empty"),
    ],
)
def test_a_form_beyond_the_limits_is_refused_and_not_cut_off(body: bytes, problem: str) -> None:
    assert problem in refused(body).problem


def test_a_thousand_fields_are_all_there() -> None:
    assert len(read(b"&".join(b"k%d=1" % n for n in range(1_000)))) == 1_000


@given(st.lists(st.tuples(st.text(min_size=1, max_size=20), st.text(max_size=20)), min_size=1, max_size=30))
def test_what_a_browser_encodes_comes_back(pairs: list[tuple[str, str]]) -> None:
    sent = [
        (name.replace("[", "(") or "x", value)
        for name, value in pairs
        if "\0" not in name + value and name != "_charset_"
    ]
    if not sent:
        return
    found = read(urlencode(sent).encode())
    for name in {name for name, _ in sent}:
        values = [value for other, value in sent if other == name]
        assert found[name] == (values if len(values) > 1 else values[0])


@given(st.text("ab[]=&0129%.+", max_size=80))
def test_odd_brackets_never_break_the_reader(text: str) -> None:
    try:
        value = read(text.encode())
    except Unparseable:
        return
    assert isinstance(value, dict | list)


def part(disposition: str, content: bytes, *headers: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {disposition}", *headers, "", ""]
    return b"--XyZ\r\n" + "\r\n".join(lines).encode() + content + b"\r\n"


END = b"--XyZ--\r\n"


def form(*parts: bytes) -> Document:
    return read_document(b"".join(parts) + END, {"content-type": MULTIPART})


@walked(
    ("parts", "value"),
    [
        ((part('name="a"', b"1"), part('name="a"', b"2")), {"a": ["1", "2"]}),
        ((part('name="a[b][]"', b"1"), part('name="a[c]"', b"2")), {"a": {"b": ["1"], "c": "2"}}),
        ((part('name="Straße"', "Grüße\r\nzwei".encode()),), {"Straße": "Grüße\r\nzwei"}),
        ((part('name="a"', b"Jos\xe9", "Content-Type: text/plain; charset=iso-8859-1"),), {"a": "José"}),
        ((part('name="_charset_"', b"windows-1252"), part('name="a"', b"Jos\xe9")), {"a": "José"}),
        ((part('name="a"', b"Jos\xe9 \x00"),), {"a": "José �"}),
        ((part('name="a %22b%22"', b"1"),), {'a "b"': "1"}),
        ((part('name="a"; filename=""', b"", "Content-Type: application/octet-stream"),), {"a": ""}),
        ((part('name="a"', b"--XyZ in the text"),), {"a": "--XyZ in the text"}),
        ((), {}),
    ],
)
def test_text_parts_become_fields(parts: tuple[bytes, ...], value: Any) -> None:
    assert form(*parts).value == value


@walked(
    ("disposition", "name"),
    [
        ('name="f"; filename="plan.pdf"', "plan.pdf"),
        ('name="f"; filename="Grundriß.pdf"', "Grundriß.pdf"),
        ('name="f"; filename="fallback.pdf"; filename*=UTF-8\'\'Grundri%C3%9F.pdf', "Grundriß.pdf"),
        ("name=\"f\"; filename*=iso-8859-1'de'Grundri%DF.pdf", "Grundriß.pdf"),
        ("name=\"f\"; filename*=no-such''Grundri%C3%9F.pdf", "Grundriß.pdf"),
        ('name="f"; filename="C:\\fakepath\\plan.pdf"', "plan.pdf"),
    ],
)
def test_a_file_is_known_by_name_type_size_and_digest(disposition: str, name: str) -> None:
    content = bytes(range(256)) * 40
    document = form(part('name="email"', b"a@example.com"), part(disposition, content, "Content-Type: application/pdf"))
    assert document.value == {"email": "a@example.com", "f": name}
    digest = hashlib.sha256(content).hexdigest()
    assert document.files == (("f", FilePart(name=name, content_type="application/pdf", size=10_240, sha256=digest)),)


def test_a_file_without_name_or_type_is_still_a_file() -> None:
    document = form(part('name="f"; filename=""', b"content"))
    assert document.value == {"f": ""}
    assert document.files[0][1].content_type == "application/octet-stream"
    assert document.files[0][1].size == 7


@walked(
    ("body", "content_type", "place", "problem"),
    [
        (part('name="a"', b"1") + END, "multipart/form-data", "header Content-Type", "needs a boundary"),
        (part('name="a"', b"1") + END, 'multipart/form-data; boundary=""', "header Content-Type", "needs a boundary"),
        (part('name="a"', b"1") + END, f"multipart/form-data; boundary={'x' * 300}", "part 0", "256"),
        (part('name="a"', b"1") + END, "multipart/form-data; boundary=other", "part 0", "not a multipart form"),
        (part('name="a"', b"1"), MULTIPART, "part 1", "ends before its last boundary"),
        (part('name="a"', b"1") + part('name="b"', b"2")[:-9], MULTIPART, "part 2", "ends before"),
        (b"--XyZ\r\nContent-Dispo", MULTIPART, "part 1", "ends before"),
        (part('filename="x"', b"1") + END, MULTIPART, "part 1", "has no name"),
        (b"--XyZ\r\n\r\nx\r\n" + END, MULTIPART, "part 1", "has no name"),
        (part('name="a"', b"1", *[f"X-{n}: 1" for n in range(20)]) + END, MULTIPART, "part 1", "header count"),
        (part('name="a"', b"1", "X: " + "y" * 9_000) + END, MULTIPART, "part 1", "header size"),
        (part('name="a"', b"") * 1_001 + END, MULTIPART, None, "at most 1,000 fields"),
        (b"a=1&b=2", MULTIPART, "part 0", "not a multipart form"),
    ],
)
def test_a_broken_multipart_body_is_refused_with_its_place(
    body: bytes, content_type: str, place: str | None, problem: str
) -> None:
    found = refused(body, content_type)
    assert found.place == place
    assert problem in found.problem


@walked(
    ("content_type", "body", "value"),
    [
        ("", b'{"a": 1}', {"a": 1}),
        ("", b' \n[{"a": 1}]', [{"a": 1}]),
        ("", b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ("text/plain", b'{"a": 1}', {"a": 1}),
        ("text/plain;charset=UTF-8", b"a=1&b=x%40y", {"a": "1", "b": "x@y"}),
        ("application/octet-stream", b"a=1", {"a": "1"}),
        ("application/xml", b'{"a": 1}', {"a": 1}),
        ("application/vnd.example+json; v=2", b'{"a": 1}', {"a": 1}),
        ("Application/JSON", b'{"a": 1}', {"a": 1}),
        ("text/json", b'{"a": 1}', {"a": 1}),
        (FORM, b'{"a": 1}', {"a": 1}),
        (FORM, b'[{"a": 1}]\n', [{"a": 1}]),
        (FORM, b"{a}=1&b={2}", {"{a}": "1", "b": "{2}"}),
        (FORM, b"[0]=a", {"0": "a"}),
    ],
)
def test_a_body_is_recognised_when_its_type_says_nothing_or_the_wrong_thing(
    content_type: str, body: bytes, value: Any
) -> None:
    assert read(body, content_type) == value


@walked(
    ("content_type", "body"),
    [
        ("text/plain", b"Hello, please call me."),
        ("text/plain", b"name = Ana\nmail = ana@example.com"),
        ("application/xml", b"<lead><email>a@example.com</email></lead>"),
        ("", b"<a href='x=y'>"),
        ("image/png", b"\x89PNG\r\n\x1a\n"),
        ("multipart/mixed; boundary=x", b"--x\r\n\r\n--x--"),
    ],
)
def test_what_is_neither_json_nor_a_form_is_an_unsupported_type(content_type: str, body: bytes) -> None:
    found = refused(body, content_type)
    assert found.http_status == 415
    assert "send JSON or a form" in found.detail


@given(st.text("%%%=2Dd3aFg \r\n_é", max_size=60).map(str.encode))
@example(b"%3D=%3d%=%%41%4")
def test_escapes_are_read_as_the_standard_library_reads_them(value: bytes) -> None:
    value += b"x"  # a form may end in white space, which is not the value's
    raw = unquote_to_bytes(value)
    assert read(b"a=" + value)["a"] == form_text(raw, "utf-8")


@pytest.mark.parametrize("unit", [b"%ff", b"%", b"%2", b"%25"])
@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_value_full_of_escapes_takes_bounded_memory(unit: bytes, before: int) -> None:
    size = MIB // 4
    value = b"x" * before + unit * (size // len(unit))
    form = b"a=" + value
    tracemalloc.start()
    try:
        found = read(form)["a"]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8 * MIB, most // MIB
    assert found == unquote_to_bytes(value).decode("cp1252" if unit == b"%ff" else "utf-8")


@pytest.mark.parametrize("content_type", ["application/x\x00\x1b[2J-y", "a\nb/c", "\x9b\u202e/x"])
def test_a_refusal_has_no_power_over_a_terminal(content_type: str) -> None:
    assert refused(b"<a>", content_type).detail.isprintable()
