"""Any headers and body against every scheme: refused with a reason, unless it is what the sender signed.

An input is the headers, a line each, an empty line, and the body.
"""

import base64
from collections.abc import Iterator
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from leadbridge.bodies import read_document
from leadbridge.errors import SignatureError
from leadbridge.events import Received, Verified
from leadbridge.masking import MASK
from leadbridge.schemes import SCHEME, Basic, BodySecret, Jws, Scheme, StandardWebhooks, Token
from leadbridge.signing import Signed, sign_request
from leadbridge.verify import verify
from tests.fuzz.harness import Harness, promise
from tests.support.keys import public_pem

NOW: Final = 1_796_000_000_000
BODY: Final = '{"name": "Zoë"}'.encode()
ID: Final = "msg_1"
URL: Final = "https://leads.example.com/hooks/any"
SECRETS: Final = ["c2VjcmV0LW9uZS1vZi10aGUtdGVzdHM", "c2VjcmV0LXR3by1vZi10aGUtdGVzdHM"]
PRIVATE: Final = Ed25519PrivateKey.from_private_bytes(b"a seed of the tests, of 32 bytes")
PUBLIC: Final = base64.b64encode(PRIVATE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
ED25519: Final = base64.b64encode(PRIVATE.sign(f"{ID}.{NOW // 1000}.".encode() + BODY)).decode()
HMAC: Final[dict[str, Any]] = {"scheme": "hmac", "header": "x-signature", "secrets": SECRETS}
TIMED: Final[dict[str, Any]] = {**HMAC, "signs": "{timestamp}.{body}", "timestamp_header": "x-time"}
OPTIONS: Final[tuple[dict[str, Any], ...]] = (
    {"scheme": "token", "secrets": SECRETS},
    {"scheme": "token", "header": "authorization", "prefix": "Bearer ", "secrets": SECRETS},
    {"scheme": "basic", "username": "form", "secrets": SECRETS},
    HMAC,
    {**HMAC, "encoding": "base64", "prefix": "sha256=", "separator": ","},
    {**HMAC, "encoding": "base64url", "hash": "sha512"},
    TIMED,
    {**TIMED, "timestamp_unit": "ms", "hash": "sha1"},
    {**HMAC, "signs": "{timestamp}.{body}", "fields": {"timestamp": "t", "signature": "v1"}},
    {**TIMED, "signs": "{id}.{timestamp}.{method}{url}{body}", "id_header": "x-id"},
    {**HMAC, "scheme": "digest", "signs": "{secret}{method}{url}{body}"},
    {"scheme": "standard-webhooks", "secrets": SECRETS},
    {"scheme": "standard-webhooks", "secrets": [f"whpk_{PUBLIC}", SECRETS[0]]},
    {"scheme": "standard-webhooks", "secrets": f"whpk_{PUBLIC}"},
    {**TIMED, "scheme": "ed25519", "secrets": public_pem(PRIVATE)},
    {"scheme": "jws", "header": "x-signature", "algorithm": "HS256", "body_hash": "sha256", "secrets": SECRETS},
    {"scheme": "jws", "algorithm": "HS256", "payload": "data", "secrets": SECRETS},
    {"scheme": "body", "field": "deep.key", "secrets": SECRETS},
)
SCHEMES: Final[tuple[Scheme, ...]] = tuple(SCHEME.validate_python(options) for options in OPTIONS)


def check(data: bytes) -> None:
    """Nothing is let in but the one message that was signed, and every refusal has a reason."""
    head, _, body = data.partition(b"\n\n")
    lines = [line.partition(b":") for line in head.split(b"\n")]
    headers = {name.decode("latin-1").strip().lower(): value.decode("latin-1").strip() for name, _, value in lines}
    request = Received(source="any", method="POST", url=URL, headers=headers, body=body, received_at=NOW)
    for scheme in SCHEMES:
        try:
            verified = verify(scheme, request, now=NOW)
        except SignatureError as refused:
            promise(refused.http_status == 401 and refused.reason, "a refusal without a reason")
            promise(refused.reason not in refused.detail, "the sender is told the reason")
            continue
        promise(_is_genuine(scheme, request, verified), f"{scheme!r} let in {headers!r} {body!r}")
        if isinstance(scheme, BodySecret):
            promise(not any(one in str(verified) for one in SECRETS), f"a secret is kept: {verified!r}")
        if isinstance(scheme, Token | Basic):
            kept = verified.request.headers[scheme.header if isinstance(scheme, Token) else "authorization"]
            promise(kept == MASK, f"a secret is kept: {kept!r}")


def _is_genuine(scheme: Scheme, request: Received, verified: Verified) -> bool:
    """Whether the request says the secret, or is the signed one in everything that is signed."""
    match scheme:
        case Token():
            return request.headers[scheme.header][len(scheme.prefix) :].strip() in SECRETS
        case Basic():
            said = base64.b64decode(request.headers["authorization"].split(" ", 1)[1].strip() + "==").decode()
            return said in [f"form:{secret}" for secret in SECRETS]
        case BodySecret():
            return read_document(request.body, request.headers).value["deep"]["key"] in SECRETS
        case Jws(header=None):
            return verified.payload == BODY
        case _:
            proof = " ".join(request.headers.values())
            return request.body == BODY and (
                not getattr(scheme, "id_header", None) or (ID in proof and str(NOW // 1000) in proof)
            )


def _signed(scheme: Scheme) -> Signed:
    if isinstance(scheme, StandardWebhooks) and scheme.public_keys:
        times = {"webhook-id": ID, "webhook-timestamp": str(NOW // 1000)}
        return Signed(url=URL, body=BODY, headers={**times, "webhook-signature": f"v1a,{ED25519}"})
    return sign_request(scheme, method="POST", url=URL, body=BODY, message_id=ID, now=NOW, private_key=PRIVATE)


def seeds() -> Iterator[bytes]:
    """What each sender signs, the same for another body, and with the headers of all at once."""
    together: dict[str, str] = {}
    for scheme in SCHEMES:
        signed = _signed(scheme)
        together |= signed.headers
        for body in (signed.body, signed.body + b" "):
            yield _input(signed.headers, body)
    yield _input(together, BODY)
    yield _input({name: f"{value}, {value}" for name, value in together.items()}, BODY)


def _input(headers: dict[str, str], body: bytes) -> bytes:
    return "\n".join(f"{name}: {value}" for name, value in headers.items()).encode("latin-1") + b"\n\n" + body


HARNESS: Final = Harness(name="verifier", check=check, seeds=seeds)
