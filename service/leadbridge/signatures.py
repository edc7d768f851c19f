"""Signatures: read from a request and compared, or made for one, byte by byte as they travel."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from string import Formatter
from typing import Final, Never, TypeAlias

from leadbridge.clock import Millis
from leadbridge.errors import SignatureError, SignatureReason
from leadbridge.events import Received
from leadbridge.schemes import Digest, Ed25519, Hmac, Layout, Rsa, StandardWebhooks

_LONGEST_HEADER: Final = 8_192  # characters; no vendor's signature comes near
# Checking one costs as much as hashing the body, and anyone may send many; while keys change there are two or three.
_MOST_SIGNATURES: Final = 16
_DIGITS: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_SIZES: Final = {"sha1": 20, "sha256": 32, "sha512": 64}  # bytes of a digest
_ED25519: Final = "v1a,"  # how Standard Webhooks marks such a signature
_ED25519_SIZE: Final = 64  # bytes

Signing: TypeAlias = Hmac | Digest | StandardWebhooks | Rsa | Ed25519


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What may be signed, byte by byte as it travelled."""

    id: bytes
    timestamp: bytes
    body: bytes
    method: bytes
    url: bytes
    secret: bytes = b""  # of a plain digest; an HMAC's is its key

    def by(self, template: str) -> bytes:
        """The signed bytes, as the scheme's `signs` puts them together."""
        parts = []
        for literal, name, _, _ in Formatter().parse(template):
            parts.append(literal.encode())
            if name is not None:
                parts.append(getattr(self, name))
        return b"".join(parts)


def verify_signature(scheme: Signing, request: Received, *, now: Millis) -> None:
    """Raises `SignatureError` unless one of the secrets or keys made one of the signatures, in time."""
    headers, layout = request.headers, _layout(scheme, request.headers)
    timestamp, written = _parts(layout, header_of(headers, layout.header))
    if len(written) > _MOST_SIGNATURES:
        refuse("malformed_header")
    if layout.timestamp_header:
        timestamp = header_of(headers, layout.timestamp_header)
    at = _instant(layout, timestamp) if timestamp and layout.tolerance != "none" else None
    signed = Message(
        id=bytes_of(header_of(headers, layout.id_header)) if layout.id_header else b"",
        timestamp=bytes_of(timestamp),
        body=request.body,
        method=bytes_of(request.method),
        url=request.url.encode("utf-8", "replace"),
    )
    if not _is_proved(scheme, layout, written, signed=signed):
        refuse("wrong_signature")
    # Only now: the time of a request that is not proved says nothing.
    if at is not None and layout.tolerance != "none":
        if now - at > layout.tolerance * 1000:
            refuse("timestamp_too_old")
        if at - now > layout.tolerance * 1000:
            refuse("timestamp_in_future")


def _is_proved(scheme: Signing, layout: Layout, written: Sequence[str], *, signed: Message) -> bool:
    """Whether one of the signatures is one of ours; each kind of key proves its own kind of signature alone."""
    if isinstance(scheme, Rsa | Ed25519):
        return _is_proved_by_a_public_key(scheme, written, signed=signed)
    public_keys = scheme.public_keys if isinstance(scheme, StandardWebhooks) else ()
    shared = not isinstance(scheme, StandardWebhooks) or scheme.keys
    size = _SIZES["sha256" if isinstance(scheme, StandardWebhooks) else scheme.hash]
    digests = _read(layout, written, prefix=layout.prefix, sizes=(size,)) if shared else []
    asymmetric = _read(layout, written, prefix=_ED25519, sizes=(_ED25519_SIZE,)) if public_keys else []
    if not digests and not asymmetric:
        refuse("malformed_header")
    expected = digests_of(scheme, layout, signed) if digests else []
    if any(any_equal(digest, expected) for digest in digests):
        return True
    if not asymmetric:
        return False
    from leadbridge.schemes.pem import is_signed_by  # noqa: PLC0415  # there since the keys were read: see there

    message = signed.by(layout.signs)
    return any(is_signed_by(key, signature, message) for key in public_keys for signature in asymmetric)


def _is_proved_by_a_public_key(scheme: Rsa | Ed25519, written: Sequence[str], *, signed: Message) -> bool:
    from leadbridge.schemes.pem import is_signed_by  # noqa: PLC0415  # there since the keys were read: see there

    sizes = {_ED25519_SIZE} if isinstance(scheme, Ed25519) else {key.key_size // 8 for key in scheme.public_keys}
    signatures = _read(scheme, written, prefix=scheme.prefix, sizes=sizes)
    if not signatures:
        refuse("malformed_header")
    message = signed.by(scheme.signs)
    algorithm = "sha256" if isinstance(scheme, Ed25519) else scheme.hash
    return any(is_signed_by(key, one, message, algorithm=algorithm) for key in scheme.public_keys for one in signatures)


def _layout(scheme: Signing, headers: Mapping[str, str]) -> Layout:
    return scheme.layout(headers) if isinstance(scheme, StandardWebhooks) else scheme


def digests_of(scheme: Hmac | Digest | StandardWebhooks, layout: Layout, signed: Message) -> list[bytes]:
    """What a sender writes, by each of the shared secrets."""
    if isinstance(scheme, Digest):
        secrets = [secret.get_secret_value().encode() for secret in scheme.secrets]
        messages = [replace(signed, secret=secret).by(layout.signs) for secret in secrets]
        return [hashlib.new(scheme.hash, message).digest() for message in messages]
    message = signed.by(layout.signs)
    function = "sha256" if isinstance(scheme, StandardWebhooks) else scheme.hash
    return [hmac.digest(key, message, function) for key in scheme.keys]


def _parts(layout: Layout, header: str) -> tuple[str, list[str]]:
    """The header's timestamp (empty when it has none) and its signatures, prefixes and all."""
    if layout.fields is None:
        return "", header.split(layout.separator) if layout.separator else [header]
    named = [part.strip().partition("=") for part in header.split(layout.fields.separator)]
    signatures = [value for name, _, value in named if name == layout.fields.signature]
    timestamps = [value for name, _, value in named if name == layout.fields.timestamp]
    # An empty one would let a stamp that was signed move into the body, and skip the check of the time.
    if layout.fields.timestamp and (len(timestamps) != 1 or not timestamps[0]):
        refuse("malformed_header")
    return "".join(timestamps), signatures


def _instant(layout: Layout, timestamp: str) -> Millis:
    if not _DIGITS.fullmatch(timestamp):
        refuse("malformed_header")
    return int(timestamp) * (1 if layout.timestamp_unit == "ms" else 1000)


def _read(layout: Layout, written: Iterable[str], *, prefix: str, sizes: Collection[int]) -> list[bytes]:
    """The written signatures of one kind as bytes; what is none of this kind is left out."""
    texts = [text.strip() for text in written]
    found = [_decoded(text.removeprefix(prefix), layout.encoding) for text in texts if text.startswith(prefix)]
    return [signature for signature in found if signature is not None and len(signature) in sizes]


def _decoded(text: str, encoding: str) -> bytes | None:
    match encoding:
        case "hex":
            return _unhex(text)
        case "base64":
            return unbase64(text)
        case _:
            return unbase64url(text)


def _unhex(text: str) -> bytes | None:
    try:
        return binascii.unhexlify(text)
    except ValueError:
        return None


def unbase64(text: str) -> bytes | None:
    """Strict base64, with or without its padding."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None


def unbase64url(text: str) -> bytes | None:
    """As `unbase64`, for the alphabet of URLs."""
    return None if set("+/") & set(text) else unbase64(text.replace("-", "+").replace("_", "/"))


def header_of(headers: Mapping[str, str], name: str) -> str:
    """What the header says; raises `SignatureError` when it is missing, or longer than any vendor's."""
    value = headers.get(name, "").strip()
    if not value:
        refuse("missing_header")
    if len(value) > _LONGEST_HEADER:
        refuse("malformed_header")
    return value


def bytes_of(value: str) -> bytes:
    """A header's bytes as they travelled: servers hand them over as Latin-1."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        refuse("malformed_header")


def any_equal(given: bytes, known: list[bytes]) -> bool:
    """Whether `given` is one of `known`; all are compared, so that the time does not tell which."""
    found = False
    for secret in known:
        found |= hmac.compare_digest(given, secret)
    return found


def refuse(reason: SignatureReason) -> Never:
    """Raise `SignatureError` with this reason."""
    raise SignatureError(reason)
