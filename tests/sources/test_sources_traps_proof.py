"""The traps in how senders prove themselves: each is easy to get nearly right."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping

import pytest

from leadbridge.errors import SignatureError
from leadbridge.schemes import Scheme
from leadbridge.verify import verify
from tests.sources.traps import NOW, URL, json_body, request, scheme_of

BODY = json_body({"name": "Zoë"})
SECONDS, MILLISECONDS = str(NOW // 1_000), str(NOW)


def mac(key: bytes, message: bytes, hash_name: str = "sha256") -> bytes:
    return hmac.digest(key, message, hash_name)


def b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def is_proved(scheme: Scheme, headers: Mapping[str, str], *, body: bytes = BODY, url: str = URL) -> bool:
    try:
        return verify(scheme, request(body, headers, url=url), now=NOW).verified
    except SignatureError:
        return False


@pytest.mark.parametrize("padding", ["", "=="])
def test_a_standard_webhooks_secret_is_decoded_padded_or_not(padding: str) -> None:
    key = b"a secret of 25 bytes long"
    secret = "whsec_" + b64(key).rstrip("=") + padding
    signed = b"msg_1." + SECONDS.encode() + b"." + BODY
    headers = {"webhook-id": "msg_1", "webhook-timestamp": SECONDS, "webhook-signature": "v1," + b64(mac(key, signed))}
    assert is_proved(scheme_of("standard-webhooks", secret), headers)
    verbatim = {**headers, "webhook-signature": "v1," + b64(mac(secret.encode(), signed))}
    assert not is_proved(scheme_of("standard-webhooks", secret), verbatim)


def test_a_stripe_secret_is_used_as_it_is_written() -> None:
    secret = "whsec_" + b64(b"looks as if encoded")
    signed = SECONDS.encode() + b"." + BODY

    def headers(key: bytes) -> dict[str, str]:
        return {"stripe-signature": f"t={SECONDS},v1={mac(key, signed).hex()}"}

    assert is_proved(scheme_of("stripe", secret), headers(secret.encode()))
    assert not is_proved(scheme_of("stripe", secret), headers(b"looks as if encoded"))


def test_typeform_writes_base64_after_its_prefix() -> None:
    digest = mac(b"typeform secret", BODY)
    scheme = scheme_of("typeform", "typeform secret")
    assert is_proved(scheme, {"typeform-signature": "sha256=" + b64(digest)})
    assert not is_proved(scheme, {"typeform-signature": "sha256=" + digest.hex()})
    assert not is_proved(scheme, {"typeform-signature": b64(digest)})


def test_linkedin_signs_a_text_before_the_body_and_does_not_send_it() -> None:
    scheme = scheme_of("linkedin", "client secret")
    right = mac(b"client secret", b"hmacsha256=" + BODY).hex()
    assert is_proved(scheme, {"x-li-signature": right})
    assert not is_proved(scheme, {"x-li-signature": mac(b"client secret", BODY).hex()})
    assert not is_proved(scheme, {"x-li-signature": "hmacsha256=" + right})


@pytest.mark.parametrize("timestamp", [MILLISECONDS, SECONDS], ids=["milliseconds", "seconds"])
def test_webflow_and_hubspot_count_milliseconds(timestamp: str) -> None:
    webflow = mac(b"client secret", timestamp.encode() + b":" + BODY).hex()
    hubspot = b64(mac(b"client secret", b"POST" + URL.encode() + BODY + timestamp.encode()))
    in_time = timestamp == MILLISECONDS
    assert in_time == is_proved(
        scheme_of("webflow", "client secret"), {"x-webflow-signature": webflow, "x-webflow-timestamp": timestamp}
    )
    assert in_time == is_proved(
        scheme_of("hubspot", "client secret"),
        {"x-hubspot-signature-v3": hubspot, "x-hubspot-request-timestamp": timestamp},
    )


def test_klaviyo_signs_a_date_in_words_behind_the_body() -> None:
    secret, date = "a secret of 16 characters", "Mon, 30 Nov 2026 03:50:12 GMT"
    scheme = scheme_of("klaviyo", secret)
    behind = mac(secret.encode(), BODY + date.encode()).hex()
    before = mac(secret.encode(), date.encode() + BODY).hex()
    assert is_proved(scheme, {"klaviyo-signature": behind, "klaviyo-timestamp": date})
    assert not is_proved(scheme, {"klaviyo-signature": before, "klaviyo-timestamp": date})
    assert not is_proved(scheme, {"klaviyo-signature": behind, "klaviyo-timestamp": date.replace("12", "13")})


@pytest.mark.parametrize(
    ("signs", "signed"),
    [
        ("{secret}{body}", b"client secret" + BODY),
        ("{secret}{method}{url}{body}", b"client secretPOST%s" % URL.encode()),
    ],
    ids=["version 1", "version 2"],
)
def test_hubspots_older_versions_are_plain_hashes(signs: str, signed: bytes) -> None:
    scheme = scheme_of("hubspot", "client secret", scheme="digest", header="x-hubspot-signature", signs=signs)
    message = signed if signed.endswith(BODY) else signed + BODY
    assert is_proved(scheme, {"x-hubspot-signature": hashlib.sha256(message).hexdigest()})
    keyed = mac(b"client secret", message.removeprefix(b"client secret")).hex()
    assert not is_proved(scheme, {"x-hubspot-signature": keyed})


def test_hubspots_signature_holds_for_the_url_that_it_called_alone() -> None:
    digest = b64(mac(b"client secret", b"POST" + URL.encode() + BODY + MILLISECONDS.encode()))
    headers = {"x-hubspot-signature-v3": digest, "x-hubspot-request-timestamp": MILLISECONDS}
    scheme = scheme_of("hubspot", "client secret")
    assert is_proved(scheme, headers)
    assert not is_proved(scheme, headers, url=URL.replace("https", "http"))
    assert not is_proved(scheme, headers, url=URL.replace("leads.example.com", "leadbridge:8080"))


@pytest.mark.parametrize(
    ("preset", "header", "written"),
    [
        ("meta", "x-hub-signature-256", lambda digest: "sha256=" + digest.hex()),
        ("shopify", "x-shopify-hmac-sha256", b64),
    ],
    ids=["meta", "shopify"],
)
def test_the_bytes_that_travelled_are_signed_and_no_others_that_mean_the_same(
    preset: str, header: str, written: object
) -> None:
    """Meta escapes what is not ASCII before it signs; whoever writes the JSON again signs something else."""
    assert callable(written)
    escaped = json.dumps({"name": "Zoë", "page": "a/b"}).encode()
    again = json_body(json.loads(escaped))
    headers = {header: written(mac(b"app secret", escaped))}
    assert b"\\u00eb" in escaped
    assert is_proved(scheme_of(preset, "app secret"), headers, body=escaped)
    assert not is_proved(scheme_of(preset, "app secret"), headers, body=again)


def jws(header: Mapping[str, str], claims: Mapping[str, object], key: bytes | None) -> str:
    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    signed = f"{part(json_body(header))}.{part(json_body(claims))}"
    return f"{signed}.{part(mac(key, signed.encode())) if key else ''}"


def test_netlifys_token_holds_for_its_own_body_and_never_without_a_signature() -> None:
    scheme = scheme_of("netlify", "jws secret token")
    claims = {"iss": "netlify", "sha256": hashlib.sha256(BODY).hexdigest()}
    hs256 = {"alg": "HS256", "typ": "JWT"}

    def proves(token: str, body: bytes = BODY) -> bool:
        return is_proved(scheme, {"x-webhook-signature": token}, body=body)

    right = jws(hs256, claims, b"jws secret token")
    assert proves(right)
    assert not proves(right, BODY + b" ")
    assert not proves(jws(hs256, claims | {"iss": "another"}, b"jws secret token"))
    assert not proves(jws(hs256, {"iss": "netlify"}, b"jws secret token"))
    for none in ("none", "None", "NONE"):
        assert not proves(jws({"alg": none, "typ": "JWT"}, claims, None))
        assert not proves(jws({"alg": none, "typ": "JWT"}, claims, b"jws secret token"))
