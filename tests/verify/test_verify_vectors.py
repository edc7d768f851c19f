"""The vendors' own test vectors, and ours by their algorithms, through the one verifier."""

import json
from pathlib import Path
from typing import Any

import pytest

from leadbridge.errors import SignatureError
from leadbridge.events import Received
from leadbridge.handshake import answer
from leadbridge.schemes import SCHEME
from leadbridge.sources.handshakes import LINKEDIN
from leadbridge.verify import verify
from tests.support.walked import walked

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "signature_vectors.json").read_text("utf-8"))
CHALLENGE = "linkedin-challenge"  # a handshake and no signature
RUN = [vector for vector in VECTORS if vector["scheme"] != CHALLENGE]
LATER = 1_795_000_000  # seconds; when a vector says no time

CONVOY = {"header": "x-convoy-signature"}
CONVOY_PARTS = {**CONVOY, "signs": "{timestamp},{body}", "fields": {"timestamp": "t", "signature": "v1"}}
STRIPE_LIKE = {"signs": "{timestamp}.{body}", "fields": {"timestamp": "t", "signature": "v1"}}
OPTIONS: dict[str, dict[str, Any]] = {
    "standard-webhooks": {"scheme": "standard-webhooks"},
    "standard-webhooks-ed25519": {"scheme": "standard-webhooks"},
    "svix": {"scheme": "standard-webhooks"},
    "hub-sha256-hex": {"header": "x-hub-signature-256", "prefix": "sha256="},
    "hmac-hex-sha256": CONVOY,
    "hmac-b64-sha256": {**CONVOY, "encoding": "base64"},
    "hmac-hex-sha512": {**CONVOY, "hash": "sha512"},
    "hmac-b64-sha512": {**CONVOY, "hash": "sha512", "encoding": "base64"},
    "t-v1-hex-sha256": CONVOY_PARTS,
    "t-v1-b64-sha256": {**CONVOY_PARTS, "encoding": "base64"},
    "t-v1-hex-sha512": {**CONVOY_PARTS, "hash": "sha512"},
    "t-v1-b64-sha512": {**CONVOY_PARTS, "hash": "sha512", "encoding": "base64"},
    "shopify-hmac-b64": {"header": "x-shopify-hmac-sha256", "encoding": "base64"},
    "sha256-prefix-b64": {
        "header": "x-twitter-webhooks-signature",
        "encoding": "base64",
        "prefix": "sha256=",
    },
    "hubspot-v1": {"scheme": "digest", "header": "x-hubspot-signature"},
    "hubspot-v2": {"scheme": "digest", "header": "x-hubspot-signature", "signs": "{secret}{method}{url}{body}"},
    "hubspot-v3": {
        "header": "x-hubspot-signature-v3",
        "encoding": "base64",
        "signs": "{method}{url}{body}{timestamp}",
        "timestamp_header": "x-hubspot-request-timestamp",
        "timestamp_unit": "ms",
    },
    "slack-v0": {
        "header": "x-slack-signature",
        "prefix": "v0=",
        "signs": "v0:{timestamp}:{body}",
        "timestamp_header": "x-slack-request-timestamp",
    },
    "typeform": {"header": "typeform-signature", "prefix": "sha256=", "encoding": "base64"},
    "tally": {"header": "tally-signature", "encoding": "base64"},
    "stripe": {"header": "stripe-signature", **STRIPE_LIKE},
    "calendly": {"header": "calendly-webhook-signature", **STRIPE_LIKE},
    "formspree": {"header": "formspree-signature", **STRIPE_LIKE},
    "webflow": {
        "header": "x-webflow-signature",
        "signs": "{timestamp}:{body}",
        "timestamp_header": "x-webflow-timestamp",
        "timestamp_unit": "ms",
    },
    "linkedin-post": {"header": "x-li-signature", "signs": "hmacsha256={body}"},
    "cal-com": {"header": "x-cal-signature-256"},
    "formstack": {"header": "x-fs-signature", "prefix": "sha256="},
    "opnform": {"header": "x-webhook-signature", "prefix": "sha256="},
    "intercom": {"header": "x-hub-signature", "hash": "sha1", "prefix": "sha1="},
    "surveymonkey": {"header": "sm-signature", "hash": "sha1", "encoding": "base64"},
    "callrail": {"header": "signature", "hash": "sha1", "encoding": "base64"},
    "netlify-jws": {
        "scheme": "jws",
        "header": "x-webhook-signature",
        "algorithm": "HS256",
        "issuer": "netlify",
        "body_hash": "sha256",
    },
    "google-ads-key": {"scheme": "body", "field": "google_key"},
    "wufoo-handshakekey": {"scheme": "body", "field": "HandshakeKey"},
    "klaviyo": {
        "header": "klaviyo-signature",
        "signs": "{body}{timestamp}",
        "timestamp_header": "klaviyo-timestamp",
        "tolerance": "none",
    },
}


def _named(vector: dict[str, Any]) -> str:
    return f"{vector['scheme']}: {vector.get('note') or vector['valid']}"


def run(vector: dict[str, Any]) -> bool:
    """Whether the verifier takes the vector; raises `SignatureError` when it does not."""
    options = {"scheme": "hmac", **OPTIONS[vector["scheme"]], "secrets": vector["secret"]}
    if "{timestamp}" in options.get("signs", "") and "tolerance_s" in vector:
        options["tolerance"] = vector["tolerance_s"]
    at = vector.get("verify_at")
    form = vector["scheme"] == "wufoo-handshakekey"
    content_type = "application/x-www-form-urlencoded" if form else "application/json"
    request = Received(
        source="vectors",
        method=vector.get("method", "POST"),
        url=vector.get("url", "https://leads.example.com/hooks/vectors"),
        headers={"content-type": content_type, **{name.lower(): value for name, value in vector["headers"].items()}},
        body=vector["body"].encode(),
        received_at=0,
    )
    return verify(SCHEME.validate_python(options), request, now=(at if isinstance(at, int) else LATER) * 1000).verified


@walked("vector", RUN, ids=_named)
def test_a_vector_is_taken_or_refused_as_its_source_says(vector: dict[str, Any]) -> None:
    if vector["valid"]:
        assert run(vector)
    else:
        with pytest.raises(SignatureError):
            run(vector)


@walked("vector", [vector for vector in RUN if vector["valid"]], ids=_named)
def test_a_valid_vector_proves_its_own_body_and_secret_alone(vector: dict[str, Any]) -> None:
    with pytest.raises(SignatureError):
        run({**vector, "secret": "c29tZWJvZHktZWxzZQ"})
    if OPTIONS[vector["scheme"]].get("scheme") != "body":  # a shared secret proves the sender alone
        with pytest.raises(SignatureError):
            run({**vector, "body": vector["body"] + " "})


@pytest.mark.parametrize("vector", [vector for vector in VECTORS if vector["scheme"] == CHALLENGE], ids=_named)
def test_a_challenge_is_answered_as_its_vendor_expects(vector: dict[str, Any]) -> None:
    asked = Received(
        source="vectors",
        method="GET",
        url=f"https://leads.example.com/hooks/vectors?challengeCode={vector['challengeCode']}",
        headers={},
        body=b"",
        received_at=0,
    )
    scheme = SCHEME.validate_python({"scheme": "hmac", **OPTIONS["linkedin-post"], "secrets": vector["secret"]})
    answered = answer((LINKEDIN,), asked, scheme=scheme, tokens=())
    assert answered is not None
    assert json.loads(answered.reply.body) == {
        "challengeCode": vector["challengeCode"],
        "challengeResponse": vector["challengeResponse"],
    }


def test_every_vector_is_run() -> None:
    assert {vector["scheme"] for vector in VECTORS} == {*OPTIONS, CHALLENGE}
    assert (len(RUN), len(VECTORS)) == (92, 93)
