"""What is a secret by its place or by its name is masked, whatever proves the sender."""

import json
from typing import Any

import pytest

from leadbridge.errors import SignatureError
from leadbridge.redactions import without_values_of
from leadbridge.verify import unproved, verify
from tests.support.walked import walked
from tests.verify.placed import (
    FORM,
    JSON,
    NOW,
    SECRET,
    URL,
    WRITTEN,
    in_query,
    request,
    scheme_of,
)


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
    "part",
    [
        b'"google_key"', b'"google_key":"', b"&google_key=", b'name="google_key"', b'name="google_key"\r\n',
        b'name="google_key"\n \n',
    ],
)  # fmt: skip
def test_places_are_looked_for_in_one_go_however_many_there_seem_to_be(part: bytes) -> None:
    """Looked for anew from each, they would keep this test for hours."""
    without_values_of("google_key", part * (1_500_000 // len(part)))
    without_values_of("google_key", b'"google_key":' + b" " * 1_000_000 + b'"' + b"\\" * 1_000_000)


@walked(
    ("value", "elsewhere"),
    [("1234567", "1234567"), ("12345678", "***"), ("%31%32%33%34%35%36%37", "%31%32%33%34%35%36%37")],
)
def test_a_short_parameter_is_masked_in_the_url_alone(value: str, elsewhere: str) -> None:
    """Seven characters may be a figure or a word of somebody's answer."""
    sent = request(url=f"{URL}?key={value}", x_forwarded_uri=f"/hooks/website?key={value}")
    kept = verify(scheme_of({"scheme": "none"}), sent, now=NOW).request
    assert kept.url == f"{URL}?key=***"
    assert kept.headers["x-forwarded-uri"] == f"/hooks/website?key={elsewhere}"


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
