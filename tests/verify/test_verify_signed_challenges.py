"""A stranger may ask a handshake to sign something: that must prove no lead."""

import base64
import json

import pytest

from leadbridge.errors import RequestRefused, SignatureError
from leadbridge.events import Received
from leadbridge.handshake import answer
from leadbridge.schemes import SCHEME
from leadbridge.sources.handshakes import HANDSHAKES
from tests.support.walked import walked

SECRET = "whsec_YSBsb25nIHNlY3JldCB0aGF0IG5vYm9keSBrbm93cw=="
SIGNING = [kind for kind, handshake in HANDSHAKES.items() if handshake.signs]


def asked(kind: str, challenge: str) -> Received:
    return Received(
        source="s",
        method=HANDSHAKES[kind].method,
        url=f"https://leads.example.com/hooks/s?challengeCode={challenge}&crc_token={challenge}",
        headers={"content-type": "application/json"},
        body=json.dumps({"event": "endpoint.url_validation", "payload": {"plainToken": challenge}}).encode(),
        received_at=1_796_000_000_000,
    )


@walked("kind", SIGNING)
@walked("scheme", ["jws", "standard-webhooks", "token"])
def test_no_challenge_is_signed_where_that_would_prove_a_lead(kind: str, scheme: str) -> None:
    more = {"jws": {"algorithm": "HS256"}, "standard-webhooks": {}, "token": {}}[scheme]
    header, claims = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (b'{"alg":"HS256"}', b"{}"))
    source = SCHEME.validate_python({"scheme": scheme, "secrets": [SECRET], **more})
    with pytest.raises(SignatureError) as refused:
        answer([HANDSHAKES[kind]], asked(kind, f"{header}.{claims}"), scheme=source, tokens=())
    assert refused.value.reason == "not_configured"


@walked("kind", SIGNING)
@walked("challenge", ["Call-me==", "name=Ann", "x="])
def test_a_challenge_that_reads_as_an_answer_is_not_signed(kind: str, challenge: str) -> None:
    source = SCHEME.validate_python({"scheme": "hmac", "header": "x-signature", "secrets": [SECRET]})
    if HANDSHAKES[kind].method == "GET":
        challenge = challenge.replace("=", "%3D")
    with pytest.raises(RequestRefused):
        answer([HANDSHAKES[kind]], asked(kind, challenge), scheme=source, tokens=())
