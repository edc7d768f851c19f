"""Shared secrets in bodies and URLs: compared, refused, and masked in all that goes on."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.bodies import read_document
from leadbridge.errors import SignatureError, UsageError
from leadbridge.events import Received, Verified
from leadbridge.redactions import _patterns, redacted, without_values_of
from leadbridge.schemes import SCHEME, Scheme
from leadbridge.signing import sign_request
from leadbridge.verify import unproved, verify
from tests.support.walked import walked

NOW = 1_796_000_000_000
URL = "https://leads.example.com/hooks/website"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SECRET = 'pl4nted/s3cret "key"+\\&=%?'
BODY_SCHEME: dict[str, Any] = {"scheme": "body", "field": "account.key", "secrets": ["first-s3cret", SECRET]}
URL_SCHEME: dict[str, Any] = {"scheme": "url", "secrets": ["first-s3cret", SECRET]}


def scheme_of(options: dict[str, Any], **more: Any) -> Scheme:
    return SCHEME.validate_python({**options, **more})


def request(body: bytes = b"{}", *, content_type: str = JSON, url: str = URL, **headers: str) -> Received:
    given = {"content-type": content_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Received(source="website", method="POST", url=url, headers=given, body=body, received_at=NOW)


def reason(scheme: Scheme, sent: Received) -> str:
    with pytest.raises(SignatureError) as refused:
        verify(scheme, sent, now=NOW)
    assert "secret" not in refused.value.reason or refused.value.reason not in refused.value.detail
    return refused.value.reason


def in_json(value: Any) -> Received:
    return request(json.dumps({"account": {"key": value}, "email": "zoe@example.com"}).encode())


def in_query(query: str) -> Received:
    return request(url=f"{URL}?{query}")


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


def everything(verified: Verified) -> str:
    kept = verified.request
    return " ".join([kept.url, *kept.headers.values(), repr(kept.body), repr(verified.payload)])


WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "percent": lambda text: quote(text, safe=""),
    "percent in small letters": lambda text: re.sub("%..", lambda code: code[0].lower(), quote(text, safe="")),
    "percent of everything": lambda text: "".join(f"%{ord(letter):02X}" for letter in text),
    "form": lambda text: quote(text, safe="").replace("%20", "+"),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON as PHP has it": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "JSON of code points": lambda text: "".join(f"\\u{ord(letter):04X}" for letter in text),
    "JSON in a form": lambda text: quote(json.dumps(text)[1:-1], safe=""),
    "a URL in JSON": lambda text: json.dumps(quote(text, safe=""))[1:-1],
}


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


@pytest.mark.parametrize("options", [{"scheme": "none"}, {"scheme": "token", "secrets": "a-token"}])
def test_a_secret_in_its_place_is_masked_whatever_the_scheme(options: dict[str, Any]) -> None:
    sent = request(b'{"google_key": "s3cret-of-google", "u": "?k=s3cret-of-google", "e": 1}', x_webhook_token="a-token")
    verified = verify(scheme_of(options), sent, now=NOW, secrets_at=("google_key", "deep.key"))
    assert verified.request.body == verified.payload == b'{"google_key": "***", "u": "?k=***", "e": 1}'
    assert unproved(scheme_of(options), sent, secrets_at=("google_key",)).payload == verified.payload


def test_what_is_no_text_or_no_document_has_nothing_to_mask() -> None:
    for body in (b"{", b"[]", b'{"google_key": true}', b'{"google_key": null}', b'{"google_key": ""}'):
        assert verify(scheme_of({"scheme": "none"}), request(body), now=NOW, secrets_at=("google_key",)).payload == body


@walked(
    ("body", "content_type", "kept"),
    [
        (b'{"id": "1", "google_key":"s3cret-of-google","user_co', JSON, b'{"id": "1", "google_key":"***","user_co'),
        (b'{"google_key" : "s3cret \\" of-goo', JSON, b'{"google_key" : "***"'),
        (b'{"google_key":1234567890123,"is": 1}', JSON, b'{"google_key":1,"is": 1}'),
        (b'{"google_key":"test","is_test":true}', JSON, b'{"google_key":"***","is_test":true}'),
        (b"a=1&google_key=s3cret%2Fof&b=test", FORM, b"a=1&google_key=***&b=test"),
        (
            b'--x\r\nContent-Disposition: form-data; name="google_key"\r\n\r\ntest\r\n--x\r\n',
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="google_key"\r\n\r\n***\r\n--x\r\n',
        ),
    ],
)
def test_a_secret_is_masked_in_its_place_where_the_body_cannot_be_read_and_where_it_is_short_or_a_number(
    body: bytes, content_type: str, kept: bytes
) -> None:
    sent = request(body, content_type=content_type)
    assert verify(scheme_of({"scheme": "none"}), sent, now=NOW, secrets_at=("google_key",)).request.body == kept


@pytest.mark.parametrize(
    "part", [b'"google_key"', b'"google_key":"', b"&google_key=", b'name="google_key"\r\n', b'name="google_key"\n \n']
)
def test_places_are_looked_for_in_one_go_however_many_there_seem_to_be(part: bytes) -> None:
    """Looked for anew from each, they would keep this test for hours."""
    without_values_of("google_key", part * (1_500_000 // len(part)))
    without_values_of("google_key", b'"google_key":' + b" " * 1_000_000 + b'"' + b"\\" * 1_000_000)


def test_nobody_has_many_secrets_searched_for() -> None:
    many = "&".join(f"key={number}{'x' * 100}" for number in range(9)).encode()
    sent = request(many, content_type=FORM)
    unsigned = scheme_of({"scheme": "none"})
    with pytest.raises(SignatureError):
        verify(unsigned, sent, now=NOW, secrets_at=("key",))
    assert unproved(unsigned, sent, secrets_at=("key",)).payload == many
    in_the_url = request(many, content_type=FORM, url=f"{URL}?{many.decode()}")
    masked = verify(unsigned, in_the_url, now=NOW)
    assert masked.request.url == f"{URL}?{'&'.join(['key=***'] * 9)}"
    assert masked.payload.count(b"***") == 8


@walked("name", ["plain", "percent", "form", "JSON", "JSON as PHP has it", "JSON in a form"])
def test_a_long_value_in_its_place_is_masked_too(name: str) -> None:
    """Such as a whole URL (Jotform's `webhookURL`)."""
    url = f"{URL}?note={'x' * 300}&token={SECRET}"
    body = json.dumps({"url": url, "again": "HERE", "e": "zoe"}).encode().replace(b"HERE", WRITTEN[name](url).encode())
    if name == "plain":
        body = json.dumps({"url": url, "again": url, "e": "zoe"}).encode()
    verified = verify(scheme_of({"scheme": "none"}), request(body), now=NOW, secrets_at=("url",))
    assert verified.payload == b'{"url": "***", "again": "***", "e": "zoe"}'


@walked(
    ("query", "kept"),
    [
        ("token=s3cret", "token=***"),
        ("a=b&api_key=s3cret&c=d", "a=b&api_key=***&c=d"),
        ("Secret=s3cret&x", "Secret=***&x"),
        ("%74oken=s3cret", "%74oken=***"),
        ("key=s3cret&monkey=1&keys=2", "key=***&monkey=1&keys=2"),
        ("auth=s3cret?x", "auth=***"),
        ("utm_source=news", "utm_source=news"),
        ("?token=s3cret", "?token=***"),
        ("token", "token"),
    ],
)
def test_parameters_that_are_called_like_secrets_are_not_kept(query: str, kept: str) -> None:
    verified = verify(scheme_of({"scheme": "none"}), in_query(query), now=NOW)
    assert verified.request.url == f"{URL}?{kept}"


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
