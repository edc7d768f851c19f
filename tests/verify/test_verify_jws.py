"""What is done to JSON Web Signatures, and what their claims may say."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from leadbridge.errors import SignatureError, UsageError
from leadbridge.events import Received
from leadbridge.schemes import SCHEME, Scheme
from leadbridge.signing import sign, sign_request
from leadbridge.verify import stored, unproved, verify
from tests.support.keys import public_pem, rsa_key
from tests.support.walked import walked

NOW = 1_796_000_000_000
SECONDS = NOW // 1_000
URL = "https://leads.example.com/hooks/website"
BODY = b'{"email": "zoe@example.com"}'
SECRET = "a-secret-of-the-tests"
BESIDE: dict[str, Any] = {
    "scheme": "jws", "header": "x-signature", "algorithm": "HS256", "body_hash": "sha256", "issuer": "netlify",
    "secrets": SECRET,
}  # fmt: skip
WHOLE: dict[str, Any] = {"scheme": "jws", "algorithm": "RS256", "payload": "data", "secrets": public_pem(rsa_key())}
GOOD: dict[str, Any] = {"iss": "netlify", "sha256": hashlib.sha256(BODY).hexdigest()}


def base64url(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def token(claims: Any, head: Any = None, *, key: bytes = SECRET.encode()) -> bytes:
    """A signature of any claims under any header, by HMAC."""
    said = [json.dumps(one).encode() if not isinstance(one, bytes) else one for one in (head or HS256, claims)]
    message = b".".join(base64url(one) for one in said)
    return message + b"." + base64url(hmac.digest(key, message, "sha256"))


HS256 = {"alg": "HS256", "typ": "JWT"}


def scheme_of(options: dict[str, Any], **more: Any) -> Scheme:
    return SCHEME.validate_python({**options, **more})


def beside(text: bytes, *, body: bytes = BODY) -> Received:
    headers = {"x-signature": text.decode("latin-1"), "content-type": "application/json"}
    return Received(source="website", method="POST", url=URL, headers=headers, body=body, received_at=NOW)


def whole(body: bytes) -> Received:
    return Received(source="website", method="POST", url=URL, headers={}, body=body, received_at=NOW)


def reason(scheme: Scheme, request: Received) -> str:
    with pytest.raises(SignatureError) as refused:
        verify(scheme, request, now=NOW)
    return refused.value.reason


def test_the_body_whose_hash_is_signed_is_taken() -> None:
    verified = verify(scheme_of(BESIDE), beside(token(GOOD)), now=NOW)
    assert (verified.verified, verified.payload) == (True, BODY)


@walked(
    ("claims", "why"),
    [
        ({**GOOD, "iss": "somebody"}, "wrong_issuer"),
        ({"sha256": GOOD["sha256"]}, "wrong_issuer"),
        ({"iss": "netlify"}, "wrong_body_hash"),
        ({**GOOD, "sha256": None}, "wrong_body_hash"),
        ({**GOOD, "sha256": ""}, "wrong_body_hash"),
        ({**GOOD, "sha256": "é"}, "wrong_body_hash"),
        ({**GOOD, "sha256": hashlib.sha256(b"other").hexdigest()}, "wrong_body_hash"),
        ({"iss": "netlify", "SHA256": GOOD["sha256"]}, "wrong_body_hash"),
        ({**GOOD, "exp": SECONDS - 301}, "timestamp_too_old"),
        ({**GOOD, "exp": SECONDS - 300}, None),
        ({**GOOD, "exp": SECONDS - 299.5}, None),
        ({**GOOD, "nbf": SECONDS + 300}, None),
        ({**GOOD, "nbf": SECONDS + 301}, "timestamp_in_future"),
        ({**GOOD, "iat": SECONDS + 301}, "timestamp_in_future"),
        ({**GOOD, "iat": 0}, None),
        ({**GOOD, "exp": "tomorrow"}, "malformed_header"),
        ({**GOOD, "exp": True}, "malformed_header"),
        ({**GOOD, "exp": [SECONDS]}, "malformed_header"),
        ([GOOD], "malformed_header"),
        ("text", "malformed_header"),
        (b"{", "malformed_header"),
        (b"\xff", "malformed_header"),
        (b"[" * 5_000, "malformed_header"),
        (b'{"exp": 1e999}', "wrong_issuer"),
        (b'{"iss": "other", "iss": "netlify"}', "malformed_header"),
    ],
)
def test_what_the_claims_may_say(claims: Any, why: str | None) -> None:
    scheme, sent = scheme_of(BESIDE), beside(token(claims))
    if why is None:
        assert verify(scheme, sent, now=NOW).verified
    else:
        assert reason(scheme, sent) == why


def test_a_hash_in_capitals_is_the_same_hash() -> None:
    assert verify(scheme_of(BESIDE), beside(token({**GOOD, "sha256": GOOD["sha256"].upper()})), now=NOW).verified


@walked(
    ("head", "why"),
    [
        ({"alg": "none"}, "wrong_algorithm"),
        ({"alg": "None"}, "wrong_algorithm"),
        ({"alg": "hs256"}, "wrong_algorithm"),
        ({"alg": "HS512"}, "wrong_algorithm"),
        ({"alg": "RS256"}, "wrong_algorithm"),
        ({"alg": ["HS256"]}, "wrong_algorithm"),
        ({"typ": "JWT"}, "wrong_algorithm"),
        ({"alg": "HS256", "crit": ["b64"], "b64": False}, "malformed_header"),
        ({"alg": "HS256", "crit": []}, "malformed_header"),
        (b'{"alg": "none", "alg": "HS256"}', "malformed_header"),
        ([HS256], "malformed_header"),
        (b"HS256", "malformed_header"),
    ],
)
def test_a_signature_does_not_choose_how_it_is_verified(head: Any, why: str) -> None:
    signed = token(GOOD, head)
    message = signed.rpartition(b".")[0]
    for proof in (signed, message + b".", message, message + b".AA"):
        assert reason(scheme_of(BESIDE), beside(proof)) in {why, "malformed_header"}
    assert reason(scheme_of(BESIDE), beside(signed)) == why


def test_keys_that_the_signature_brings_are_not_believed() -> None:
    own = b"a key of the stranger's"
    for head in (
        {"jwk": {"kty": "oct", "k": base64url(own).decode()}},
        {"jku": "https://evil.example"},
        {"kid": "../.."},
    ):
        assert reason(scheme_of(BESIDE), beside(token(GOOD, {**HS256, **head}, key=own))) == "wrong_signature"


def test_a_public_key_is_never_an_hmac_key() -> None:
    """Everybody knows it: under RS256 nothing is compared with an HMAC, and under HS256 it cannot be configured."""
    pem = WHOLE["secrets"]
    for key in (pem.encode(), pem.strip().encode()):
        assert reason(scheme_of(WHOLE), whole(token({"data": "{}"}, key=key))) == "wrong_algorithm"
        forged = token({"data": "{}"}, {"alg": "RS256"}, key=key)
        assert reason(scheme_of(WHOLE), whole(forged)) == "wrong_signature"
    with pytest.raises(ValidationError, match="say `algorithm: RS256`"):
        scheme_of(BESIDE, secrets=pem)


@walked(
    "text",
    [b"", b".", b"..", b"...", b"a.b", b"a.b.c.d", b"not-a-jwt", b"\xff.\xff.\xff", b"=.=.=", b"e30.e30", b"a" * 9_000],
)
def test_what_is_no_signature_is_refused(text: bytes) -> None:
    assert reason(scheme_of(BESIDE), beside(text)) in {"malformed_header", "missing_header"}
    assert reason(scheme_of(WHOLE), whole(text)) == "malformed_body"


def test_any_cut_of_a_good_one_is_refused() -> None:
    good = token(GOOD)
    for at in range(len(good)):
        assert reason(scheme_of(BESIDE), beside(good[:at])) in {
            "missing_header", "malformed_header", "wrong_signature", "wrong_algorithm",
        }  # fmt: skip


def test_padding_and_the_other_alphabet_are_refused() -> None:
    good = token(GOOD)
    assert reason(scheme_of(BESIDE), beside(good + b"=")) == "malformed_header"
    other = good.replace(b"-", b"+").replace(b"_", b"/")
    if other != good:
        assert reason(scheme_of(BESIDE), beside(other)) == "malformed_header"


@pytest.mark.parametrize("number", [0, 1])
def test_a_body_that_is_a_signature_is_read_by_its_claim(number: int) -> None:
    keys = [public_pem(rsa_key(0)), public_pem(rsa_key(1))]
    scheme = scheme_of(WHOLE, secrets=keys)
    sent = sign_request(scheme, method="POST", url=URL, body=BODY, message_id="", now=NOW, private_key=rsa_key(number))
    verified = verify(scheme, whole(b" " + sent.body + b"\n"), now=NOW)
    assert (verified.verified, verified.payload) == (True, BODY)
    assert verified.request.body.strip() == sent.body
    assert stored(scheme, verified.request, verified=True).payload == BODY
    assert reason(scheme_of(WHOLE, secrets=keys[1 - number]), whole(sent.body)) == "wrong_signature"


@pytest.mark.parametrize(
    ("claims", "payload", "read"),
    [
        ({"data": '{"a": "ä"}'}, "data", '{"a": "ä"}'.encode()),
        ({"data": {"a": 1}}, "data", b'{"a": 1}'),
        ({"data": [1]}, "data", b"[1]"),
        ({"other": 1}, "data", b""),
        ({"a": "b"}, None, b'{"a": "b"}'),
    ],
)
def test_what_is_read_of_the_claims(claims: Any, payload: str | None, read: bytes) -> None:
    scheme = scheme_of({"scheme": "jws", "algorithm": "HS256", "payload": payload, "secrets": SECRET})
    verified = verify(scheme, whole(token(claims)), now=NOW)
    assert verified.payload == read


def test_what_is_masked_in_a_signed_body_stays_masked_when_it_is_read_again() -> None:
    """Its claims stand in base64, where nothing is found: what is stored is what they say."""
    scheme = scheme_of({"scheme": "jws", "algorithm": "HS256", "secrets": SECRET})
    said = {"email": "a@example.com", "page": "https://h/?token=pl4nted-s3cret", "google_key": "s3cret"}
    sent = replace(whole(token(said)), url=f"{URL}?token=pl4nted-s3cret")
    verified = verify(scheme, sent, now=NOW, secrets_at=("google_key",))
    assert json.loads(verified.payload) == {
        "email": "a@example.com", "page": "https://h/?token=***", "google_key": "***",
    }  # fmt: skip
    assert stored(scheme, verified.request, verified=True).payload == verified.payload
    assert unproved(scheme, sent, secrets_at=("google_key",)).payload == verified.payload


def test_a_stored_body_that_is_no_signature_is_read_as_it_is() -> None:
    for body in (BODY, b"a.b.c", b"a.e30x.c", b"a.W10.c"):
        assert stored(scheme_of(WHOLE), whole(body), verified=True).payload == body
    assert stored(scheme_of(BESIDE), beside(b"", body=token(GOOD)), verified=True).payload == token(GOOD)


def test_only_the_sender_signs_what_a_public_key_proves() -> None:
    with pytest.raises(UsageError, match="only the sender can sign"):
        sign_request(scheme_of(WHOLE), method="POST", url=URL, body=BODY, message_id="", now=NOW)
    shared = scheme_of({"scheme": "jws", "algorithm": "HS256", "secrets": SECRET})
    with pytest.raises(UsageError, match="in the URL or the body"):
        sign(shared, method="POST", url=URL, body=BODY, message_id="", now=NOW)


def test_a_signature_of_another_body_is_refused_whatever_it_is() -> None:
    sent = beside(token(GOOD))
    for body in (b"", BODY + b" ", BODY.replace(b"zoe", b"eve")):
        assert reason(scheme_of(BESIDE), replace(sent, body=body)) == "wrong_body_hash"
