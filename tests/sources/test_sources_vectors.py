"""The scheme that a preset brings takes what its vendor signs, and nothing else."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from leadbridge.errors import SignatureError
from leadbridge.events import Received
from leadbridge.verify import verify
from tests.sources.traps import NOW, scheme_of
from tests.support.keys import ed25519_key, public_pem, rsa_key
from tests.support.walked import walked

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "verify" / "signature_vectors.json").read_text("utf-8")
)
PRESET_OF = {
    "hub-sha256-hex": "meta",
    "linkedin-post": "linkedin",
    "hubspot-v3": "hubspot",
    "klaviyo": "klaviyo",
    "intercom": "intercom",
    "calendly": "calendly",
    "cal-com": "cal-com",
    "callrail": "callrail",
    "google-ads-key": "google-ads",
}
RUN = [vector for vector in VECTORS if vector["scheme"] in PRESET_OF]
LATER = 1_795_000_000  # seconds; when a vector says no time
BODY = b'{"event":{"id":"ev_1"}}'


def is_taken(
    preset: str, secret: str, *, body: bytes, headers: dict[str, str], at: int, url: str | None = None
) -> bool:
    request = Received(
        source="source",
        method="POST",
        url=url or "https://leads.example.com/hooks/source",
        headers={name.lower(): value for name, value in headers.items()},
        body=body,
        received_at=at,
    )
    try:
        return verify(scheme_of(preset, secret), request, now=at).verified
    except SignatureError:
        return False


@walked("vector", RUN, ids=lambda vector: f"{vector['scheme']}: {vector.get('note') or vector['valid']}")
def test_a_preset_takes_or_refuses_its_vendors_vector(vector: dict[str, Any]) -> None:
    at = vector.get("verify_at", LATER)
    taken = is_taken(
        PRESET_OF[vector["scheme"]],
        vector["secret"],
        body=vector["body"].encode(),
        headers=vector["headers"],
        at=at * 1_000,
        url=vector.get("url"),
    )
    assert taken is vector["valid"]


def test_every_vendor_has_a_vector() -> None:
    assert {vector["scheme"] for vector in RUN if vector["valid"]} == set(PRESET_OF)


def test_hubspots_workflows_sign_like_its_apps() -> None:
    assert scheme_of("hubspot-workflow", "x") == scheme_of("hubspot", "x")


@pytest.mark.parametrize(("late", "taken"), [(0, True), (299, True), (301, False), (-301, False)])
def test_close_signs_time_and_body_with_a_key_in_hex(late: int, taken: bool) -> None:
    key = "0b" * 32
    stamp = str(NOW // 1_000 - late)
    digest = hmac.digest(bytes.fromhex(key), stamp.encode() + BODY, hashlib.sha256).hex()
    headers = {"close-sig-hash": digest, "close-sig-timestamp": stamp}
    assert is_taken("close", key, body=BODY, headers=headers, at=NOW) is taken
    assert not is_taken("close", "0c" * 32, body=BODY, headers=headers, at=NOW)
    as_text = hmac.digest(key.encode(), stamp.encode() + BODY, hashlib.sha256).hex()
    assert not is_taken("close", key, body=BODY, headers={**headers, "close-sig-hash": as_text}, at=NOW)


def test_highlevel_signs_with_a_private_key_whose_public_half_it_publishes() -> None:
    signature = base64.b64encode(rsa_key().sign(BODY, PKCS1v15(), SHA256())).decode()
    headers = {"x-wh-signature": signature}
    assert is_taken("gohighlevel", public_pem(rsa_key()), body=BODY, headers=headers, at=NOW)
    assert not is_taken("gohighlevel", public_pem(rsa_key()), body=BODY + b" ", headers=headers, at=NOW)
    assert not is_taken("gohighlevel", public_pem(rsa_key(1)), body=BODY, headers=headers, at=NOW)


def test_highlevels_newer_header_is_proved_as_its_page_says() -> None:
    scheme = scheme_of("gohighlevel", public_pem(ed25519_key()), scheme="ed25519", header="x-ghl-signature")
    signature = base64.b64encode(ed25519_key().sign(BODY)).decode()
    request = Received(
        source="source",
        method="POST",
        url="https://leads.example.com/hooks/source",
        headers={"x-ghl-signature": signature},
        body=BODY,
        received_at=NOW,
    )
    assert verify(scheme, request, now=NOW).verified
