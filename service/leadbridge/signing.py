"""What a sender sends under a scheme: its own request, with the proof where the scheme has it."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, quote, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from leadbridge.clock import Millis
from leadbridge.errors import UsageError
from leadbridge.events import Json
from leadbridge.schemes import (
    Basic,
    BodySecret,
    Digest,
    Ed25519,
    Hmac,
    Jws,
    Layout,
    Rsa,
    Scheme,
    StandardWebhooks,
    Token,
    Unsigned,
    UrlSecret,
)
from leadbridge.schemes.pem import HASHES
from leadbridge.signatures import Message, digests_of

PrivateKey: TypeAlias = RSAPrivateKey | Ed25519PrivateKey

_ONLY_THE_SENDER: Final = "a public key proves a signature and cannot make one; only the sender can sign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A request with its proof: in the headers, the URL or the body."""

    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def sign(scheme: Scheme, *, method: str, url: str, body: bytes, message_id: str, now: Millis) -> dict[str, str]:
    """The headers by which a sender proves itself under `scheme`, with the first secret.

    Raises `UsageError` when the proof is not in headers (see `sign_request`), or cannot be made with what is known.
    """
    signed = sign_request(scheme, method=method, url=url, body=body, message_id=message_id, now=now)
    if (signed.url, signed.body) != (url, body):
        raise UsageError(f"under the scheme {scheme.scheme} the proof stands in the URL or the body, not in headers")
    return signed.headers


def sign_request(
    scheme: Scheme,
    *,
    method: str,
    url: str,
    body: bytes,
    message_id: str,
    now: Millis,
    private_key: PrivateKey | None = None,
) -> Signed:
    """The request as a sender that proves itself under `scheme` would send it, with the first secret.

    Raises `UsageError` when only a public key is known, unless the `private_key` is given; and for a body into which
    the scheme's secret cannot be put.
    """
    match scheme:
        case UrlSecret():
            return Signed(url=_with_parameter(url, scheme.parameter, scheme.texts[0]), body=body)
        case BodySecret():
            return Signed(url=url, body=_with_secret(body, scheme.field, scheme.texts[0]))
        case Jws() if scheme.header is None:
            return Signed(url=url, body=_jws(scheme, body, private_key))
        case Jws():
            headers = {str(scheme.header): _jws(scheme, body, private_key).decode()}
        case Unsigned():
            headers = {}
        case Token():
            headers = {scheme.header: scheme.prefix + _first(scheme)}
        case Basic():
            pair = f"{scheme.username}:{_first(scheme)}"
            headers = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        case _:
            layout = scheme.layout({}) if isinstance(scheme, StandardWebhooks) else scheme
            timestamp = str(now if layout.timestamp_unit == "ms" else now // 1000).encode()
            signed = Message(
                id=message_id.encode(), timestamp=timestamp, body=body, method=method.encode(), url=url.encode()
            )
            headers = _headers(layout, signed, _signature(scheme, layout, signed, private_key))
    return Signed(url=url, body=body, headers=headers)


def _first(scheme: Token | Basic) -> str:
    return scheme.secrets[0].get_secret_value()


def _signature(
    scheme: Hmac | Digest | StandardWebhooks | Rsa | Ed25519, layout: Layout, message: Message, key: PrivateKey | None
) -> bytes:
    if isinstance(scheme, Rsa | Ed25519):
        algorithm = scheme.hash if isinstance(scheme, Rsa) else "sha256"
        return _signed_by(key, message.by(layout.signs), algorithm)
    if isinstance(scheme, StandardWebhooks) and not scheme.keys:
        raise UsageError(_ONLY_THE_SENDER)
    return digests_of(scheme, layout, message)[0]


def _signed_by(key: PrivateKey | None, message: bytes, algorithm: str) -> bytes:
    if key is None:
        raise UsageError(_ONLY_THE_SENDER)
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    return key.sign(message, PKCS1v15(), HASHES[algorithm])


def _headers(layout: Layout, message: Message, proof: bytes) -> dict[str, str]:
    match layout.encoding:
        case "hex":
            written = proof.hex()
        case "base64":
            written = base64.b64encode(proof).decode()
        case "base64url":
            written = _base64url(proof)
    signature = layout.prefix + written
    headers = {}
    if layout.id_header:
        headers[layout.id_header] = message.id.decode()
    if layout.timestamp_header:
        headers[layout.timestamp_header] = message.timestamp.decode()
    if layout.fields:
        parts = [f"{layout.fields.signature}={signature}"]
        if layout.fields.timestamp:
            parts.insert(0, f"{layout.fields.timestamp}={message.timestamp.decode()}")
        signature = layout.fields.separator.join(parts)
    return headers | {layout.header: signature}


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _jws(scheme: Jws, body: bytes, key: PrivateKey | None) -> bytes:
    claims: dict[str, Json] = {} if scheme.issuer is None else {"iss": scheme.issuer}
    if scheme.body_hash is not None:
        claims[scheme.body_hash] = hashlib.new(scheme.body_hash, body).hexdigest()
    elif scheme.payload is not None:
        claims[scheme.payload] = body.decode("utf-8", "replace")
    said = json.dumps(claims).encode() if claims else body
    head = json.dumps({"alg": scheme.algorithm, "typ": "JWT"}, separators=(",", ":")).encode()
    message = f"{_base64url(head)}.{_base64url(said)}".encode()
    shared = scheme.algorithm == "HS256"
    proof = hmac.digest(scheme.keys[0], message, "sha256") if shared else _signed_by(key, message, "sha256")
    return message + b"." + _base64url(proof).encode()


def _with_parameter(url: str, parameter: str, secret: str) -> str:
    """`url` with the secret as this parameter of its query, in place of what it said."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != parameter]
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in [*kept, (parameter, secret)])
    return parts._replace(query=query).geturl()


def _with_secret(body: bytes, path: str, secret: str) -> bytes:
    """`body`, an object in JSON or a form, with the secret at the field, in place of what stood there."""
    if body.lstrip()[:1] == b"{":
        document = json.loads(body)
        *above, last = path.split(".")
        inner = document
        for step in above:
            inner = inner.setdefault(step, {})
        inner[last] = secret
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    if body.lstrip()[:1] in (b"[", b"-"):
        raise UsageError(f"the secret stands at `{path}` of the body: send an object in JSON, or a form")
    first, *inside = path.split(".")
    name = quote(first + "".join(f"[{step}]" for step in inside), safe="[]")
    kept = [part for part in body.split(b"&") if part and part.partition(b"=")[0] != name.encode()]
    return b"&".join([*kept, f"{name}={quote(secret, safe='')}".encode()])
