"""Bodies that are too large, too deep, broken or not what they say: refused in words, and nothing else happens."""

import json
import zlib
from dataclasses import dataclass

import pytest

from tests.hostile.conftest import Service
from tests.hostile.wire import Answer, chunked, post

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=XyZ"
MIB = 1024 * 1024


def part(disposition: str, content: bytes = b"1", *headers: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {disposition}", *headers, "", ""]
    return b"--XyZ\r\n" + "\r\n".join(lines).encode() + content + b"\r\n"


@dataclass(frozen=True)
class Row:
    """A request, the status it gets, and what the answer's words must hold."""

    name: str
    request: bytes
    status: int
    says: str

    def __str__(self) -> str:
        return self.name


def row(name: str, body: bytes, status: int, says: str, *, content_type: str | bytes = "application/json") -> Row:
    return Row(name, post(body, content_type=content_type), status, says)


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


WIDE = json.dumps({f"key{number}": number for number in range(100_000)}).encode()
REFUSED = [
    # not what it says it is
    row("a form that says it is JSON", b"email=ann@example.com", 400, "this is not JSON"),
    row("XML", b"<lead><email>a@b.c</email></lead>", 415, "send JSON or a form", content_type="application/xml"),
    row("an image", b"\x89PNG\r\n\x1a\n\x00", 415, "send JSON or a form", content_type="image/png"),
    row("bytes without a type", bytes(range(256)), 415, "without a content type", content_type=""),
    row("a type that is no text", b"<a>", 415, "is not read here", content_type=b"\xff\xfe/\xe9"),
    row("a type that is too long", b"x y", 415, "is not read here", content_type="a/" + "b" * 8_000),
    row("nothing", b"", 400, "the body is empty"),
    row("white space", b" \r\n\t" * 1_000, 400, "the body is empty"),
    row("a text", b'"hello"', 400, "object"),
    row("a list of numbers", b"[1, 2, 3]", 400, "object"),
    row("JSON cut off", b'{"email": "ann@exam', 400, "line 1, column"),
    row("two documents", b'{"a": 1}{"b": 2}', 400, "Extra data"),
    # charsets
    row("Latin-1 that says nothing", b'{"name": "Jos\xe9"}', 400, "byte 14"),
    row("UTF-16 that says UTF-8", '{"a": "ł"}'.encode("utf-16-le"), 400, "this is not JSON",
        content_type="application/json; charset=utf-8"),
    row("half of a UTF-16 character", '{"a": "😀"}'.encode("utf-16-le")[:-7], 400, "UTF-16",
        content_type="application/json; charset=utf-16le"),
    row("a surrogate in UTF-8", b'{"a": "\xed\xa0\x80"}', 400, "not UTF-8 text"),
    row("NUL in a text", b'{"a": "x\x00y"}', 400, "control character"),
    row("NUL alone", b"\x00" * 1_000, 400, "this is not JSON"),
    # too much
    row("10 MB", b'{"a": "' + b"x" * (10 * MIB) + b'"}', 413, "server.max_body"),
    row("10 MB of form", b"a=" + b"x" * (10 * MIB), 413, "server.max_body", content_type=FORM),
    row("10,000 levels", nested(10_000), 400, "more than 100 levels"),
    row("10,000 objects in each other", b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400, "more than 100 levels"),
    row("10,000 levels left open", b"[" * 10_000, 400, "more than 100 levels"),
    row("100,000 keys", WIDE, 400, "more than 10,000 values"),
    row("a million commas", b"[" + b"," * MIB + b"]", 400, "more than 10,000 values"),
    row("100,000 fields", b"&".join(b"k%d=1" % number for number in range(100_000)), 400, "at most 1,000 fields",
        content_type=FORM),
    row("a million ampersands", b"&" * MIB, 400, "at most 1,000 fields", content_type=FORM),
    row("5,000 nested brackets", b"a" + b"[x]" * 5_000 + b"=1", 400, "at most 20 brackets", content_type=FORM),
    row("5,000 brackets left open", b"a" + b"[" * 5_000 + b"=1", 400, "at most 20 brackets", content_type=FORM),
    row("escaped brackets", b"a" + b"%5Bx%5D" * 5_000 + b"=1", 400, "at most 20 brackets", content_type=FORM),
    row("a million open quotes", b'{"a": "' + b'\\"' * 500_000, 400, "this is not JSON"),
    # numbers and keys
    row("5,000 digits", b'{"a": ' + b"9" * 5_000 + b"}", 400, "at most 4,300 digits"),
    row("a million digits", b'{"a": -' + b"9" * MIB + b"}", 400, "at most 4,300 digits"),
    row("NaN", b'{"a": NaN}', 400, "NaN is not JSON"),
    row("an infinity", b'{"a": [-Infinity]}', 400, "-Infinity is not JSON"),
    row("a key twice", b'{"a": {"b": 1, "b": 2}}', 400, "a.b: this key stands twice"),
    row("one key 100,000 times", b"{" + b",".join([b'"a": 1'] * 5_000) + b"}", 400, "a: this key stands twice"),
    # multipart
    row("multipart without a boundary", part('name="a"') + b"--XyZ--", 400, "needs a boundary",
        content_type="multipart/form-data"),
    row("multipart without an end", part('name="a"') * 3, 400, "part 3: the body ends before its last boundary",
        content_type=MULTIPART),
    row("multipart cut off in a header", b"--XyZ\r\nContent-Dispo", 400, "ends before", content_type=MULTIPART),
    row("multipart with another boundary", part('name="b"') + b"--XyZ--", 400, "not a multipart form",
        content_type="multipart/form-data; boundary=other"),
    row("a boundary of 8,000 characters", part('name="a"'), 400, "multipart form",
        content_type="multipart/form-data; boundary=" + "x" * 8_000),
    row("a boundary that is no text", part('name="c"'), 400, "multipart form",
        content_type=b"multipart/form-data; boundary=\xff\xc3"),
    row("two boundaries", part('name="d"') + b"--XyZ--", 400, "multipart form",
        content_type="multipart/form-data; boundary=other; boundary=third"),
    row("parts within parts", part('name="a"', b"--In\r\n", "Content-Type: multipart/mixed; boundary=In"), 400,
        "ends before", content_type=MULTIPART),
    row("20,000 parts", part('name="a"') * 20_000 + b"--XyZ--", 400, "at most 1,000 fields", content_type=MULTIPART),
    row("1,000 headers in a part", part('name="a"', b"1", *(f"X-{n}: 1" for n in range(1_000))) + b"--XyZ--", 400,
        "header count", content_type=MULTIPART),
    row("a part's header of 1 MiB", part('name="' + "a" * MIB + '"') + b"--XyZ--", 400, "header size",
        content_type=MULTIPART),
    row("a part without a name", part('filename="x"') + b"--XyZ--", 400, "has no name", content_type=MULTIPART),
    row("a megabyte of dashes", b"-" * MIB, 400, "multipart form", content_type=MULTIPART),
    row("5,000 brackets in a part's name", part('name="a' + "[x]" * 2_000 + '"') + b"--XyZ--", 400, "brackets",
        content_type=MULTIPART),
    # compressed
    *(
        Row(f"{encoding} said", post(zlib.compress(bytes(MIB)), f"content-encoding: {encoding}"), 415, "Compressed")
        for encoding in ("gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip", "GZIP", "x-unknown")
    ),
    row("gzip not said", b"\x1f\x8b\x08\x00" + zlib.compress(bytes(100)), 400, "byte 2: this is not UTF-8 text"),
    # chunks
    Row("3 MiB in chunks", post(chunked(*[b"x" * 65_536] * 48), "transfer-encoding: chunked", length=None), 413,
        "server.max_body"),
]  # fmt: skip
TAKEN = [
    row("lone surrogates, escaped", rb'{"name": "\ud800 \udc00 \ud83d\ude00", "email": "a@example.com"}', 202, ""),
    row("NUL, escaped", rb'{"name": "x\u0000y", "\u0000": "z"}', 202, ""),
    row("integers beyond every machine", b'{"name": "a", "n": ' + b"9" * 4_300 + b"}", 202, ""),
    row("a number beyond every float", b'{"name": "a", "n": [1e400, -1e-400, 1e99999999999]}', 202, ""),
    row("100 levels", b'{"name": "a", "x": ' + nested(98) + b"}", 202, ""),
    row("9,990 values", json.dumps({"name": "a", "list": list(range(9_990))}).encode(), 202, ""),
    row("a name of 1 MiB", json.dumps({"name": "n" * MIB}).encode(), 202, ""),
    row("a key of 1 MiB", json.dumps({"k" * MIB: "v"}).encode(), 202, ""),
    row("keys of methods", b'{"__class__": "x", "__init__": {"__globals__": 1}, "keys": 2, "constructor": 3}', 202, ""),
    row("an expression as a value", b'{"name": "{{ 7 * 7 }}{% for x in y %}", "email": "${COPPER}"}', 202, ""),
    row("terminal escapes", rb'{"name": "\u001b[2J\u202eevil\u0007", "email": "a@example.com"}', 202, ""),
    row("a form of odd bytes", b"name=%ff%fe%00%zz&email=%40&%5B%5D=%5B&=&&&[=1&]=2", 202, "", content_type=FORM),
    row("JSON that says it is a form", b'{"name": "Ann"}', 202, "", content_type=FORM),
    row("a file of every byte", part('name="f"; filename="../../etc/passwd\0"', bytes(range(256))) + b"--XyZ--", 202,
        "", content_type=MULTIPART),
    row("no fields", b"{}", 202, ""),
    Row("chunks of one byte", post(chunked(*(bytes([byte]) for byte in b'{"name": "Ann Lee"}')),
        "transfer-encoding: chunked", length=None), 202, ""),
]  # fmt: skip


def is_problem(answer: Answer) -> None:
    """A clear problem document (RFC 9457)."""
    assert answer.header("content-type") == "application/problem+json"
    document = answer.document
    assert document["status"] == answer.status
    assert document["title"]
    assert len(document["detail"]) > 15
    assert answer.status < 500, document


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_it_is_refused_in_words_and_others_are_served(
    service: Service, case: Row, capsys: pytest.CaptureFixture[str]
) -> None:
    (answer,) = service.ask(case.request)
    assert (answer.status, case.says in answer.document["detail"]) == (case.status, True), answer
    is_problem(answer)
    service.still_serves()
    if kept := answer.document.get("id"):
        shown = json.loads(service.explain(kept, capsys))
        assert case.says in json.dumps(shown, ensure_ascii=False)
        assert shown["submission"]["state"] == "failed"


@pytest.mark.parametrize("case", TAKEN, ids=str)
def test_what_is_only_odd_is_taken_and_explained(
    service: Service, case: Row, capsys: pytest.CaptureFixture[str]
) -> None:
    (answer,) = service.ask(case.request)
    assert answer.status == case.status, answer
    service.process.until(lambda: True if service.read("submission", answer.document["id"]) else None)
    service.still_serves()
    assert answer.document["id"] in service.explain(answer.document["id"], capsys)


@pytest.mark.parametrize("source", ["typeform", "partner"])
@pytest.mark.parametrize("case", [REFUSED[0], *REFUSED[18:24]], ids=str)
def test_a_stranger_learns_nothing_of_how_a_body_is_read(service: Service, case: Row, source: str) -> None:
    (answer,) = service.ask(case.request.replace(b"/hooks/website", b"/hooks/" + source.encode()))
    assert answer.status in (401, 413), answer
    is_problem(answer)
    assert "id" not in answer.document
    service.still_serves()
