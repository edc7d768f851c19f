"""Verify: who sent this, proved on the raw bytes before anything else reads them.

Everything is compared as bytes and in constant time, every secret is tried, and whatever a stranger sends ends in a
`SignatureError` with a reason, never in another exception.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from string import Formatter
from typing import Final, Never

from leadbridge.clock import Millis
from leadbridge.errors import SignatureError, SignatureReason
from leadbridge.events import Received, Verified
from leadbridge.masking import MASK
from leadbridge.schemes import Basic, Hmac, Scheme, StandardWebhooks, Token, Unsigned

_LONGEST_HEADER: Final = 8_192  # characters; no vendor's signature comes near
_DIGITS: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_SIZES: Final = {"sha1": 20, "sha256": 32, "sha512": 64}  # bytes of a digest
# Headers with one of these in their name prove a sender or hold a session: never stored, whatever the scheme.
_CREDENTIALS: Final = ("authorization", "cookie", "token", "secret", "password", "api-key", "apikey")


def verify(scheme: Scheme, request: Received, *, now: Millis) -> Verified:
    """The request with its sender proved, and without the credentials that came with it.

    Raises `SignatureError` with the reason when the sender is not proved.
    """
    match scheme:
        case Unsigned():
            pass
        case Token():
            _verify_token(scheme, request)
        case Basic():
            _verify_basic(scheme, request)
        case Hmac():
            _verify_hmac(scheme, request, now=now)
        case StandardWebhooks():
            _verify_hmac(scheme.as_hmac(request.headers), request, now=now)
    return Verified(request=_redacted(scheme, request), payload=request.body, verified=not isinstance(scheme, Unsigned))


def sign(scheme: Scheme, *, method: str, url: str, body: bytes, message_id: str, now: Millis) -> dict[str, str]:
    """The headers by which a sender proves itself under `scheme`, with the first secret."""
    match scheme:
        case Unsigned():
            return {}
        case Token():
            return {scheme.header: scheme.prefix + scheme.secrets[0].get_secret_value()}
        case Basic():
            pair = f"{scheme.username}:{scheme.secrets[0].get_secret_value()}"
            return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        case StandardWebhooks():
            return sign(scheme.as_hmac({}), method=method, url=url, body=body, message_id=message_id, now=now)
    timestamp = str(now if scheme.timestamp_unit == "ms" else now // 1000)
    signed = _Signed(
        id=message_id.encode(), timestamp=timestamp.encode(), body=body, method=method.encode(), url=url.encode()
    )
    return _signed_headers(scheme, signed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """What may be signed, byte by byte as it travelled."""

    id: bytes
    timestamp: bytes
    body: bytes
    method: bytes
    url: bytes

    def by(self, template: str) -> bytes:
        """The signed bytes, as the scheme's `signs` puts them together."""
        parts = []
        for literal, name, _, _ in Formatter().parse(template):
            parts.append(literal.encode())
            if name is not None:
                parts.append(getattr(self, name))
        return b"".join(parts)


def _verify_token(scheme: Token, request: Received) -> None:
    given = _header(request.headers, scheme.header)
    if given[: len(scheme.prefix)].lower() != scheme.prefix.lower():
        _refuse("malformed_header")
    token = _bytes(given[len(scheme.prefix) :].strip())
    if not _any_equal(token, [secret.get_secret_value().encode() for secret in scheme.secrets]):
        _refuse("wrong_token")


def _verify_basic(scheme: Basic, request: Received) -> None:
    kind, _, encoded = _header(request.headers, "authorization").partition(" ")
    pair = _unbase64(encoded.strip()) if kind.lower() == "basic" else None
    if pair is None or b":" not in pair:
        _refuse("malformed_header")
    known = [f"{scheme.username}:{secret.get_secret_value()}".encode() for secret in scheme.secrets]
    if not _any_equal(pair, known):
        _refuse("wrong_password")


def _verify_hmac(scheme: Hmac, request: Received, *, now: Millis) -> None:
    headers = request.headers
    timestamp, written = _parts(scheme, _header(headers, scheme.header))
    if scheme.timestamp_header:
        timestamp = _header(headers, scheme.timestamp_header)
    at = _instant(scheme, timestamp) if timestamp and scheme.tolerance != "none" else None
    signatures = [found for text in written if (found := _digest(scheme, text)) is not None]
    if not signatures:
        _refuse("malformed_header")
    signed = _Signed(
        id=_bytes(_header(headers, scheme.id_header)) if scheme.id_header else b"",
        timestamp=_bytes(timestamp),
        body=request.body,
        method=_bytes(request.method),
        url=request.url.encode("utf-8", "replace"),
    ).by(scheme.signs)
    expected = [hmac.digest(key, signed, scheme.hash) for key in scheme.keys]
    if not any(_any_equal(signature, expected) for signature in signatures):
        _refuse("wrong_signature")
    # Only now: the time of a request that is not proved says nothing.
    if at is not None and scheme.tolerance != "none":
        if now - at > scheme.tolerance * 1000:
            _refuse("timestamp_too_old")
        if at - now > scheme.tolerance * 1000:
            _refuse("timestamp_in_future")


def _parts(scheme: Hmac, header: str) -> tuple[str, list[str]]:
    """The header's timestamp (empty when it has none) and its signatures, prefixes and all."""
    if scheme.fields is None:
        return "", header.split(scheme.separator) if scheme.separator else [header]
    named = [part.strip().partition("=") for part in header.split(scheme.fields.separator)]
    signatures = [value for name, _, value in named if name == scheme.fields.signature]
    timestamps = [value for name, _, value in named if name == scheme.fields.timestamp]
    if scheme.fields.timestamp and len(timestamps) != 1:
        _refuse("malformed_header")
    return "".join(timestamps), signatures


def _instant(scheme: Hmac, timestamp: str) -> Millis:
    if not _DIGITS.fullmatch(timestamp):
        _refuse("malformed_header")
    return int(timestamp) * (1 if scheme.timestamp_unit == "ms" else 1000)


def _digest(scheme: Hmac, text: str) -> bytes | None:
    """A written signature as bytes; None when it is no signature of this scheme."""
    text = text.strip()
    if not text.startswith(scheme.prefix):
        return None
    text = text.removeprefix(scheme.prefix)
    found: bytes | None
    match scheme.encoding:
        case "hex":
            found = _unhex(text)
        case "base64":
            found = _unbase64(text)
        case "base64url":
            found = None if set("+/") & set(text) else _unbase64(text.replace("-", "+").replace("_", "/"))
    return found if found is not None and len(found) == _SIZES[scheme.hash] else None


def _unhex(text: str) -> bytes | None:
    try:
        return binascii.unhexlify(text)
    except ValueError:
        return None


def _unbase64(text: str) -> bytes | None:
    """Strict base64, with or without its padding."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None


def _signed_headers(scheme: Hmac, signed: _Signed) -> dict[str, str]:
    digest = hmac.digest(scheme.keys[0], signed.by(scheme.signs), scheme.hash)
    match scheme.encoding:
        case "hex":
            written = digest.hex()
        case "base64":
            written = base64.b64encode(digest).decode()
        case "base64url":
            written = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    signature = scheme.prefix + written
    headers = {}
    if scheme.id_header:
        headers[scheme.id_header] = signed.id.decode()
    if scheme.timestamp_header:
        headers[scheme.timestamp_header] = signed.timestamp.decode()
    if scheme.fields:
        parts = [f"{scheme.fields.signature}={signature}"]
        if scheme.fields.timestamp:
            parts.insert(0, f"{scheme.fields.timestamp}={signed.timestamp.decode()}")
        signature = scheme.fields.separator.join(parts)
    return headers | {scheme.header: signature}


def _redacted(scheme: Scheme, request: Received) -> Received:
    hidden = {name for name in request.headers if any(part in name for part in _CREDENTIALS)}
    if isinstance(scheme, Token):
        hidden.add(scheme.header)
    if hidden.isdisjoint(request.headers):
        return request
    return replace(
        request, headers={name: MASK if name in hidden else value for name, value in request.headers.items()}
    )


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "").strip()
    if not value:
        _refuse("missing_header")
    if len(value) > _LONGEST_HEADER:
        _refuse("malformed_header")
    return value


def _bytes(value: str) -> bytes:
    """A header's bytes as they travelled: servers hand them over as Latin-1."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        _refuse("malformed_header")


def _any_equal(given: bytes, known: list[bytes]) -> bool:
    """Whether `given` is one of `known`; all are compared, so that the time does not tell which."""
    found = False
    for secret in known:
        found |= hmac.compare_digest(given, secret)
    return found


def _refuse(reason: SignatureReason) -> Never:
    raise SignatureError(reason)
