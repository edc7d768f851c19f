"""What is no HTTP, or HTTP that could be read in two ways: refused in words, and its connection is closed."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.hostile.conftest import Service
from tests.hostile.test_hostile_bodies import is_problem
from tests.hostile.wire import chunked, post

LEAD = b'{"name": "Ann Lee", "email": "ann@example.com"}'
CHUNKED = "transfer-encoding: chunked"


@dataclass(frozen=True)
class Row:
    """A request and the statuses of its answers; `says` stands in the last one's words."""

    name: str
    request: bytes
    statuses: tuple[int, ...]
    says: str = ""

    def __str__(self) -> str:
        return self.name


def broken(name: str, request: bytes) -> Row:
    return Row(name, request, (400,), "no HTTP request that can be read")


def in_chunks(body: bytes) -> bytes:
    return post(body, CHUNKED, length=None)


NO_HTTP = [
    broken("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100)),
    broken("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    broken("HTTP/9.9", post(version="9.9")),
    broken("mail", b"EHLO leads.test\r\n"),
    broken("noise", bytes(range(256))),
    broken("a lower-case method", post(method="post")),
    broken("an unknown method", post(method="BREW")),
    broken("lines that end in LF", post().replace(b"\r\n", b"\n")),
    broken("CR within a header", post(LEAD, "x: a\ry: b")),
    broken("a folded header", post(LEAD, "x: a\r\n b")),
    broken("NUL in a header", post(LEAD, "x: a\x00b")),
    broken("a space in a header's name", post(LEAD, "x y: z")),
    broken("a header without a name", post(LEAD, ": z")),
    broken("a header without a colon", post(LEAD, "xyz")),
    # targets
    broken("a target without a slash", post(target="hooks/website")),
    broken("a space in the target", post(target="/hooks/web site")),
    broken("NUL in the target", post(target=b"/hooks/web\x00site")),
    broken("no UTF-8 in the target", post(target=b"/hooks/\xff\xfe")),
    broken("UTF-8 in the target", post(target="/hooks/wébsite")),
    broken("a proxy's target", post(method="CONNECT", target="leads.test:443")),
    # lengths: two readers must not find two ends of one request
    broken("length and chunks", post(chunked(LEAD), CHUNKED, length=5)),
    broken("chunks and length", post(chunked(LEAD), CHUNKED, "content-length: 5", length=None)),
    broken("two lengths", post(LEAD, "content-length: 5")),
    broken("one length twice", post(LEAD, f"content-length: {len(LEAD)}")),
    broken("a list of lengths", post(LEAD, length="47, 47")),
    broken("a signed length", post(LEAD, length="+47")),
    broken("a negative length", post(LEAD, length="-1")),
    broken("a length in hex", post(LEAD, length="0x2f")),
    broken("a length of 30 digits", post(LEAD, length="9" * 30)),
    broken("a length of 2^64", post(LEAD, length=str(2**64))),
    broken("an empty length", post(LEAD, length="")),
    broken("a space before the colon", post(chunked(LEAD), "transfer-encoding : chunked", length=None)),
    broken("an unknown coding", post(chunked(LEAD), "transfer-encoding: xchunked", length=None)),
    broken("a coding after the chunks", post(chunked(LEAD), "transfer-encoding: chunked, identity", length=None)),
    broken("chunked twice", post(chunked(LEAD), CHUNKED, CHUNKED, length=None)),
    broken(
        "a control character before the coding", post(chunked(LEAD), b"transfer-encoding: \x0bchunked", length=None)
    ),
    broken("a negative chunk", in_chunks(b"-5\r\n" + LEAD)),
    broken("a chunk of 2^72", in_chunks(b"ffffffffffffffffff\r\n" + LEAD)),
    broken("a chunk that is longer than it says", in_chunks(b"3\r\n" + LEAD + b"\r\n0\r\n\r\n")),
    broken("a chunk of no number", in_chunks(b"zz\r\n" + LEAD)),
    broken("a length among the trailers", in_chunks(chunked(LEAD, ending=b"0\r\ncontent-length: 3\r\n\r\n"))),
]
REFUSED = [
    Row("a length of 2^62", post(LEAD, length=2**62), (413,), "server.max_body"),
    Row("two hosts", post(LEAD, "host: other.example"), (400,), "more than one Host"),
    Row("chunks of gzip", post(chunked(LEAD), "transfer-encoding: gzip, chunked", length=None), (415,), "Compressed"),
    Row("no length, and a body", post(LEAD, length=None), (400,), "the body is empty"),
    Row("an unknown source", post(target="/hooks/nobody"), (404,), "no source of this name"),
    Row("a name of 5,000 characters", post(target="/hooks/" + "x" * 5_000), (404,), "no source of this name"),
    Row("a name with NUL, escaped", post(target="/hooks/web%00site"), (404,), "no source of this name"),
    Row("a name of no UTF-8, escaped", post(target="/hooks/%ff%fe"), (404,), "no source of this name"),
    Row("a slash, escaped", post(target="/hooks/a%2fb"), (404,), "/hooks/NAME"),
    Row("two slashes", post(target="//hooks/website"), (404,), "/hooks/NAME"),
    Row("a way up", post(target="/hooks/../hooks/website"), (404,), "/hooks/NAME"),
    Row("no name", post(target="/hooks/"), (404,), "/hooks/NAME"),
    Row("the root", post(target="/"), (404,), "/hooks/NAME"),
    Row("the whole server", post(method="OPTIONS", target="*"), (404,), "/hooks/NAME"),
    Row("a probe that is posted to", post(target="/healthz"), (405,), "/hooks/NAME"),
    *(
        Row(method, post(method=method), (405,), "sent with POST")
        for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "CONNECT")
    ),
    Row("two tokens", post(LEAD, "x-webhook-token: other"), (401,), "could not be verified"),
    Row("a header of 100 KB", post(LEAD, "x: " + "y" * 100_000), (431,), "fewer or shorter headers"),
    Row("10,000 headers", post(LEAD, *(f"x-{n:06}: y" for n in range(10_000))), (431,), "fewer or shorter headers"),
    Row("a target of 100 KB", post(target="/hooks/website?" + "q" * 100_000), (431,), "fewer or shorter headers"),
    Row("trailers of 1 MiB", in_chunks(chunked(LEAD, ending=b"0\r\n" + b"x: y\r\n" * 170_000)), (431,), "headers"),
    Row("a trailer without end", in_chunks(chunked(LEAD, ending=b"0\r\nx: " + b"y" * 1_000_000)), (431,), "headers"),
    Row("a chunk's extension without end", in_chunks(b"2f;" + b"x" * 1_000_000), (431,), "headers"),
    Row("a good request, then noise", post() + b"\x00\xff\r\n\r\n", (202,)),
    Row("a request after the last", post(LEAD, "connection: close") + post(), (202,)),
]
TAKEN = [
    Row("HTTP/1.0", post(version="1.0"), (202,)),
    Row("empty lines before", b"\r\n" * 100 + post(), (202,)),
    Row("an absolute target", post(target="http://elsewhere.test:1/hooks/website?x=1#y"), (202,)),
    Row("an escaped target", post(target="/hooks/%77ebsite/"), (202,)),
    Row("no host", post().replace(b"host: leads.test\r\n", b""), (202,)),
    Row("a host that is none", post().replace(b"leads.test", b"\xff@:99999/?#"), (202,)),
    Row("headers of odd bytes", post(LEAD, b"x: \xff\xfe\x80", "user-agent: \xad\xa0"), (202,)),
    Row("a forged way", post(LEAD, "x-forwarded-for: <script>", "x-forwarded-proto: javascript"), (202,)),
    Row("a trace ID of nothing but zeros", post(LEAD, f"traceparent: 00-{'0' * 32}-{'0' * 16}-00"), (202,)),
    Row("a wish for 100 Continue", post(LEAD, "expect: 100-continue"), (100, 202)),
    Row("another expectation", post(LEAD, "expect: 200-ok"), (202,)),
    Row("chunks with an extension", in_chunks(b"%x;a=b\r\n%b\r\n0\r\n\r\n" % (len(LEAD), LEAD)), (202,)),
    Row("chunks with trailers", in_chunks(chunked(LEAD, ending=b"0\r\nx-a: b\r\n\r\n")), (202,)),
    Row("20 requests at once", post() * 20, (202,) * 20),
    Row("a wish for WebSockets", post(LEAD, "connection: upgrade", "upgrade: websocket"), (202,)),
    Row("two wishes for HTTP/2", post(LEAD, "connection: Upgrade", "upgrade: h2c") * 2 + post(), (202,) * 3),
]


@pytest.mark.parametrize("case", NO_HTTP + REFUSED, ids=str)
def test_it_is_answered_in_words_and_others_are_served(service: Service, case: Row) -> None:
    answers = service.ask(case.request, answers=len(case.statuses) + 1 if case.statuses == (202,) else 1)
    assert tuple(answer.status for answer in answers) == case.statuses, answers
    if case.says:
        assert case.says in answers[-1].document["detail"]
        is_problem(answers[-1])
    service.still_serves()


@pytest.mark.parametrize("case", TAKEN, ids=str)
def test_what_is_only_odd_is_taken(service: Service, case: Row) -> None:
    answers = service.ask(case.request, answers=len(case.statuses))
    assert tuple(answer.status for answer in answers) == case.statuses, answers
    service.still_serves()


@pytest.mark.parametrize("case", NO_HTTP, ids=str)
def test_the_connection_is_closed_after_what_is_no_http(service: Service, case: Row) -> None:
    assert len(service.ask(case.request, post(), answers=2)) == 1
    service.still_serves()


def stored(service: Service, *pieces: bytes) -> Any:
    """What was kept of the one submission in these bytes."""
    (answer,) = service.ask(*pieces)
    assert answer.status == 202, answer
    row = service.read("submission", answer.document["id"])
    return service.read("request", row.request_id)


def test_a_body_that_asks_for_an_upgrade_is_whole_in_one_piece_and_in_two(service: Service) -> None:
    request = post(LEAD, "connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQ")
    for pieces in ([request], [request[:-20], request[-20:]], [request[:30], request[30:]]):
        kept = stored(service, *pieces)
        assert (kept.body, kept.headers["host"]) == (LEAD, "leads.test")
        assert "upgrade" not in kept.headers


def test_a_trailer_is_no_header(service: Service) -> None:
    kept = stored(service, in_chunks(chunked(LEAD, ending=b"0\r\nx-hidden: y\r\n\r\n")))
    assert kept.body == LEAD
    assert "x-hidden" not in kept.headers


def test_what_is_no_http_is_logged_and_not_who_sent_what(service: Service) -> None:
    service.ask(b"NOHTTP planted-words\r\n\r\n")
    lines = service.process.events("connection.refused", status=400)
    assert "planted" not in str(lines)
