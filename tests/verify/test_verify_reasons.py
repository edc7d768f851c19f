"""Who is let in, who is not and why, and what is kept of the credentials."""

import base64
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.errors import SignatureError
from leadbridge.events import Received
from leadbridge.schemes import SCHEME
from leadbridge.signing import sign
from leadbridge.verify import verify
from tests.support.walked import walked

NOW = 1_796_000_000_000
BODY = '{"name": "Zoë"}'.encode()
TOKEN = {"scheme": "token", "secrets": ["old-token", "new-token"]}
BEARER = {**TOKEN, "header": "Authorization", "prefix": "Bearer "}
BASIC = {"scheme": "basic", "username": "form", "secrets": ["old:pass", "nëw"]}
PLAIN = {"scheme": "hmac", "header": "x-signature", "secrets": ["old", "new"]}
TIMED = {**PLAIN, "signs": "{timestamp}.{body}", "timestamp_header": "x-time"}
PARTS = {**PLAIN, "signs": "{timestamp}.{body}", "fields": {"timestamp": "t", "signature": "v1"}}
STANDARD = {
    "scheme": "standard-webhooks",
    "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2Vjb25kIHNlY3JldA"],
}
SCHEMES: dict[str, dict[str, Any]] = {
    "token": TOKEN,
    "bearer": BEARER,
    "basic": BASIC,
    "hmac": PLAIN,
    "hmac base64": {**PLAIN, "encoding": "base64", "prefix": "sha256="},
    "hmac base64url": {**PLAIN, "encoding": "base64url", "hash": "sha512"},
    "hmac hex key": {**PLAIN, "key_encoding": "hex", "secrets": ["00ff", "A0B1"]},
    "hmac with time": TIMED,
    "hmac with milliseconds": {**TIMED, "timestamp_unit": "ms", "tolerance": 60},
    "hmac in parts": PARTS,
    "hmac in parts without time": {**PLAIN, "fields": {"signature": "sig", "separator": ";"}},
    "hmac over everything": {**TIMED, "signs": "{{{method} {url} {id}}}{body}{timestamp}", "id_header": "x-id"},
    "standard webhooks": STANDARD,
}


def request(headers: dict[str, str] | None = None, *, body: bytes = BODY) -> Received:
    return Received(
        source="website",
        method="POST",
        url="https://leads.example.com/hooks/website",
        headers=headers or {},
        body=body,
        received_at=NOW,
    )


def signed(options: dict[str, Any], *, at: int = NOW, secret: int = 0) -> Received:
    scheme = SCHEME.validate_python({**options, "secrets": options["secrets"][secret]})
    bare = request()
    return request(sign(scheme, method=bare.method, url=bare.url, body=bare.body, message_id="msg_1", now=at))


def reason(options: dict[str, Any], received: Received, *, now: int = NOW) -> str:
    with pytest.raises(SignatureError) as refused:
        verify(SCHEME.validate_python(options), received, now=now)
    assert refused.value.http_status == 401
    assert refused.value.reason not in refused.value.detail
    return refused.value.reason


@walked("secret", [0, 1], ids=["first secret", "second secret"])
@walked("name", SCHEMES)
def test_what_a_sender_signs_is_verified_with_any_of_the_secrets(name: str, secret: int) -> None:
    verified = verify(SCHEME.validate_python(SCHEMES[name]), signed(SCHEMES[name], secret=secret), now=NOW)
    assert verified.verified
    assert verified.payload == BODY


@walked("name", SCHEMES)
def test_a_request_without_credentials_misses_a_header(name: str) -> None:
    assert reason(SCHEMES[name], request()) == "missing_header"


@walked("name", [name for name in SCHEMES if "hmac" in name or "standard" in name])
def test_a_changed_body_has_the_wrong_signature(name: str) -> None:
    assert reason(SCHEMES[name], replace(signed(SCHEMES[name]), body=BODY + b" ")) == "wrong_signature"


def test_what_is_signed_beside_the_body_cannot_be_changed() -> None:
    options = SCHEMES["hmac over everything"]
    good = signed(options)
    for changed in (
        replace(good, method="PUT"),
        replace(good, url=good.url + "?x=1"),
        replace(good, headers={**good.headers, "x-id": "msg_2"}),
        replace(good, headers={**good.headers, "x-time": str(NOW // 1000 + 1)}),
    ):
        assert reason(options, changed) == "wrong_signature"


@walked("options", [TIMED, PARTS, STANDARD], ids=["header", "parts", "standard webhooks"])
@walked(
    ("age_ms", "expected"),
    [
        (300_000, None),
        (300_001, "timestamp_too_old"),
        (86_400_000, "timestamp_too_old"),
        (-300_000, None),
        (-300_001, "timestamp_in_future"),
    ],
)
def test_a_timestamp_may_be_off_by_the_tolerance_and_no_more(
    options: dict[str, Any], age_ms: int, expected: str | None
) -> None:
    received = signed(options)
    if expected:
        assert reason(options, received, now=NOW + age_ms) == expected
    else:
        assert verify(SCHEME.validate_python(options), received, now=NOW + age_ms).verified


def test_without_tolerance_any_age_is_taken_and_the_timestamp_is_still_signed() -> None:
    options = {**TIMED, "tolerance": "none"}
    received = signed(options)
    assert verify(SCHEME.validate_python(options), received, now=NOW * 3).verified
    assert reason(options, replace(received, headers={**received.headers, "x-time": "1"})) == "wrong_signature"


@pytest.mark.parametrize("junk", ["!", "\n", " ", "=", "é"])
def test_a_good_signature_with_junk_in_it_is_not_taken(junk: str) -> None:
    options = SCHEMES["hmac base64"]
    good = signed(options).headers["x-signature"]
    assert reason(options, _with(options, x_signature=good[:20] + junk + good[20:])) == "malformed_header"


def test_an_unproved_timestamp_is_not_judged() -> None:
    old = signed(TIMED)
    assert reason(TIMED, replace(old, body=b"other"), now=NOW + 10**9) == "wrong_signature"


def _with(options: dict[str, Any], **headers: str) -> Received:
    good = signed(options)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(good, headers={**good.headers, **named})


HEX = "ab" * 32
BASE64 = base64.b64encode(bytes(32)).decode()


@walked(
    ("options", "headers", "expected"),
    [
        (TOKEN, {"x_webhook_token": "other"}, "wrong_token"),
        (TOKEN, {"x_webhook_token": "old-toke"}, "wrong_token"),
        (TOKEN, {"x_webhook_token": "old-tokén"}, "wrong_token"),
        (TOKEN, {"x_webhook_token": "☃"}, "malformed_header"),
        (TOKEN, {"x_webhook_token": "  "}, "missing_header"),
        (TOKEN, {"x_webhook_token": "x" * 10_000}, "malformed_header"),
        (BEARER, {"authorization": "old-token"}, "malformed_header"),
        (BEARER, {"authorization": "Basic old-token"}, "malformed_header"),
        (BEARER, {"authorization": "Bearer"}, "malformed_header"),
        (BEARER, {"authorization": "Bearer other"}, "wrong_token"),
        (BASIC, {"authorization": "Bearer b2xk"}, "malformed_header"),
        (BASIC, {"authorization": "Basic ???"}, "malformed_header"),
        (BASIC, {"authorization": "Basic " + base64.b64encode(b"no colon").decode()}, "malformed_header"),
        (BASIC, {"authorization": "Basic " + base64.b64encode(b"form:bad").decode()}, "wrong_password"),
        (BASIC, {"authorization": "Basic " + base64.b64encode(b"root:old:pass").decode()}, "wrong_password"),
        (BASIC, {"authorization": "Basic " + base64.b64encode(b"form:\xff\xfe").decode()}, "wrong_password"),
        (PLAIN, {"x_signature": HEX}, "wrong_signature"),
        (PLAIN, {"x_signature": HEX[:-2]}, "malformed_header"),
        (PLAIN, {"x_signature": HEX[:-1]}, "malformed_header"),
        (PLAIN, {"x_signature": BASE64}, "malformed_header"),
        (PLAIN, {"x_signature": "é" * 64}, "malformed_header"),
        (PLAIN, {"x_signature": "☃" * 64}, "malformed_header"),
        (PLAIN, {"x_signature": f"{HEX}, {HEX}"}, "malformed_header"),
        (PLAIN, {"x_signature": HEX * 200}, "malformed_header"),
        (SCHEMES["hmac base64"], {"x_signature": BASE64}, "malformed_header"),
        (SCHEMES["hmac base64"], {"x_signature": "sha256=" + HEX}, "malformed_header"),
        (SCHEMES["hmac base64"], {"x_signature": "sha256=" + BASE64}, "wrong_signature"),
        (SCHEMES["hmac base64"], {"x_signature": "sha256=" + BASE64[:-4]}, "malformed_header"),
        (SCHEMES["hmac base64url"], {"x_signature": "+" * 86}, "malformed_header"),
        (TIMED, {"x_time": "nan"}, "malformed_header"),
        (TIMED, {"x_time": "Infinity"}, "malformed_header"),
        (TIMED, {"x_time": "-1"}, "malformed_header"),
        (TIMED, {"x_time": "1.5"}, "malformed_header"),
        (TIMED, {"x_time": "9" * 400}, "malformed_header"),
        (TIMED, {"x_time": "١٧٠٠٠٠٠٠٠٠"}, "malformed_header"),
        (TIMED, {"x_time": ""}, "missing_header"),
        (PARTS, {"x_signature": "not a list of parts"}, "malformed_header"),
        (PARTS, {"x_signature": f"v1={HEX}"}, "malformed_header"),
        (PARTS, {"x_signature": f"t=1,t=2,v1={HEX}"}, "malformed_header"),
        (PARTS, {"x_signature": f"t=1796000000,v0={HEX}"}, "malformed_header"),
        (PARTS, {"x_signature": f"t=1796000000,v1={HEX}"}, "wrong_signature"),
        (STANDARD, {"webhook_signature": "v1,"}, "malformed_header"),
        (STANDARD, {"webhook_signature": f"v1a,{BASE64}"}, "malformed_header"),
        (STANDARD, {"webhook_signature": f"v1,{BASE64} v1,{BASE64}"}, "wrong_signature"),
        (STANDARD, {"webhook_signature": f"v1,{BASE64}", "webhook_id": ""}, "missing_header"),
        (STANDARD, {"webhook_signature": f"v1,{BASE64}", "webhook_id": "☃"}, "malformed_header"),
    ],
)
def test_a_bad_header_is_refused_with_its_reason(
    options: dict[str, Any], headers: dict[str, str], expected: str
) -> None:
    assert reason(options, _with(options, **headers)) == expected


@walked("name", SCHEMES)
def test_a_secret_that_is_not_ours_proves_nothing(name: str) -> None:
    other = {**SCHEMES[name], "secrets": ["beefbeef"]}
    assert reason(SCHEMES[name], signed(other)) in ("wrong_signature", "wrong_token", "wrong_password")


def test_a_bearer_prefix_and_hex_digits_have_no_case() -> None:
    assert verify(SCHEME.validate_python(BEARER), request({"authorization": "bearer new-token"}), now=NOW).verified
    received = signed(PLAIN)
    upper = {"x-signature": received.headers["x-signature"].upper()}
    assert verify(SCHEME.validate_python(PLAIN), replace(received, headers=upper), now=NOW).verified


def test_svix_names_are_taken_unless_the_standard_ones_are_there() -> None:
    received = signed(STANDARD)
    svix = {name.replace("webhook-", "svix-"): value for name, value in received.headers.items()}
    scheme = SCHEME.validate_python(STANDARD)
    assert verify(scheme, replace(received, headers=svix), now=NOW).verified
    forged = {**svix, "webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": f"v1,{BASE64}"}
    assert reason(STANDARD, replace(received, headers=forged)) == "wrong_signature"


def test_an_unsigned_source_takes_anyone_and_proves_nobody() -> None:
    verified = verify(SCHEME.validate_python({"scheme": "none"}), request({"x-other": "kept"}), now=NOW)
    assert not verified.verified
    assert verified.request.headers == {"x-other": "kept"}
    assert sign(SCHEME.validate_python({"scheme": "none"}), method="POST", url="", body=b"", message_id="", now=0) == {}


@pytest.mark.parametrize("options", [{"scheme": "none"}, TOKEN, {**TOKEN, "header": "x-secret"}, BEARER, PLAIN])
def test_credentials_are_redacted_whatever_the_scheme(options: dict[str, Any]) -> None:
    planted = dict.fromkeys(
        ("authorization", "cookie", "proxy-authorization", "x-api-key", "x-webhook-token", "x-auth-key", "x-auth",
         "x-hook-key"),
        "planted",
    )  # fmt: skip
    proof = signed(options).headers if "secrets" in options else {}
    told_apart = {"idempotency-key": "order-7", "x-dedupe-key": "7", "x-author": "Ann", "x-keyword": "roof"}
    received = request({**planted, **proof, **told_apart, "user-agent": "Form/1.0"})
    verified = verify(SCHEME.validate_python(options), received, now=NOW)
    assert verified.request.headers["user-agent"] == "Form/1.0"
    assert told_apart.items() <= verified.request.headers.items()
    for name in planted:
        assert verified.request.headers[name] == "•••"
    assert "old-token" not in str(verified)
    assert verified.request.headers.get("x-signature") == proof.get("x-signature")
    assert replace(verified.request, headers=received.headers) == received


@given(
    name=st.sampled_from(sorted(SCHEMES)),
    values=st.lists(st.text(max_size=60), min_size=3, max_size=3),
    body=st.binary(max_size=50),
)
def test_whatever_a_stranger_sends_ends_in_a_reason(name: str, values: list[str], body: bytes) -> None:
    names = list(signed(SCHEMES[name]).headers)
    headers = dict(zip(names, values, strict=False))
    with pytest.raises(SignatureError):
        verify(SCHEME.validate_python(SCHEMES[name]), request(headers, body=body), now=NOW)
