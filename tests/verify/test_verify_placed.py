"""Shared secrets in bodies and URLs: compared, refused, and masked in all that goes on."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.bodies import read_document
from leadbridge.errors import UsageError
from leadbridge.events import Received
from leadbridge.redactions import _patterns, redacted
from leadbridge.signing import sign_request
from leadbridge.verify import verify
from tests.support.walked import walked
from tests.verify.placed import (
    BODY_SCHEME,
    FORM,
    JSON,
    NOW,
    SECRET,
    URL,
    URL_SCHEME,
    WRITTEN,
    everything,
    in_json,
    in_query,
    reason,
    request,
    scheme_of,
)


@pytest.mark.parametrize("secret", BODY_SCHEME["secrets"])
def test_either_secret_proves(secret: str) -> None:
    assert verify(scheme_of(BODY_SCHEME), in_json(secret), now=NOW).verified
    form = f"email=zoe%40example.com&account%5Bkey%5D={quote(secret, safe='')}".encode()
    assert verify(scheme_of(BODY_SCHEME), request(form, content_type=FORM), now=NOW).verified
    assert verify(scheme_of(URL_SCHEME), in_query(f"a=b&token={quote(secret, safe='')}&c"), now=NOW).verified


@walked(
    ("value", "why"),
    [
        (None, "missing_secret"),
        ("", "missing_secret"),
        ("other", "wrong_secret"),
        (SECRET + " ", "wrong_secret"),
        (SECRET[:-1], "wrong_secret"),
        (SECRET.upper(), "wrong_secret"),
        ("é☃\ud800", "wrong_secret"),
        ("x" * 201, "malformed_secret"),
        (1, "malformed_secret"),
        (True, "malformed_secret"),
        ([SECRET], "malformed_secret"),
        ({"key": SECRET}, "malformed_secret"),
    ],
)
def test_another_value_in_the_body_is_refused(value: Any, why: str) -> None:
    assert reason(scheme_of(BODY_SCHEME), in_json(value)) == why


@walked(
    ("sent", "why"),
    [
        (request(b""), "malformed_body"),
        (request(b"{"), "malformed_body"),
        (request(b"[" * 5_000), "malformed_body"),
        (request(b'{"account": {"key": "a", "key": "b"}}'), "malformed_body"),
        (request(b"\x89PNG", content_type="image/png"), "malformed_body"),
        (request(json.dumps({"account": {"key": SECRET}}).encode("utf-16")), "malformed_body"),
        (request(b"[]"), "missing_secret"),
        (request(b'"text"'), "missing_secret"),
        (request(b'{"account": "key"}'), "missing_secret"),
        (request(b"account[key]=a&account[key]=first-s3cret", content_type=FORM), "malformed_secret"),
    ],
)
def test_a_body_without_one_readable_secret_is_refused(sent: Received, why: str) -> None:
    assert reason(scheme_of(BODY_SCHEME), sent) == why


@walked(
    ("query", "why"),
    [
        ("", "missing_secret"),
        ("token", "missing_secret"),
        ("token=", "missing_secret"),
        ("Token=first-s3cret", "missing_secret"),
        ("other=first-s3cret", "missing_secret"),
        ("token=other", "wrong_secret"),
        ("token=%ff%00", "wrong_secret"),
        ("token=first-s3cret&token=first-s3cret", "malformed_secret"),
        ("token=first-s3cret&token=", "malformed_secret"),
        ("&".join(["a=b"] * 101), "malformed_secret"),
        ("token=" + "x" * 201, "malformed_secret"),
    ],
)
def test_a_url_without_one_right_secret_is_refused(query: str, why: str) -> None:
    assert reason(scheme_of(URL_SCHEME), in_query(query)) == why


@walked("name", WRITTEN)
def test_a_secret_is_masked_however_it_is_written(name: str) -> None:
    text = f'<"{WRITTEN[name](SECRET)}">'.encode()
    assert redacted(text, (SECRET,)) == b'<"***">'


@given(
    st.text(
        st.characters(codec="ascii", categories=["L", "N", "P", "S"], exclude_characters="*"), min_size=8, max_size=30
    ).map("k{}".format),
    st.sampled_from(sorted(WRITTEN)),
    st.binary(max_size=30),
)
def test_any_secret_is_masked_among_any_bytes(secret: str, name: str, around: bytes) -> None:
    written = WRITTEN[name](secret).encode()
    assert written not in redacted(around + written + around, (secret,))


@pytest.mark.parametrize("place", ["body", "url"])
def test_nothing_that_goes_on_holds_any_of_the_secrets_and_all_of_it_still_reads(place: str) -> None:
    """Jotform's body repeats the URL, proxies repeat it in headers; the secret that did not come is masked too."""
    called = f"{URL}?token={quote(SECRET, safe='')}"
    body = json.dumps({"account": {"key": SECRET}, "hook": called, "old": "first-s3cret", "email": "zoe@example.com"})
    sent = request(body.replace("/", "\\/").encode(), url=called, referer=called, x_original_url=called, x_note=SECRET)
    verified = verify(scheme_of(BODY_SCHEME if place == "body" else URL_SCHEME), sent, now=NOW)
    for part in ("s3cret", "first", "key%22"):
        assert part not in everything(verified)
    read = read_document(verified.payload, verified.request.headers).value
    assert read == {
        "account": {"key": "***"},
        "hook": f"{URL}?token=***",
        "old": "***",
        "email": "zoe@example.com",
    }
    assert verified.request.url == f"{URL}?token=***"
    assert verified.payload == verified.request.body


def test_a_parameter_is_masked_whatever_it_is_called() -> None:
    url = f"{URL}?k={quote(SECRET, safe='')}&other={quote(SECRET, safe='')}&a=b"
    verified = verify(scheme_of(URL_SCHEME, parameter="k"), request(url=url), now=NOW)
    assert verified.request.url == f"{URL}?k=***&other=***&a=b"


def test_a_multipart_form_is_masked_and_reads() -> None:
    parts = [("account[key]", SECRET), ("rawRequest", json.dumps({"q1": "zoe@example.com", "key": SECRET}))]
    lines = [f'--x\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts]
    sent = request("".join([*lines, "--x--\r\n"]).encode(), content_type="multipart/form-data; boundary=x")
    verified = verify(scheme_of(BODY_SCHEME), sent, now=NOW)
    read = read_document(verified.payload, verified.request.headers).value
    assert read == {"account": {"key": "***"}, "rawRequest": '{"q1": "zoe@example.com", "key": "***"}'}


@pytest.mark.parametrize("charset", ["latin-1", "shift_jis", "euc-kr", "gb18030"])
def test_a_masked_body_reads_in_other_charsets(charset: str) -> None:
    sent = request(b'{"account": {"key": "first-s3cret"}, "a": 1}', content_type=f"{JSON}; charset={charset}")
    verified = verify(scheme_of(BODY_SCHEME), sent, now=NOW)
    assert read_document(verified.payload, verified.request.headers).value == {"account": {"key": "***"}, "a": 1}


@walked("options", [BODY_SCHEME, URL_SCHEME])
@walked("short", ["hk", "test", "form", "eleven-long", "true"])
def test_a_short_secret_is_refused_since_it_could_be_a_part_of_a_name_or_an_answer(
    options: dict[str, Any], short: str
) -> None:
    with pytest.raises(ValueError, match="12 to 200 characters"):
        scheme_of(options, secrets=short)


@walked("options", [BODY_SCHEME, URL_SCHEME])
@walked("spaced", [" long-enough-a-secret", "long-enough-a-secret "])
def test_a_secret_with_a_space_at_an_end_is_refused_since_it_may_arrive_without(
    options: dict[str, Any], spaced: str
) -> None:
    with pytest.raises(ValueError, match="no space at either end"):
        scheme_of(options, secrets=spaced)


def test_what_says_how_a_body_is_read_keeps_its_words() -> None:
    content_type, trace = "multipart/form-data; boundary=x", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    for secret in ("multipart/form", "4bf92f3577b34da6a3ce929d0e0e4736"):
        sent = request(b"--x--\r\n", content_type=content_type, url=f"{URL}?token={secret}", traceparent=trace)
        for options in ({**URL_SCHEME, "secrets": secret}, {"scheme": "none"}):
            kept = verify(scheme_of(options), sent, now=NOW).request
            assert kept.headers == {"content-type": content_type, "traceparent": trace}
            assert kept.url == f"{URL}?token=***"


@pytest.mark.parametrize(
    "query", ["author=jennifer", "cookie_consent=accepted", "token=jennifer", "api_key=accepted", "keyword=jennifer"]
)
def test_an_answer_that_stands_in_the_url_too_stays(query: str) -> None:
    body = b'{"name": "jennifer", "email": "jennifer@example.com", "terms": "accepted"}'
    assert verify(scheme_of({"scheme": "none"}), request(body, url=f"{URL}?{query}"), now=NOW).payload == body


@walked("name", ["plain", "percent", "percent twice", "JSON", "JSON as PHP has it", "JSON in a form"])
def test_the_url_is_masked_where_the_body_repeats_it(name: str) -> None:
    called = f"{URL}?a=b&api_key=pl4nted%2Fs3cret&c=d"
    body = b'{"page": "%s", "email": "zoe@example.com"}' % WRITTEN[name](called).encode()
    if name == "percent twice":  # as forms have it: what came percent-encoded is encoded once more
        body = quote(called, safe="").encode()
    sent = request(body, url=called, referer=called, x_note="pl4nted/s3cret")
    verified = verify(scheme_of({"scheme": "none"}), sent, now=NOW)
    assert "s3cret" not in everything(verified)
    assert verified.payload.count(b"***") == 1


def test_masking_comes_to_an_end_whatever_a_strangers_url_holds() -> None:
    """A pattern that reads in two ways would take years for the longest; a new one for each URL fills memory."""
    unsigned = scheme_of({"scheme": "none"})
    for count in range(4, 40):
        body = b"\\" * 60
        assert verify(unsigned, request(body, url=f"{URL}?key={'%5c' * count}zzzzzz"), now=NOW).payload == body
    made = _patterns.cache_info().misses
    many = "&".join(f"token{number}={number}{'é%22' * 60}" for number in range(8))
    verify(unsigned, request(url=f"{URL}?{many}"), now=NOW)
    verify(unsigned, request(json.dumps({"key": "x" * 100}).encode()), now=NOW, secrets_at=("key",))
    assert _patterns.cache_info().misses == made


@pytest.mark.parametrize("length", [60, 5_000])
def test_a_secret_of_backslashes_is_looked_for_in_one_way(length: int) -> None:
    """Read in two ways, the longest would take years."""
    for count in range(1, 30):
        body = b"\\" * length + b"%5c" * length
        assert redacted(body, ("\\" * count + "zzzzzzzzzzzz",)) == body


@walked("name", WRITTEN)
@walked("secret", ["\\pl4nted-long", "pl4nted\\\\\\-long", '\\"/pl4n\\"ted', "pl4nted-long\\"])
def test_backslashes_are_masked_however_they_are_written(name: str, secret: str) -> None:
    text = f"<{WRITTEN[name](secret)}>".encode()
    assert redacted(text, (secret,)) == b"<***>"


def test_a_secret_of_digits_leaves_numbers_numbers() -> None:
    scheme = scheme_of(BODY_SCHEME, field="key", secrets="4915112345678")
    body = b'{"key": "4915112345678", "phone": 4915112345678, "id": 14915112345678, "n": -4915112345678.5}'
    verified = verify(scheme, request(body), now=NOW)
    read = read_document(verified.payload, {"content-type": JSON}).value
    assert read == {"key": "1", "phone": 1, "id": 11, "n": -1.5}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"email": "zoe@example.com"}', JSON),
        (b'{"account": {"key": "placeholder", "id": 1}}', JSON),
        (b"email=zoe%40example.com", FORM),
        (b"account[key]=placeholder&email=zoe%40example.com", FORM),
        (b"", FORM),
    ],
)
def test_what_is_signed_as_a_sample_is_taken(body: bytes, content_type: str) -> None:
    for options in (BODY_SCHEME, URL_SCHEME):
        for number in (0, 1):
            scheme = scheme_of(options, secrets=options["secrets"][number])
            sent = sign_request(scheme, method="POST", url=f"{URL}?token=x&a=b", body=body, message_id="", now=NOW)
            again = request(sent.body, content_type=content_type, url=sent.url)
            assert verify(scheme_of(options), again, now=NOW).verified
            assert "a=b" in sent.url


def test_a_secret_cannot_be_put_into_a_list() -> None:
    for body in (b"[1]", b"--x\r\n"):
        with pytest.raises(UsageError, match="an object in JSON, or a form"):
            sign_request(scheme_of(BODY_SCHEME), method="POST", url=URL, body=body, message_id="", now=NOW)


def test_the_bytes_of_all_that_has_no_secret_stay() -> None:
    body = b'{"account":{"key":"first-s3cret"},"a":"\xc3\xa9\\u00e9%41 ***"}'
    verified = verify(scheme_of(BODY_SCHEME), request(body), now=NOW)
    assert verified.request.body == body.replace(b"first-s3cret", b"***")
    assert replace(verified.request, body=b"", headers={}) == replace(request(body), body=b"", headers={})


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be"])
@pytest.mark.parametrize("written", [SECRET, quote(SECRET, safe="")])
def test_a_secret_of_the_url_is_masked_in_a_body_of_another_width(charset: str, written: str) -> None:
    url = f"{URL}?token={quote(SECRET, safe='')}&key=another-secret"
    body = json.dumps({"url": f"{URL}?token={written}&key=another-secret", "name": "Zoë"}, ensure_ascii=False)
    masked = body.replace(json.dumps(written)[1:-1], "***").replace("another-secret", "***")
    verified = verify(scheme_of(URL_SCHEME), request(body.encode(charset), url=url), now=NOW)
    assert verified.request.body.decode(charset) == masked
    assert verified.payload == verified.request.body
